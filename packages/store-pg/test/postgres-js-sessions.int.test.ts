import { inspect } from "node:util";
import { generate, type IndeterminateError, isTenancyError, type OrgId } from "@tenantry/core";
import type pg from "pg";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  migratePostgresJs,
  type PostgresJs,
  PostgresJsTenancyStore,
  type PostgresJsTransaction,
} from "../src/postgres-js.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";
import { answered, blockedSession, terminate } from "./sessions.ts";

// What postgres.js itself does when its sessions end, are lent or are full, and that no caller of ours comes to harm.

let database: OpenPostgres;
let admin: pg.Pool;
let orgId: OrgId;
beforeAll(async () => {
  database = await openPostgres();
  admin = database.pool({ max: 2 });
  await admin.query("create table note (id serial, text text not null unique)");
});
beforeEach(async () => {
  await admin.query("delete from note");
  const sql = open({ max: 1 });
  orgId = (await new PostgresJsTenancyStore(sql).createOrg(generate("usr"))).org.id;
});
afterAll(() => database.close());

const opened: postgres.Sql[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((sql) => sql.end({ timeout: 1 })));
});

function open(options: postgres.Options<Record<string, never>>): postgres.Sql {
  const sql = postgres(database.url, { onnotice: () => {}, ...options });
  opened.push(sql);
  return sql;
}

/** One connection, and the event of its end. */
function openOne(): { readonly sql: postgres.Sql; readonly closed: Promise<void> } {
  const end: { tell(): void } = { tell: () => {} };
  const closed = new Promise<void>((resolve) => {
    end.tell = resolve;
  });
  return { sql: open({ max: 1, onclose: () => end.tell() }), closed };
}

async function sessionOf(sql: PostgresJsTransaction): Promise<number> {
  const [row] = (await sql.unsafe("select pg_backend_pid() as pid")) as readonly { readonly pid: number }[];
  return row?.pid ?? 0;
}

const member = () => ({ orgId, usrId: generate("usr"), role: "member" }) as const;

const codeOf = (call: Promise<unknown>): Promise<string> =>
  answered(call).then(
    () => "ok",
    (error: unknown) => (isTenancyError(error) ? error.code : `not one of ours: ${error}`),
  );

async function versionOf(id: OrgId): Promise<number> {
  const { rows } = await admin.query<{ version: string }>("select version from tenancy.org where id = $1", [
    id.slice(4),
  ]);
  return Number(rows[0]?.version);
}

