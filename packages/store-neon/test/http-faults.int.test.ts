import { type NeonQueryFunction, neon, neonConfig } from "@neondatabase/serverless";
import { generate, type IndeterminateError, type OrgId } from "@tenantry/core";
import {
  answeredWith,
  brokenInvariants,
  cutAfter,
  cutBefore,
  cutWithin,
  deliveredTwice,
  heldBefore,
  type NeonFault,
  refused,
  startNeonEndpoint,
  withoutBody,
} from "@tenantry/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { migrateNeonHttp, NeonHttpTenancyStore } from "../src/http.ts";
import { type OpenLocalNeon, openLocalNeon } from "./open-neon.ts";

// Over HTTP a commit is in doubt from the first byte sent to the last byte of the answer, and somebody in between may
// answer in the database's stead. Only status 400 with a code is the database's own word.

let local: OpenLocalNeon;
let sql: NeonQueryFunction<false, false>;
let store: NeonHttpTenancyStore;
let orgId: OrgId;

beforeAll(async () => {
  local = await openLocalNeon();
  sql = neon(local.url);
  await migrateNeonHttp(sql);
  store = new NeonHttpTenancyStore(sql);
});
beforeEach(async () => {
  orgId = (await store.createOrg(generate("usr"))).org.id;
});
afterAll(async () => {
  const pool = local.database.pool();
  expect(await brokenInvariants((text) => pool.query(text))).toEqual([]);
  await local.close();
});

const newMember = () => ({ orgId, usrId: generate("usr"), role: "member" }) as const;
const version = async () => (await store.getOrg(orgId)).version;

async function unknownOutcome(call: Promise<unknown>): Promise<IndeterminateError> {
  const error = await call.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "IndeterminateError", code: "indeterminate.commit" });
  return error as IndeterminateError;
}

const executed: readonly (readonly [string, NeonFault])[] = [
  ["500 after execution", answeredWith(500)],
  ["502 after execution", answeredWith(502)],
  ["504 after execution", answeredWith(504)],
  ["an answer that is dropped", cutAfter],
  ["an answer that ends in the middle", cutWithin],
  ["an answer without a body", withoutBody],
  ["an answer of somebody in between that is no result", async (execute) => ({ ...(await execute()), body: "{}" })],
  ["400 without a code", async (execute) => ({ ...(await execute()), status: 400, body: '{"message":"no"}' })],
];

describe.for(executed)("a commit that meets %s", ([, fault]) => {
  test("is found committed, with its result, and a repeat with its key replays it", async () => {
    const input = newMember();
    local.endpoint.disturb(fault);
    const error = await unknownOutcome(store.addMember(input));
    const resolution = await error.resolve();
    expect(resolution).toMatchObject({ committed: true, result: { usrId: input.usrId, status: "active" } });
    const repeated = await store.addMember(input, { idempotencyKey: error.key });
    expect(resolution).toEqual({ committed: true, result: repeated });
    expect(await version()).toBe(2);
  });
});

const neverExecuted: readonly (readonly [string, NeonFault])[] = [
  ["500 before execution", refused(500)],
  ["502 before execution", refused(502)],
  ["504 before execution", refused(504)],
  ["a cut before execution", cutBefore],
];

describe.for(neverExecuted)("a commit that meets %s", ([, fault]) => {
  test("is fenced: neither it nor a repeat with its key takes effect any more", async () => {
    const input = newMember();
    local.endpoint.disturb(fault);
    const error = await unknownOutcome(store.addMember(input));
    expect(await error.resolve()).toEqual({ committed: false });
    await expect(store.addMember(input, { idempotencyKey: error.key })).rejects.toMatchObject({
      code: "conflict.idempotency",
      details: { reason: "abandoned" },
    });
    expect(await version()).toBe(1);
  });

  test("is not decided while the database cannot be asked", async () => {
    const input = newMember();
    local.endpoint.disturb(fault, cutBefore);
    const error = await unknownOutcome(store.addMember(input));
    await expect(error.resolve()).rejects.toMatchObject({ code: "unavailable.connection", retryable: true });
    expect(await error.resolve()).toEqual({ committed: false });
  });
});

describe("a commit that arrives late", () => {
  /** A commit whose connection is cut while somebody in between holds it. */
  async function lateCommit() {
    const input = newMember();
    const request = heldBefore();
    local.endpoint.disturb(request.fault);
    const call = unknownOutcome(store.addMember(input));
    await request.arrived;
    local.endpoint.cut();
    return { input, error: await call, request };
  }

  test("has no effect once it was resolved", async () => {
    const { error, request } = await lateCommit();
    expect(await error.resolve()).toEqual({ committed: false });
    expect(await request.release()).toMatchObject({ status: 400, body: expect.stringContaining("idem_key_used_once") });
    expect(await version()).toBe(1);
    expect(await error.resolve()).toEqual({ committed: false });
  });

  test("before it is resolved is found committed", async () => {
    const { input, error, request } = await lateCommit();
    expect(await request.release()).toMatchObject({ status: 200 });
    expect(await error.resolve()).toMatchObject({ committed: true, result: { usrId: input.usrId } });
    expect(await version()).toBe(2);
  });

  test("behind its own repeat takes effect once", async () => {
    const { input, error, request } = await lateCommit();
    const repeated = await store.addMember(input, { idempotencyKey: error.key });
    expect(await request.release()).toMatchObject({ status: 400 });
    expect(await error.resolve()).toEqual({ committed: true, result: repeated });
    expect(await version()).toBe(2);
  });
});

