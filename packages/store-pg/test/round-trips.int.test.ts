import { generate } from "@tenantry/core";
import { startWireProxy } from "@tenantry/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";

// Counted on the wire, behind a proxy that reads the protocol: one trip is something sent and its answer awaited.

const HOUR = 60 * 60 * 1000;

let database: OpenPostgres;
let proxy: Awaited<ReturnType<typeof startWireProxy>>;
let pool: pg.Pool;
let store: PostgresTenancyStore;

beforeAll(async () => {
  database = await openPostgres();
  proxy = await startWireProxy(database.url);
  pool = new pg.Pool({ connectionString: proxy.url, max: 1 });
  store = new PostgresTenancyStore(pool);
});
afterAll(async () => {
  await pool.end();
  await proxy.close();
  await database.close();
});

/** The trips of a call that is made after everything it needs is there and the connection is open. */
async function trips(call: () => Promise<unknown>): Promise<number> {
  await pool.query("select 1");
  proxy.reset();
  await call();
  return proxy.trips();
}

async function world() {
  const creator = generate("usr");
  const { org, ownerMembership: owner } = await store.createOrg(creator);
  const add = (role: "owner" | "admin" | "member") => store.addMember({ orgId: org.id, usrId: generate("usr"), role });
  const invite = () =>
    store.createInvitation({
      orgId: org.id,
      identifier: "x@example.com",
      role: "member",
      invitedBy: creator,
      expiresAt: new Date(Date.now() + HOUR),
      preTuples: [{ relation: "viewer", objectType: "project", objectId: "1" }],
    });
  return { orgId: org.id, creator, owner, add, invite };
}

describe("one round trip", () => {
  test("for each read", async () => {
    const { orgId, creator, owner, invite } = await world();
    const { id: invId } = await invite();
    expect(await trips(() => store.getOrg(orgId))).toBe(1);
    expect(await trips(() => store.getMembership(owner.id))).toBe(1);
    expect(await trips(() => store.getInvitation(invId))).toBe(1);
    expect(await trips(() => store.listMembers(orgId, { total: true }))).toBe(1);
    expect(await trips(() => store.listInvitations(orgId, { status: "expired" }))).toBe(1);
    expect(await trips(() => store.listTuplesForSubject("usr", creator))).toBe(1);
    expect(await trips(() => store.listTuplesForObject("org", orgId, "owner"))).toBe(1);
  });

  test("for createOrg, addMember and createInvitation when accepted", async () => {
    const { orgId, invite } = await world();
    expect(await trips(invite)).toBe(1);
    expect(await trips(() => store.createOrg({ creator: generate("usr"), slug: "one-trip" }))).toBe(1);
    expect(await trips(() => store.addMember({ orgId, usrId: generate("usr"), role: "guest" }))).toBe(1);
    const options = { idempotencyKey: "one", expectedVersion: (await store.getOrg(orgId)).version };
    expect(await trips(() => store.addMember({ orgId, usrId: generate("usr"), role: "guest" }, options))).toBe(1);
  });

  test("for every operation on an entity that the caller holds", async () => {
    const { orgId, creator, add, invite } = await world();
    const [admin, member, leaver, removed] = [
      await add("admin"),
      await add("member"),
      await add("member"),
      await add("member"),
    ];
    const [one, two, three] = [await invite(), await invite(), await invite()];
    const suspended = await store.suspendMembership(await add("member"));
    const count: Record<string, number> = {
      changeRole: await trips(() => store.changeRole({ memId: member, newRole: "guest" })),
      reinstateMembership: await trips(() => store.reinstateMembership(suspended)),
      suspendMembership: await trips(() => store.suspendMembership(admin)),
      selfLeave: await trips(() => store.selfLeave({ memId: leaver })),
      adminRemove: await trips(() => store.adminRemove({ memId: removed, adminUsrId: creator })),
      acceptInvitation: await trips(() =>
        store.acceptInvitation({ invId: one, asUsrId: generate("usr"), acceptingIdentifier: "x@example.com" }),
      ),
      declineInvitation: await trips(() => store.declineInvitation({ invId: two })),
      revokeInvitation: await trips(() => store.revokeInvitation({ invId: three, adminUsrId: creator })),
    };
    let org = await store.getOrg(orgId);
    count["updateOrg"] = await trips(async () => {
      org = await store.updateOrg({ orgId: org, name: "One", slug: "one-look" });
    });
    count["suspendOrg"] = await trips(async () => {
      org = await store.suspendOrg(org);
    });
    count["reinstateOrg"] = await trips(async () => {
      org = await store.reinstateOrg(org);
    });
    expect(count).toEqual(Object.fromEntries(Object.keys(count).map((name) => [name, 1])));
  });

  test("for a refusal that is seen at the first look", async () => {
    const { owner } = await world();
    expect(await trips(() => expect(store.selfLeave({ memId: owner.id })).rejects.toThrow())).toBe(1);
  });
});

