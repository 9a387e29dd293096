import { generate, type IndeterminateError, type OrgId } from "@tenantry/core";
import { NotSent, pgExecutor, type SqlExecutor, SqlTenancyStore, type Statement } from "@tenantry/store-sql";
import { brokenInvariants } from "@tenantry/testkit";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";

// Failures are put between the store and a real database: before a statement is sent, or after it took effect.

let database: OpenPostgres;
let pool: pg.Pool;
let store: PostgresTenancyStore;
let orgId: OrgId;

beforeAll(async () => {
  database = await openPostgres();
  pool = database.pool();
  store = new PostgresTenancyStore(pool);
});
beforeEach(async () => {
  orgId = (await store.createOrg(generate("usr"))).org.id;
});
afterAll(async () => {
  expect(await brokenInvariants((text) => pool.query(text))).toEqual([]);
  await database.close();
});

type Failure = (statement: Statement, run: SqlExecutor["run"]) => ReturnType<SqlExecutor["run"]>;

/** A store whose statements fail, in order, in these ways; those behind them succeed. */
function failing(...failures: readonly Failure[]): SqlTenancyStore {
  const executor = pgExecutor(pool);
  const left = [...failures];
  const run: SqlExecutor["run"] = (statement) => {
    const failure = left.shift();
    return failure === undefined ? executor.run(statement) : failure(statement, executor.run);
  };
  return new SqlTenancyStore({ executor: { ...executor, run }, concurrentSessions: true, hostTransactions: true });
}

const lostBefore: Failure = async () => {
  throw new Error("Connection terminated unexpectedly");
};
const lostAfter: Failure = async (statement, run) => {
  await run(statement);
  throw new Error("Connection terminated unexpectedly");
};
const notSent: Failure = async () => {
  throw new NotSent(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }));
};
const answered =
  (code: string, constraint?: string): Failure =>
  async () => {
    throw Object.assign(new Error("canary-in-a-message"), {
      code,
      severity: "ERROR",
      constraint,
      detail: "canary-in-detail",
    });
  };

async function unknownOutcome(call: Promise<unknown>): Promise<IndeterminateError> {
  const error = await call.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "IndeterminateError", code: "indeterminate.commit" });
  return error as IndeterminateError;
}

describe("a commit whose answer is lost", () => {
  test("is found committed, with its result, and a repeat with its key replays it", async () => {
    const input = { orgId, usrId: generate("usr"), role: "member" } as const;
    const error = await unknownOutcome(failing(lostAfter).addMember(input));
    const resolution = await error.resolve();
    expect(resolution).toMatchObject({ committed: true, result: { usrId: input.usrId, status: "active" } });
    const repeated = await store.addMember(input, { idempotencyKey: error.key });
    expect(resolution).toEqual({ committed: true, result: repeated });
    expect((await store.getOrg(orgId)).version).toBe(2);
  });

  test("of an organization's creation is found under its creator", async () => {
    const creator = generate("usr");
    const error = await unknownOutcome(failing(lostAfter).createOrg(creator, { idempotencyKey: "mine" }));
    expect(error.key).toBe("mine");
    expect(await error.resolve()).toMatchObject({ committed: true, result: { org: { version: 1 } } });
  });
});

describe("a commit that never arrived", () => {
  test("is fenced: neither it nor a repeat with its key takes effect any more", async () => {
    const input = { orgId, usrId: generate("usr"), role: "member" } as const;
    let held: Statement | undefined;
    const hold: Failure = async (statement) => {
      held = statement;
      throw new Error("Connection terminated unexpectedly");
    };
    const error = await unknownOutcome(failing(hold).addMember(input));
    expect(await error.resolve()).toEqual({ committed: false });
    await expect(store.addMember(input, { idempotencyKey: error.key })).rejects.toMatchObject({
      code: "conflict.idempotency",
      details: { reason: "abandoned" },
    });
    // The statement itself arrives late.
    await expect(pgExecutor(pool).run(held as Statement)).rejects.toMatchObject({ constraint: "idem_key_used_once" });
    expect((await store.getOrg(orgId)).version).toBe(1);
    expect(await error.resolve()).toEqual({ committed: false });
  });

  test("is not decided while it is under way", async () => {
    const error = await unknownOutcome(
      failing(lostBefore).addMember({ orgId, usrId: generate("usr"), role: "member" }),
    );
    const session = await pool.connect();
    await session.query("begin");
    await session.query(
      `insert into tenancy.idem (scope, key, state, operation, fingerprint, org_id, seq, result)
       values ($1, $2, 'done', 'x', gen_random_uuid(), gen_random_uuid(), 1, '{}')`,
      [orgId, error.key],
    );
    await expect(error.resolve()).rejects.toMatchObject({ code: "unavailable.contention", retryable: true });
    await session.query("rollback");
    session.release();
    expect(await error.resolve()).toEqual({ committed: false });
  });
});

