import { describe, expect, test } from "vitest";
import { answering, type Facts } from "../../test/scripted-port.ts";
import { open, rejection } from "../../test/scripted-store.ts";
import { acme, admin, alice, bob, carol, idNo, member, now, offer, otherOrg, owner } from "../../test/world.ts";
import { roleTuple, type Tuple } from "../model.ts";
import type { UserStanding } from "../read.ts";

const plan = (facts: Facts, operation: unknown) => open({ load: [answering(facts)] }).store.plan(operation as never);

test.each<readonly [code: string, operation: unknown]>([
  ["precondition.invalid_input", undefined],
  ["precondition.invalid_input", {}],
  ["precondition.invalid_input", { suspendOrg: acme.id }],
  ["precondition.invalid_input", { revokeOrg: acme.id, removeUser: { usrId: alice } }],
  ["precondition.invalid_input", { removeUser: { usrId: alice, x: 1 } }],
  ["invalid_type", { revokeOrg: alice }],
  ["invalid_type", { transferOwnership: { orgId: alice } }],
  ["invalid_type", { removeUser: { usrId: acme.id } }],
])("%s of the plan of %j, before anything is read", async (code, operation) => {
  const { store, calls } = open({});
  expect((await rejection(store.plan(operation as never))).code).toBe(code);
  expect(calls).toEqual([]);
});

describe("revokeOrg", () => {
  const counts = { activeCount: 2, suspendedCount: 1, invitationCount: 1001, tupleCount: 1000 };
  const examples = { active: [owner, admin], suspended: [member], invitations: [offer], tuples: [roleTuple(owner)] };

  test("what would end, up to a number", async () => {
    await expect(plan({ org: acme, ...counts, ...examples }, { revokeOrg: acme.id })).resolves.toEqual({
      org: acme,
      refusal: null,
      slug: "acme",
      active: { count: 2, isMore: false, examples: [owner, admin] },
      suspended: { count: 1, isMore: false, examples: [member] },
      invitations: { count: 1000, isMore: true, examples: [offer] },
      tuples: { count: 1000, isMore: false, examples: [roleTuple(owner)] },
    });
  });

  test("of what is there now", async () => {
    const { store, plans } = open({ load: [answering({ org: acme, ...counts, ...examples })] });
    await store.plan({ revokeOrg: acme.id });
    const where = { anyOf: [{ status: "active", expiresBefore: null, expiresFrom: now }], role: null };
    expect(plans).toMatchObject([
      { active: { where }, activeCount: { where }, tuples: { at: now }, tupleCount: { at: now } },
    ]);
  });

  test("of one that has ended, what refuses it", async () => {
    const org = { ...acme, status: "revoked" };
    await expect(plan({ org, ...counts, ...examples }, { revokeOrg: acme.id })).resolves.toMatchObject({
      refusal: { code: "conflict.already_terminal", details: { orgId: acme.id } },
      slug: null,
    });
  });

  test("of one that never was: not found", async () => {
    expect((await rejection(plan({}, { revokeOrg: acme.id }))).code).toBe("not_found");
  });
});

describe("transferOwnership", () => {
  const transferOwnership = { orgId: acme.id, fromMemId: owner.id, toMemId: admin.id };

  test("somebody who is an owner already does not change", async () => {
    const to = { ...admin, role: "owner" };
    await expect(plan({ org: acme, from: owner, to }, { transferOwnership })).resolves.toMatchObject({
      refusal: null,
      roles: [{ memId: owner.id, usrId: alice, from: "owner", to: "member" }],
    });
  });

  test("where it would be refused nobody does", async () => {
    await expect(plan({ org: acme, from: member, to: admin }, { transferOwnership })).resolves.toMatchObject({
      refusal: { code: "precondition.from_not_owner" },
      roles: [],
    });
  });

  test("a membership that never was: not found", async () => {
    expect((await rejection(plan({ org: acme, to: admin }, { transferOwnership }))).code).toBe("not_found");
  });
});

