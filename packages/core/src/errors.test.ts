import { describe, expect, test, vi } from "vitest";
import { revoked, thrown } from "../test/value-rules.ts";
import { acme, after, alice, idNo } from "../test/world.ts";
import {
  AlreadyTerminalError,
  CODES,
  type Code,
  ConfigError,
  ContentionError,
  DomainConflictError,
  DuplicateInvitationError,
  DuplicateMembershipError,
  errorFor,
  escaped,
  ForbiddenError,
  IdempotencyConflictError,
  IdentifierBindingRequiredError,
  IdentifierMismatchError,
  IndeterminateError,
  InternalError,
  InvalidIdError,
  InvalidMetadataError,
  InvalidTypeError,
  InvitationExpiredError,
  InvitationNotPendingError,
  IsolationError,
  isTenancyError,
  LimitError,
  NotFoundError,
  OrgSlugConflictError,
  PreconditionError,
  quote,
  type Rejections,
  RelayError,
  RoleHierarchyError,
  SettingsError,
  SoleOwnerError,
  TenancyError,
  TenantError,
  UnavailableError,
  VersionConflictError,
} from "./errors.ts";

const orgId = acme.id;
const usrId = alice;
const memId = idNo("mem", 1);
const invId = idNo("inv", 1);
const value = '"x"';

type Class = abstract new (...args: never) => TenancyError;

