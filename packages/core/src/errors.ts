import type { Group } from "./groups.ts";
import type { InvId, MemId, OrgId, Role, Status, UsrId } from "./model.ts";

/** What an argument check says about the value it refused. `value` is quoted: at most 64 escaped characters. */
interface Refused {
  readonly value: string;
}

/** `argument`: which one it was, by the name of the input's key or of the parameter; `null` of the functions on ids themselves. */
interface RefusedId extends Refused {
  readonly argument: string | null;
}

/** Which part of a request spoke of a tenant: the name of a resolver. */
interface FromSource {
  readonly source: string;
}

/** Why a token is not acceptable; `tenant`: it names none, or another one. */
export type TokenFault = "alg" | "signature" | "iss" | "aud" | "exp" | "nbf" | "malformed" | "tenant";

/** Why a name cannot be an organization's own domain. */
export type DomainFault = "malformed" | "address" | "single_label" | "public_suffix" | "base_domain";
/** What is wrong with a webhook's URL, or that the subscription is another one meanwhile. */
export type SubscriptionFault = "url" | "scheme" | "credentials" | "address" | "refused" | "changed";

/** Where a configuration is wrong, as a path of keys, and what belongs there. Never the value. */
export interface ConfigFault {
  readonly path: string;
  readonly expected: string;
}