describe("a failure of certain outcome", () => {
  test("before a read is met with another attempt", async () => {
    await expect(failing(notSent, lostBefore).getOrg(orgId)).resolves.toMatchObject({ id: orgId });
  });

  test("that lasts is `unavailable.connection`", async () => {
    const always = Array.from({ length: 8 }, () => notSent);
    await expect(failing(...always).getOrg(orgId)).rejects.toMatchObject({
      code: "unavailable.connection",
      retryable: true,
    });
    await expect(failing(...always).createOrg(generate("usr"))).rejects.toMatchObject({
      code: "unavailable.connection",
    });
  });

  for (const code of ["40001", "40P01", "55P03"]) {
    test(`${code} of a commit is decided again`, async () => {
      const usrId = generate("usr");
      await expect(failing(answered(code)).addMember({ orgId, usrId, role: "member" })).resolves.toMatchObject({
        usrId,
      });
      expect((await store.getOrg(orgId)).version).toBe(2);
    });
  }

  test("57014 that lasts is `unavailable.timeout`", async () => {
    const always = Array.from({ length: 8 }, () => answered("57014"));
    await expect(failing(...always).getOrg(orgId)).rejects.toMatchObject({ code: "unavailable.timeout" });
  });

  test("a full disk is `unavailable.server` at once", async () => {
    await expect(failing(answered("53100")).getOrg(orgId)).rejects.toMatchObject({ code: "unavailable.server" });
  });

  test("a server that starts up is waited for", async () => {
    await expect(failing(answered("57P03")).getOrg(orgId)).resolves.toMatchObject({ id: orgId });
  });

  test("anything unforeseen is `internal.unexpected`, without the server's words", async () => {
    for (const failure of [answered("23502"), answered("42P01"), answered("23505", "org_id_unique")]) {
      const error = await failing(failure)
        .createOrg(generate("usr"))
        .catch((thrown: unknown) => thrown as Error);
      expect(error).toMatchObject({ code: "internal.unexpected" });
      const { stack, message, cause } = error as Error;
      expect(`${message}${stack}${JSON.stringify(error)}${(cause as Error).stack}`).not.toContain("canary");
    }
  });

  test("tables that are not there say what to do about it", async () => {
    const error = await new PostgresTenancyStore(pool, { schema: "elsewhere" })
      .getOrg(orgId)
      .catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({
      code: "internal.unexpected",
      cause: { message: expect.stringContaining("run the migrations") },
    });
  });

  test("a unique rule that keeps firing against the rules is a defect, not an endless loop", async () => {
    const always = Array.from(
      { length: 9 },
      (_, place): Failure => (place % 2 === 0 ? answered("23505", "mem_one_live") : (s, run) => run(s)),
    );
    const call = failing(...always).addMember({ orgId, usrId: generate("usr"), role: "member" });
    await expect(call).rejects.toMatchObject({ code: "internal.unexpected" });
  });
});

test("an id source that repeats itself is a defect, and nothing is written", async () => {
  const { org, ownerMembership } = await store.createOrg(generate("usr"));
  const same = new PostgresTenancyStore(pool, { idSource: () => ownerMembership.id });
  const call = same.addMember({ orgId: org.id, usrId: generate("usr"), role: "member" });
  await expect(call).rejects.toMatchObject({ code: "internal.unexpected" });
  expect((await store.getOrg(org.id)).version).toBe(1);
});
