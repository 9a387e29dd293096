import { generate, isTenancyError, type OrgId } from "@tenantry/core";
import { brokenInvariants, startWireProxy } from "@tenantry/testkit";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";

// Many callers of one organization at once, through one store and through two.

let database: OpenPostgres;
let pool: pg.Pool;
beforeAll(async () => {
  database = await openPostgres();
  pool = database.pool({ max: 16 });
});
afterEach(async () => {
  expect(await brokenInvariants((text) => pool.query(text))).toEqual([]);
});
afterAll(() => database.close());

async function codes(calls: readonly Promise<unknown>[]): Promise<readonly string[]> {
  const ends = await Promise.allSettled(calls);
  return ends.map((end) => {
    if (end.status === "fulfilled") {
      return "ok";
    }
    return isTenancyError(end.reason) ? end.reason.code : `not one of ours: ${end.reason}`;
  });
}

async function founded(store: PostgresTenancyStore): Promise<OrgId> {
  return (await store.createOrg(generate("usr"))).org.id;
}

describe.each([true, false])("with groupCommit: %s", (groupCommit) => {
  const open = () => new PostgresTenancyStore(pool, { groupCommit });

  test("64 joins of one organization at once: all of them, each with its own event", async () => {
    const store = open();
    const orgId = await founded(store);
    const joins = Array.from({ length: 64 }, () => store.addMember({ orgId, usrId: generate("usr"), role: "member" }));
    const members = await Promise.all(joins);
    expect(new Set(members.map(({ id }) => id)).size).toBe(64);
    expect((await store.getOrg(orgId)).version).toBe(65);
  });

  test("one that must fail fails alone", async () => {
    const store = open();
    const orgId = await founded(store);
    const twice = generate("usr");
    const people = [...Array.from({ length: 30 }, () => generate("usr")), twice, twice];
    const ends = await codes(people.map((usrId) => store.addMember({ orgId, usrId, role: "member" })));
    expect(ends.filter((code) => code !== "ok")).toEqual(["conflict.duplicate_membership"]);
    expect((await store.getOrg(orgId)).version).toBe(32);
  });

  test("eight owners who leave at once through two stores: one stays", async () => {
    const stores = [open(), open()];
    for (let round = 0; round < 10; round += 1) {
      const { org, ownerMembership } = await open().createOrg(generate("usr"));
      const owners = [ownerMembership];
      for (let place = 1; place < 8; place += 1) {
        owners.push(await open().addMember({ orgId: org.id, usrId: generate("usr"), role: "owner" }));
      }
      const ends = await codes(
        owners.map(({ id: memId }, place) => (stores[place % 2] as PostgresTenancyStore).selfLeave({ memId })),
      );
      expect([...ends].sort()).toEqual(["conflict.sole_owner", ...Array<string>(7).fill("ok")]);
    }
  });

  test("a stream of joins does not starve an owner who is demoted meanwhile", async () => {
    const [stream, other] = [open(), open()];
    const { org, ownerMembership } = await stream.createOrg(generate("usr"));
    await stream.addMember({ orgId: org.id, usrId: generate("usr"), role: "owner" });
    let isOver = false;
    const joining = Array.from({ length: 8 }, async () => {
      while (!isOver) {
        await stream.addMember({ orgId: org.id, usrId: generate("usr"), role: "guest" });
      }
    });
    await other.changeRole({ memId: ownerMembership.id, newRole: "admin" });
    await stream.changeRole({
      memId: (await other.listMembers(org.id, { role: "admin" })).data[0]?.id as never,
      newRole: "owner",
    });
    isOver = true;
    await Promise.all(joining);
  });

  test("calls with keys and versions of their own: replays, mismatches and stale versions stay each caller's", async () => {
    const store = open();
    const orgId = await founded(store);
    const usrId = generate("usr");
    const add = (options: object) => store.addMember({ orgId, usrId, role: "member" }, options);
    const [first, second] = await Promise.all([add({ idempotencyKey: "same" }), add({ idempotencyKey: "same" })]);
    expect(second).toEqual(first);
    const ends = await codes([
      store.addMember({ orgId, usrId: generate("usr"), role: "member" }, { idempotencyKey: "same" }),
      store.addMember({ orgId, usrId: generate("usr"), role: "member" }, { expectedVersion: 1 }),
      store.addMember({ orgId, usrId: generate("usr"), role: "member" }),
    ]);
    expect(ends).toEqual(["conflict.idempotency", "conflict.version", "ok"]);
  });
});

test("what gathers goes over the wire as one statement", async () => {
  const proxy = await startWireProxy(database.url);
  const wired = new pg.Pool({ connectionString: proxy.url, max: 8 });
  const store = new PostgresTenancyStore(wired);
  const orgId = await founded(store);
  const join = () => store.addMember({ orgId, usrId: generate("usr"), role: "member" });
  await Promise.all([join(), join()]);
  proxy.reset();
  await Promise.all(Array.from({ length: 32 }, join));
  const statements = proxy.statements().filter(({ kind }) => kind === "bind");
  expect(statements).toHaveLength(2);
  await wired.end();
  await proxy.close();
});