/** Every rejection and what it tells the caller. A new line here makes the compiler ask for a sentence and a class. */
export interface Rejections {
  invalid_id: RefusedId & { readonly reason: "not_a_string" | "separator" | "prefix" | "digits" | "version" };
  invalid_type: RefusedId & { readonly expected: string | null };
  not_found: {
    readonly what: "organization" | "membership" | "invitation" | "member" | "domain" | "subscription" | "dead event";
    readonly id: string;
  };
  "conflict.sole_owner": { readonly orgId: OrgId };
  "conflict.duplicate_membership": { readonly orgId: OrgId; readonly usrId: UsrId };
  "conflict.already_terminal": { readonly orgId: OrgId; readonly status: Status };
  "conflict.invitation_expired": { readonly invId: InvId };
  "conflict.invitation_not_pending": { readonly invId: InvId };
  "conflict.org_slug": { readonly slug: string };
  "conflict.duplicate_invitation": { readonly orgId: OrgId; readonly invId: InvId };
  "conflict.domain": { readonly domain: string };
  "conflict.member_limit": { readonly orgId: OrgId; readonly limit: number };
  "conflict.invitation_limit": { readonly orgId: OrgId; readonly limit: number };
  "conflict.organization_limit": { readonly usrId: UsrId; readonly limit: number };
  "conflict.idempotency": { readonly reason: "mismatch" | "abandoned" | "spent" };
  "conflict.version": { readonly expected: number; readonly actual: number };
  forbidden: { readonly subject: "actor" | "admin" | "inviter"; readonly usrId: UsrId };
  "forbidden.role_hierarchy": { readonly usrId: UsrId; readonly role: Role };
  "precondition.invalid_transition": { readonly id: OrgId | MemId; readonly status: Status };
  "precondition.org_not_active": { readonly orgId: OrgId };
  "precondition.mem_not_active": { readonly memId: MemId; readonly status: Status };
  "precondition.membership_suspended": { readonly orgId: OrgId; readonly usrId: UsrId };
  "precondition.scope_mismatch": { readonly memId: MemId; readonly role: Role };
  "precondition.from_not_active": { readonly memId: MemId; readonly status: Status };
  "precondition.to_not_active": { readonly memId: MemId; readonly status: Status };
  "precondition.org_mismatch": { readonly orgId: OrgId };
  "precondition.from_not_owner": { readonly memId: MemId };
  "precondition.self_transfer": { readonly usrId: UsrId };
  "precondition.to_time_boxed": { readonly memId: MemId };
  "precondition.past_expiration": { readonly expiresAt: string };
  "precondition.identifier_binding_required": Record<never, never>;
  "precondition.identifier_mismatch": { readonly invId: InvId };
  "precondition.unknown_user": Record<never, never>;
  "precondition.invalid_input": { readonly key: string | null };
  "precondition.too_many_rows": { readonly limit: number };
  "precondition.invalid_role": Refused;
  "precondition.invalid_status": Refused;
  "precondition.invalid_name": Record<never, never>;
  "precondition.org_slug_format": Refused;
  "precondition.org_slug_reserved": { readonly slug: string };
  "precondition.invalid_identifier": Record<never, never>;
  "precondition.invalid_expiration": Record<never, never>;
  "precondition.invalid_metadata": {
    readonly key: MetadataKey;
    readonly reason: "kind" | "key" | "depth" | "size" | "schema";
    /** Where in it, as `a.b[2]`: at most 64 escaped characters; `null` is the whole. */
    readonly path: string | null;
  };
  /** `index`: of the grant; `null` is the membership. */
  "precondition.short_time_box": { readonly index: number | null };
  "precondition.invalid_pre_tuple": { readonly index: number | null; readonly field: string | null };
  "precondition.too_many_pre_tuples": { readonly limit: number };
  "precondition.duplicate_pre_tuple": { readonly index: number };
  "precondition.reserved_relation": { readonly index: number };
  "precondition.foreign_org": { readonly index: number };
  "precondition.invalid_relation": Refused;
  "precondition.invalid_subject": Refused;
  "precondition.invalid_object": Refused;
  "precondition.invalid_limit": Refused;
  "precondition.invalid_cursor": Refused;
  "precondition.invalid_query": Refused;
  "precondition.invalid_date": Refused;
  "precondition.invalid_idempotency_key": Record<never, never>;
  "precondition.invalid_expected_version": Refused;
  "precondition.invalid_external_id": Record<never, never>;
  "tenant.missing": Record<never, never>;
  "tenant.ambiguous": FromSource;
  "tenant.conflict": { readonly sources: readonly [string, string] };
  "tenant.invalid_host": FromSource;
  "tenant.invalid_path": FromSource;
  "tenant.invalid_reference": FromSource;
  "tenant.invalid_claim": FromSource;
  "tenant.unresolved": FromSource;
  "tenant.inactive": Record<never, never>;
  "tenant.denied": Record<never, never>;
  "tenant.unauthenticated": Record<never, never>;
  "tenant.token_rejected": { readonly reason: TokenFault };
  "tenant.context_missing": Record<never, never>;
  "tenant.resolver_failed": FromSource;
  "tenant.invalid_cache_key": { readonly part: number };
  "tenant.invalid_domain": { readonly reason: DomainFault };
  "forbidden.role": Record<never, never>;
  "forbidden.relation": Record<never, never>;
  "isolation.not_provisioned": Record<never, never>;
  "isolation.key_unknown": { readonly keyId: string };
  "isolation.seal_broken": Record<never, never>;
  "relay.subscription_invalid": { readonly reason: SubscriptionFault };
  "relay.lease_lost": Record<never, never>;
  "relay.signature_invalid": { readonly reason: "headers" | "time" | "signature" | "body" };
  "tenant.mismatch": Record<never, never>;
  "isolation.paused": { readonly until: string };
  "isolation.outdated": Record<never, never>;
  "isolation.busy": Record<never, never>;
  "isolation.provisioning_failed": { readonly orgId: OrgId; readonly step: string };
  "isolation.move_failed": { readonly orgId: OrgId; readonly stage: string };
  "isolation.migration_failed": { readonly orgId: OrgId; readonly file: string; readonly sqlState: string | null };
  "isolation.migration_changed": { readonly file: string };
  "isolation.dependent_objects": { readonly objects: readonly string[] };
  "isolation.unknown_strategy": { readonly name: string };
  "isolation.wrong_strategy": { readonly strategy: string };
  "isolation.strategy_fixed": { readonly orgId: OrgId };
  "isolation.unsupported": { readonly what: string };
  "isolation.no_transaction": { readonly reason: "none" | "failed" | "ended" };
  "isolation.commit_unknown": Record<never, never>;
  "isolation.invalid_name": Record<never, never>;
  "isolation.unsafe_role": { readonly object: string };
  "isolation.rls_not_forced": { readonly object: string };
  "isolation.policy_missing": { readonly object: string };
  "isolation.cross_tenant_reference": { readonly object: string };
  "isolation.leaky_object": { readonly object: string };
  "isolation.unclassified_table": { readonly object: string };
  "isolation.public_connect": { readonly object: string };
  "isolation.server_version": { readonly object: string };
  "config.invalid": { readonly faults: readonly ConfigFault[] };
  "config.unknown_resolver": { readonly name: string };
  "config.duplicate_resolver": { readonly name: string };
  "config.capability_missing": { readonly group: Group };
  "settings.invalid_key": Record<never, never>;
  /** `path`: where in the value, as `a.b[2]`: at most 64 escaped characters; `null` is the whole. */
  "settings.invalid_value": {
    readonly key: string;
    readonly reason: "json" | "schema";
    readonly path: string | null;
  };
  /** `bytes` and `depth` of one value; `keys` and `total` (bytes) of all that the organization has. */
  "settings.too_large": {
    readonly key: string | null;
    readonly what: "bytes" | "depth" | "keys" | "total";
    readonly limit: number;
  };
  "settings.unknown_key": { readonly key: string };
  "settings.stored_invalid": { readonly key: string };
  "unavailable.connection": Record<never, never>;
  "unavailable.pool_timeout": Record<never, never>;
  "unavailable.timeout": Record<never, never>;
  "unavailable.server": Record<never, never>;
  "unavailable.closed": Record<never, never>;
  "unavailable.contention": { readonly attempts: number };
  "indeterminate.commit": Record<never, never>;
  "internal.unexpected": Record<never, never>;
}

/** The input that metadata came in. */
export type MetadataKey = "metadata" | "membershipMetadata";

/** A stable machine-readable code: `category` or `category.fact`. Codes may be added, never renamed. */
export type Code = keyof Rejections;
/** Where a refusal is about one row of a bulk call: its place, from 0. */
export interface OfRow {
  readonly row?: number;
}
/** A refusal as an answer tells it, where others are accepted. {@link errorFor} makes the error of it. */
export type Refusal<C extends Code = Code> = {
  readonly [K in C]: { readonly code: K; readonly details: Rejections[K] };
}[C];
type CodesOf<Category extends string> = Extract<Code, `${Category}.${string}`>;
export type PreconditionCode = CodesOf<"precondition">;
export type UnavailableCode = CodesOf<"unavailable">;
export type TenantCode = CodesOf<"tenant"> | "forbidden.role" | "forbidden.relation";
export type IsolationCode = CodesOf<"isolation">;
export type RelayCode = CodesOf<"relay">;
export type ConfigCode = CodesOf<"config">;
export type SettingsCode = CodesOf<"settings">;
export type LimitCode = Extract<Code, `conflict.${string}_limit`>;

