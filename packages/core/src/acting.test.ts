import { describe, expect, test } from "vitest";
import { answering, committed, conflicting } from "../test/scripted-port.ts";
import { eventOf, open, rejection } from "../test/scripted-store.ts";
import { acme, admin, after, alice, bob, carol, idNo, member, now, offer, otherOrg, owner } from "../test/world.ts";
import { type OperationName, PERMISSIONS } from "./permissions.ts";
import type { TenancyStore } from "./tenancy-store.ts";

// Bob is an admin of Acme, Alice its owner, Carol a member.

const nobodyKnows = idNo("usr", 99);
const facts = { org: acme, membership: member, owners: [owner.id], acting: admin };

describe("a mutation on behalf of somebody", () => {
  test("asks for their membership in the same look, and names them as its actor", async () => {
    const { store, plans, commits, calls } = open({ load: [answering(facts)], commit: [committed] });
    await store.as(bob).suspendMembership(member.id);
    expect(calls).toEqual(["load", "commit"]);
    expect(plans[0]).toMatchObject({ acting: { read: "liveMembership", of: { membership: member.id }, usrId: bob } });
    expect(eventOf(commits[0]).actor).toBe(bob);
  });

  test("expects at the commit that they may still do it: in any role that suffices", async () => {
    const { store, commits } = open({ load: [answering(facts)], commit: [committed] });
    await store.as(bob).suspendMembership(member.id);
    expect(commits[0]?.changes[0]).toEqual({ op: "expectMember", usrId: bob, roles: ["owner", "admin"], at: now });
  });

  test("over somebody of high rank fewer roles suffice", async () => {
    const peer = answering({
      ...facts,
      membership: { ...member, role: "owner" },
      owners: [owner.id, idNo("mem", 7)],
      acting: owner,
    });
    const { store, commits } = open({ load: [peer], commit: [committed] });
    await store.as(alice).suspendMembership(member.id);
    expect(commits[0]?.changes[0]).toEqual({ op: "expectMember", usrId: alice, roles: ["owner"], at: now });
  });

  test("needs no look where the host's own call needs none", async () => {
    const { store, calls, commits } = open({ commit: [committed] });
    await store.as(bob).addMember({ orgId: acme.id, usrId: nobodyKnows, role: "member" });
    expect(calls).toEqual(["commit"]);
    expect(commits[0]?.changes[0]).toEqual({ op: "expectMember", usrId: bob, roles: ["owner", "admin"], at: now });
  });

  describe("who has a time box gives themself no longer one", () => {
    const boxed = { ...admin, expiresAt: after(1000) };
    const seen = answering({ ...facts, membership: boxed, acting: boxed });
    const asBob = { memId: boxed.id };

    test.each([null, after(1001)])("%s", async (expiresAt) => {
      const { store, commits } = open({ load: [seen] });
      const error = await rejection(store.as(bob).updateMembership({ ...asBob, expiresAt }));
      expect([error.code, error.details]).toEqual(["forbidden", { subject: "actor", usrId: bob }]);
      expect(commits).toEqual([]);
    });

    test.each([{ expiresAt: after(999) }, { expiresAt: after(1000), metadata: { a: 1 } }, { metadata: { a: 1 } }])(
      "but %j",
      async (change) => {
        const { store, commits } = open({ load: [seen], commit: [committed] });
        await store.as(bob).updateMembership({ ...asBob, ...change });
        expect(commits).toHaveLength(1);
      },
    );

    test("nor one whom they hold", async () => {
      const host = open({ load: [answering({ membership: boxed }), seen] });
      const held = await host.store.getMembership(boxed.id);
      expect((await rejection(host.store.as(bob).updateMembership({ memId: held, expiresAt: null }))).code).toBe(
        "forbidden",
      );
    });

    test("others give it to them", async () => {
      const { store, commits } = open({
        load: [answering({ ...facts, membership: boxed, acting: owner })],
        commit: [committed],
      });
      await store.as(alice).updateMembership({ ...asBob, expiresAt: null });
      expect(commits).toHaveLength(1);
    });
  });

  test("an invitation is declined by whose it is, whatever the store asks of its host", async () => {
    const { store, calls } = open({}, { declineBinding: "any" });
    const declined = store.as(alice).declineInvitation({ invId: offer.id, asUsrId: alice });
    expect((await rejection(declined)).code).toBe("precondition.identifier_binding_required");
    expect(calls).toEqual([]);
  });

  test("many rows are judged as one: in nobody else's name, and of no higher rank", async () => {
    const { store, calls, commits } = open({ commit: [committed] });
    const row = { identifier: "eve@example.com", role: "member", invitedBy: bob, expiresAt: after(1) } as const;
    await store.as(bob).createInvitations({ orgId: acme.id, rows: [row, row] });
    expect(calls).toEqual(["commit"]);
    expect(commits[0]?.changes.filter(({ op }) => op === "expectMember")).toEqual([
      { op: "expectMember", usrId: bob, roles: ["owner", "admin"], at: now },
      { op: "expectMember", usrId: bob, roles: ["owner", "admin"], at: now },
    ]);
    const inHerName = [row, { ...row, invitedBy: alice }];
    const refused = store.as(bob).createInvitations({ orgId: acme.id, rows: inHerName, mode: "each" });
    expect((await rejection(refused)).code).toBe("forbidden");
  });

  test("a row beyond their rank refuses all of them", async () => {
    const { store } = open({ load: [answering({ org: acme, live: [], acting: admin })] });
    const rows = [
      { usrId: nobodyKnows, role: "member" },
      { usrId: carol, role: "owner" },
    ] as const;
    const refused = store.as(bob).addMembers({ orgId: acme.id, rows, dryRun: true });
    expect((await rejection(refused)).code).toBe("forbidden.role_hierarchy");
  });

  test("is looked at where the commit says that they may not", async () => {
    const stranger = answering({ org: acme });
    const { store, calls } = open({ load: [stranger], commit: [conflicting()] });
    const error = await rejection(store.as(bob).addMember({ orgId: acme.id, usrId: nobodyKnows, role: "member" }));
    expect(error.details).toEqual({ what: "organization", id: acme.id });
    expect(calls).toEqual(["commit", "load"]);
  });

  test("with a role on offer above their own is what the commit says no to", async () => {
    const { store, calls, commits } = open({
      load: [answering({ org: acme, acting: admin })],
      commit: [conflicting()],
    });
    const error = await rejection(store.as(bob).addMember({ orgId: acme.id, usrId: nobodyKnows, role: "owner" }));
    expect([error.code, error.details]).toEqual(["forbidden.role_hierarchy", { usrId: bob, role: "owner" }]);
    expect(calls).toEqual(["commit", "load"]);
    expect(commits[0]?.changes[0]).toEqual({ op: "expectMember", usrId: bob, roles: ["owner"], at: now });
  });

  test("about nobody but themselves expects nothing of their role", async () => {
    const { store, commits } = open({ load: [answering({ ...facts, acting: null })], commit: [committed] });
    await store.as(carol).selfLeave({ memId: member.id });
    expect(commits[0]?.changes.map(({ op }) => op)).toEqual(["updateMembership", "deleteTuple"]);
  });

  test("that changes nothing commits nothing", async () => {
    const { store, calls } = open({ load: [answering(facts)] });
    await store.as(bob).changeRole({ memId: member.id, newRole: "member" });
    expect(calls).toEqual(["load"]);
  });

  test("without a membership is about nothing that exists, with a suspended one too", async () => {
    for (const acting of [null, { ...admin, status: "suspended" }]) {
      const { store } = open({ load: [answering({ ...facts, acting })] });
      const error = await rejection(store.as(bob).suspendMembership(member.id));
      expect([error.code, error.details]).toEqual(["not_found", { what: "membership", id: member.id }]);
    }
  });

  test("of what does not exist is what it is for everybody", async () => {
    const { store } = open({ load: [answering({ acting: admin })] });
    expect((await rejection(store.as(bob).suspendMembership(member.id))).code).toBe("not_found");
  });

  test("that founds an organization looks nobody up: it is the founder's, or forbidden", async () => {
    const { store, plans } = open({ load: [answering({})], commit: [committed] });
    const error = await rejection(store.as(bob).createOrg(alice));
    expect([error.code, error.details]).toEqual(["forbidden", { subject: "actor", usrId: bob }]);
    expect(plans[0]).not.toHaveProperty("acting");
    await store.as(bob).createOrg(bob);
  });

  test("cannot name another as the one who acts, nor as its actor", async () => {
    const { store, calls } = open({});
    const removal = { memId: member.id, adminUsrId: alice };
    expect((await rejection(store.as(bob).adminRemove(removal))).code).toBe("forbidden");
    expect((await rejection(store.as(bob).suspendOrg(acme.id, { actor: alice }))).code).toBe("forbidden");
    expect(calls).toEqual([]);
  });

  test("may name themselves as its actor", async () => {
    const { store } = open({ load: [answering({ org: acme, acting: owner })], commit: [committed] });
    await expect(store.as(alice).suspendOrg(acme.id, { actor: alice })).resolves.toMatchObject({ status: "suspended" });
  });
});

