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