/** Found on errors of every installed copy of this package, where `instanceof` would see only its own. */
const brand = Symbol.for("@tenantry/core.TenancyError");

/** What an error carries besides its code and details. */
export interface ErrorOptions {
  readonly cause?: unknown;
  /** Properties that are not enumerable, so that no serializer picks them up. */
  readonly hidden?: Readonly<Record<string, unknown>>;
}

/**
 * The base of everything that is thrown on purpose. Branch on the class or on `code`, never on `message`.
 * `message`, `stack`, `details` and the JSON form hold no identifier, name or value that another party supplied.
 */
export class TenancyError<C extends Code = Code> extends Error {
  override readonly name: string = "TenancyError";
  readonly code: C;
  readonly details: Readonly<Rejections[C]> & OfRow;

  constructor(code: C, details: Rejections[C] & OfRow, { cause, hidden = {} }: ErrorOptions = {}) {
    super(sentences[code](details));
    this.code = code;
    this.details = Object.freeze({ ...details }) as Readonly<Rejections[C]> & OfRow;
    Object.defineProperty(this, brand, { value: true });
    for (const [property, value] of Object.entries(cause === undefined ? hidden : { ...hidden, cause })) {
      Object.defineProperty(this, property, { value });
    }
  }

  /** Nothing was written, and the same call may succeed later. */
  get retryable(): boolean {
    return false;
  }

  toJSON(): { name: string; code: C; message: string; details: Readonly<Rejections[C]> & OfRow; retryable: boolean } {
    const { name, code, message, details, retryable } = this;
    return { name, code, message, details, retryable };
  }
}

/** An id or a UUID is malformed. */
export class InvalidIdError extends TenancyError<"invalid_id"> {
  override readonly name = "InvalidIdError"; // written out, here and below: a minifier renames classes
}

/** An id's prefix is not registered, or not the one that this argument needs. */
export class InvalidTypeError extends TenancyError<"invalid_type"> {
  override readonly name = "InvalidTypeError";
}

/** The addressed entity, or the member named by `transferTo`, does not exist. */
export class NotFoundError extends TenancyError<"not_found"> {
  override readonly name = "NotFoundError";
}

/** The organization would have no active owner left. */
export class SoleOwnerError extends TenancyError<"conflict.sole_owner"> {
  override readonly name = "SoleOwnerError";
}

/** The user is an active member already. */
export class DuplicateMembershipError extends TenancyError<"conflict.duplicate_membership"> {
  override readonly name = "DuplicateMembershipError";
}

/** The organization is revoked, or already in the state that was asked for. */
export class AlreadyTerminalError extends TenancyError<"conflict.already_terminal"> {
  override readonly name = "AlreadyTerminalError";
}

/** The invitation's last instant has passed. */
export class InvitationExpiredError extends TenancyError<"conflict.invitation_expired"> {
  override readonly name = "InvitationExpiredError";
}

/** The invitation is terminal. */
export class InvitationNotPendingError extends TenancyError<"conflict.invitation_not_pending"> {
  override readonly name = "InvitationNotPendingError";
}

/** Another organization that is not revoked holds the slug. */
export class OrgSlugConflictError extends TenancyError<"conflict.org_slug"> {
  override readonly name = "OrgSlugConflictError";
  /** The slug that the caller asked for. */
  get slug(): string {
    return this.details.slug;
  }
}

/** `reinvite: "reject"`, and an invitation to the same identifier is pending. */
export class DuplicateInvitationError extends TenancyError<"conflict.duplicate_invitation"> {
  override readonly name = "DuplicateInvitationError";
}

/** Another organization has proved the domain to be its own. */
export class DomainConflictError extends TenancyError<"conflict.domain"> {
  override readonly name = "DomainConflictError";
}

/** As many are there as there may be; `code` says of what, `details.limit` how many. */
export class LimitError<C extends LimitCode = LimitCode> extends TenancyError<C> {
  override readonly name = "LimitError";
}

/** The idempotency key was used for another operation or input (`mismatch`), or fenced by `resolve()` (`abandoned`). */
export class IdempotencyConflictError extends TenancyError<"conflict.idempotency"> {
  override readonly name = "IdempotencyConflictError";
}

/** `expectedVersion` is not the organization's version. Final: it is not retried. */
export class VersionConflictError extends TenancyError<"conflict.version"> {
  override readonly name = "VersionConflictError";
}

/** The named admin or inviter is not an active owner or admin of the organization, or the permissions do not go so far. */
export class ForbiddenError extends TenancyError<"forbidden"> {
  override readonly name = "ForbiddenError";
}

/** The acting role ranks below the one concerned, or the target is an owner. */
export class RoleHierarchyError extends TenancyError<"forbidden.role_hierarchy"> {
  override readonly name = "RoleHierarchyError";
}

/** An argument is wrong, or a state does not admit the operation; `code` says which. */
export class PreconditionError<C extends PreconditionCode = PreconditionCode> extends TenancyError<C> {
  override readonly name: string = "PreconditionError";
}