describe("a session that ends", () => {
  test("while `withTransaction` is at work is `unavailable.connection`, and the next call has another session", async () => {
    const { sql, closed } = openOne();
    const store = new PostgresJsTenancyStore(sql);
    const call = store.withTransaction(async (transaction, inside) => {
      await inside.addMember(member());
      await terminate(admin, await sessionOf(transaction));
      await closed;
    });
    expect(await codeOf(call)).toBe("unavailable.connection");
    expect(await codeOf(store.getOrg(orgId))).toBe("ok");
    expect(await versionOf(orgId)).toBe(1);
  });

  test("while `withTransaction` is at work ends nobody else's transaction on the connection that it had", async () => {
    const { sql, closed } = openOne();
    const store = new PostgresJsTenancyStore(sql);
    const before = (await admin.query("select from tenancy.txn")).rowCount;
    const late: { go: () => void; readonly works: Promise<void>[] } = { go: () => {}, works: [] };
    const isLate = new Promise<void>((resolve) => {
      late.go = resolve;
    });
    for (const isAccepted of [true, false]) {
      const call = store.withTransaction((transaction) => {
        const work = async (): Promise<void> => {
          await terminate(admin, await sessionOf(transaction));
          await isLate;
          if (!isAccepted) {
            throw new Error("the host's own, too late");
          }
        };
        late.works.push(work());
        return late.works.at(-1) ?? Promise.resolve();
      });
      expect(await codeOf(call)).toBe("unavailable.connection");
    }
    await closed;
    const other = sql.begin(async (transaction) => {
      await transaction`insert into note (text) values ('kept')`;
      late.go();
      await Promise.allSettled(late.works);
      // Whatever the two sent now is answered before this.
      await transaction`select 1`;
      await transaction`select 1`;
    });
    await answered(other);
    expect((await admin.query("select text from note")).rows).toEqual([{ text: "kept" }]);
    expect((await admin.query("select from tenancy.txn")).rowCount).toBe(before);
  });

  test("takes its transaction along: a store in it is refused, also when the connection serves others by then", async () => {
    const { sql, closed } = openOne();
    const seen: string[] = [];
    let isOver: Promise<unknown> = Promise.resolve();
    const call = sql.begin((transaction) => {
      const inside = new PostgresJsTenancyStore(transaction);
      const work = async (): Promise<void> => {
        await inside.getOrg(orgId);
        await terminate(admin, await sessionOf(transaction));
        await closed;
        seen.push(await codeOf(inside.addMember(member())));
        await sql`select 1`;
        seen.push(await codeOf(inside.addMember(member())));
      };
      isOver = work();
      return isOver;
    });
    await expect(answered(call)).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    await answered(isOver);
    expect(seen).toEqual(["unavailable.connection", "unavailable.connection"]);
    expect(await versionOf(orgId)).toBe(1);
  });

  test("before a transaction's store has sent anything: then its first statement is alone, and refused", async () => {
    const { sql, closed } = openOne();
    let isOver: Promise<unknown> = Promise.resolve();
    const call = sql.begin((transaction) => {
      const work = async (): Promise<string> => {
        await terminate(admin, await sessionOf(transaction));
        await closed;
        await sql`select 1`;
        return codeOf(new PostgresJsTenancyStore(transaction).addMember(member()));
      };
      isOver = work();
      return isOver;
    });
    await expect(answered(call)).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    expect(await isOver).toBe("internal.unexpected");
    expect(await versionOf(orgId)).toBe(1);
  });

  test("in the middle of a call on a reserved connection leaves nobody waiting, and no doubt", async () => {
    const { sql } = openOne();
    const reserved = await sql.reserve();
    const inside = new PostgresJsTenancyStore(reserved);
    await reserved`begin`;
    const holder = await admin.connect();
    await holder.query("begin");
    await holder.query("select from tenancy.org where id = $1 for update", [orgId.slice(4)]);
    const call = codeOf(inside.addMember(member()));
    await terminate(admin, await blockedSession(admin));
    expect(await call).toBe("unavailable.connection");
    await holder.query("rollback");
    holder.release();
    expect(await codeOf(inside.getOrg(orgId))).toBe("unavailable.connection");
    expect(await versionOf(orgId)).toBe(1);
  });

  test("at rest on a reserved connection is `unavailable.connection`, and the `sql` it came from goes on", async () => {
    const { sql, closed } = openOne();
    const reserved = await sql.reserve();
    const inside = new PostgresJsTenancyStore(reserved);
    await inside.getOrg(orgId);
    await terminate(admin, await sessionOf(reserved));
    await closed;
    expect(await codeOf(inside.addMember(member()))).toBe("unavailable.connection");
    expect(await codeOf(new PostgresJsTenancyStore(sql).getOrg(orgId))).toBe("ok");
    expect(await versionOf(orgId)).toBe(1);
  });

  test("is blamed on a statement that was never sent: the stale 57P01 of a commit is unknown, and the fence settles it", async () => {
    const { sql } = openOne();
    const told: unknown[] = [];
    const listening: PostgresJs = {
      begin: (work) => sql.begin(work),
      unsafe(text, values, options) {
        const query = sql.unsafe(text, values, options);
        query.catch((error: unknown) => told.push((error as { readonly code: unknown }).code));
        return query;
      },
    };
    const store = new PostgresJsTenancyStore(listening);
    const holder = await admin.connect();
    await holder.query("begin");
    await holder.query("select from tenancy.org where id = $1 for update", [orgId.slice(4)]);
    const first = store.addMember(member()).catch((thrown: unknown) => thrown);
    const blocked = await blockedSession(admin);
    const second = store.createOrg(generate("usr")).catch((thrown: unknown) => thrown);
    await terminate(admin, blocked);
    const errors = [await answered(first), await answered(second)] as IndeterminateError[];
    await holder.query("rollback");
    holder.release();
    expect(errors.map(({ code }) => code)).toEqual(["indeterminate.commit", "indeterminate.commit"]);
    expect(told).toEqual(["CONNECTION_CLOSED", "57P01"]);
    for (const error of errors) {
      expect(await answered(error.resolve())).toEqual({ committed: false });
    }
    expect(await versionOf(orgId)).toBe(1);
  });
});

