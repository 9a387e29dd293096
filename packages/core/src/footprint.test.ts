import { describe, expect, test } from "vitest";
import { acme, admin, alice, bob, carol, idNo, member, now, offer, otherOrg, owner } from "../test/world.ts";
import type { Change, OrgGuard } from "./change.ts";
import { asIssued, asRead } from "./change.ts";
import { Compatible, together } from "./footprint.ts";
import { roleTuple, type UsrId } from "./model.ts";
import type { Commit } from "./store.ts";

const any: OrgGuard = { is: "existing", id: acme.id, status: null, version: null };
let keys = 0;

function commitOf(changes: readonly Change[], org: OrgGuard = any): Commit {
  keys += 1;
  return {
    org,
    changes,
    events: [{ type: "org.suspended", data: {}, at: now, actor: null, idempotencyKey: null }],
    keys: [{ scope: acme.id, key: `k${keys}`, operation: "test", fingerprint: "f", result: null, event: 0 }],
  };
}

function go(first: Commit, second: Commit): boolean {
  const compatible = new Compatible();
  return compatible.admit(first) && compatible.admit(second);
}

const grant = (subjectId: UsrId): Change => ({
  op: "insertTuple",
  tuple: { subjectType: "usr", subjectId, relation: "viewer", objectType: "project", objectId: "1", expiresAt: null },
});
const joins = (usrId: UsrId, number: number): readonly Change[] => [
  { op: "insertMembership", row: { ...member, id: idNo("mem", number), usrId }, invId: null },
  { op: "insertTuple", tuple: roleTuple({ ...member, usrId }) },
];
const ends = (row: typeof member): readonly Change[] => [
  { op: "updateMembership", row: { ...row, status: "revoked" }, expect: asRead(row) },
  { op: "deleteTuple", tuple: roleTuple(row) },
];
const expects = (row: typeof member): Change => ({ op: "expectMembership", memId: row.id, expect: asRead(row) });
const authority = (usrId: UsrId): Change => ({ op: "expectMember", usrId, roles: ["owner"], at: now });
const invites: Change = { op: "insertInvitation", row: offer, canonical: offer.identifier };
const puts = (key: string): Change => ({
  op: "putSetting",
  row: { key, json: "1", isSealed: false, bytes: 1, seq: 8, updatedAt: now, updatedBy: null },
});
const unsets = (key: string): Change => ({ op: "deleteSetting", key });
const closes: Change = { op: "updateInvitation", row: { ...offer, status: "declined" }, expect: asIssued(offer) };

describe("commits that touch different things go together", () => {
  test.each<readonly [what: string, first: readonly Change[], second: readonly Change[]]>([
    ["two people who join", joins(alice, 11), joins(bob, 12)],
    ["the same grant to two people", [grant(alice)], [grant(bob)]],
    ["two that rest on one admin", [authority(bob), ...ends(member)], [authority(bob), ...joins(alice, 13)]],
    ["two that rest on one row", [expects(admin)], [expects(admin)]],
    ["the ends of two memberships", ends(member), ends(admin)],
    ["an invitation and somebody who joins", [invites], joins(alice, 11)],
    ["two settings", [puts("a")], [unsets("b")]],
    [
      "two whose events are announced and traced",
      [{ op: "announce" }, { op: "trace" }, puts("a")],
      [{ op: "announce" }, { op: "trace" }],
    ],
  ])("%s", (_, first, second) => {
    expect(go(commitOf(first), commitOf(second))).toBe(true);
  });
});

describe("commits that touch the same thing do not", () => {
  test.each<readonly [what: string, first: readonly Change[], second: readonly Change[]]>([
    ["one person who joins twice", joins(alice, 11), joins(alice, 12)],
    ["a row that changes and one that rests on it", ends(admin), [expects(admin)]],
    ["a row that one rests on and that changes", [expects(admin)], ends(admin)],
    ["an admin who leaves and what rests on their authority", ends(admin), [authority(bob)]],
    ["what rests on an admin's authority and their end", [authority(bob)], ends(admin)],
    ["one who leaves and comes back", ends(member), joins(carol, 14)],
    ["two answers to one invitation", [closes], [closes]],
    ["an invitation and its answer", [invites], [closes]],
    ["two grants of one tuple", [grant(alice)], [grant(alice)]],
    ["one setting that is changed and unset", [puts("a")], [unsets("a")]],
  ])("%s", (_, first, second) => {
    expect(go(commitOf(first), commitOf(second))).toBe(false);
  });

  test("two of one key", () => {
    const commit = commitOf(joins(alice, 11));
    expect(go(commit, { ...commitOf(joins(bob, 12)), keys: commit.keys })).toBe(false);
  });
});