/** A user was named to accept or decline without the identifier that binds them to the invitation. */
export class IdentifierBindingRequiredError extends PreconditionError<"precondition.identifier_binding_required"> {
  override readonly name = "IdentifierBindingRequiredError";
}

/** The identifier is not the invited one. Both are kept out of every text: read them from the properties. */
export class IdentifierMismatchError extends PreconditionError<"precondition.identifier_mismatch"> {
  override readonly name = "IdentifierMismatchError";
  /** Not enumerable. */
  declare readonly acceptingIdentifier: string;
  /** Not enumerable. */
  declare readonly invitationIdentifier: string;
}

/** A request does not lead to a tenant, or whoever sent it may not act there. */
export class TenantError<C extends TenantCode = TenantCode> extends TenancyError<C> {
  override readonly name: string = "TenantError";
  override get retryable(): boolean {
    return this.code === "tenant.resolver_failed";
  }
}

/** What passes by itself, or once others are done. */
const WAITING: readonly Code[] = [
  "isolation.not_provisioned",
  "isolation.paused",
  "isolation.outdated",
  "isolation.busy",
];

/** The place where a tenant's rows are kept cannot be used, or does not keep them apart. */
export class IsolationError<C extends IsolationCode = IsolationCode> extends TenancyError<C> {
  override readonly name: string = "IsolationError";
  override get retryable(): boolean {
    return WAITING.includes(this.code);
  }
}

/** What leaves for other systems cannot leave like this, or is not what was sent. */
export class RelayError<C extends RelayCode = RelayCode> extends TenancyError<C> {
  override readonly name: string = "RelayError";
}

/**
 * A configuration is wrong. Thrown at construction, and where an operation of core is given something that is kept in a
 * group that the store does not have.
 */
export class ConfigError<C extends ConfigCode = ConfigCode> extends TenancyError<C> {
  override readonly name: string = "ConfigError";
}

/** A key or a value is none that the settings of an organization have, or too large to be kept. */
export class SettingsError<C extends SettingsCode = SettingsCode> extends TenancyError<C> {
  override readonly name: string = "SettingsError";
  /** What the schema said, for the reason `schema` of a value that is no secret. Not enumerable: it may quote the value. */
  declare readonly issues?: readonly unknown[];
}

/** Metadata is not what the host keeps: `details` say what is wrong where. */
export class InvalidMetadataError extends PreconditionError<"precondition.invalid_metadata"> {
  override readonly name = "InvalidMetadataError";
  /** What the store's schema said, for the reason `schema`. Not enumerable: it may quote what somebody else has stored. */
  declare readonly issues?: readonly unknown[];
}

/** The database could not be used. Certainly nothing was committed. */
export class UnavailableError<C extends UnavailableCode = UnavailableCode> extends TenancyError<C> {
  override readonly name: string = "UnavailableError";
  override get retryable(): boolean {
    return this.code !== "unavailable.closed";
  }
}

/** Conflicts with other writers outlasted the library's own attempts. Nothing was written. */
export class ContentionError extends UnavailableError<"unavailable.contention"> {
  override readonly name = "ContentionError";
}

/** What became of a mutation whose outcome was unknown. The second is fenced: it never takes effect any more. */
export type Resolution<R = unknown> = { readonly committed: true; readonly result: R } | { readonly committed: false };

/**
 * The connection died while a commit was in flight, and nobody can say whether it took effect. Either ask `resolve()`
 * (throws `UnavailableError` while the old attempt is still undecided), or repeat the call with `key` as its
 * `idempotencyKey`: it takes effect once in total.
 */
export class IndeterminateError<R = unknown> extends TenancyError<"indeterminate.commit"> {
  override readonly name = "IndeterminateError";
  /** The caller's idempotency key, or one the library made. Not enumerable. */
  declare readonly key: string;
  /** Not enumerable. */
  declare readonly resolve: () => Promise<Resolution<R>>;
}

/** A defect or damaged data. What is known of the database's error is in `cause`. */
export class InternalError extends TenancyError<"internal.unexpected"> {
  override readonly name = "InternalError";
}

