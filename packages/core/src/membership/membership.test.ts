import { expect, test } from "vitest";
import { acme, admin, after, alice, fresh, member, now, owner, yesterday } from "../../test/world.ts";
import { type Membership, ROLES, STATUSES } from "../model.ts";
import {
  canEnd,
  ended,
  foundMembership,
  isActiveOwner,
  isAdministrator,
  linkTime,
  ranksAtLeast,
  relinked,
} from "./membership.ts";

test("active owners and admins administer, and nobody else", () => {
  const administrators = ROLES.flatMap((role) => STATUSES.map((status): Membership => ({ ...member, role, status })))
    .filter((row) => isAdministrator(row, now))
    .map(({ role, status }) => `${status} ${role}`);
  expect(administrators).toEqual(["active owner", "active admin"]);
  expect(isAdministrator(null, now)).toBe(false);
});

test("only an active owner counts as owner", () => {
  const owners = ROLES.flatMap((role) => STATUSES.map((status): Membership => ({ ...member, role, status })))
    .filter(isActiveOwner)
    .map(({ role, status }) => `${status} ${role}`);
  expect(owners).toEqual(["active owner"]);
});

test("roles without a rank count as the lowest", () => {
  const order = ROLES.map((role) => ROLES.filter((other) => ranksAtLeast(role, other)));
  expect(order).toEqual([
    ["owner", "admin", "member", "guest", "viewer", "editor"],
    ["admin", "member", "guest", "viewer", "editor"],
    ["member", "guest", "viewer", "editor"],
    ["guest", "viewer", "editor"],
    ["viewer", "editor"],
    ["viewer", "editor"],
  ]);
});

test("what has not ended can end", () => {
  expect(STATUSES.filter((status) => canEnd({ ...member, status }))).toEqual(["active", "suspended"]);
});

test("an ended row names who removed it, if somebody did, and never an instant before its last one", () => {
  expect(ended(member, now).row).toEqual({ ...member, status: "revoked", removedBy: null, updatedAt: now });
  expect(ended(member, now, alice).row.removedBy).toBe(alice);
  expect(ended({ ...member, updatedAt: after(3) }, now).row.updatedAt).toEqual(after(3));
});

test("a link begins now, a millisecond after the row it replaces began, or when that row last changed", () => {
  expect(linkTime(now, owner)).toEqual(now);
  expect(linkTime(yesterday, owner)).toEqual(new Date(yesterday.getTime() + 1));
  expect(linkTime(now, { ...owner, updatedAt: after(7) })).toEqual(after(7));
  expect(linkTime(now, owner, { ...admin, createdAt: after(7), updatedAt: after(7) })).toEqual(after(8));
  expect(linkTime(now)).toEqual(now);
});

test("a link keeps user, organization and inviter, and replaces the row before it", () => {
  expect(relinked(member, "guest", fresh.mem, now).row).toEqual({
    ...member,
    id: fresh.mem,
    role: "guest",
    replaces: member.id,
    createdAt: now,
    updatedAt: now,
  });
});

test("a membership is found together with its organization or not at all", () => {
  expect(foundMembership(member.id, { membership: member, org: acme }).ok).toBe(true);
  expect(foundMembership(member.id, { membership: member, org: null }).ok).toBe(false);
  expect(foundMembership(member.id, { membership: null, org: acme }).ok).toBe(false);
});
