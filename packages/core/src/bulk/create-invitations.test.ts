import { expect, test } from "vitest";
import { acme, after, alice, environment, fresh, now, offer, owner, settings } from "../../test/world.ts";
import type { TenancyOptions } from "../settings.ts";
import { createInvitations, decideCreateInvitations } from "./create-invitations.ts";

const row = { identifier: "eve@example.com", role: "member", invitedBy: alice, expiresAt: after(1) } as const;
const facts = { org: acme, inviters: [owner], pending: [] };

function call(rows: readonly object[], asked: object = {}) {
  return createInvitations.parse(settings(), { orgId: acme.id, rows, ...asked } as never);
}

function under(options: TenancyOptions) {
  return { ...environment, settings: settings(options) };
}

test("everybody is invited in one commit, and the inviter's authority expected once", () => {
  const decision = decideCreateInvitations(call([row, { ...row, identifier: "joe" }]), facts, environment);
  expect(decision).toMatchObject({
    ok: true,
    result: { done: 2, rows: [{ entity: { id: fresh.invs[0] } }, { entity: { id: fresh.invs[1] } }] },
    write: {
      org: { status: "active", version: null },
      changes: [{ op: "expectMember", usrId: alice }, { op: "insertInvitation" }, { op: "insertInvitation" }],
      further: [{ event: { type: "invitation.created" } }],
    },
  });
});

test("roles that need other authority are expected besides", () => {
  const decision = decideCreateInvitations(call([row, { ...row, role: "owner" }]), facts, environment);
  expect(decision).toMatchObject({
    write: {
      changes: [
        { op: "expectMember", roles: ["owner", "admin"] },
        { op: "expectMember", roles: ["owner"] },
        { op: "insertInvitation" },
        { op: "insertInvitation" },
      ],
    },
  });
});

test("an inviter who is nobody there invites nobody", () => {
  expect(decideCreateInvitations(call([row]), { ...facts, inviters: [] }, environment)).toMatchObject({
    ok: false,
    code: "forbidden",
    details: { row: 0 },
  });
});

test("the second invitation to an identifier is a duplicate of the first", () => {
  const decision = decideCreateInvitations(call([row, row], { mode: "each" }), facts, under({ reinvite: "reject" }));
  expect(decision).toMatchObject({
    result: { rows: [{ outcome: "done" }, { code: "conflict.duplicate_invitation" }] },
    write: { org: { version: acme.version } },
  });
});

test("or takes its place, and the first is stored as withdrawn from the beginning", () => {
  const pending = [
    { canonical: row.identifier, invitation: offer },
    { canonical: row.identifier, invitation: { ...offer, id: "inv_2" as const } },
  ];
  const decision = decideCreateInvitations(call([row, row]), { ...facts, pending }, under({ reinvite: "replace" }));
  expect(decision).toMatchObject({
    ok: true,
    result: { done: 2 },
    write: {
      changes: [
        { op: "expectMember" },
        { op: "updateInvitation", row: { id: offer.id, status: "revoked" } },
        { op: "updateInvitation", row: { id: "inv_2", status: "revoked" } },
        { op: "insertInvitation", row: { id: fresh.invs[0], status: "revoked", terminalBy: alice } },
        { op: "insertInvitation", row: { id: fresh.invs[1], status: "pending" } },
      ],
    },
  });
});

test("invitations are looked for where the policy asks for them", () => {
  const canonicals = (options: TenancyOptions) =>
    createInvitations.reads(call([row, row]), settings(options), now).pending.canonicals;
  expect(canonicals({})).toEqual([]);
  expect(canonicals({ reinvite: "reject" })).toEqual([row.identifier]);
});

test("all of them are decided without a look, unless there is something to look at", () => {
  expect(createInvitations.assume?.(call([row, row]), settings())).toMatchObject({
    inviters: [{ usrId: alice, role: "owner", status: "active" }],
    pending: [],
  });
  expect(createInvitations.assume?.(call([row], { mode: "each" }), settings())).toBeNull();
  expect(createInvitations.assume?.(call([row], { dryRun: true }), settings())).toBeNull();
  expect(createInvitations.assume?.(call([row]), settings({ reinvite: "replace" }))).toBeNull();
});

test("it is made in the name of those who invite, about the roles on offer", () => {
  expect(createInvitations.find(call([row]), facts, now)).toEqual({ ok: true, facts });
  expect(createInvitations.actsFor?.(call([row, row]))).toEqual([alice]);
  expect(createInvitations.concerns?.(call([row]), facts)).toEqual([{ usrId: null, role: "member" }]);
});

test("what an invitation offers comes with its row, and outlasts it", () => {
  const rows = [
    { ...row, membershipExpiresAt: after(2), membershipMetadata: { desk: 4 } },
    { ...row, membershipExpiresAt: after(1) },
  ];
  expect(decideCreateInvitations(call(rows, { mode: "each" }), facts, environment)).toMatchObject({
    result: {
      rows: [
        { entity: { membershipExpiresAt: after(2), membershipMetadata: { desk: 4 } } },
        { code: "precondition.short_time_box", details: { index: null } },
      ],
    },
  });
});

test("an inviter whose time is over invites nobody", () => {
  const inviters = [{ ...owner, expiresAt: after(-1) }];
  expect(decideCreateInvitations(call([row]), { ...facts, inviters }, environment)).toMatchObject({
    code: "forbidden",
  });
});

test("every row takes a place under a limit, unless it takes that of another", () => {
  const joe = { ...row, identifier: "joe" };
  const limits = { pendingInvitations: 3 };
  const found = { ...facts, stock: { stored: 2, lapsed: 0 } };
  expect(decideCreateInvitations(call([row, joe]), found, under({ limits }))).toMatchObject({
    code: "conflict.invitation_limit",
    details: { orgId: acme.id, limit: 3, row: 1 },
  });
  expect(decideCreateInvitations(call([row, joe]), facts, under({ limits }))).toMatchObject({
    ok: true,
    write: { org: { room: { invitations: 1 } } },
  });
  const replacing = under({ limits, reinvite: "replace" });
  expect(decideCreateInvitations(call([row, row, row, joe], { mode: "each" }), found, replacing)).toMatchObject({
    result: { done: 3, rows: [{}, {}, {}, { code: "conflict.invitation_limit" }] },
    write: { org: { room: { invitations: 2 }, version: acme.version } },
  });
});

test("a limit is looked at where there is one", () => {
  const limited = settings({ limits: { pendingInvitations: 3 } });
  expect(createInvitations.reads(call([row]), limited, now)).toMatchObject({
    stock: { read: "invitationStock", of: { org: acme.id }, at: now },
  });
  expect(createInvitations.assume?.(call([row]), limited)).not.toBeNull();
  const made = settings({ limits: { pendingInvitations: () => 3 } });
  expect(createInvitations.assume?.(call([row]), made)).toBeNull();
});