describe("a commit that is delivered twice", () => {
  const atOnce: NeonFault = async (execute) => {
    const answers = await Promise.all([execute(), execute()]);
    // The client gets the answer of the one that came too late.
    return answers.find(({ body }) => !body.includes('"rows":[["')) ?? answers[1];
  };
  for (const [how, fault] of [
    ["one after the other", deliveredTwice],
    ["at the same moment", atOnce],
  ] as const) {
    test(`${how}: an organization is made once`, async () => {
      local.endpoint.disturb(fault);
      const { org } = await store.createOrg(generate("usr"));
      expect(await store.getOrg(org.id)).toMatchObject({ version: 1 });
    });

    test(`${how}: a member is added once`, async () => {
      const input = newMember();
      local.endpoint.disturb(fault);
      expect(await store.addMember(input)).toMatchObject({ usrId: input.usrId });
      expect(await version()).toBe(2);
    });

    test(`${how}: a role is changed once`, async () => {
      const { id: memId } = await store.addMember(newMember());
      local.endpoint.disturb(async (execute) => execute(), fault);
      expect(await store.changeRole({ memId, newRole: "admin" })).toMatchObject({ replaces: memId });
      expect(await version()).toBe(3);
    });
  }
});

describe("a read", () => {
  test.for([...executed, ...neverExecuted])("that meets %s is repeated", async ([, fault]) => {
    local.endpoint.disturb(fault);
    await expect(store.getOrg(orgId)).resolves.toMatchObject({ id: orgId });
  });

  test("that always fails is `unavailable.connection`", async () => {
    local.endpoint.disturb(refused(502), cutBefore, cutWithin, answeredWith(504));
    await expect(store.getOrg(orgId)).rejects.toMatchObject({ code: "unavailable.connection", retryable: true });
  });

  test("beyond the application's deadline is `unavailable.timeout`", async () => {
    const request = heldBefore();
    local.endpoint.disturb(request.fault);
    const deadline = new AbortController();
    const hasty = new NeonHttpTenancyStore(neon(local.url, { fetchOptions: { signal: deadline.signal } }));
    const call = hasty.getOrg(orgId).catch((thrown: unknown) => thrown);
    await request.arrived;
    // As `AbortSignal.timeout` does.
    deadline.abort(new DOMException("", "TimeoutError"));
    expect(await call).toMatchObject({ code: "unavailable.timeout", retryable: true });
  });
});

describe("the database's own word is definite:", () => {
  const answered =
    (code: string): NeonFault =>
    async () => ({ status: 400, body: JSON.stringify({ message: "no", severity: "ERROR", code, constraint: null }) });

  test.for(["40001", "40P01", "55P03", "57014"])("after %s a commit is decided again", async (code) => {
    const input = newMember();
    local.endpoint.disturb(answered(code));
    await expect(store.addMember(input)).resolves.toMatchObject({ usrId: input.usrId });
    expect(await version()).toBe(2);
  });

  test("a full disk is `unavailable.server` at once", async () => {
    local.endpoint.disturb(answered("53100"));
    await expect(store.addMember(newMember())).rejects.toMatchObject({ code: "unavailable.server" });
    expect(await version()).toBe(1);
  });

  test("tables that are missing are `internal.unexpected`", async () => {
    const elsewhere = new NeonHttpTenancyStore(sql, { schema: "nowhere" });
    await expect(elsewhere.createOrg(generate("usr"))).rejects.toMatchObject({ code: "internal.unexpected" });
  });

  test("but what may be an answer to somebody else's statement is not", async () => {
    local.endpoint.disturb(answered("57P01"));
    const error = await unknownOutcome(store.addMember(newMember()));
    expect(await error.resolve()).toEqual({ committed: false });
  });
});

test("a service that is not there is `unavailable.connection`, for a commit too, and no text names it", async () => {
  const { fetchEndpoint } = local.endpoint.neonConfig;
  const gone = await startNeonEndpoint(local.url);
  await gone.stop();
  neonConfig.fetchEndpoint = gone.neonConfig.fetchEndpoint;
  const lost = new NeonHttpTenancyStore(neon("postgresql://canary:secret@127.0.0.1/nowhere"));
  for (const call of [() => lost.getOrg(orgId), () => lost.createOrg(generate("usr"))]) {
    const error = await call().catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: "unavailable.connection", retryable: true });
    const { message, stack, cause } = error as Error;
    const texts = `${message}${stack}${JSON.stringify(error)}${(cause as Error).message}${(cause as Error).stack}`;
    expect(texts).not.toMatch(/canary|secret|127\.0\.0\.1/);
  }
  neonConfig.fetchEndpoint = fetchEndpoint;
});