const sentences: { readonly [C in Code]: (details: Rejections[C]) => string } = {
  invalid_id: ({ value, reason, argument }) => `${named(argument)}${value} is not an id: ${idFaults[reason]}.`,
  invalid_type: ({ value, expected, argument }) =>
    expected === null
      ? `${named(argument)}${value} does not have a registered id prefix.`
      : `${named(argument)}${value} is not an id of type ${expected}.`,
  not_found: ({ what, id }) => `There is no ${what} ${id}.`,
  "conflict.sole_owner": ({ orgId }) => `Organization ${orgId} would be left without an active owner.`,
  "conflict.duplicate_membership": ({ orgId, usrId }) => `User ${usrId} is an active member of ${orgId} already.`,
  "conflict.already_terminal": ({ orgId, status }) => `Organization ${orgId} is ${status}.`,
  "conflict.invitation_expired": ({ invId }) => `Invitation ${invId} has expired.`,
  "conflict.invitation_not_pending": ({ invId }) => `Invitation ${invId} is not pending.`,
  "conflict.org_slug": ({ slug }) => `The slug ${quote(slug)} is taken.`,
  "conflict.duplicate_invitation": ({ invId }) => `Invitation ${invId} to the same identifier is pending.`,
  "conflict.domain": ({ domain }) => `The domain ${quote(domain)} is another organization's.`,
  "conflict.member_limit": ({ orgId, limit }) => `Organization ${orgId} has ${limit} members or more.`,
  "conflict.invitation_limit": ({ orgId, limit }) => `Organization ${orgId} has ${limit} open invitations or more.`,
  "conflict.organization_limit": ({ usrId, limit }) => `User ${usrId} is in ${limit} organizations or more.`,
  "conflict.idempotency": ({ reason }) => keyFaults[reason],
  "conflict.version": ({ expected, actual }) => `Version ${expected} was expected, the organization is at ${actual}.`,
  forbidden: ({ subject, usrId }) =>
    subject === "actor"
      ? `User ${usrId} may not do this.`
      : `User ${usrId} is not an active owner or admin of the organization.`,
  "forbidden.role_hierarchy": ({ usrId, role }) => `User ${usrId} may not act on the role ${role}.`,
  "precondition.invalid_transition": ({ id, status }) => `${id} is ${status}, not suspended.`,
  "precondition.org_not_active": ({ orgId }) => `Organization ${orgId} is not active.`,
  "precondition.mem_not_active": ({ memId, status }) => `Membership ${memId} is ${status}.`,
  "precondition.membership_suspended": ({ orgId, usrId }) => `User ${usrId} is a suspended member of ${orgId}.`,
  "precondition.scope_mismatch": ({ memId, role }) => `Membership ${memId} has the role ${role}, which has no rank.`,
  "precondition.from_not_active": ({ memId, status }) => `Membership ${memId}, which would give, is ${status}.`,
  "precondition.to_not_active": ({ memId, status }) => `Membership ${memId}, which would receive, is ${status}.`,
  "precondition.org_mismatch": ({ orgId }) => `Both memberships must belong to organization ${orgId}.`,
  "precondition.from_not_owner": ({ memId }) => `Membership ${memId} is not that of an active owner.`,
  "precondition.self_transfer": ({ usrId }) => `User ${usrId} cannot be their own successor.`,
  "precondition.to_time_boxed": ({ memId }) => `Membership ${memId}, which would receive, has a time box.`,
  "precondition.past_expiration": ({ expiresAt }) => `${expiresAt} is not in the future.`,
  "precondition.identifier_binding_required": () => "A named user is bound by an accepting identifier; none was given.",
  "precondition.identifier_mismatch": ({ invId }) => `Invitation ${invId} is addressed to another identifier.`,
  "precondition.unknown_user": () => "A user of this call is unknown to the application's users table.",
  "precondition.invalid_input": ({ key }) =>
    key === null ? "An argument is not an object of known keys." : `The key "${key}" is unknown or has a wrong value.`,
  "precondition.too_many_rows": ({ limit }) => `A call has at most ${limit} rows.`,
  "precondition.invalid_role": ({ value }) => `${value} is not a role.`,
  "precondition.invalid_status": ({ value }) => `${value} is not a status of this list.`,
  "precondition.invalid_name": () => "A name is null or text of at most 1,024 UTF-16 units without control characters.",
  "precondition.org_slug_format": ({ value }) => `${value} is not a slug.`,
  "precondition.org_slug_reserved": ({ slug }) => `The slug ${quote(slug)} is reserved.`,
  "precondition.invalid_identifier": () =>
    "The identifier is not text of 1 to 320 UTF-16 units that the policy accepts.",
  "precondition.invalid_expiration": () => "The expiry is not a valid Date before the year 10000.",
  "precondition.invalid_metadata": ({ key, reason, path }) =>
    `${path === null ? key : `"${path}" in ${key}`} ${metadataFaults[reason]}.`,
  "precondition.short_time_box": ({ index }) =>
    `The time box of ${index === null ? "the membership" : `pre-tuple ${index}`} does not outlast the invitation.`,
  "precondition.invalid_pre_tuple": ({ index, field }) =>
    index === null
      ? "Pre-tuples are given as an array."
      : `Pre-tuple ${index} is malformed${field === null ? "" : ` in ${field}`}.`,
  "precondition.too_many_pre_tuples": ({ limit }) => `At most ${limit} pre-tuples are taken here.`,
  "precondition.duplicate_pre_tuple": ({ index }) => `Pre-tuple ${index} repeats an earlier one.`,
  "precondition.reserved_relation": ({ index }) => `Pre-tuple ${index} grants a role on an organization.`,
  "precondition.foreign_org": ({ index }) => `Pre-tuple ${index} grants something on another organization.`,
  "precondition.invalid_relation": ({ value }) => `${value} is not a relation.`,
  "precondition.invalid_subject": ({ value }) => `${value} is not a subject type; only "usr" is.`,
  "precondition.invalid_object": ({ value }) => `${value} is not the type or id of an object.`,
  "precondition.invalid_limit": ({ value }) => `${value} is not an integer from 1 to 200.`,
  "precondition.invalid_cursor": ({ value }) => `${value} is not a cursor of this list.`,
  "precondition.invalid_query": ({ value }) =>
    `${value} is not text of at most 200 UTF-16 units without control characters.`,
  "precondition.invalid_date": ({ value }) => `${value} is not a valid Date.`,
  "precondition.invalid_idempotency_key": () =>
    "An idempotency key is 1 to 255 printable ASCII characters without space.",
  "precondition.invalid_expected_version": ({ value }) => `${value} is not a version that this operation can expect.`,
  "precondition.invalid_external_id": () =>
    "An external id is text of 1 to 1,024 UTF-16 units without control characters.",
  "tenant.missing": () => "The request names no tenant, and one is required.",
  "tenant.ambiguous": ({ source }) => `The source ${quote(source)} names more than one tenant.`,
  "tenant.conflict": ({ sources: [first, second] }) =>
    `The sources ${quote(first)} and ${quote(second)} name different tenants.`,
  "tenant.invalid_host": ({ source }) => `The host that ${quote(source)} reads is malformed.`,
  "tenant.invalid_path": ({ source }) => `The path that ${quote(source)} reads is malformed.`,
  "tenant.invalid_reference": ({ source }) => `What ${quote(source)} names is neither an organization's id nor a slug.`,
  "tenant.invalid_claim": ({ source }) => `The claim that ${quote(source)} reads is not text.`,
  "tenant.unresolved": ({ source }) => `What ${quote(source)} names is no tenant.`,
  "tenant.inactive": () => "The tenant is not active.",
  "tenant.denied": () => "The caller may not act in the tenant that the request names.",
  "tenant.unauthenticated": () => "A caller who is known is required.",
  "tenant.token_rejected": ({ reason }) => `The token is not acceptable: ${reason}.`,
  "tenant.context_missing": () => "No tenant is bound here.",
  "tenant.resolver_failed": ({ source }) => `${quote(source)} failed.`,
  "tenant.invalid_cache_key": ({ part }) => `Part ${part} of a cache key is not text.`,
  "tenant.invalid_domain": ({ reason }) => `The name cannot be an organization's own domain: ${domainFaults[reason]}.`,
  "forbidden.role": () => "The caller does not have the role that this requires.",
  "forbidden.relation": () => "The caller does not have the relation that this requires.",
  "isolation.not_provisioned": () => "The tenant's place is not ready.",
  "isolation.key_unknown": ({ keyId }) => `There is no key ${quote(keyId)} in the ring.`,
  "isolation.seal_broken": () => "A sealed value does not open here.",
  "relay.subscription_invalid": ({ reason }) => `The subscription is not acceptable: ${subscriptionFaults[reason]}.`,
  "relay.lease_lost": () => "The organization is another relay's by now.",
  "relay.signature_invalid": ({ reason }) => `The message is not acceptable: ${signatureFaults[reason]}.`,
  "tenant.mismatch": () => "Something of another tenant was reached for than the one bound here.",
  "isolation.paused": ({ until }) => `Writes of the tenant are paused until ${until}.`,
  "isolation.outdated": () => "The tenant's tables are older than the code needs.",
  "isolation.busy": () => "Somebody else is working on the tenant's place.",
  "isolation.provisioning_failed": ({ orgId, step }) =>
    `The place of ${orgId} could not be made, in the step ${quote(step)}.`,
  "isolation.move_failed": ({ orgId, stage }) => `Moving ${orgId} failed: ${quote(stage)}.`,
  "isolation.migration_failed": ({ orgId, file }) => `The migration ${quote(file)} failed for ${orgId}.`,
  "isolation.migration_changed": ({ file }) =>
    `The migration ${quote(file)} is not what was applied, or comes before what was.`,
  "isolation.dependent_objects": ({ objects }) =>
    `Something outside of the tenant's schema depends on it: ${objects.map(quote).join(", ")}.`,
  "isolation.unknown_strategy": ({ name }) => `There is no strategy ${quote(name)}.`,
  "isolation.wrong_strategy": ({ strategy }) => `The tenant's rows are kept by the strategy ${quote(strategy)}.`,
  "isolation.strategy_fixed": ({ orgId }) => `The strategy of ${orgId} is not changed by provisioning it.`,
  "isolation.unsupported": ({ what }) => `This driver cannot do that: ${what}.`,
  "isolation.no_transaction": ({ reason }) => `No transaction is open here: ${transactionFaults[reason]}.`,
  "isolation.commit_unknown": () =>
    "The connection was lost while the run's commit was in flight; its outcome is unknown.",
  "isolation.invalid_name": () => "A name cannot be that of a tenant's schema.",
  "isolation.unsafe_role": ({ object }) => `The role ${quote(object)} can do more than a tenant may.`,
  "isolation.rls_not_forced": ({ object }) => `Row security is not enabled and forced on ${quote(object)}.`,
  "isolation.policy_missing": ({ object }) => `The policies of ${quote(object)} are not those that keep tenants apart.`,
  "isolation.cross_tenant_reference": ({ object }) => `${quote(object)} can point from one tenant to another.`,
  "isolation.leaky_object": ({ object }) => `${quote(object)} shows rows of every tenant.`,
  "isolation.unclassified_table": ({ object }) =>
    `${quote(object)} is declared and not there, or there and not declared.`,
  "isolation.public_connect": ({ object }) => `Everybody may connect to ${quote(object)}.`,
  "isolation.server_version": ({ object }) => `The server ${quote(object)} is older than its newest security release.`,
  "config.invalid": ({ faults }) =>
    `The configuration is wrong: ${faults.map(({ path, expected }) => `${path}: ${expected}`).join("; ")}.`,
  "config.unknown_resolver": ({ name }) => `There is no resolver ${quote(name)}.`,
  "config.duplicate_resolver": ({ name }) => `There are two resolvers ${quote(name)}.`,
  "config.capability_missing": ({ group }) => `The store does not keep ${quote(group)}.`,
  "settings.invalid_key": () => "What names a setting is no key.",
  "settings.invalid_value": ({ key, reason, path }) =>
    `The value of ${quote(key)} ${settingFaults[reason]}${path === null ? "" : `, at ${path}`}.`,
  "settings.too_large": ({ key, what, limit }) =>
    key === null
      ? `The settings of the organization are more than ${limit} ${what === "keys" ? "keys" : "bytes"}.`
      : `The value of ${quote(key)} has more than ${limit} ${what === "depth" ? "levels" : "bytes"}.`,
  "settings.unknown_key": ({ key }) => `There is no setting ${quote(key)}.`,
  "settings.stored_invalid": ({ key }) => `What is stored for ${quote(key)} is not valid any more.`,
  "unavailable.connection": () => "The database could not be reached.",
  "unavailable.pool_timeout": () => "No database connection became free in time.",
  "unavailable.timeout": () => "The database did not answer in time.",
  "unavailable.server": () => "The database server cannot serve requests at the moment.",
  "unavailable.closed": () => "The store is closed.",
  "unavailable.contention": ({ attempts }) => `Other writers were ahead in each of ${attempts} attempts.`,
  "indeterminate.commit": () => "The connection was lost while a commit was in flight; its outcome is unknown.",
  "internal.unexpected": () => "An unexpected internal error occurred.",
};

