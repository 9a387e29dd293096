import { describe, expect, test } from "vitest";
import { answering, committed } from "../test/scripted-port.ts";
import { open, rejection } from "../test/scripted-store.ts";
import { acme, alice, bob, idNo, member, membership, offer, otherOrg, owner, yesterday } from "../test/world.ts";
import { ACROSS } from "./store-within.ts";

const { id } = acme;
const foreign = membership({ id: idNo("mem", 9), usrId: bob, orgId: otherOrg.id });

describe("inside one organization", () => {
  test("a member of another one is as absent as one who never was", async () => {
    const facts = { org: otherOrg, membership: foreign, owners: [owner.id] };
    const { store, calls } = open({ load: [answering(facts), answering({})] });
    const there = await rejection(store.within(id).suspendMembership(foreign.id));
    const nowhere = await rejection(store.within(id).suspendMembership(foreign.id));
    expect(JSON.stringify(there)).toBe(JSON.stringify(nowhere));
    expect(there.code).toBe("not_found");
    expect(calls).toEqual(["load", "load"]);
  });

  test("nobody of another one becomes the owner", async () => {
    const { store } = open({ load: [answering({ org: acme, from: owner, to: foreign })] });
    const transfer = { orgId: id, fromMemId: owner.id, toMemId: foreign.id };
    const error = await rejection(store.within(id).transferOwnership(transfer));
    expect([error.code, error.details]).toEqual(["not_found", { what: "membership", id: foreign.id }]);
  });

  test("its own members are as they are", async () => {
    const facts = { org: acme, membership: member, owners: [owner.id] };
    const { store } = open({ load: [answering(facts), answering({ membership: member })], commit: [committed] });
    await expect(store.within(id).suspendMembership(member.id)).resolves.toMatchObject({ status: "suspended" });
    await expect(store.within(id).getMembership(member.id)).resolves.toEqual(member);
  });

  test("what needs no look needs none either, and about another one it is looked for", async () => {
    const { store, calls } = open({ commit: [committed], load: [answering({ org: otherOrg })] });
    await store.within(id).addMember({ orgId: id, usrId: bob, role: "member" });
    expect(calls).toEqual(["commit"]);
    const error = await rejection(store.within(id).addMember({ orgId: otherOrg.id, usrId: bob, role: "member" }));
    expect([error.code, error.details]).toEqual(["not_found", { what: "organization", id: otherOrg.id }]);
    expect(calls).toEqual(["commit", "load"]);
  });

  test("an entity of another one is looked at, though it is in hand", async () => {
    const facts = { org: otherOrg, membership: foreign, owners: [owner.id] };
    const { store, calls } = open({ load: [answering({ membership: foreign }), answering(facts)] });
    const held = await store.getMembership(foreign.id);
    expect((await rejection(store.within(id).changeRole({ memId: held, newRole: "admin" }))).code).toBe("not_found");
    expect(calls).toEqual(["load", "load"]);
  });

  test("an operation that is always looked at is looked at", async () => {
    const { store, calls } = open({ load: [answering({ org: acme })], commit: [committed] });
    await store.within(id).suspendOrg(id);
    expect(calls).toEqual(["load", "commit"]);
  });

  test("lists have its rows alone, and what is nobody's", async () => {
    const then = { membership: foreign, pause: null };
    const tuple = { subjectType: "usr", subjectId: alice, relation: "editor", objectType: "project", objectId: "1" };
    const { store } = open({
      load: [
        answering({ org: acme, members: [{ membership: { ...member, createdAt: yesterday }, pause: null }, then] }),
        answering({ tuples: [tuple] }),
        answering({ tuples: [{ ...tuple, objectType: "org", objectId: otherOrg.id }] }),
        answering({ tuple: true }),
        answering({ tuple: true }),
        answering({ org: otherOrg }),
      ],
    });
    const inside = store.within(id);
    expect((await inside.membersAsOf(id, new Date())).data.map(({ orgId }) => orgId)).toEqual([id]);
    expect(await inside.listTuplesForObject("project", "1")).toEqual([tuple]);
    expect(await inside.listTuplesForObject("org", otherOrg.id)).toEqual([]);
    expect(await inside.check({ subject: alice, relation: "owner", object: otherOrg.id })).toBe(false);
    expect(await inside.check({ subject: alice, relation: "owner", object: id })).toBe(true);
    expect((await rejection(inside.getOrg(otherOrg.id))).code).toBe("not_found");
  });

  test("many rows and plans find nothing of another one either", async () => {
    const facts = { org: otherOrg, memberships: [foreign], owners: [foreign.id], live: [foreign], pending: [] };
    const pending = [
      { canonical: "x", invitation: { ...offer, orgId: otherOrg.id } },
      { canonical: offer.identifier, invitation: offer },
    ];
    const sees = { org: acme, inviters: [owner], pending };
    const { store } = open(
      { load: [answering(facts), answering(facts), answering(sees), answering({ ...facts, activeCount: 1 })] },
      { reinvite: "reject" },
    );
    const inside = store.within(id);
    const rows = [{ memId: foreign.id, newRole: "admin" } as const];
    expect((await rejection(inside.changeRoles({ orgId: otherOrg.id, rows }))).code).toBe("not_found");
    expect((await rejection(inside.addMembers({ orgId: otherOrg.id, rows: [] }))).code).toBe("not_found");
    const offers = ["x", offer.identifier].map(
      (identifier) => ({ identifier, role: "member", invitedBy: alice, expiresAt: offer.expiresAt }) as const,
    );
    const dryRun = await inside.createInvitations({ orgId: id, rows: offers, dryRun: true });
    expect(dryRun.rows).toMatchObject([{ outcome: "done" }, { code: "conflict.duplicate_invitation" }]);
    expect((await rejection(inside.plan({ revokeOrg: otherOrg.id }))).code).toBe("not_found");
  });

  test("an id of another type is refused", async () => {
    const { store } = open({});
    expect(() => store.within(alice as never)).toThrow(expect.objectContaining({ code: "invalid_type" }));
  });
});

test("operations that look across organizations are not there", () => {
  const { store } = open({});
  const inside = Object.keys(store.within(id));
  expect(inside).toContain("listMembers");
  expect(inside.filter((name) => (ACROSS as readonly string[]).includes(name))).toEqual([]);
});