/** Details of every code, and the class in which it is thrown. */
const table: { readonly [C in Code]: readonly [of: Class, details: Rejections[C]] } = {
  invalid_id: [InvalidIdError, { value, reason: "digits", argument: "orgId" }],
  invalid_type: [InvalidTypeError, { value, expected: "org", argument: null }],
  not_found: [NotFoundError, { what: "membership", id: memId }],
  "conflict.sole_owner": [SoleOwnerError, { orgId }],
  "conflict.duplicate_membership": [DuplicateMembershipError, { orgId, usrId }],
  "conflict.already_terminal": [AlreadyTerminalError, { orgId, status: "revoked" }],
  "conflict.invitation_expired": [InvitationExpiredError, { invId }],
  "conflict.invitation_not_pending": [InvitationNotPendingError, { invId }],
  "conflict.org_slug": [OrgSlugConflictError, { slug: "acme" }],
  "conflict.duplicate_invitation": [DuplicateInvitationError, { orgId, invId }],
  "conflict.domain": [DomainConflictError, { domain: "shop.example.org" }],
  "conflict.member_limit": [LimitError, { orgId, limit: 3 }],
  "conflict.invitation_limit": [LimitError, { orgId, limit: 3 }],
  "conflict.organization_limit": [LimitError, { usrId, limit: 3 }],
  "conflict.idempotency": [IdempotencyConflictError, { reason: "mismatch" }],
  "conflict.version": [VersionConflictError, { expected: 1, actual: 2 }],
  forbidden: [ForbiddenError, { subject: "admin", usrId }],
  "forbidden.role_hierarchy": [RoleHierarchyError, { usrId, role: "owner" }],
  "precondition.invalid_transition": [PreconditionError, { id: orgId, status: "active" }],
  "precondition.org_not_active": [PreconditionError, { orgId }],
  "precondition.mem_not_active": [PreconditionError, { memId, status: "revoked" }],
  "precondition.membership_suspended": [PreconditionError, { orgId, usrId }],
  "precondition.scope_mismatch": [PreconditionError, { memId, role: "viewer" }],
  "precondition.from_not_active": [PreconditionError, { memId, status: "revoked" }],
  "precondition.to_not_active": [PreconditionError, { memId, status: "revoked" }],
  "precondition.org_mismatch": [PreconditionError, { orgId }],
  "precondition.from_not_owner": [PreconditionError, { memId }],
  "precondition.self_transfer": [PreconditionError, { usrId }],
  "precondition.to_time_boxed": [PreconditionError, { memId }],
  "precondition.invalid_metadata": [InvalidMetadataError, { key: "metadata", reason: "kind", path: "a[0]" }],
  "precondition.short_time_box": [PreconditionError, { index: null }],
  "precondition.past_expiration": [PreconditionError, { expiresAt: after(0).toISOString() }],
  "precondition.identifier_binding_required": [IdentifierBindingRequiredError, {}],
  "precondition.identifier_mismatch": [IdentifierMismatchError, { invId }],
  "precondition.unknown_user": [PreconditionError, {}],
  "precondition.invalid_input": [PreconditionError, { key: "x" }],
  "precondition.invalid_role": [PreconditionError, { value }],
  "precondition.invalid_status": [PreconditionError, { value }],
  "precondition.invalid_name": [PreconditionError, {}],
  "precondition.org_slug_format": [PreconditionError, { value }],
  "precondition.org_slug_reserved": [PreconditionError, { slug: "admin" }],
  "precondition.invalid_identifier": [PreconditionError, {}],
  "precondition.invalid_expiration": [PreconditionError, {}],
  "precondition.invalid_pre_tuple": [PreconditionError, { index: 3, field: "relation" }],
  "precondition.too_many_rows": [PreconditionError, { limit: 10_000 }],
  "precondition.too_many_pre_tuples": [PreconditionError, { limit: 100 }],
  "precondition.duplicate_pre_tuple": [PreconditionError, { index: 1 }],
  "precondition.reserved_relation": [PreconditionError, { index: 0 }],
  "precondition.foreign_org": [PreconditionError, { index: 0 }],
  "precondition.invalid_relation": [PreconditionError, { value }],
  "precondition.invalid_subject": [PreconditionError, { value }],
  "precondition.invalid_object": [PreconditionError, { value }],
  "precondition.invalid_limit": [PreconditionError, { value: "0" }],
  "precondition.invalid_cursor": [PreconditionError, { value }],
  "precondition.invalid_query": [PreconditionError, { value }],
  "precondition.invalid_date": [PreconditionError, { value }],
  "precondition.invalid_idempotency_key": [PreconditionError, {}],
  "precondition.invalid_expected_version": [PreconditionError, { value: "0" }],
  "precondition.invalid_external_id": [PreconditionError, {}],
  "tenant.missing": [TenantError, {}],
  "tenant.ambiguous": [TenantError, { source: "header" }],
  "tenant.conflict": [TenantError, { sources: ["jwt", "header"] }],
  "tenant.invalid_host": [TenantError, { source: "header" }],
  "tenant.invalid_path": [TenantError, { source: "header" }],
  "tenant.invalid_reference": [TenantError, { source: "header" }],
  "tenant.invalid_claim": [TenantError, { source: "header" }],
  "tenant.unresolved": [TenantError, { source: "header" }],
  "tenant.inactive": [TenantError, {}],
  "tenant.denied": [TenantError, {}],
  "tenant.unauthenticated": [TenantError, {}],
  "tenant.token_rejected": [TenantError, { reason: "alg" }],
  "tenant.context_missing": [TenantError, {}],
  "tenant.resolver_failed": [TenantError, { source: "header" }],
  "tenant.invalid_cache_key": [TenantError, { part: 0 }],
  "tenant.invalid_domain": [TenantError, { reason: "single_label" }],
  "forbidden.role": [TenantError, {}],
  "forbidden.relation": [TenantError, {}],
  "isolation.not_provisioned": [IsolationError, {}],
  "tenant.mismatch": [TenantError, {}],
  "isolation.paused": [IsolationError, { until: after(0).toISOString() }],
  "isolation.outdated": [IsolationError, {}],
  "isolation.busy": [IsolationError, {}],
  "isolation.provisioning_failed": [IsolationError, { orgId, step: "schema" }],
  "isolation.move_failed": [IsolationError, { orgId, stage: "copy" }],
  "isolation.migration_failed": [IsolationError, { orgId, file: "0001.sql", sqlState: "42601" }],
  "isolation.migration_changed": [IsolationError, { file: "0001.sql" }],
  "isolation.dependent_objects": [IsolationError, { objects: ["view public.report"] }],
  "isolation.unknown_strategy": [IsolationError, { name: "sharded" }],
  "isolation.wrong_strategy": [IsolationError, { strategy: "schema" }],
  "isolation.strategy_fixed": [IsolationError, { orgId }],
  "isolation.unsupported": [IsolationError, { what: "savepoint" }],
  "isolation.no_transaction": [IsolationError, { reason: "none" }],
  "isolation.commit_unknown": [IsolationError, {}],
  "isolation.invalid_name": [IsolationError, {}],
  "isolation.unsafe_role": [IsolationError, { object: "invoices" }],
  "isolation.rls_not_forced": [IsolationError, { object: "invoices" }],
  "isolation.policy_missing": [IsolationError, { object: "invoices" }],
  "isolation.cross_tenant_reference": [IsolationError, { object: "invoices" }],
  "isolation.leaky_object": [IsolationError, { object: "invoices" }],
  "isolation.unclassified_table": [IsolationError, { object: "invoices" }],
  "isolation.public_connect": [IsolationError, { object: "invoices" }],
  "isolation.server_version": [IsolationError, { object: "invoices" }],
  "isolation.key_unknown": [IsolationError, { keyId: "2031-a" }],
  "isolation.seal_broken": [IsolationError, {}],
  "config.invalid": [ConfigError, { faults: [{ path: "resolution.trustProxy", expected: "an integer" }] }],
  "config.unknown_resolver": [ConfigError, { name: "cookie" }],
  "config.duplicate_resolver": [ConfigError, { name: "header" }],
  "config.capability_missing": [ConfigError, { group: "settings" }],
  "relay.subscription_invalid": [RelayError, { reason: "address" }],
  "relay.lease_lost": [RelayError, {}],
  "relay.signature_invalid": [RelayError, { reason: "time" }],
  "settings.invalid_key": [SettingsError, {}],
  "settings.invalid_value": [SettingsError, { key: "theme", reason: "json", path: "a[0]" }],
  "settings.too_large": [SettingsError, { key: "theme", what: "bytes", limit: 65_536 }],
  "settings.unknown_key": [SettingsError, { key: "theme" }],
  "settings.stored_invalid": [SettingsError, { key: "theme" }],
  "unavailable.connection": [UnavailableError, {}],
  "unavailable.pool_timeout": [UnavailableError, {}],
  "unavailable.timeout": [UnavailableError, {}],
  "unavailable.server": [UnavailableError, {}],
  "unavailable.closed": [UnavailableError, {}],
  "unavailable.contention": [ContentionError, { attempts: 25 }],
  "indeterminate.commit": [IndeterminateError, {}],
  "internal.unexpected": [InternalError, {}],
};