describe("a query on behalf of somebody", () => {
  test("asks for their membership in the same look", async () => {
    const { store, plans, calls } = open({ load: [answering({ org: acme, acting: member })] });
    await expect(store.as(carol).getOrg(acme.id)).resolves.toEqual(acme);
    expect(plans[0]).toMatchObject({ acting: { read: "liveMembership", of: { org: acme.id }, usrId: carol } });
    expect(calls).toEqual(["load"]);
  });

  test("by slug is about the organization that holds it", async () => {
    const { store, plans } = open({ load: [answering({ org: acme, acting: member })] });
    await store.as(carol).getOrgBySlug("acme");
    expect(plans[0]).toMatchObject({ acting: { of: { slug: "acme" } } });
  });

  test("of an organization that is not theirs finds nothing", async () => {
    const { store } = open({ load: [answering({ org: acme, members: [member] })] });
    const error = await rejection(store.as(bob).listMembers(acme.id));
    expect([error.code, error.details]).toEqual(["not_found", { what: "organization", id: acme.id }]);
  });

  test("beyond the permissions is forbidden", async () => {
    const { store } = open({ load: [answering({ org: acme, acting: member, invitations: [] })] });
    expect((await rejection(store.as(carol).listInvitations(acme.id))).code).toBe("forbidden");
  });

  test("about nobody but themselves needs no membership, and looks for none", async () => {
    const { store, plans } = open({ load: [answering({ memberships: [] }), answering({ memberships: [] })] });
    await expect(store.as(bob).listMemberships(bob)).resolves.toMatchObject({ data: [] });
    expect(plans[0]).not.toHaveProperty("acting");
    expect((await rejection(store.as(bob).listMemberships(alice))).code).toBe("forbidden");
  });

  test("of a membership that does not exist is what it is for everybody", async () => {
    const { store } = open({ load: [answering({ acting: owner })] });
    expect((await rejection(store.as(alice).getMembership(member.id))).code).toBe("not_found");
  });

  test("of tuples on an organization is about it, on other objects about nothing of theirs", async () => {
    const { store, plans } = open({
      load: [answering({ tuples: [], acting: member }), answering({ tuples: [] }), answering({ tuples: [] })],
    });
    await store.as(carol).listTuplesForObject("org", acme.id);
    expect((await rejection(store.as(carol).listTuplesForObject("project", "1"))).code).toBe("forbidden");
    expect((await rejection(store.as(carol).listTuplesForObject("org", "acme"))).code).toBe("forbidden");
    expect(plans.map((plan) => "acting" in plan)).toEqual([true, false, false]);
  });
});

