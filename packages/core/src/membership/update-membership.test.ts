import { describe, expect, test } from "vitest";
import { codeOf, codeThrown, testPrecedence } from "../../test/precedence.ts";
import {
  acme,
  after,
  alice,
  carol,
  environment,
  member,
  notFound,
  now,
  owner,
  settings,
  yesterday,
} from "../../test/world.ts";
import { roleTuple } from "../model.ts";
import { decideUpdateMembership, type UpdateMembershipFacts, updateMembership } from "./update-membership.ts";

const facts: UpdateMembershipFacts = { membership: member, org: acme, otherOwner: false };
const asked = { metadata: undefined, expiresAt: undefined };
const asRead = { status: "active", updatedAt: yesterday };
const memId = member.id;

test("metadata is merged, and the event names the keys", () => {
  const membership = { ...member, metadata: { a: 1, b: 2 } };
  const row = { ...membership, metadata: { b: 3 }, updatedAt: now };
  const decision = decideUpdateMembership(
    { ...asked, metadata: { a: null, b: 3 } },
    { ...facts, membership },
    environment,
  );
  expect(decision).toEqual({
    ok: true,
    result: row,
    write: {
      org: { is: "existing", id: acme.id, status: null, version: null },
      at: now,
      actor: null,
      changes: [{ op: "updateMembership", row, expect: asRead }],
      event: {
        type: "membership.updated",
        data: { memId, usrId: carol, role: "member", changes: { metadata: ["a", "b"] } },
      },
    },
  });
});

test("a time box is that of the role tuple, too", () => {
  const row = { ...member, expiresAt: after(9), updatedAt: now };
  expect(decideUpdateMembership({ ...asked, expiresAt: after(9) }, facts, environment)).toMatchObject({
    result: row,
    write: {
      changes: [
        { op: "updateMembership", row },
        { op: "insertTuple", tuple: roleTuple(row) },
      ],
      event: { data: { changes: { expiresAt: { from: null, to: after(9).toISOString() } } } },
    },
  });
});

test("a time box is lifted", () => {
  const membership = { ...member, expiresAt: after(9) };
  const decision = decideUpdateMembership({ ...asked, expiresAt: null }, { ...facts, membership }, environment);
  expect(decision).toMatchObject({ result: { expiresAt: null } });
});

test("somebody who is suspended has no tuple to be changed", () => {
  const membership = { ...member, status: "suspended" } as const;
  const decision = decideUpdateMembership({ ...asked, expiresAt: after(9) }, { ...facts, membership }, environment);
  expect(decision).toMatchObject({ ok: true, write: { changes: [{ op: "updateMembership" }] } });
  expect(decision).not.toHaveProperty("write.changes.1");
});

test("where the clock stands still the row is dated a millisecond later", () => {
  const membership = { ...member, updatedAt: now };
  const decision = decideUpdateMembership({ ...asked, metadata: { a: 1 } }, { ...facts, membership }, environment);
  expect(decision).toMatchObject({ result: { updatedAt: after(1) }, write: { at: after(1) } });
});

test("what equals the stored values is no change", () => {
  const membership = { ...member, metadata: { a: 1 }, expiresAt: after(9) };
  const same = { metadata: { a: 1, b: null }, expiresAt: after(9) };
  for (const input of [asked, same]) {
    expect(decideUpdateMembership(input, { ...facts, membership }, environment)).toEqual({
      ok: true,
      result: membership,
      write: null,
    });
  }
});

test("an owner goes out of those who last only while the organization is as it was read", () => {
  const boxed = { ...asked, expiresAt: after(9) };
  expect(decideUpdateMembership(boxed, { membership: owner, org: acme, otherOwner: true }, environment)).toMatchObject({
    write: { org: { version: acme.version } },
  });
  expect(decideUpdateMembership(boxed, { membership: owner, org: acme, otherOwner: false }, environment)).toEqual({
    ok: false,
    code: "conflict.sole_owner",
    details: { orgId: acme.id },
  });
});

