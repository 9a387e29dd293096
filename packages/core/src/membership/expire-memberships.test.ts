import { describe, expect, test } from "vitest";
import { codeThrown } from "../../test/precedence.ts";
import {
  acme,
  after,
  alice,
  carol,
  environment,
  idNo,
  member,
  notFound,
  now,
  otherOrg,
  settings,
} from "../../test/world.ts";
import { roleTuple } from "../model.ts";
import { expireMemberships } from "./expire-memberships.ts";

const lapsed = { ...member, expiresAt: after(-10) };
const paused = { ...lapsed, id: idNo("mem", 8), usrId: alice, status: "suspended", expiresAt: after(-5) } as const;

describe("the look", () => {
  test("is for what has lapsed now, one more than is swept", () => {
    expect(expireMemberships.find.parse()).toEqual({ orgId: null, limit: 200 });
    expect(expireMemberships.find.reads({ orgId: null, limit: 2 }, now)).toEqual({
      lapsed: { read: "lapsedMemberships", orgId: null, before: now, take: 3 },
    });
    expect(expireMemberships.find.reads({ orgId: acme.id, limit: 2 }, now)).toEqual({
      lapsed: { read: "lapsedMemberships", orgId: acme.id, before: now, take: 3 },
      org: { read: "org", of: { org: acme.id } },
    });
    expect(codeThrown(() => expireMemberships.find.parse({ limit: 201 }))).toBe("precondition.invalid_limit");
  });

  test("answers by organization, and whether there is more", () => {
    const elsewhere = { ...lapsed, orgId: otherOrg.id };
    expect(
      expireMemberships.find.answer({ orgId: null, limit: 2 }, { lapsed: [elsewhere, lapsed, paused] }, now),
    ).toEqual({
      ok: true,
      facts: {
        byOrg: [
          { orgId: acme.id, lapsed: [lapsed] },
          { orgId: otherOrg.id, lapsed: [elsewhere] },
        ],
        more: true,
      },
    });
    expect(expireMemberships.find.answer({ orgId: acme.id, limit: 2 }, { lapsed: [], org: null }, now)).toEqual(
      notFound("organization", acme.id),
    );
  });
});

test("rows end after their last instant, role tuples of those who were active go, and one event names all", () => {
  const ended = { ...lapsed, status: "revoked", updatedAt: after(-9) };
  const over = { ...paused, status: "revoked", updatedAt: after(-4) };
  expect(
    expireMemberships.inOrg.decide(
      { orgId: acme.id, lapsed: [lapsed, paused] },
      { lapsed: [lapsed, paused] },
      environment,
    ),
  ).toEqual({
    ok: true,
    result: [lapsed.id, paused.id],
    write: {
      org: { is: "existing", id: acme.id, status: null, version: null },
      at: now,
      actor: null,
      changes: [
        { op: "updateMembership", row: ended, expect: { status: "active", updatedAt: lapsed.updatedAt } },
        { op: "deleteTuple", tuple: roleTuple(lapsed) },
        { op: "updateMembership", row: over, expect: { status: "suspended", updatedAt: lapsed.updatedAt } },
      ],
      event: {
        type: "membership.expired",
        data: {
          memberships: [
            { memId: lapsed.id, usrId: carol, role: "member", from: "active", expiresAt: after(-10).toISOString() },
            { memId: paused.id, usrId: alice, role: "member", from: "suspended", expiresAt: after(-5).toISOString() },
          ],
        },
      },
    },
  });
});

test("if the clock stepped back what has not lapsed is left alone", () => {
  const earlier = { ...environment, now: after(-10) };
  expect(expireMemberships.inOrg.decide({ orgId: acme.id, lapsed: [lapsed] }, { lapsed: [lapsed] }, earlier)).toEqual({
    ok: true,
    result: [],
    write: null,
  });
});

test("each organization is decided on what was found there, and looked at again after a lost race", () => {
  const input = { orgId: acme.id, lapsed: [lapsed, paused] };
  expect(expireMemberships.inOrg.parse(settings(), input)).toBe(input);
  expect(expireMemberships.inOrg.scope(input)).toEqual({ org: acme.id });
  expect(expireMemberships.inOrg.assume?.(input, settings())).toEqual({ lapsed: input.lapsed });
  expect(expireMemberships.inOrg.reads(input, settings(), now)).toEqual({
    lapsed: { read: "lapsedMemberships", orgId: acme.id, before: after(-4), take: 2 },
  });
  expect(expireMemberships.inOrg.find(input, { lapsed: [] }, now)).toEqual({ ok: true, facts: { lapsed: [] } });
});