describe("the permissions", () => {
  test("can be replaced line by line", async () => {
    const permissions = { listInvitations: PERMISSIONS.listMembers, listOrgs: PERMISSIONS.listMembers };
    const script = { load: [answering({ org: acme, acting: member, invitations: [] }), answering({ orgs: [] })] };
    const { store } = open(script, { permissions });
    await expect(store.as(carol).listInvitations(acme.id)).resolves.toMatchObject({ data: [] });
    // About no organization, there is still nobody whose role could allow it.
    expect((await rejection(store.as(carol).listOrgs())).code).toBe("forbidden");
  });

  test("cannot be changed at run time", () => {
    const lines = Object.values(PERMISSIONS);
    expect([PERMISSIONS, ...lines, ...lines.map(({ roles }) => roles)].every(Object.isFrozen)).toBe(true);
  });

  test("give nobody a way around an operation's own rules", async () => {
    const sole = { ...facts, membership: owner, owners: [owner.id], acting: owner };
    const { store } = open({ load: [answering(sole)] });
    expect((await rejection(store.as(alice).selfLeave({ memId: owner.id }))).code).toBe("conflict.sole_owner");
  });

  test("name every operation", () => {
    const names: readonly OperationName[] = Object.keys(PERMISSIONS) as OperationName[];
    const { store } = open({});
    expect(names.filter((name) => typeof store[name] !== "function")).toEqual([]);
  });
});