describe("the organization itself", () => {
  const rewrites: Change = { op: "updateOrg", row: acme };
  const everything: Change = { op: "endEverything", orgId: acme.id, at: now, by: null };
  const places: Change = {
    op: "updatePlacement",
    orgId: acme.id,
    set: { state: "ready" },
    expect: { state: "pending", holder: null },
  };
  const founds: Change = { op: "insertOrg", row: otherOrg };

  test.each([
    ["a change of it", rewrites],
    ["its end", everything],
    ["its beginning", founds],
    ["its placement", places],
  ])("%s goes alone, as the first and behind others", (_, change) => {
    expect(go(commitOf([change]), commitOf(joins(alice, 11)))).toBe(false);
    expect(go(commitOf(joins(alice, 11)), commitOf([change]))).toBe(false);
  });

  test("what rests on its version is the first or not in it", () => {
    const versioned = commitOf(ends(owner), { ...any, version: 7 });
    expect(go(versioned, commitOf(joins(bob, 12)))).toBe(true);
    expect(go(commitOf(joins(bob, 12)), versioned)).toBe(false);
  });

  test("a new one is never behind others", () => {
    expect(go(commitOf([]), commitOf([], { is: "new", id: otherOrg.id }))).toBe(false);
  });
});

describe("commits that need room", () => {
  const roomy = (members: number, n: number) =>
    commitOf(joins(n === 1 ? alice : bob, 10 + n), { ...any, room: { members } });
  const fields = { name: "a", slug: null, updatedAt: now };

  test("go together while there is some for all of them", () => {
    expect(go(roomy(5, 1), roomy(1, 2))).toBe(true);
    expect(go(roomy(5, 1), roomy(0, 2))).toBe(false);
    expect(together([roomy(5, 1), roomy(3, 2), commitOf([])]).org).toEqual({ ...any, room: { members: 2 } });
  });

  test("go together where they saw the same organization", () => {
    const [one, other] = [commitOf([], { ...any, fields }), commitOf([], { ...any, fields: { ...fields, slug: "b" } })];
    expect([go(one, commitOf([], { ...any, fields })), go(one, other), go(one, commitOf([]))]).toEqual([
      true,
      false,
      true,
    ]);
    expect(together([one, commitOf([])]).org).toEqual({ ...any, fields });
  });

  test("a new organization has room for all", () => {
    const foundation = commitOf(joins(alice, 11), { is: "new", id: otherOrg.id });
    expect(together([foundation]).org).toEqual({ is: "new", id: otherOrg.id });
    expect(new Compatible().admit(foundation)).toBe(true);
  });

  test("of one user one at a time joins under a limit", () => {
    const join = (usrId: UsrId): Change => ({ op: "countJoin", usrId, first: false, atMost: 3 });
    expect(go(commitOf([join(alice)]), commitOf([join(alice)]))).toBe(false);
    expect(go(commitOf([join(alice)]), commitOf([join(bob)]))).toBe(true);
  });
});

describe("together", () => {
  test("they expect what the first expects of the version, and what any expects of the status", () => {
    const first = commitOf(ends(owner), { ...any, version: 7 });
    const second = commitOf(joins(bob, 12), { ...any, status: "active" });
    const joint = together([first, second]);
    expect(joint.org).toEqual({ ...any, version: 7, status: "active" });
    expect(joint.changes).toEqual([...first.changes, ...second.changes]);
    expect(together([first]).org).toEqual(first.org);
  });

  test("each key stands for its own event", () => {
    const double = { ...commitOf([]), events: [...commitOf([]).events, ...commitOf([]).events] };
    const joint = together([double, commitOf([]), commitOf([])]);
    expect(joint.events).toHaveLength(4);
    expect(joint.keys.map(({ event }) => event)).toEqual([0, 2, 3]);
  });
});