/** The same for tests that do not care which code has which details. */
const rows = (Object.keys(table) as Code[]).map((code) => {
  const [of, details] = table[code];
  return [code, of, errorFor(code, details as never)] as const;
});

test("every code is in the table", () => {
  expect(rows.map(([code]) => code).sort()).toEqual([...CODES].sort());
});

describe.each(rows)("%s", (code, of, error) => {
  test("has a class of its category, whose name is written out", () => {
    expect(error).toBeInstanceOf(TenancyError);
    expect(error.constructor).toBe(of);
    expect(error.name).toBe(of.name);
  });

  test("has one sentence, without a hole in it", () => {
    expect(error.message).toMatch(/^["A-Za-z0-9].*\.$/);
    expect(error.message).not.toMatch(/undefined|NaN|object Object|\n/);
  });

  test("shows its code, its details and nothing else in its JSON form", () => {
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: of.name,
      code,
      message: error.message,
      details: table[code][1],
      retryable: error.retryable,
    });
  });

  test("carries frozen details of its own", () => {
    expect(error.details).toEqual(table[code][1]);
    expect(error.details).not.toBe(table[code][1]);
    expect(Object.isFrozen(error.details)).toBe(true);
  });

  test("is recognised by its code and its category", () => {
    expect(isTenancyError(error)).toBe(true);
    expect(isTenancyError(error, code)).toBe(true);
    expect(isTenancyError(error, `${code.split(".", 1)[0]}.*`)).toBe(true);
    expect(isTenancyError(error, code === "not_found" ? "forbidden" : "not_found")).toBe(false);
  });
});