test("only a user can act", () => {
  const { store } = open({});
  expect(() => store.as("" as never)).toThrow();
  expect(() => store.as(acme.id as never)).toThrow();
});

describe("each operation says what it is about", () => {
  const at = new Date(0);
  const toDave = { orgId: acme.id, identifier: "dave@example.com", role: "member", expiresAt: after(1) } as const;
  /** Under this policy creating an invitation looks, as all others do here. */
  const asAlice = (facts: object) =>
    open({ load: [answering({ org: acme, acting: owner, ...facts })], commit: [committed] }, { reinvite: "reject" });

  test.each<readonly [what: string, facts: object, call: (store: TenancyStore) => Promise<unknown>, of: object]>([
    [
      "membershipHistory",
      { chain: [member] },
      (store) => store.membershipHistory(member.id),
      { membership: member.id },
    ],
    ["membersAsOf", { members: [] }, (store) => store.membersAsOf(acme.id, at), { org: acme.id }],
    ["listEvents", { events: [] }, (store) => store.listEvents(acme.id), { org: acme.id }],
    ["getMembership", { membership: member }, (store) => store.getMembership(member.id), { membership: member.id }],
    ["getInvitation", { invitation: offer }, (store) => store.getInvitation(offer.id), { invitation: offer.id }],
    [
      "reinstateMembership",
      { membership: { ...member, status: "suspended" }, otherLive: false },
      (store) => store.reinstateMembership(member.id),
      { membership: member.id },
    ],
    [
      "adminRemove",
      { membership: member, admin: owner },
      (store) => store.adminRemove({ memId: member.id, adminUsrId: alice }),
      { membership: member.id },
    ],
    [
      "createInvitation",
      { inviter: owner, pending: [] },
      (store) => store.createInvitation({ ...toDave, invitedBy: alice }),
      { org: acme.id },
    ],
    [
      "resendInvitation",
      { invitation: offer, admin: owner },
      (store) => store.resendInvitation({ invId: offer.id, adminUsrId: alice, expiresAt: toDave.expiresAt }),
      { invitation: offer.id },
    ],
    [
      "revokeInvitation",
      { invitation: offer, admin: owner },
      (store) => store.revokeInvitation({ invId: offer.id, adminUsrId: alice }),
      { invitation: offer.id },
    ],
    [
      "declineInvitation",
      { invitation: offer },
      (store) => store.declineInvitation({ invId: offer.id, asUsrId: alice, acceptingIdentifier: offer.identifier }),
      { invitation: offer.id },
    ],
    [
      "acceptInvitation",
      { invitation: offer, live: null, inviter: owner },
      (store) => store.acceptInvitation({ invId: offer.id, asUsrId: alice, acceptingIdentifier: offer.identifier }),
      { invitation: offer.id },
    ],
    [
      "transferOwnership",
      { from: owner, to: member },
      (store) => store.transferOwnership({ orgId: acme.id, fromMemId: owner.id, toMemId: member.id }),
      { org: acme.id },
    ],
  ])("%s", async (_, facts, call, of) => {
    const { store, plans } = asAlice(facts);
    await call(store.as(alice));
    expect(plans[0]).toMatchObject({ acting: { read: "liveMembership", of, usrId: alice } });
  });

  test("listMemberships shows of an organization that was left what tells it from others", async () => {
    const org = { ...acme, updatedAt: now, metadata: { plan: "pro" } };
    const rows = [
      { ...member, org },
      { ...member, id: idNo("mem", 8), status: "revoked" as const, org },
      { ...member, id: idNo("mem", 9), expiresAt: after(-1), org },
    ];
    const { store } = open({ load: [answering({ memberships: rows }), answering({ memberships: rows })] });
    const left = { ...acme, version: 0, updatedAt: acme.createdAt, metadata: {} };
    const own = await store.as(carol).listMemberships(carol);
    expect(own.data.map((row) => row.org)).toEqual([org, left, left]);
    const hosts = await store.listMemberships(carol);
    expect(hosts.data.map((row) => row.org)).toEqual([org, org, org]);
  });

  test("an organization that was left is looked at anew where it is held", async () => {
    const org = { ...acme, metadata: { plan: "pro" } };
    const { store, commits, calls } = open({
      load: [answering({ memberships: [{ ...member, status: "revoked", org }] }), answering({ org })],
      commit: [conflicting(), committed],
    });
    const [row] = (await store.as(carol).listMemberships(carol)).data;
    await store.updateOrg({ orgId: row?.org ?? acme.id, name: "Bolt" });
    expect(calls).toEqual(["load", "commit", "load", "commit"]);
    expect(commits.map((commit) => commit.org)).toMatchObject([{ version: 0 }, { version: acme.version }]);
  });

  test("listTuplesForSubject is about its subject", async () => {
    const { store } = open({ load: [answering({ tuples: [] }), answering({ tuples: [] })] });
    await expect(store.as(bob).listTuplesForSubject("usr", bob)).resolves.toEqual([]);
    expect((await rejection(store.as(bob).listTuplesForSubject("usr", alice))).code).toBe("forbidden");
  });

  test("check is about its subject", async () => {
    const { store } = open({ load: [answering({ tuple: true }), answering({ tuple: true })] });
    const asked = { relation: "viewer", object: { type: "project", id: "1" } };
    await expect(store.as(bob).check({ ...asked, subject: bob })).resolves.toBe(true);
    expect((await rejection(store.as(bob).check({ ...asked, subject: alice }))).code).toBe("forbidden");
  });

  test("what counts rows finds none where there is nothing for the caller", async () => {
    const { store } = open({ load: [answering({ org: acme, members: [member], total: 1 })] });
    expect((await rejection(store.as(bob).listMembers(acme.id, { total: true }))).code).toBe("not_found");
  });

  test("what is nobody's is forbidden, whether or not what it is about is there", async () => {
    const { store } = open({ load: [answering({ orgs: [acme] }), answering({ org: acme, lapsed: [] })] });
    expect((await rejection(store.as(alice).listOrgs())).code).toBe("forbidden");
    expect((await rejection(store.as(alice).expireInvitations({ orgId: acme.id }))).code).toBe("forbidden");
  });
});