describe("a reserved connection", () => {
  test("is joined between a `begin` and a `commit` typed as text, and commits by itself outside of them", async () => {
    const sql = open({ max: 1 });
    const reserved = await sql.reserve();
    const store = new PostgresJsTenancyStore(reserved);
    await store.addMember(member());
    expect(await versionOf(orgId)).toBe(2);
    await reserved`begin`;
    await store.addMember(member());
    expect(await codeOf(store.reinstateOrg(orgId))).toBe("precondition.invalid_transition");
    expect(await versionOf(orgId)).toBe(2);
    await reserved`rollback`;
    await reserved`begin`;
    await store.addMember(member());
    await reserved`insert into note (text) values ('together')`;
    await reserved`commit`;
    expect(await versionOf(orgId)).toBe(3);
    await store.addMember(member());
    expect(await versionOf(orgId)).toBe(4);
    reserved.release();
  });

  test("that was given back is refused: it may be somebody else's by now", async () => {
    const sql = open({ max: 1 });
    const reserved = await sql.reserve();
    const store = new PostgresJsTenancyStore(reserved);
    await store.getOrg(orgId);
    reserved.release();
    await sql.begin(async (transaction) => {
      expect(await codeOf(store.addMember(member()))).toBe("unavailable.connection");
      await transaction`select 1`;
    });
    expect(await versionOf(orgId)).toBe(1);
  });

  test("opens transactions of its own by text, which commit, roll back, and tell when nothing was committed", async () => {
    const sql = open({ max: 1 });
    const reserved = await sql.reserve();
    const store = new PostgresJsTenancyStore(reserved);
    await store.withTransaction(async (transaction, inside) => {
      await inside.addMember(member());
      await transaction`insert into note (text) values ('kept')`;
    });
    const thrown = new Error("the host's own");
    const rolledBack = store.withTransaction(async (_, inside) => {
      await inside.addMember(member());
      throw thrown;
    });
    await expect(answered(rolledBack)).rejects.toBe(thrown);
    const swallowed = store.withTransaction(async (transaction, inside) => {
      await inside.addMember(member());
      await transaction`select 1/0`.catch(() => {});
    });
    expect(await codeOf(swallowed)).toBe("internal.unexpected");
    await reserved`begin`;
    expect(await codeOf(store.withTransaction(async () => {}))).toBe("precondition.invalid_input");
    await reserved`commit`;
    expect(await versionOf(orgId)).toBe(2);
    expect((await admin.query("select text from note")).rows).toEqual([{ text: "kept" }]);
    reserved.release();
  });

  test("migrates as a whole or not at all", async () => {
    const sql = open({ max: 1 });
    const reserved = await sql.reserve();
    expect(await migratePostgresJs(reserved, { schema: "reserved" })).toEqual(["0001_tenancy"]);
    // The users table is missing, so the link fails, and with it what was written before it in its transaction.
    const users = { table: "nowhere", column: "id" };
    await expect(answered(migratePostgresJs(reserved, { schema: "reserved", users }))).rejects.toMatchObject({
      code: "42P01",
    });
    const { rows } = await admin.query("select name from reserved.migration");
    expect(rows).toEqual([{ name: "0001_tenancy" }]);
    reserved.release();
  });
});