function named(argument: string | null): string {
  return argument === null ? "" : `${argument}: `;
}

const idFaults: { readonly [R in Rejections["invalid_id"]["reason"]]: string } = {
  not_a_string: "it is not a string",
  separator: "the separator _ is missing",
  prefix: "the prefix is empty",
  digits: "a UUID in the form this place needs is missing",
  version: "its UUID is not of version 1 to 8",
};

const domainFaults: { readonly [R in DomainFault]: string } = {
  malformed: "it is not a host name",
  address: "it is an address",
  single_label: "it is a single label",
  public_suffix: "everybody registers names below it",
  base_domain: "it is the application's own",
};

const transactionFaults: { readonly [R in Rejections["isolation.no_transaction"]["reason"]]: string } = {
  none: "none was begun",
  failed: "it has failed",
  ended: "it has ended",
};

const keyFaults: { readonly [R in Rejections["conflict.idempotency"]["reason"]]: string } = {
  mismatch: "The idempotency key was used for another operation or input.",
  abandoned: "The idempotency key belongs to an attempt that was given up.",
  spent: "The call with this idempotency key took effect here before, and something has begun since.",
};

const settingFaults: { readonly [R in Rejections["settings.invalid_value"]["reason"]]: string } = {
  json: "is not a value of plain JSON that can be stored",
  schema: "is refused by its schema",
};