test("what the schema says stays beside the error's details", () => {
  const issues = [{ message: "no" }];
  const strict = settings({
    metadata: { membership: { "~standard": { validate: (): never => ({ issues }) as never } } },
  });
  expect(decideUpdateMembership({ ...asked, metadata: {} }, facts, { ...environment, settings: strict })).toEqual({
    ok: false,
    code: "precondition.invalid_metadata",
    details: { key: "metadata", reason: "schema", path: null },
    hidden: { issues },
  });
});

describe("checks", () => {
  interface Asked {
    readonly input: Parameters<typeof decideUpdateMembership>[0];
    readonly facts: UpdateMembershipFacts;
  }
  const half = "x".repeat(9000);
  testPrecedence<Asked>(
    (given) => codeOf(decideUpdateMembership(given.input, given.facts, environment)),
    {
      input: { metadata: { a: half }, expiresAt: after(9) },
      facts: { membership: owner, org: acme, otherOwner: true },
    },
    [
      {
        code: "precondition.mem_not_active",
        spoil: (given) => ({
          ...given,
          facts: { ...given.facts, membership: { ...given.facts.membership, expiresAt: after(-1) } },
        }),
      },
      {
        code: "precondition.past_expiration",
        spoil: (given) => ({ ...given, input: { ...given.input, expiresAt: now } }),
      },
      {
        code: "precondition.invalid_metadata",
        spoil: (given) => ({
          ...given,
          facts: { ...given.facts, membership: { ...given.facts.membership, metadata: { b: half } } },
        }),
      },
    ],
  );
});

describe("input", () => {
  testPrecedence<object>((input) => codeThrown(() => updateMembership.parse(settings(), input as never)), { memId }, [
    { code: "precondition.invalid_input", spoil: (input) => ({ ...input, role: "owner" }) },
    { code: "invalid_type", spoil: (input) => ({ ...input, memId: alice }) },
    { code: "precondition.invalid_metadata", spoil: (input) => ({ ...input, metadata: [] }) },
    { code: "precondition.invalid_expiration", spoil: (input) => ({ ...input, expiresAt: "tomorrow" }) },
  ]);

  test("undefined is the same as absent, and null lifts the time box", () => {
    const absent = { memId, held: undefined, ...asked };
    expect(updateMembership.parse(settings(), { memId })).toEqual(absent);
    expect(updateMembership.parse(settings(), { memId, expiresAt: null })).toEqual({ ...absent, expiresAt: null });
  });
});

test("it asks for the membership, its organization and two owners", () => {
  const of = { membership: memId };
  expect(updateMembership.scope({ memId, ...asked })).toEqual(of);
  expect(updateMembership.reads({ memId, ...asked }, settings(), now)).toEqual({
    membership: { read: "membership", memId },
    org: { read: "org", of },
    owners: { read: "owners", of, take: 2 },
  });
  const answers = { membership: member, org: acme, owners: [owner.id] };
  expect(updateMembership.find({ memId, ...asked }, answers, now)).toEqual({
    ok: true,
    facts: { ...facts, otherOwner: true },
  });
  const nothing = { membership: null, org: null, owners: [] };
  expect(updateMembership.find({ memId, ...asked }, nothing, now)).toEqual(notFound("membership", memId));
});

test("of a membership that the caller holds only its being as it was is expected", () => {
  expect(updateMembership.assume?.({ memId, ...asked }, settings())).toBeNull();
  expect(updateMembership.assume?.({ memId, ...asked, held: member }, settings())).toEqual({
    membership: member,
    org: { id: acme.id, status: "active", version: 0 },
    otherOwner: false,
  });
});

test("it is about the member", () => {
  expect(updateMembership.concerns?.({ memId, ...asked }, facts)).toEqual([member]);
});
