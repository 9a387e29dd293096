import { type Code, isTenancyError, type TenancyError } from "@tenantry/core";

/** The numbers of the codes whose category does not say it. */
const NUMBERS: Readonly<Record<string, number>> = {
  "conflict.": 409,
  "config.": 500,
  "forbidden.": 403,
  "indeterminate.": 503,
  "internal.": 500,
  "isolation.": 500,
  "precondition.": 400,
  "relay.": 400,
  "settings.": 400,
  "tenant.": 400,
  "unavailable.": 503,
  forbidden: 403,
  invalid_id: 400,
  invalid_type: 400,
  "isolation.not_provisioned": 503,
  not_found: 404,
  "relay.lease_lost": 500,
  "relay.signature_invalid": 401,
  "settings.stored_invalid": 500,
  "settings.too_large": 413,
  "isolation.paused": 503,
  "isolation.outdated": 503,
  "isolation.busy": 503,
  "tenant.mismatch": 403,
  "tenant.unresolved": 404,
  "tenant.inactive": 403,
  "tenant.denied": 403,
  "tenant.unauthenticated": 401,
  "tenant.token_rejected": 401,
  "tenant.context_missing": 500,
  "tenant.invalid_cache_key": 500,
  "tenant.resolver_failed": 503,
};

/** Preconditions that speak of a state and not of a value. */
const STATES: readonly Code[] = [
  "precondition.invalid_transition",
  "precondition.org_not_active",
  "precondition.mem_not_active",
  "precondition.membership_suspended",
  "precondition.scope_mismatch",
  "precondition.from_not_active",
  "precondition.to_not_active",
  "precondition.org_mismatch",
  "precondition.from_not_owner",
  "precondition.self_transfer",
  "precondition.to_time_boxed",
  "precondition.identifier_binding_required",
  "precondition.identifier_mismatch",
  "precondition.unknown_user",
];

/** The HTTP status that an error of ours is answered with. */
export function httpStatusOf({ code }: Pick<TenancyError, "code">): number {
  const category = `${code.slice(0, code.indexOf("."))}.`;
  return (STATES.includes(code) ? 409 : undefined) ?? NUMBERS[code] ?? NUMBERS[category] ?? 500;
}

export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly details?: object;
}

/** What a client is told of an error. */
export function errorBody({ code, message, details }: TenancyError): ErrorBody {
  return Object.keys(details).length === 0 ? { code, message } : { code, message, details };
}

/** Status and body for an error of ours; `null` for any other, which is the application's. */
export function answerFor(error: unknown): { readonly status: number; readonly body: ErrorBody } | null {
  return isTenancyError(error) ? { status: httpStatusOf(error), body: errorBody(error) } : null;
}

/** The header that says which tenant answered. */
export const TENANT_HEADER = "x-tenant-id";
