import { describe, expect, test } from "vitest";
import { acme, alice, bob, carol, environment, fresh, idNo, member, now, settings } from "../../test/world.ts";
import type { Limits } from "../limits.ts";
import type { MetadataSchema } from "../metadata.ts";
import type { Metadata, UsrId } from "../model.ts";
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
  expect(addMembers.assume?.(call([alice]), settings())).toEqual({
    org: { id: acme.id, status: "active", version: 0 },
    live: [],
  });
  expect(addMembers.assume?.(call([alice], { mode: "each" }), settings())).toBeNull();
  expect(addMembers.assume?.(call([alice], { dryRun: true }), settings())).toBeNull();
});

test("each user is asked for once; a malformed row asks for nobody and concerns nobody", () => {
  const rows = [{ usrId: alice, role: "member" }, { usrId: alice, role: "guest" }, null];
  const parsed = addMembers.parse(settings(), { orgId: acme.id, rows, mode: "each" } as never);
  expect(addMembers.reads(parsed, settings(), now)).toEqual({
    org: { read: "org", of: { org: acme.id } },
    live: { read: "liveMembers", orgId: acme.id, usrIds: [alice] },
  });
  expect(addMembers.find(parsed, { org: acme, live: [] }, now)).toEqual({ ok: true, facts });
  expect(addMembers.concerns?.(parsed, facts)).toEqual([
    { usrId: alice, role: "member" },
    { usrId: alice, role: "guest" },
  ]);
});

test("metadata and a time box come with a row", () => {
  const expiresAt = new Date(now.getTime() + 1);
  const rows = [{ usrId: alice, role: "member", metadata: { desk: 4 }, expiresAt }] as const;
  expect(decideAddMembers(call([], { rows }), facts, environment)).toMatchObject({
    result: { rows: [{ entity: { metadata: { desk: 4 }, expiresAt } }] },
    write: { event: { data: { expiresAt: expiresAt.toISOString(), expired: null } } },
  });
  const past = [{ usrId: alice, role: "member", expiresAt: now }];
  expect(decideAddMembers(call([], { rows: past }), facts, environment)).toMatchObject({
    code: "precondition.past_expiration",
    details: { row: 0 },
  });
});

test("what a schema said about a row stays with the error", () => {
  const validate = () => ({ issues: [{ message: "no" }] }) as never;
  const refusing: MetadataSchema<Metadata> = { "~standard": { validate } };
  const strict = settings({ metadata: { membership: refusing } });
  const parse = (mode: "all" | "each") =>
    addMembers.parse(strict, { orgId: acme.id, rows: [{ usrId: alice, role: "member" }], mode });
  expect(() => parse("all")).toThrow(
    expect.objectContaining({ code: "precondition.invalid_metadata", issues: [{ message: "no" }] }),
  );
  expect(parse("each").rows).toMatchObject([{ ok: false, code: "precondition.invalid_metadata" }]);
});

test("a lapsed membership does not stand in the way, and its end is written down", () => {
  const gone = { ...member, expiresAt: new Date(now.getTime() - 1) };
  const decision = decideAddMembers(call([carol, carol], { mode: "each" }), { org: acme, live: [gone] }, environment);
  expect(decision).toMatchObject({
    result: { rows: [{ outcome: "done" }, { code: "conflict.duplicate_membership" }] },
    write: {
      changes: [{ op: "updateMembership", row: { id: member.id, status: "revoked" } }, {}, {}],
      event: { data: { expired: member.id } },
    },
  });
});

describe("under limits", () => {
  const under = (limits: Limits) => ({ ...environment, settings: settings({ limits }) });
  const stock = (stored: number, lapsed = 0) => ({ ...facts, members: { stored, lapsed } });

  test("every row takes a place, and there must be room for all of them", () => {
    expect(decideAddMembers(call([alice, bob]), facts, under({ members: 3 }))).toMatchObject({
      ok: true,
      write: { org: { room: { members: 1 } } },
    });
    expect(decideAddMembers(call([alice, bob]), stock(1), under({ members: 3 }))).toMatchObject({
      ok: true,
      write: { org: { room: { members: 1 }, version: null } },
    });
  });

  test("the row that passes the limit refuses the call, or itself", () => {
    const limited = under({ members: 3 });
    expect(decideAddMembers(call([alice, bob, dave]), stock(1), limited)).toMatchObject({
      code: "conflict.member_limit",
      details: { orgId: acme.id, limit: 3, row: 2 },
    });
    expect(decideAddMembers(call([alice, alice, bob, dave], { mode: "each" }), stock(1), limited)).toMatchObject({
      result: {
        rows: [
          { outcome: "done" },
          { code: "conflict.duplicate_membership" },
          { outcome: "done" },
          { code: "conflict.member_limit" },
        ],
      },
      write: { org: { room: { members: 1 } } },
    });
  });

  test("what has lapsed takes no place, whoever writes it down", () => {
    const gone = { ...member, expiresAt: new Date(now.getTime() - 1) };
    const found = { org: acme, live: [gone], members: { stored: 3, lapsed: 2 } };
    const decision = decideAddMembers(call([carol, alice, bob], { mode: "each" }), found, under({ members: 3 }));
    expect(decision).toMatchObject({
      result: { rows: [{ outcome: "done" }, { outcome: "done" }, { code: "conflict.member_limit" }] },
      write: { org: { version: acme.version } },
    });
  });

  test("a limit made of the organization expects its fields", () => {
    const { name, slug, updatedAt } = acme;
    expect(decideAddMembers(call([alice, bob]), stock(1), under({ members: () => 9 }))).toMatchObject({
      write: { org: { fields: { name, slug, updatedAt }, room: { members: 7 } } },
    });
  });

  test("each user has a limit of their own, and each join is counted", () => {
    const joins = [{ usrId: bob, organizations: 2, joins: 5 }];
    const found = { ...facts, joins };
    const decision = decideAddMembers(
      call([alice, bob], { mode: "each" }),
      found,
      under({ organizationsPerUser: (usrId) => (usrId === bob ? 2 : 3) }),
    );
    expect(decision).toMatchObject({
      result: { rows: [{ outcome: "done" }, { code: "conflict.organization_limit", details: { usrId: bob } }] },
      write: { changes: [{}, {}, { op: "countJoin", usrId: alice, first: true, atMost: 2 }] },
    });
  });

  test("they are looked at where there are any, and a number is expected of the row without a look", () => {
    const all = settings({ limits: { members: 3, organizationsPerUser: 2 } });
    expect(addMembers.reads(call([alice, bob]), all, now)).toMatchObject({
      members: { read: "memberStock", of: { org: acme.id }, at: now },
      joins: { read: "joinsOf", usrIds: [alice, bob], at: now },
    });
    expect(addMembers.assume?.(call([alice]), all)).toBeNull();
    expect(addMembers.assume?.(call([alice]), settings({ limits: { members: () => 3 } }))).toBeNull();
    expect(addMembers.assume?.(call([alice]), settings({ limits: { members: 3 } }))).not.toBeNull();
  });
});