const subscriptionFaults: { readonly [R in SubscriptionFault]: string } = {
  url: "the URL is not one",
  scheme: "the URL is not one of https",
  credentials: "the URL has credentials",
  address: "the URL leads into a private network",
  refused: "the application refuses the URL",
  changed: "somebody else changed it at the same time",
};

const signatureFaults: { readonly [R in Rejections["relay.signature_invalid"]["reason"]]: string } = {
  headers: "a header of its signature is missing or malformed",
  time: "it is of another time",
  signature: "its signature is of another message or secret",
  body: "its body is no event",
};

const metadataFaults: { readonly [R in Rejections["precondition.invalid_metadata"]["reason"]]: string } = {
  kind: "is not a value of plain JSON that can be stored",
  key: "has a key that is refused",
  depth: "is deeper than 16 levels",
  size: "has more than 16,384 bytes",
  schema: "is refused by the schema",
};

type ErrorClass<C extends Code> = new (code: C, details: Rejections[C], options?: ErrorOptions) => TenancyError<C>;

const classes: { readonly [C in Exclude<Code, PreconditionCode>]: ErrorClass<C> } & {
  readonly [C in PreconditionCode]?: ErrorClass<C>;
} = {
  invalid_id: InvalidIdError,
  invalid_type: InvalidTypeError,
  not_found: NotFoundError,
  "conflict.sole_owner": SoleOwnerError,
  "conflict.duplicate_membership": DuplicateMembershipError,
  "conflict.already_terminal": AlreadyTerminalError,
  "conflict.invitation_expired": InvitationExpiredError,
  "conflict.invitation_not_pending": InvitationNotPendingError,
  "conflict.org_slug": OrgSlugConflictError,
  "conflict.duplicate_invitation": DuplicateInvitationError,
  "conflict.domain": DomainConflictError,
  "conflict.member_limit": LimitError,
  "conflict.invitation_limit": LimitError,
  "conflict.organization_limit": LimitError,
  "conflict.idempotency": IdempotencyConflictError,
  "conflict.version": VersionConflictError,
  forbidden: ForbiddenError,
  "forbidden.role_hierarchy": RoleHierarchyError,
  "precondition.identifier_binding_required": IdentifierBindingRequiredError,
  "precondition.identifier_mismatch": IdentifierMismatchError,
  "tenant.missing": TenantError,
  "tenant.ambiguous": TenantError,
  "tenant.conflict": TenantError,
  "tenant.invalid_host": TenantError,
  "tenant.invalid_path": TenantError,
  "tenant.invalid_reference": TenantError,
  "tenant.invalid_claim": TenantError,
  "tenant.unresolved": TenantError,
  "tenant.inactive": TenantError,
  "tenant.denied": TenantError,
  "tenant.unauthenticated": TenantError,
  "tenant.token_rejected": TenantError,
  "tenant.context_missing": TenantError,
  "tenant.resolver_failed": TenantError,
  "tenant.invalid_cache_key": TenantError,
  "tenant.invalid_domain": TenantError,
  "forbidden.role": TenantError,
  "forbidden.relation": TenantError,
  "isolation.not_provisioned": IsolationError,
  "isolation.key_unknown": IsolationError,
  "isolation.seal_broken": IsolationError,
  "relay.subscription_invalid": RelayError,
  "relay.lease_lost": RelayError,
  "relay.signature_invalid": RelayError,
  "tenant.mismatch": TenantError,
  "isolation.paused": IsolationError,
  "isolation.outdated": IsolationError,
  "isolation.busy": IsolationError,
  "isolation.provisioning_failed": IsolationError,
  "isolation.move_failed": IsolationError,
  "isolation.migration_failed": IsolationError,
  "isolation.migration_changed": IsolationError,
  "isolation.dependent_objects": IsolationError,
  "isolation.unknown_strategy": IsolationError,
  "isolation.wrong_strategy": IsolationError,
  "isolation.strategy_fixed": IsolationError,
  "isolation.unsupported": IsolationError,
  "isolation.no_transaction": IsolationError,
  "isolation.commit_unknown": IsolationError,
  "isolation.invalid_name": IsolationError,
  "isolation.unsafe_role": IsolationError,
  "isolation.rls_not_forced": IsolationError,
  "isolation.policy_missing": IsolationError,
  "isolation.cross_tenant_reference": IsolationError,
  "isolation.leaky_object": IsolationError,
  "isolation.unclassified_table": IsolationError,
  "isolation.public_connect": IsolationError,
  "isolation.server_version": IsolationError,
  "config.invalid": ConfigError,
  "config.unknown_resolver": ConfigError,
  "config.duplicate_resolver": ConfigError,
  "config.capability_missing": ConfigError,
  "settings.invalid_key": SettingsError,
  "settings.invalid_value": SettingsError,
  "settings.too_large": SettingsError,
  "settings.unknown_key": SettingsError,
  "settings.stored_invalid": SettingsError,
  "precondition.invalid_metadata": InvalidMetadataError,
  "unavailable.connection": UnavailableError,
  "unavailable.pool_timeout": UnavailableError,
  "unavailable.timeout": UnavailableError,
  "unavailable.server": UnavailableError,
  "unavailable.closed": UnavailableError,
  "unavailable.contention": ContentionError,
  "indeterminate.commit": IndeterminateError,
  "internal.unexpected": InternalError,
};

