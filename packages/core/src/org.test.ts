import { describe, expect, test } from "vitest";
import { codeOf, codeThrown, testPrecedence } from "../test/precedence.ts";
import {
  acme,
  after,
  alice,
  bob,
  environment,
  fresh,
  idNo,
  now,
  otherOrg,
  settings,
  yesterday,
} from "../test/world.ts";
import type { Decision } from "./decision.ts";
import { placementBegun } from "./groups/placement.ts";
import type { Organization } from "./model.ts";
import {
  createOrg,
  decideCreateOrg,
  decideReinstateOrg,
  decideRevokeOrg,
  decideSuspendOrg,
  decideUpdateOrg,
  reinstateOrg,
  revokeOrg,
  suspendOrg,
  type UpdateOrgFacts,
  updateOrg,
} from "./org.ts";

const suspended: Organization = { ...acme, status: "suspended" };
const revoked: Organization = { ...acme, status: "revoked" };
const addressed = { orgId: acme.id };
const kept = { ...addressed, metadata: undefined };

describe("createOrg", () => {
  const asked = { creator: alice, name: "Acme", slug: "acme", metadata: {}, membershipMetadata: {} };

  test("an organization begins with its creator as owner and the owner's tuple", () => {
    const decision = decideCreateOrg(asked, { slugHolder: null }, environment);
    const org = {
      id: fresh.org,
      status: "active",
      name: "Acme",
      slug: "acme",
      version: 1,
      createdAt: now,
      updatedAt: now,
      metadata: {},
    };
    const ownerMembership = {
      id: fresh.mem,
      usrId: alice,
      orgId: fresh.org,
      role: "owner",
      status: "active",
      replaces: null,
      invitedBy: null,
      removedBy: null,
      createdAt: now,
      updatedAt: now,
      expiresAt: null,
      metadata: {},
    };
    expect(decision).toEqual({
      ok: true,
      result: { org, ownerMembership },
      write: {
        org: { is: "new", id: fresh.org },
        at: now,
        actor: alice,
        changes: [
          { op: "insertOrg", row: org },
          { op: "insertMembership", row: ownerMembership, invId: null },
          {
            op: "insertTuple",
            tuple: {
              subjectType: "usr",
              subjectId: alice,
              relation: "owner",
              objectType: "org",
              objectId: fresh.org,
              expiresAt: null,
            },
          },
        ],
        event: { type: "org.created", data: { name: "Acme", slug: "acme", memId: fresh.mem, usrId: alice } },
      },
    });
  });

  test("a slug that another organization holds is taken", () => {
    expect(decideCreateOrg(asked, { slugHolder: otherOrg.id }, environment)).toEqual({
      ok: false,
      code: "conflict.org_slug",
      details: { slug: "acme" },
    });
  });

  test("an organization without slug takes nobody's", () => {
    const decision = decideCreateOrg({ ...asked, slug: null }, { slugHolder: null }, environment);
    expect(decision).toMatchObject({ ok: true, result: { org: { slug: null } } });
  });

  test("a bare user id means the creator; name and slug that are left out are null", () => {
    const bare = { creator: alice, name: null, slug: null, metadata: {}, membershipMetadata: {} };
    expect(createOrg.parse(settings(), alice)).toEqual(bare);
    expect(createOrg.parse(settings(), { creator: alice })).toEqual(bare);
    expect(createOrg.parse(settings(), { creator: alice, name: undefined, slug: undefined } as never)).toEqual(bare);
    expect(createOrg.parse(settings(), { creator: alice, name: null, slug: null })).toEqual(bare);
  });

  test("its placement begins in the same commit, in a store that keeps placements", () => {
    const keeping = settings({ groups: ["placement"] });
    const placement = { strategy: "schema", state: "pending" } as const;
    expect(createOrg.parse(keeping, { creator: alice, placement })).toMatchObject({ placement });
    const decision = decideCreateOrg({ ...asked, placement }, { slugHolder: null }, environment);
    const changes = decision.ok ? (decision.write?.changes ?? []) : [];
    expect(changes.at(-1)).toEqual({ op: "insertPlacement", row: placementBegun(environment.ids.org, placement) });
    expect(codeThrown(() => createOrg.parse(settings(), { creator: alice, placement }))).toBe(
      "config.capability_missing",
    );
  });

  test.each([
    null,
    "schema",
    { strategy: "schema" },
    { strategy: "", state: "ready" },
    { strategy: 7, state: "ready" },
    { strategy: "a b", state: "ready" },
    { strategy: "schema", state: "archived" },
    { strategy: "schema", state: "ready", step: null },
  ])("%j is no placement to begin with", (placement) => {
    const keeping = settings({ groups: ["placement"] });
    const parse = (): unknown => createOrg.parse(keeping, { creator: alice, placement } as never);
    expect(codeThrown(parse)).toBe("precondition.invalid_input");
  });

  test("its keys are the creator's, and it asks who holds the slug", () => {
    expect(createOrg.scope(asked)).toEqual({ creator: alice });
    expect(createOrg.reads(asked, settings(), now)).toEqual({ slugHolder: { read: "slugHolder", slug: "acme" } });
    expect(createOrg.find(asked, { slugHolder: otherOrg.id }, now)).toEqual({
      ok: true,
      facts: { slugHolder: otherOrg.id },
    });
  });

  test("that the slug is free is assumed, so that founding takes one round trip", () => {
    expect(createOrg.assume?.(asked, settings())).toEqual({ slugHolder: null });
  });

  describe("input", () => {
    testPrecedence<object>((input) => codeThrown(() => createOrg.parse(settings(), input as never)), asked, [
      { code: "precondition.invalid_input", spoil: (input) => ({ ...input, owner: alice }) },
      { code: "invalid_id", spoil: (input) => ({ ...input, creator: "alice" }) },
      { code: "precondition.invalid_name", spoil: (input) => ({ ...input, name: "\n" }) },
      { code: "precondition.org_slug_format", spoil: (input) => ({ ...input, slug: "Acme" }) },
    ]);
  });
});