describe("removeUser", () => {
  const grant = { relation: "editor", objectType: "project", objectId: "p", expiresAt: null };
  const tuples: readonly Tuple[] = [roleTuple(owner), { subjectType: "usr", subjectId: alice, ...grant }];
  const standing: UserStanding = { membership: owner, org: acme, otherOwner: false, successor: null, tuples };
  const nothing = { standings: [], left: [], sent: [] };
  const entries = (choice: object | null, facts: Partial<UserStanding> = {}) =>
    plan(
      { ...nothing, standings: [{ ...standing, ...facts }] },
      { removeUser: { usrId: alice, choices: choice === null ? [] : [{ orgId: acme.id, ...choice }] } },
    ).then((shown) => ("organizations" in shown ? shown.organizations : []));

  test("of a user whom nobody knows: nothing", async () => {
    await expect(plan(nothing, { removeUser: { usrId: alice } })).resolves.toEqual({
      organizations: [],
      isMore: false,
      grants: [],
      isMoreGrants: false,
    });
  });

  test("the only owner stands in the way", async () => {
    expect(await entries(null)).toEqual([
      {
        org: acme,
        membership: owner,
        isSoleOwner: true,
        how: null,
        refusal: { code: "conflict.sole_owner", details: { orgId: acme.id } },
        newOwner: null,
        tuples: [grant],
        invitations: { count: 0, isMore: false, examples: [] },
      },
    ]);
  });

  test("unless there is a choice", async () => {
    expect(await entries({ transferTo: bob }, { successor: admin })).toMatchObject([
      { how: "transferred", refusal: null, newOwner: bob },
    ]);
    expect(await entries({ revoke: true })).toMatchObject([{ how: "revoked", refusal: null, newOwner: null }]);
  });

  test("which means nothing where somebody else is owner", async () => {
    expect(await entries({ revoke: true }, { otherOwner: true })).toMatchObject([
      { isSoleOwner: false, how: "left", newOwner: null },
    ]);
  });

  test("inside one organization nothing else is asked for", async () => {
    const { store, plans } = open({ load: [answering(nothing)] });
    await store.within(acme.id).plan({ removeUser: { usrId: alice } });
    expect(plans).toMatchObject([
      { standings: { orgId: acme.id }, left: { orgId: acme.id }, sent: { orgId: acme.id } },
    ]);
  });

  test("invitations that they sent are shown where they lead to", async () => {
    const own = Array.from({ length: 11 }, (_, number) => ({ invId: idNo("inv", number + 1), orgId: acme.id }));
    const sent = [...own, { invId: idNo("inv", 20), orgId: otherOrg.id }];
    const shown = await plan({ ...nothing, standings: [standing], sent }, { removeUser: { usrId: alice } });
    const examples = own.slice(0, 10).map(({ invId }) => invId);
    expect(shown).toMatchObject({ organizations: [{ invitations: { count: 11, isMore: false, examples } }] });
  });

  test("what is too much is told to be more", async () => {
    const standings = Array(1001).fill(standing);
    const left = Array(201).fill({ orgId: otherOrg.id, tuples: [{ subjectType: "usr", subjectId: alice, ...grant }] });
    const sent = Array(1001).fill({ invId: offer.id, orgId: acme.id });
    const shown = await plan({ standings, left, sent }, { removeUser: { usrId: alice, grants: true } });
    expect(shown).toMatchObject({ isMore: true, isMoreGrants: true });
    expect("organizations" in shown && [shown.organizations.length, shown.grants.length]).toEqual([1000, 200]);
    expect("organizations" in shown && [shown.organizations[0]?.invitations.isMore, shown.grants[0]]).toEqual([
      true,
      { orgId: otherOrg.id, tuples: [grant] },
    ]);
  });
});

test("on behalf of somebody an owner plans for the organization, and everybody for themself", async () => {
  const as = async (acting: object | null, operation: unknown, from: object | null = owner) => {
    const facts = { org: acme, from, to: admin, standings: [], left: [], sent: [], acting };
    const { store } = open({ load: [answering(facts)] });
    return store
      .as(bob)
      .plan(operation as never)
      .then(
        () => "ok",
        ({ code }) => code,
      );
  };
  const transferOwnership = { orgId: acme.id, fromMemId: owner.id, toMemId: admin.id };
  expect(await as({ ...admin, role: "owner" }, { transferOwnership })).toBe("ok");
  expect(await as(admin, { transferOwnership })).toBe("forbidden");
  expect(await as(null, { transferOwnership })).toBe("not_found");
  expect(await as(admin, { transferOwnership }, null)).toBe("not_found");
  expect(await as(admin, { revokeOrg: acme.id })).toBe("forbidden");
  expect(await as(null, { revokeOrg: acme.id })).toBe("not_found");
  expect(await as(null, { removeUser: { usrId: bob } })).toBe("ok");
  expect(await as(null, { removeUser: { usrId: carol } })).toBe("forbidden");
});