/** All codes, for tables, tests and pages. */
export const CODES: readonly Code[] = Object.freeze(Object.keys(sentences)) as readonly Code[];

/** The error of a code, of the class that the code belongs to. */
export function errorFor<C extends Code>(
  code: C,
  details: Rejections[C] & OfRow,
  options: ErrorOptions = {},
): TenancyError<C> {
  const known = classes[code] as ErrorClass<C> | undefined;
  return new (known ?? (PreconditionError as unknown as ErrorClass<C>))(code, details, options);
}

/**
 * Whether a caught value is one of ours, of whichever installed copy. `code` matches exactly, and then `details` are those
 * of the code; written `"forbidden.*"` it matches the category `forbidden` and everything in it. Never throws.
 */
export function isTenancyError<C extends Code>(value: unknown, code: C): value is TenancyError<C>;
export function isTenancyError(value: unknown, code?: Code | `${string}.*`): value is TenancyError;
export function isTenancyError(value: unknown, code?: Code | `${string}.*`): boolean {
  const own = codeOf(value);
  if (own === undefined || code === undefined) {
    return own !== undefined;
  }
  if (!code.endsWith(".*")) {
    return own === code;
  }
  const category = code.slice(0, -2);
  return own === category || own.startsWith(`${category}.`);
}

/** Whether an error says no, so that nothing is wrong below and the same call would be refused again. */
export function isRefusal(error: unknown): error is TenancyError {
  return isTenancyError(error) && !/^(?:unavailable|indeterminate|internal)\./.test(error.code);
}

/** The code of one of our errors. What was caught may be anything, a proxy that throws on reading included. */
function codeOf(value: unknown): string | undefined {
  try {
    const { [brand]: isOurs, code } = value as { readonly [brand]?: unknown; readonly code?: unknown };
    return isOurs === true && typeof code === "string" ? code : undefined;
  } catch {
    return undefined;
  }
}

/** A caller's own value for a message: at most 64 characters, everything but printable ASCII escaped. */
export function quote(value: unknown): string {
  if (typeof value !== "string") {
    return typeof value === "number" || typeof value === "boolean"
      ? String(value)
      : `a value of type ${typeName(value)}`;
  }
  const quoted = `"${escaped(value)}"`;
  return value.length > 64 ? `${quoted}…` : quoted;
}

/** A caller's own key for the details of an error: its first 64 characters, everything but printable ASCII escaped. */
export function escaped(text: string): string {
  return JSON.stringify(text.slice(0, 64))
    .slice(1, -1)
    .replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function typeName(value: unknown): string {
  return value === null ? "null" : typeof value;
}