describe("inside `sql.begin`", () => {
  test("an expected error of a constraint does not end it, nor does any other refusal", async () => {
    const sql = open({ max: 1 });
    await new PostgresJsTenancyStore(sql).createOrg({ creator: generate("usr"), slug: "taken" });
    const codes = await sql.begin(async (transaction) => {
      const inside = new PostgresJsTenancyStore(transaction);
      const taken = await codeOf(inside.createOrg({ creator: generate("usr"), slug: "taken" }));
      const refused = await codeOf(inside.reinstateOrg(orgId));
      await inside.addMember(member());
      await transaction`insert into note (text) values ('after both')`;
      return [taken, refused];
    });
    expect(codes).toEqual(["conflict.org_slug", "precondition.invalid_transition"]);
    expect(await versionOf(orgId)).toBe(2);
    expect((await admin.query("select text from note")).rows).toEqual([{ text: "after both" }]);
  });

  test("an error of the host's own statement ends it all the same, even when that was caught", async () => {
    const sql = open({ max: 1 });
    const call = sql.begin(async (transaction) => {
      await new PostgresJsTenancyStore(transaction).addMember(member());
      await transaction`insert into note (text) values (null)`.catch(() => {});
    });
    await expect(answered(call)).rejects.toMatchObject({ code: "23502" });
    expect(await versionOf(orgId)).toBe(1);
  });
});

describe("a full pool", () => {
  /** As many statements as a connection takes in at once, and some more, around a transaction that rolls back. */
  async function acknowledged(sql: postgres.Sql, statements: number, transactions: () => Promise<unknown>) {
    await admin.query("delete from note");
    // Every connection is open, and knows its types.
    const connections = await Promise.all(Array.from({ length: sql.options.max }, () => sql.reserve()));
    for (const connection of connections) {
      connection.release();
    }
    const note = () => sql`insert into note (text) values (gen_random_uuid()::text)`.then(() => 1);
    const before = Array.from({ length: statements }, note);
    const ended = await answered(Promise.allSettled([transactions()]));
    const after = Array.from({ length: statements }, note);
    const all = await answered(Promise.allSettled([...before, ...after]));
    const { rows } = await admin.query<{ n: number }>("select count(*)::int as n from note");
    const told = all.filter(({ status }) => status === "fulfilled").length;
    return { told, kept: rows[0]?.n, isRolledBack: ended[0]?.status === "rejected" && ended[0].reason === ROLL_BACK };
  }
  const ROLL_BACK = new Error("roll back");
  const rollingBack = (sql: postgres.Sql) => async (): Promise<void> => {
    const store = new PostgresJsTenancyStore(sql);
    await store.withTransaction(async (transaction, inside) => {
      await inside.addMember(member());
      await transaction`insert into note (text) values ('inside')`;
      throw ROLL_BACK;
    });
  };

  test("of statements that wait lets none of them into a transaction", async () => {
    for (const max of [1, 2]) {
      const sql = open({ max });
      for (const statements of [1, 60, 150, 420]) {
        const { told, kept, isRolledBack } = await acknowledged(sql, statements, rollingBack(sql));
        expect({ statements, told, kept, isRolledBack }).toEqual({
          statements,
          told: 2 * statements,
          kept: 2 * statements,
          isRolledBack: true,
        });
      }
    }
  });

  test("of calls of ours, however many, lets none of them into a transaction of ours", {
    timeout: 60_000,
  }, async () => {
    for (const [max, filled] of [
      [1, 100],
      [2, 200],
    ] as const) {
      const sql = open({ max });
      const store = new PostgresJsTenancyStore(sql);
      // Prepared on every connection, so that nothing but the number of them makes a call wait.
      await Promise.all(Array.from({ length: 4 * max }, () => store.createOrg(generate("usr"))));
      for (let calls = filled - 2; calls <= filled + 2; calls += 1) {
        const before = Array.from({ length: calls }, () => store.createOrg(generate("usr")));
        for (let tick = 0; tick < 100; tick += 1) {
          // On their way to the driver, and not yet answered.
          await null;
        }
        const rolledBack = rollingBack(sql)().catch((thrown: unknown) => thrown);
        const after = Array.from({ length: calls }, () => store.createOrg(generate("usr")));
        const created = await answered(Promise.all([...before, ...after]), 20_000);
        expect(await answered(rolledBack)).toBe(ROLL_BACK);
        const ids = created.map(({ org }) => org.id.slice(4));
        const { rows } = await admin.query("select count(*)::int as n from tenancy.org where id = any($1)", [ids]);
        expect(rows).toEqual([{ n: 2 * calls }]);
      }
    }
  });

  test("of transactions lets each be alone, where the `sql` serves transactions only", async () => {
    const sql = open({ max: 2 });
    const store = new PostgresJsTenancyStore(sql);
    const ends = await Promise.allSettled(
      Array.from({ length: 220 }, (_, place) =>
        store.withTransaction(async (transaction) => {
          await transaction`insert into note (text) values (${`note ${place}`})`;
          if (place % 2 === 0) {
            throw ROLL_BACK;
          }
        }),
      ),
    );
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(110);
    const { rows } = await admin.query("select count(*)::int as n from note");
    expect(rows).toEqual([{ n: 110 }]);
  });

  test("whose pipeline a `begin` of postgres.js fills to the brim loses what others wrote: a defect of 3.4", async () => {
    const sql = open({ max: 2 });
    let lost = 0;
    for (let statements = 199; statements <= 202 && lost === 0; statements += 1) {
      const { told, kept = 0 } = await acknowledged(sql, statements, () =>
        sql.begin(async () => {
          throw ROLL_BACK;
        }),
      );
      lost += told - kept;
    }
    // Once this is 0 the remark in docs/transactions.md can go.
    expect(lost).toBeGreaterThan(0);
  });
});

