import { describe, expect, test } from "vitest";
import { codeThrown } from "../test/precedence.ts";
import { acme, alice, carol, idNo, member, offer, settings } from "../test/world.ts";
import { asIssued, asRead, type Change, unchanged } from "./change.ts";
import { isFixed, joinOf, type Limits, limitsFrom, roomFor } from "./limits.ts";

const joins: Change = { op: "insertMembership", row: { ...member, id: idNo("mem", 9), usrId: alice }, invId: null };
const ends: Change = { op: "updateMembership", row: { ...member, status: "revoked" }, expect: asRead(member) };
const active = { is: "existing", id: acme.id, status: "active", version: null };
const stock = (stored: number, lapsed = 0) => ({ stored, lapsed });

describe("the option", () => {
  test("what is left out or null is no limit", () => {
    const none = { members: null, pendingInvitations: null, organizationsPerUser: null };
    expect(limitsFrom(undefined)).toEqual(none);
    expect(limitsFrom({ members: null, pendingInvitations: undefined })).toEqual(none);
  });

  test("a limit is an integer from 0 or a function", () => {
    const perUser = () => 1;
    expect(limitsFrom({ members: 0, organizationsPerUser: perUser })).toMatchObject({
      members: 0,
      organizationsPerUser: perUser,
    });
    for (const wrong of [-1, 1.5, Number.NaN, "3", {}, true]) {
      expect(codeThrown(() => limitsFrom({ members: wrong }))).toBe("precondition.invalid_input");
    }
    expect(codeThrown(() => limitsFrom({ seats: 1 }))).toBe("precondition.invalid_input");
  });

  test("a function has to look at what it limits", () => {
    expect([isFixed(null), isFixed(3), isFixed(() => 3)]).toEqual([true, true, false]);
  });
});

describe("room in an organization", () => {
  const room = (
    members: Limits["members"],
    found: Partial<Parameters<typeof roomFor>[2]> = {},
  ): ReturnType<typeof roomFor> =>
    roomFor("members", settings({ limits: { ...(members === undefined ? {} : { members }) } }), {
      org: acme,
      stock: undefined,
      changes: [joins],
      ...found,
    });

  test("without a limit nothing is expected", () => {
    expect(room(null, { stock: stock(100) })).toEqual({ ok: true, facts: active });
  });

  test("a function gets a frozen copy", () => {
    const org = { ...acme, metadata: { plan: "free" } };
    let seen: object = org;
    const limit = (of: typeof acme): number => {
      seen = of;
      return 5;
    };
    expect(room(limit, { org, stock: stock(1) })).toMatchObject({ ok: true });
    expect(seen).toEqual(org);
    expect([seen === org, Object.isFrozen(seen)]).toEqual([false, true]);
  });

  test("a number that was not compared yet is expected of the row", () => {
    expect(room(3)).toEqual({ ok: true, facts: { ...active, room: { members: 2 } } });
  });

  test("where there is no place at all nothing has to be looked at", () => {
    expect(room(0)).toMatchObject({ code: "conflict.member_limit", details: { limit: 0 } });
  });

  test("the last place is given, and the one after it is not", () => {
    expect(room(3, { stock: stock(2) })).toEqual({ ok: true, facts: { ...active, room: { members: 2 } } });
    expect(room(3, { stock: stock(3) })).toEqual({
      ok: false,
      code: "conflict.member_limit",
      details: { orgId: acme.id, limit: 3 },
    });
  });

  test("who ends in the same commit makes room", () => {
    expect(room(3, { stock: stock(3), changes: [ends, joins] })).toEqual({
      ok: true,
      facts: { ...active, room: { members: 3 } },
    });
  });

  test("what has lapsed is no part of it, and then nobody may have written meanwhile", () => {
    expect(room(3, { stock: stock(3, 1) })).toEqual({ ok: true, facts: { ...active, version: acme.version } });
    expect(room(3, { stock: stock(4, 1) }).ok).toBe(false);
    const base = unchanged({ ...acme, version: 2 });
    expect(room(3, { stock: stock(3, 1), base })).toEqual({ ok: true, facts: base });
  });

  test("a lapsed one that the commit writes down is not counted twice", () => {
    expect(room(3, { stock: stock(4, 1), changes: [ends, joins], passing: 1 }).ok).toBe(false);
    expect(room(3, { stock: stock(4, 2), changes: [ends, joins], passing: 1 }).ok).toBe(true);
  });

  test("a function sees the organization, whose fields are expected to stay", () => {
    const seen: unknown[] = [];
    const limit = (org: unknown) => {
      seen.push(org);
      return 2;
    };
    const fields = { name: acme.name, slug: acme.slug, updatedAt: acme.updatedAt };
    expect(room(limit)).toEqual({ ok: true, facts: { ...active, fields, room: { members: 1 } } });
    expect(seen).toEqual([acme]);
    expect(room(() => null, { stock: stock(9) })).toEqual({ ok: true, facts: { ...active, fields } });
  });

  test.each([Promise.resolve(1), -1, "3", undefined])(
    "a function that answers %o is a defect of the host's",
    (answer) => {
      expect(codeThrown(() => room(() => answer as never))).toBe("internal.unexpected");
    },
  );

  test("of invitations there is a number of their own", () => {
    const limited = settings({ limits: { pendingInvitations: 1 } });
    const opens: Change = { op: "insertInvitation", row: offer, canonical: "x" };
    const closes: Change = { op: "updateInvitation", row: { ...offer, status: "revoked" }, expect: asIssued(offer) };
    const found = { org: acme, stock: stock(1), changes: [opens] };
    expect(roomFor("pendingInvitations", limited, found)).toMatchObject({ code: "conflict.invitation_limit" });
    expect(roomFor("pendingInvitations", limited, { ...found, changes: [closes, opens] })).toEqual({
      ok: true,
      facts: { ...active, room: { invitations: 1 } },
    });
  });
});

describe("one more organization for a user", () => {
  const join = (organizationsPerUser: Limits["organizationsPerUser"], organizations: number, joined: number) =>
    joinOf(carol, settings({ limits: { ...(organizationsPerUser === undefined ? {} : { organizationsPerUser }) } }), {
      organizations,
      joins: joined,
    });

  test("without a limit, or a look, no join is counted", () => {
    expect(join(null, 9, 9)).toEqual({ ok: true, facts: [] });
    expect(joinOf(carol, settings({ limits: { organizationsPerUser: 1 } }), undefined)).toEqual({
      ok: true,
      facts: [],
    });
  });

  test("so many joins more may come in between as there were places left", () => {
    expect(join(3, 1, 5)).toEqual({ ok: true, facts: [{ op: "countJoin", usrId: carol, first: false, atMost: 6 }] });
    expect(join(3, 0, 0)).toEqual({ ok: true, facts: [{ op: "countJoin", usrId: carol, first: true, atMost: 2 }] });
    expect(join(() => null, 7, 5)).toEqual({
      ok: true,
      facts: [{ op: "countJoin", usrId: carol, first: false, atMost: null }],
    });
  });

  test("as many as may be are enough", () => {
    expect(join((usrId) => (usrId === carol ? 2 : 9), 2, 2)).toEqual({
      ok: false,
      code: "conflict.organization_limit",
      details: { usrId: carol, limit: 2 },
    });
  });
});