test("two round trips for every other mutation", async () => {
  const { orgId, creator, owner, add, invite } = await world();
  const [heir, admin, member, leaver] = [
    await add("owner"),
    await add("admin"),
    await add("member"),
    await add("member"),
  ];
  const count: Record<string, number> = {
    updateOrg: await trips(() => store.updateOrg({ orgId, name: "Two", slug: "two-trips" })),
    suspendOrg: await trips(() => store.suspendOrg(orgId)),
    reinstateOrg: await trips(() => store.reinstateOrg(orgId)),
    suspendMembership: await trips(() => store.suspendMembership(member.id)),
    reinstateMembership: await trips(() => store.reinstateMembership(member.id)),
    selfLeave: await trips(() => store.selfLeave({ memId: leaver.id })),
    adminRemove: await trips(() => store.adminRemove({ memId: member.id, adminUsrId: admin.usrId })),
    changeRole: await trips(() => store.changeRole({ memId: admin.id, newRole: "editor" })),
  };
  const [one, two, three] = [await invite(), await invite(), await invite()];
  const acceptance = { invId: one.id, asUsrId: generate("usr"), acceptingIdentifier: "x@example.com" };
  count["acceptInvitation"] = await trips(() => store.acceptInvitation(acceptance, { idempotencyKey: "accept" }));
  count["declineInvitation"] = await trips(() => store.declineInvitation({ invId: two.id }));
  count["revokeInvitation"] = await trips(() => store.revokeInvitation({ invId: three.id, adminUsrId: creator }));
  count["transferOwnership"] = await trips(() =>
    store.transferOwnership({ orgId, fromMemId: owner.id, toMemId: heir.id }),
  );
  count["revokeOrg"] = await trips(() => store.revokeOrg(orgId));
  expect(count).toEqual(Object.fromEntries(Object.keys(count).map((name) => [name, 2])));
});

test("a replay is one look", async () => {
  const { member } = { member: await (await world()).add("member") };
  const leave = () => store.selfLeave({ memId: member.id }, { idempotencyKey: "leave" });
  await leave();
  expect(await trips(leave)).toBe(1);
});

test("a statement is prepared once for its shape, however often it runs", async () => {
  const fresh = new pg.Pool({ connectionString: proxy.url, max: 1 });
  const prepared = new PostgresTenancyStore(fresh);
  proxy.reset();
  for (let time = 0; time < 5; time += 1) {
    const { org, ownerMembership } = await prepared.createOrg(generate("usr"));
    const member = await prepared.addMember({ orgId: org.id, usrId: generate("usr"), role: "member" });
    await prepared.changeRole({ memId: member.id, newRole: "admin" });
    await prepared.getMembership(ownerMembership.id);
  }
  await fresh.end();
  const names = proxy.parses().map(({ name }) => name);
  expect(names.length).toBe(5); // create, add, the look and the commit of changeRole, get
  expect(new Set(names).size).toBe(5);
  expect(names.every((name) => name !== "" && name.length <= 63)).toBe(true);
});

test("with `prepare: false` no statement has a name, for poolers that lose them", async () => {
  const unnamed = new PostgresTenancyStore(pool, { prepare: false });
  proxy.reset();
  await unnamed.createOrg(generate("usr"));
  expect(proxy.parses().map(({ name }) => name)).toEqual([""]);
});
