import { describe, expect, test } from "vitest";
import { idNo } from "../../test/world.ts";
import { DEEDS, type Deed, tracesOf } from "./traces.ts";

const org = idNo("org", 1);
const [mem, old, next] = [idNo("mem", 1), idNo("mem", 2), idNo("mem", 3)];
const [inv, other] = [idNo("inv", 1), idNo("inv", 2)];
const usr = idNo("usr", 1);

type Marks = Readonly<Record<string, Deed>>;

/** An event, and what it is about. */
const cases: readonly (readonly [type: string, data: unknown, about: Marks])[] = [
  ["org.created", { name: "x", memId: mem, usrId: usr }, { [org]: "touched", [mem]: "touched", [usr]: "named" }],
  ["org.updated", { changes: { name: { from: usr, to: inv } } }, { [org]: "touched" }],
  ["org.suspended", {}, { [org]: "touched" }],
  ["org.suspended", { kind: "deletion", reason: usr }, { [org]: "ended" }],
  ["org.deletion_scheduled", { kind: "deletion" }, { [org]: "ended" }],
  ["org.reinstated", {}, { [org]: "restored" }],
  ["org.revoked", { from: "active" }, { [org]: "ended" }],
  ["tenant.paused", { until: "x" }, { [org]: "named" }],
  ["operator.entered", { reason: mem }, { [org]: "named" }],
  ["membership.added", { memId: mem, usrId: usr, expired: old }, { [mem]: "touched", [usr]: "named", [old]: "ended" }],
  ["membership.added", { memId: mem, usrId: usr, expired: null }, { [mem]: "touched", [usr]: "named" }],
  ["membership.role_changed", { memId: mem, replaces: old }, { [mem]: "touched", [old]: "ended" }],
  ["membership.suspended", { memId: mem }, { [mem]: "touched" }],
  ["membership.removed", { memId: mem, removedBy: usr }, { [mem]: "ended", [usr]: "named" }],
  ["membership.left", { memId: mem, transfer: null }, { [mem]: "ended" }],
  [
    "membership.left",
    { memId: mem, transfer: { memId: next, replaces: old, usrId: usr } },
    { [mem]: "ended", [next]: "touched", [old]: "ended", [usr]: "named" },
  ],
  ["membership.left", { memId: mem, transfer: { memId: next, replaces: null } }, { [mem]: "ended", [next]: "named" }],
  ["membership.expired", { memberships: [{ memId: mem, usrId: usr }] }, { [mem]: "ended", [usr]: "named" }],
  [
    "ownership.transferred",
    { from: { memId: mem, replaces: old }, to: { memId: next, replaces: null, usrId: usr } },
    { [mem]: "touched", [old]: "ended", [next]: "named", [usr]: "named" },
  ],
  ["invitation.created", { invId: inv, replaced: [other] }, { [inv]: "touched", [other]: "ended" }],
  ["invitation.resent", { invId: inv }, { [inv]: "touched" }],
  [
    "invitation.accepted",
    { invId: inv, memId: mem, expired: old },
    { [inv]: "touched", [mem]: "touched", [old]: "ended" },
  ],
  ["invitation.declined", { invId: inv, usrId: null }, { [inv]: "touched" }],
  ["invitation.revoked", { invId: inv }, { [inv]: "ended" }],
  ["invitation.expired", { invIds: [inv, other] }, { [inv]: "ended", [other]: "ended" }],
  ["grants.removed", { usrId: usr, tuples: [{ objectId: "42", expiresAt: null }] }, { [usr]: "named" }],
  ["setting.changed", { key: "theme", from: usr, to: { value: mem } }, { [`setting:${org}:theme`]: "restored" }],
  [
    "setting.changed",
    { key: "a", to: { value: 1 }, also: [{ key: "b", to: null }] },
    { [`setting:${org}:a`]: "restored", [`setting:${org}:b`]: "ended" },
  ],
  ["setting.unset", { key: "theme", to: null }, { [`setting:${org}:theme`]: "ended" }],
  ["domain.added", { domain: "a.example" }, { [`domain:${org}:a.example`]: "restored" }],
  ["domain.verified", { domain: "a.example" }, { [`domain:${org}:a.example`]: "touched" }],
  ["domain.removed", { domain: "a.example" }, { [`domain:${org}:a.example`]: "ended" }],
  ["domain.of_later_versions", { domain: "a.example" }, { [`domain:${org}:a.example`]: "named" }],
  ["of.later_versions", null, {}],
  ["of.later_versions", { usrId: usr, list: [1, true, inv] }, { [usr]: "named", [inv]: "named" }],
];

describe("what an event is about", () => {
  test.each(cases)("%s %o", (type, data, about) => {
    const traces = tracesOf(org, { type, data });
    expect(Object.fromEntries(traces.map(({ entity, deed }) => [entity, deed]))).toEqual(about);
    expect(traces.every(({ deed }) => DEEDS.includes(deed))).toBe(true);
  });
});
