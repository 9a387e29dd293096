import { expect, test } from "vitest";
import { acme, admin, after, alice, bob, environment, member, owner, settings } from "../../test/world.ts";
import type { MemId, UsrId } from "../model.ts";
import { decideRemoveMembers, removeMembers } from "./remove-members.ts";

const facts = { org: acme, memberships: [admin, member], admins: [owner, admin] };

function call(rows: readonly (readonly [MemId, UsrId])[], mode: "all" | "each" = "each") {
  return removeMembers.parse(settings(), {
    orgId: acme.id,
    rows: rows.map(([memId, adminUsrId]) => ({ memId, adminUsrId })),
    mode,
  });
}

test("everybody is removed in one commit, by whoever a row names", () => {
  const rows = call(
    [
      [member.id, bob],
      [admin.id, alice],
    ],
    "all",
  );
  expect(decideRemoveMembers(rows, facts, environment)).toMatchObject({
    ok: true,
    result: { done: 2, rows: [{ entity: { removedBy: bob } }, { entity: { removedBy: alice } }] },
    write: {
      // Bob's authority is expected before his own row takes it away.
      changes: [
        { op: "expectMember", usrId: bob },
        { op: "expectMember", usrId: alice },
        { op: "updateMembership" },
        { op: "deleteTuple" },
        { op: "updateMembership" },
        { op: "deleteTuple" },
      ],
      actor: bob,
      further: [{ actor: alice }],
    },
  });
});

test("who was removed has no authority over later rows, and is no member any more", () => {
  const rows = call([
    [admin.id, alice],
    [member.id, bob],
    [admin.id, alice],
  ]);
  expect(decideRemoveMembers(rows, facts, environment)).toMatchObject({
    result: { rows: [{ outcome: "done" }, { code: "forbidden" }, { code: "precondition.mem_not_active" }] },
  });
});

test("an admin who is nobody there removes nobody, and nobody there is not found", () => {
  const rows = call([
    [member.id, bob],
    [owner.id, bob],
  ]);
  expect(decideRemoveMembers(rows, { ...facts, admins: [] }, environment)).toMatchObject({
    result: { rows: [{ code: "forbidden" }, { code: "not_found" }] },
    write: null,
  });
});

test("it is made in the name of those who remove, about those who are removed", () => {
  const rows = call([[member.id, bob]]);
  expect(removeMembers.actsFor?.(rows)).toEqual([bob]);
  expect(removeMembers.concerns?.(rows, facts)).toEqual([admin, member]);
});

test("who is gone is not removed, and removes nobody", () => {
  const gone = { ...admin, expiresAt: after(-1) };
  const rows = call([
    [admin.id, alice],
    [member.id, bob],
  ]);
  expect(
    decideRemoveMembers(rows, { org: acme, memberships: [gone, member], admins: [owner, gone] }, environment),
  ).toMatchObject({ result: { rows: [{ code: "precondition.mem_not_active" }, { code: "forbidden" }] }, write: null });
});