describe("values on their way to postgres.js", () => {
  /** What the driver is handed, of a `sql` or of one of its transactions. */
  function spied<T extends PostgresJsTransaction>(sql: T, seen: Set<string>): T {
    return new Proxy(sql, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (key !== "unsafe") {
          return value;
        }
        return (text: string, values: (string | null)[] = [], options?: object) => {
          for (const handed of values) {
            seen.add(handed === null ? "null" : typeof handed);
          }
          return target.unsafe(text, values, options);
        };
      },
    });
  }

  test("are text or null, whatever the operation, inside a transaction and outside", async () => {
    const sql = open({ max: 2 });
    const seen = new Set<string>();
    const every = async (store: PostgresJsTenancyStore): Promise<void> => {
      const creation = { creator: generate("usr"), name: undefined, slug: null } as never;
      const { org, ownerMembership } = await store.createOrg(creation);
      await store.addMember({ orgId: org.id, usrId: generate("usr"), role: "owner", invitedBy: undefined } as never);
      const leaving = { memId: ownerMembership.id, transferTo: undefined } as never;
      await store.selfLeave(leaving, { actor: undefined } as never);
    };
    await every(new PostgresJsTenancyStore(spied(sql, seen)));
    await sql.begin((transaction) => every(new PostgresJsTenancyStore(spied(transaction, seen))));
    expect([...seen].sort()).toEqual(["null", "string"]);
  });

  test("are told to nobody, although the driver's errors carry them and their statement", async () => {
    const sql = open({ max: 1 });
    await admin.query("create schema broken");
    await migratePostgresJs(sql, { schema: "broken" });
    await admin.query("alter table broken.org add constraint canaryless check (name is distinct from 'canary-name')");
    const own = await sql`insert into broken.org (name) values (${"canary-name"})`.catch((error: unknown) => error);
    expect(inspect(own, { showHidden: true })).toContain("canary-name");
    const error = await new PostgresJsTenancyStore(sql, { schema: "broken" })
      .createOrg({ creator: generate("usr"), name: "canary-name" })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "internal.unexpected" });
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toMatch(/canary-name|insert into/);
  });
});