describe("updateOrg", () => {
  const held: UpdateOrgFacts = { org: acme, slugHolder: null };

  test("changed fields are written and the event names them alone", () => {
    const row = { ...acme, name: "Acme Ltd", version: 8, updatedAt: now };
    expect(decideUpdateOrg({ ...kept, name: "Acme Ltd", slug: undefined }, held, environment)).toEqual({
      ok: true,
      result: row,
      write: {
        org: { is: "existing", id: acme.id, status: null, version: 7 },
        at: now,
        actor: null,
        changes: [{ op: "updateOrg", row }],
        event: { type: "org.updated", data: { changes: { name: { from: "Acme", to: "Acme Ltd" } } } },
      },
    });
  });

  test("name and slug change together", () => {
    const decision = decideUpdateOrg({ ...kept, name: "A", slug: "a" }, held, environment);
    expect(decision).toMatchObject({
      result: { name: "A", slug: "a" },
      write: {
        event: { data: { changes: { name: { from: "Acme", to: "A" }, slug: { from: "acme", to: "a" } } } },
      },
    });
  });

  test("null clears a field", () => {
    const decision = decideUpdateOrg({ ...kept, name: null, slug: null }, held, environment);
    expect(decision).toMatchObject({
      result: { name: null, slug: null },
      write: {
        event: { data: { changes: { name: { from: "Acme", to: null }, slug: { from: "acme", to: null } } } },
      },
    });
  });

  test.each([
    ["nothing", { name: undefined, slug: undefined }],
    ["the stored values", { name: "Acme", slug: "acme" }],
  ])("asked for %s, nothing is written", (_, asked) => {
    const decision = decideUpdateOrg({ ...kept, ...asked }, { org: acme, slugHolder: acme.id }, environment);
    expect(decision).toEqual({ ok: true, result: acme, write: null });
  });

  test("an organization keeps its own slug while its name changes", () => {
    const own = { org: acme, slugHolder: acme.id };
    const decision = decideUpdateOrg({ ...kept, name: "A", slug: "acme" }, own, environment);
    expect(decision).toMatchObject({ result: { name: "A", slug: "acme" }, write: { event: { type: "org.updated" } } });
    expect(decision).not.toHaveProperty("write.event.data.changes.slug");
  });

  test("a suspended organization may be updated", () => {
    const decision = decideUpdateOrg(
      { ...kept, name: "A", slug: undefined },
      { org: suspended, slugHolder: null },
      environment,
    );
    expect(decision).toMatchObject({ result: { name: "A", status: "suspended" } });
  });

  test("if the clock stepped back the row keeps its later time", () => {
    const ahead = { ...acme, updatedAt: after(5) };
    const decision = decideUpdateOrg(
      { ...kept, name: "A", slug: undefined },
      { org: ahead, slugHolder: null },
      environment,
    );
    expect(decision).toMatchObject({ result: { updatedAt: after(5) }, write: { at: now } });
  });

  test("the details of a refusal name the organization and its status, or the slug", () => {
    const asked = { ...kept, name: undefined, slug: "other" };
    expect(decideUpdateOrg(asked, { org: revoked, slugHolder: null }, environment)).toEqual({
      ok: false,
      code: "conflict.already_terminal",
      details: { orgId: acme.id, status: "revoked" },
    });
    expect(decideUpdateOrg(asked, { org: acme, slugHolder: otherOrg.id }, environment)).toEqual({
      ok: false,
      code: "conflict.org_slug",
      details: { slug: "other" },
    });
  });

  describe("checks", () => {
    const asked = { ...kept, name: undefined, slug: "other" };
    testPrecedence<UpdateOrgFacts>((facts) => codeOf(decideUpdateOrg(asked, facts, environment)), held, [
      { code: "conflict.already_terminal", spoil: (facts) => ({ ...facts, org: revoked }) },
      { code: "conflict.org_slug", spoil: (facts) => ({ ...facts, slugHolder: otherOrg.id }) },
    ]);
  });

  describe("input", () => {
    testPrecedence<object>(
      (input) => codeThrown(() => updateOrg.parse(settings({ reservedSlugs: ["admin"] }), input as never)),
      { ...addressed, name: "A", slug: "a" },
      [
        { code: "precondition.invalid_input", spoil: (input) => ({ ...input, status: "revoked" }) },
        { code: "invalid_type", spoil: (input) => ({ ...input, orgId: alice }) },
        { code: "precondition.invalid_name", spoil: (input) => ({ ...input, name: 1 }) },
        { code: "precondition.org_slug_reserved", spoil: (input) => ({ ...input, slug: "admin" }) },
      ],
    );

    test("undefined is the same as absent, and null is not", () => {
      const absent = updateOrg.parse(settings(), addressed);
      expect(updateOrg.parse(settings(), { ...addressed, name: undefined, slug: undefined } as never)).toEqual(absent);
      expect(updateOrg.parse(settings(), { ...addressed, name: null })).toEqual({ ...absent, name: null });
    });
  });

  test("it asks for the organization and, where a slug is asked for, who holds it", () => {
    const asked = { ...kept, name: undefined, slug: "other" };
    expect(updateOrg.scope(asked)).toEqual({ org: acme.id });
    expect(updateOrg.reads(asked, settings(), now)).toEqual({
      org: { read: "org", of: { org: acme.id } },
      slugHolder: { read: "slugHolder", slug: "other" },
    });
    expect(updateOrg.reads({ ...asked, slug: undefined }, settings(), now)).toMatchObject({
      slugHolder: { slug: null },
    });
    expect(updateOrg.find(asked, { org: acme, slugHolder: null }, now)).toEqual({ ok: true, facts: held });
  });
});