test("the sentences know every variant of their details", () => {
  const variants = [
    ...(["not_a_string", "separator", "prefix", "digits", "version"] as const).map((reason) =>
      errorFor("invalid_id", { value, reason, argument: "orgId" }),
    ),
    errorFor("invalid_type", { value, expected: null, argument: null }),
    errorFor("conflict.idempotency", { reason: "abandoned" }),
    errorFor("precondition.invalid_input", { key: null }),
    errorFor("precondition.invalid_pre_tuple", { index: null, field: null }),
    errorFor("precondition.invalid_pre_tuple", { index: 0, field: null }),
    errorFor("settings.invalid_value", { key: "theme", reason: "schema", path: null }),
    errorFor("settings.too_large", { key: "theme", what: "depth", limit: 32 }),
    errorFor("settings.too_large", { key: null, what: "keys", limit: 200 }),
    errorFor("settings.too_large", { key: null, what: "total", limit: 200 }),
  ].map(({ message }) => message);
  expect(new Set(variants).size).toBe(variants.length);
  for (const message of variants) {
    expect(message).toMatch(/^["A-Za-z0-9].*\.$/);
    expect(message).not.toMatch(/undefined|null|NaN/);
  }
});

test("what is retryable: an unavailable database, unless the store is closed, and what a tenant waits for", () => {
  const retryable = rows.filter(([, , error]) => error.retryable).map(([code]) => code);
  expect(retryable).toEqual([
    "tenant.resolver_failed",
    "isolation.not_provisioned",
    "isolation.paused",
    "isolation.outdated",
    "isolation.busy",
    "unavailable.connection",
    "unavailable.pool_timeout",
    "unavailable.timeout",
    "unavailable.server",
    "unavailable.contention",
  ]);
});

test("errors that a guard of theirs must catch are subclasses", () => {
  expect(errorFor("precondition.identifier_mismatch", { invId })).toBeInstanceOf(PreconditionError);
  expect(errorFor("precondition.identifier_binding_required", {})).toBeInstanceOf(PreconditionError);
  expect(errorFor("unavailable.contention", { attempts: 1 })).toBeInstanceOf(UnavailableError);
});

test("a taken slug can be read from the error", () => {
  expect((errorFor("conflict.org_slug", { slug: "acme" }) as OrgSlugConflictError).slug).toBe("acme");
  expect(errorFor("conflict.org_slug", { slug: "acme" })).toBeInstanceOf(OrgSlugConflictError);
});

describe("what is hidden", () => {
  const secret = "dave@example.com";

  test("identifiers are properties that no serializer picks up", () => {
    const hidden = { acceptingIdentifier: "eve@example.com", invitationIdentifier: secret };
    const error = errorFor("precondition.identifier_mismatch", { invId }, { hidden }) as IdentifierMismatchError;
    expect(error).toBeInstanceOf(IdentifierMismatchError);
    expect(error.acceptingIdentifier).toBe("eve@example.com");
    expect(error.invitationIdentifier).toBe(secret);
    const seen = [error.message, error.stack, String(error), JSON.stringify(error), JSON.stringify({ ...error })];
    expect(seen.join()).not.toContain("example.com");
    expect(Object.keys(error).sort()).toEqual(["code", "details", "name"]);
  });

  test("the key and resolve() of an unknown outcome too", async () => {
    const hidden = { key: secret, resolve: () => Promise.resolve({ committed: false }) };
    const error = errorFor("indeterminate.commit", {}, { hidden }) as IndeterminateError;
    expect(error).toBeInstanceOf(IndeterminateError);
    expect(error.key).toBe(secret);
    await expect(error.resolve()).resolves.toEqual({ committed: false });
    expect([error.message, error.stack, JSON.stringify({ ...error })].join()).not.toContain(secret);
  });

  test("a cause is kept and not enumerable; where there is none the property is missing", () => {
    const cause = new Error(secret);
    const error = errorFor("internal.unexpected", {}, { cause });
    expect(error.cause).toBe(cause);
    expect(JSON.stringify([error, { ...error }])).not.toContain(secret);
    expect("cause" in errorFor("internal.unexpected", {})).toBe(false);
  });
});

describe("isTenancyError", () => {
  test("recognises an error of another installed copy", async () => {
    vi.resetModules();
    const copy = await import("./errors.ts");
    const error = copy.errorFor("conflict.sole_owner", { orgId });
    expect(error).not.toBeInstanceOf(TenancyError);
    expect(isTenancyError(error)).toBe(true);
    expect(isTenancyError(error, "conflict.sole_owner")).toBe(true);
    expect(copy.isTenancyError(errorFor("not_found", { what: "organization", id: orgId }))).toBe(true);
  });

  test("a category is no prefix of another word", () => {
    const error = errorFor("forbidden.role_hierarchy", { usrId, role: "owner" });
    expect(isTenancyError(error, "forbidden.*")).toBe(true);
    expect(isTenancyError(error, "forbidden")).toBe(false);
    expect(isTenancyError(error, "forbid.*")).toBe(false);
    expect(isTenancyError(errorFor("forbidden", { subject: "admin", usrId }), "forbidden.*")).toBe(true);
  });

  test.each<readonly [what: string, caught: unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a string", "not_found"],
    ["another error", new Error("not_found")],
    ["something with a code", { name: "NotFoundError", code: "not_found", details: {} }],
    ["a revoked proxy", revoked({})],
    ["a proxy that throws on reading", new Proxy({}, { get: thrown })],
    ["a brand without a code", { [Symbol.for("@tenantry/core.TenancyError")]: true }],
  ])("%s is none, and asking never throws", (_, caught) => {
    expect(isTenancyError(caught)).toBe(false);
    expect(isTenancyError(caught, "not_found")).toBe(false);
    expect(isTenancyError(caught, "not_found.*")).toBe(false);
  });
});

describe("quoting", () => {
  test.each<readonly [value: unknown, quoted: string]>([
    ["abc", '"abc"'],
    ["", '""'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ["a\nb\0c", '"a\\nb\\u0000c"'],
    ["é", '"\\u00e9"'],
    ["👩", '"\\ud83d\\udc69"'],
    ["\ud83d", '"\\ud83d"'],
    ["\u202e", '"\\u202e"'],
    [42, "42"],
    [Number.NaN, "NaN"],
    [true, "true"],
    [null, "a value of type null"],
    [undefined, "a value of type undefined"],
    [1n, "a value of type bigint"],
    [Symbol("secret"), "a value of type symbol"],
    [["secret"], "a value of type object"],
    [() => "secret", "a value of type function"],
  ])("a value is escaped, or only its type is named", (given, quoted) => {
    expect(quote(given)).toBe(quoted);
  });

  test("64 characters are quoted whole, of one more the first 64 and an ellipsis", () => {
    expect(quote("a".repeat(64))).toBe(`"${"a".repeat(64)}"`);
    expect(quote("a".repeat(65))).toBe(`"${"a".repeat(64)}"…`);
    expect(escaped("a".repeat(65))).toBe("a".repeat(64));
  });

  test("a pair of surrogates that the limit cuts is escaped, not broken", () => {
    expect(quote(`${"a".repeat(63)}👩`)).toBe(`"${"a".repeat(63)}\\ud83d"…`);
  });
});
