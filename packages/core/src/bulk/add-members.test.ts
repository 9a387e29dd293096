import { expect, test } from "vitest";
import { acme, alice, bob, carol, environment, fresh, idNo, member, now, settings } from "../../test/world.ts";
import type { UsrId } from "../model.ts";
import { addMembers, decideAddMembers } from "./add-members.ts";

const dave = idNo("usr", 4);
const facts = { org: acme, live: [] };

function call(usrIds: readonly UsrId[], asked: object = {}) {
  return addMembers.parse(settings(), {
    orgId: acme.id,
    rows: usrIds.map((usrId) => ({ usrId, role: "member" }) as const),
    ...asked,
  });
}

test("everybody joins in one commit, with an event of their own", () => {
  const decision = decideAddMembers(call([alice, bob]), facts, environment);
  expect(decision).toMatchObject({
    ok: true,
    result: {
      done: 2,
      unchanged: 0,
      refused: 0,
      rows: [
        { outcome: "done", entity: { id: fresh.mems[0], usrId: alice, createdAt: now } },
        { outcome: "done", entity: { id: fresh.mems[1], usrId: bob, createdAt: now } },
      ],
    },
    write: {
      org: { is: "existing", id: acme.id, status: "active", version: null },
      event: { type: "membership.added", data: { usrId: alice } },
      further: [{ at: now, actor: null, event: { type: "membership.added", data: { usrId: bob } } }],
    },
  });
});

test("the first refused row refuses the call, with its place", () => {
  const decision = decideAddMembers(call([dave, carol, alice, alice]), { org: acme, live: [member] }, environment);
  expect(decision).toMatchObject({ ok: false, code: "conflict.duplicate_membership", details: { row: 1 } });
});

test("who was added by an earlier row is a member to the later ones", () => {
  expect(decideAddMembers(call([alice, alice], { mode: "each" }), facts, environment)).toMatchObject({
    ok: true,
    result: {
      done: 1,
      refused: 1,
      rows: [{ outcome: "done" }, { outcome: "refused", code: "conflict.duplicate_membership" }],
    },
    write: { further: [] },
  });
});

test("a malformed row is reported in its place", () => {
  const rows = [null, { usrId: alice, role: "member" }];
  const parsed = addMembers.parse(settings(), { orgId: acme.id, rows, mode: "each" } as never);
  expect(decideAddMembers(parsed, facts, environment)).toMatchObject({
    result: {
      rows: [
        { outcome: "refused", code: "precondition.invalid_input", details: { key: null } },
        { outcome: "done", entity: { id: fresh.mems[1] } },
      ],
    },
  });
});

test("where every row is refused nothing is written", () => {
  const decision = decideAddMembers(call([carol], { mode: "each" }), { org: acme, live: [member] }, environment);
  expect(decision).toMatchObject({ ok: true, result: { refused: 1 }, write: null });
});

test("a dry run writes nothing and shows no entities", () => {
  const decision = decideAddMembers(call([alice, carol], { dryRun: true }), { org: acme, live: [member] }, environment);
  expect(decision).toEqual({
    ok: true,
    result: {
      done: 1,
      unchanged: 0,
      refused: 1,
      rows: [
        { outcome: "done" },
        expect.objectContaining({ outcome: "refused", code: "conflict.duplicate_membership" }),
      ],
    },
    write: null,
  });
});

test("all of them are decided without a look, unless some may be refused", () => {
  expect(addMembers.assume?.(call([alice]), settings())).toEqual({ org: { id: acme.id, status: "active" }, live: [] });
  expect(addMembers.assume?.(call([alice], { mode: "each" }), settings())).toBeNull();
  expect(addMembers.assume?.(call([alice], { dryRun: true }), settings())).toBeNull();
});

test("each user is asked for once; a malformed row asks for nobody and concerns nobody", () => {
  const rows = [{ usrId: alice, role: "member" }, { usrId: alice, role: "guest" }, null];
  const parsed = addMembers.parse(settings(), { orgId: acme.id, rows, mode: "each" } as never);
  expect(addMembers.reads(parsed, settings())).toEqual({
    org: { read: "org", of: { org: acme.id } },
    live: { read: "liveMembers", orgId: acme.id, usrIds: [alice] },
  });
  expect(addMembers.find(parsed, { org: acme, live: [] })).toEqual({ ok: true, facts });
  expect(addMembers.concerns?.(parsed, facts)).toEqual([
    { usrId: alice, role: "member" },
    { usrId: alice, role: "guest" },
  ]);
});