describe("suspendOrg, reinstateOrg, revokeOrg", () => {
  test("a suspension changes the organization and nothing in it", () => {
    const row = { ...acme, status: "suspended", version: 8, updatedAt: now };
    expect(decideSuspendOrg(addressed, { org: acme }, environment)).toEqual({
      ok: true,
      result: row,
      write: {
        org: { is: "existing", id: acme.id, status: null, version: 7 },
        at: now,
        actor: null,
        changes: [{ op: "updateOrg", row }],
        event: { type: "org.suspended", data: {} },
      },
    });
  });

  test("a suspended organization becomes active again", () => {
    const row = { ...acme, version: 8, updatedAt: now };
    expect(decideReinstateOrg(addressed, { org: suspended }, environment)).toEqual({
      ok: true,
      result: row,
      write: {
        org: { is: "existing", id: acme.id, status: null, version: 7 },
        at: now,
        actor: null,
        changes: [{ op: "updateOrg", row }],
        event: { type: "org.reinstated", data: {} },
      },
    });
  });

  test.each([acme, suspended])(
    "a revocation from $status ends everything and names the slug that becomes free",
    (org) => {
      const row = { ...org, status: "revoked", version: 8, updatedAt: now };
      expect(decideRevokeOrg(addressed, { org }, { ...environment, actor: bob })).toEqual({
        ok: true,
        result: row,
        write: {
          org: { is: "existing", id: acme.id, status: null, version: 7 },
          at: now,
          actor: null,
          changes: [
            { op: "updateOrg", row },
            { op: "endEverything", orgId: acme.id, at: now, by: bob },
          ],
          event: { type: "org.revoked", data: { from: org.status, slug: "acme" } },
        },
      });
    },
  );

  test("without an actor nobody ended the invitations", () => {
    expect(decideRevokeOrg(addressed, { org: acme }, environment)).toMatchObject({
      write: { changes: [{}, { op: "endEverything", by: null }] },
    });
  });

  test.each<readonly [name: string, decision: Decision<Organization>, code: string, details: object]>([
    [
      "suspend a suspended one",
      decideSuspendOrg(addressed, { org: suspended }, environment),
      "conflict.already_terminal",
      { orgId: acme.id, status: "suspended" },
    ],
    [
      "suspend a revoked one",
      decideSuspendOrg(addressed, { org: revoked }, environment),
      "conflict.already_terminal",
      { orgId: acme.id, status: "revoked" },
    ],
    [
      "reinstate an active one",
      decideReinstateOrg(addressed, { org: acme }, environment),
      "precondition.invalid_transition",
      { id: acme.id, status: "active" },
    ],
    [
      "reinstate a revoked one",
      decideReinstateOrg(addressed, { org: revoked }, environment),
      "precondition.invalid_transition",
      { id: acme.id, status: "revoked" },
    ],
    [
      "revoke a revoked one",
      decideRevokeOrg(addressed, { org: revoked }, environment),
      "conflict.already_terminal",
      { orgId: acme.id, status: "revoked" },
    ],
  ])("nobody can %s", (_, decision, code, details) => {
    expect(decision).toEqual({ ok: false, code, details });
  });

  test.each([suspendOrg, reinstateOrg, revokeOrg])("$name asks for the organization that it addresses", (operation) => {
    expect(operation.parse(settings(), acme.id)).toEqual(addressed);
    expect(codeThrown(() => operation.parse(settings(), idNo("mem", 1) as never))).toBe("invalid_type");
    expect(operation.scope(addressed)).toEqual({ org: acme.id });
    expect(operation.reads(addressed, settings(), now)).toEqual({ org: { read: "org", of: { org: acme.id } } });
    expect(operation.find(addressed, { org: acme }, now)).toEqual({ ok: true, facts: { org: acme } });
  });
});

test.each([suspendOrg, reinstateOrg, revokeOrg])("$name of an unknown organization is not found", ({ find }) => {
  expect(find(addressed, { org: null }, now)).toEqual({
    ok: false,
    code: "not_found",
    details: { what: "organization", id: acme.id },
  });
});

test("updateOrg of an unknown organization is not found", () => {
  const asked = { ...kept, name: undefined, slug: undefined };
  expect(updateOrg.find(asked, { org: null, slugHolder: null }, now)).toMatchObject({ ok: false, code: "not_found" });
});

test("createdAt never moves", () => {
  expect(decideSuspendOrg(addressed, { org: acme }, environment)).toMatchObject({ result: { createdAt: yesterday } });
});
