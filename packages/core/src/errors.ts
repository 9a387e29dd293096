import {
  AlreadyTerminalError,
  brand,
  ConfigError,
  ContentionError,
  DomainConflictError,
  DuplicateInvitationError,
  DuplicateMembershipError,
  type ErrorOptions,
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
  LimitError,
  NotFoundError,
  OrgSlugConflictError,
  PreconditionError,
  RelayError,
  RoleHierarchyError,
  SettingsError,
  SoleOwnerError,
  type TenancyError,
  TenantError,
  UnavailableError,
  VersionConflictError,
} from "./error-classes.ts";
import type { Code, OfRow, PreconditionCode, Rejections } from "./rejections.ts";
import { sentences } from "./sentences.ts";

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