describe("a transfer that names another organization than the caller's", () => {
  const elsewhere = { ...owner, orgId: acme.id };
  const input = { orgId: otherOrg.id, fromMemId: elsewhere.id, toMemId: member.id };

  test.each([{}, { expectedVersion: 999 }, { idempotencyKey: "k" }])(
    "tells nothing of it, with %j",
    async (options) => {
      const keyUse = { state: "done", operation: "updateOrg", fingerprint: "f", result: null };
      const there = open({ load: [answering({ org: otherOrg, from: elsewhere, to: member, keyUse, acting: null })] });
      const nowhere = open({ load: [answering({})] });
      const told = await rejection(there.store.as(alice).transferOwnership(input, options));
      const expected = await rejection(nowhere.store.as(alice).transferOwnership(input, options));
      expect([told.code, told.details]).toEqual([expected.code, expected.details]);
      expect(told.code).toBe("not_found");
    },
  );

  test("a receiver of another one is as one who never was", async () => {
    const foreign = { ...member, orgId: otherOrg.id, status: "suspended" as const };
    const { store } = open({ load: [answering({ org: acme, from: owner, to: foreign, acting: owner })] });
    const error = await rejection(store.as(alice).transferOwnership({ ...input, orgId: acme.id }));
    expect([error.code, error.details]).toEqual(["not_found", { what: "membership", id: member.id }]);
  });
});
