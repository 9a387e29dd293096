import type {
  Code,
  ConfigCode,
  IsolationCode,
  LimitCode,
  OfRow,
  PreconditionCode,
  Rejections,
  RelayCode,
  SettingsCode,
  TenantCode,
  UnavailableCode,
} from "./rejections.ts";
import { sentences } from "./sentences.ts";

/** Found on errors of every installed copy of this package, where `instanceof` would see only its own. */
export const brand: unique symbol = Symbol.for("@tenantry/core.TenancyError");

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
