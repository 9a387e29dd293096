import { expect, test } from "vitest";
import {
  acme,
  admin,
  after,
  bob,
  environment,
  idNo,
  member,
  membership,
  now,
  owner,
  settings,
} from "../../test/world.ts";
import type { Membership, MemId, Role } from "../model.ts";
import { changeRoles, decideChangeRoles } from "./change-roles.ts";

const second = membership({ id: idNo("mem", 4), usrId: idNo("usr", 4), role: "owner" });

function decide(
  memberships: readonly Membership[],
  owners: readonly MemId[],
  rows: readonly (readonly [MemId, Role])[],
  mode: "all" | "each" = "each",
) {
  const call = changeRoles.parse(settings(), {
    orgId: acme.id,
    rows: rows.map(([memId, newRole]) => ({ memId, newRole })),
    mode,
  });
  return decideChangeRoles(call, { org: acme, memberships, owners }, environment);
}

test("each gets another role, in a link of their own", () => {
  const rows = [
    [admin.id, "member"],
    [member.id, "member"],
  ] as const;
  expect(decide([admin, member], [owner.id], rows, "all")).toMatchObject({
    ok: true,
    result: {
      done: 1,
      unchanged: 1,
      rows: [
        { outcome: "done", entity: { replaces: admin.id, usrId: bob, role: "member" } },
        { outcome: "unchanged", entity: member },
      ],
    },
  });
});

test("what it answers of a row that it refuses or leaves as it is holds when the others are done", () => {
  const written = (...rows: Parameters<typeof decide>[2]) => decide([admin, member], [owner.id], rows);
  const promotion = [member.id, "admin"] as const;
  for (const other of [
    [admin.id, "admin"],
    [idNo("mem", 99), "guest"],
  ] as const) {
    expect(written(promotion, other)).toMatchObject({ write: { org: { id: acme.id, version: acme.version } } });
  }
  expect(written(promotion)).toMatchObject({ write: { org: { version: null } } });
});

test("the last of two owners whom it demotes stays one", () => {
  const rows = [
    [owner.id, "admin"],
    [second.id, "admin"],
  ] as const;
  expect(decide([owner, second], [owner.id, second.id], rows)).toMatchObject({
    ok: true,
    result: { rows: [{ outcome: "done" }, { outcome: "refused", code: "conflict.sole_owner" }] },
    write: { org: { version: acme.version } },
  });
});

test("where an earlier row has made somebody owner, the last one may go", () => {
  const rows = [
    [admin.id, "owner"],
    [owner.id, "member"],
  ] as const;
  expect(decide([owner, admin], [owner.id], rows, "all")).toMatchObject({ ok: true, result: { done: 2 } });
});

test("a membership ends with the row that changes its role", () => {
  const rows = [
    [member.id, "guest"],
    [member.id, "admin"],
  ] as const;
  expect(decide([member], [owner.id], rows)).toMatchObject({
    result: { rows: [{ outcome: "done" }, { code: "precondition.mem_not_active" }] },
  });
});

test("a membership that is not there is not found, and the one of another organization neither", () => {
  expect(decide([], [owner.id], [[member.id, "guest"]], "all")).toMatchObject({
    ok: false,
    code: "not_found",
    details: { what: "membership", id: member.id, row: 0 },
  });
});

test("one owner more is asked for than there are rows", () => {
  const rows = [{ memId: member.id, newRole: "guest" } as const];
  const call = changeRoles.parse(settings(), { orgId: acme.id, rows });
  expect(changeRoles.reads(call, settings(), now).owners).toEqual({ read: "owners", of: { org: acme.id }, take: 2 });
  expect(changeRoles.concerns?.(call, { org: acme, memberships: [member], owners: [] })).toEqual([
    member,
    { usrId: null, role: "guest" },
  ]);
});

test("who is gone gets no other role, and an owner with a time box is nobody to rely on", () => {
  const gone = { ...member, expiresAt: after(-1) };
  const boxed = { ...admin, expiresAt: after(1) };
  const rows = [
    [member.id, "guest"],
    [admin.id, "owner"],
    [owner.id, "member"],
  ] as const;
  expect(decide([owner, boxed, gone], [owner.id], rows)).toMatchObject({
    result: {
      rows: [
        { code: "precondition.mem_not_active", details: { status: "revoked" } },
        { outcome: "done", entity: { role: "owner", expiresAt: boxed.expiresAt } },
        { code: "conflict.sole_owner" },
      ],
    },
  });
});
