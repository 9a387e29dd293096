import { expect, test } from "vitest";
import { acme, after, carol, environment, notFound, now, settings } from "../../test/world.ts";
import type { LapsedGrant } from "../read.ts";
import { expireGrants } from "./expire-grants.ts";

const grant = { relation: "viewer", objectType: "doc", objectId: "1", expiresAt: after(-10) };
const lapsed: LapsedGrant = { orgId: acme.id, tuple: { subjectType: "usr", subjectId: carol, ...grant } };

test("the look is for what has lapsed now, one more than is swept", () => {
  expect(expireGrants.find.parse({ limit: 2 })).toEqual({ orgId: null, limit: 2 });
  expect(expireGrants.find.reads({ orgId: null, limit: 2 }, now)).toEqual({
    lapsed: { read: "lapsedGrants", orgId: null, before: now, take: 3 },
  });
  expect(expireGrants.find.reads({ orgId: acme.id, limit: 2 }, now)).toMatchObject({ org: { of: { org: acme.id } } });
  expect(expireGrants.find.answer({ orgId: null, limit: 1 }, { lapsed: [lapsed, lapsed] }, now)).toEqual({
    ok: true,
    facts: { byOrg: [{ orgId: acme.id, lapsed: [lapsed] }], more: true },
  });
  expect(expireGrants.find.answer({ orgId: acme.id, limit: 1 }, { lapsed: [], org: null }, now)).toEqual(
    notFound("organization", acme.id),
  );
});

test("grants end, and one event names all", () => {
  expect(expireGrants.inOrg.decide({ orgId: acme.id, lapsed: [lapsed] }, { lapsed: [lapsed] }, environment)).toEqual({
    ok: true,
    result: [lapsed.tuple],
    write: {
      org: { is: "existing", id: acme.id, status: null, version: null },
      at: now,
      actor: null,
      changes: [{ op: "endGrant", tuple: lapsed.tuple }],
      event: {
        type: "grant.expired",
        data: { tuples: [{ ...grant, usrId: carol, expiresAt: after(-10).toISOString() }] },
      },
    },
  });
});

test("if the clock stepped back what has not lapsed is left alone", () => {
  const earlier = { ...environment, now: after(-10) };
  expect(expireGrants.inOrg.decide({ orgId: acme.id, lapsed: [lapsed] }, { lapsed: [lapsed] }, earlier)).toEqual({
    ok: true,
    result: [],
    write: null,
  });
});

test("each organization is decided on what was found there, and looked at again after a lost race", () => {
  const input = { orgId: acme.id, lapsed: [lapsed] };
  expect(expireGrants.inOrg.parse(settings(), input)).toBe(input);
  expect(expireGrants.inOrg.scope(input)).toEqual({ org: acme.id });
  expect(expireGrants.inOrg.assume?.(input, settings())).toEqual({ lapsed: [lapsed] });
  expect(expireGrants.inOrg.reads(input, settings(), now)).toEqual({
    lapsed: { read: "lapsedGrants", orgId: acme.id, before: after(-9), take: 1 },
  });
  expect(expireGrants.inOrg.find(input, { lapsed: [] }, now)).toEqual({ ok: true, facts: { lapsed: [] } });
});
