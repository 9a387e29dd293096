import { expect, test } from "vitest";
import { acme, after, alice, now } from "../test/world.ts";
import { ADMIN_HIERARCHY, latest, ROLES, rankOf, roleTuple } from "./model.ts";

test("four roles have a rank, viewer and editor have none", () => {
  expect(ROLES.map((role) => [role, rankOf(role)])).toEqual([
    ["owner", 4],
    ["admin", 3],
    ["member", 2],
    ["guest", 1],
    ["viewer", null],
    ["editor", null],
  ]);
  expect(ADMIN_HIERARCHY).toEqual(["owner", "admin", "member", "guest"]);
});

test("a role tuple says that this user holds this role in this organization", () => {
  expect(roleTuple({ usrId: alice, role: "guest", orgId: acme.id, expiresAt: null })).toEqual({
    subjectType: "usr",
    subjectId: alice,
    relation: "guest",
    objectType: "org",
    objectId: acme.id,
    expiresAt: null,
  });
});

test("the latest of some instants is the latest, wherever it stands", () => {
  expect(latest(now)).toEqual(now);
  expect(latest(now, after(1), after(-1))).toEqual(after(1));
  expect(latest(after(2), after(1), now)).toEqual(after(2));
});
