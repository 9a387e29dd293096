import type { IndeterminateError, UnavailableError } from "./errors.ts";
import type { MutationOptions } from "./input.ts";
import { type AcceptInvitationInput, acceptInvitation } from "./invitation/accept-invitation.ts";
import {
  type DeclineInvitationInput,
  declineInvitation,
  type RevokeInvitationInput,
  revokeInvitation,
} from "./invitation/close-invitation.ts";
import { type CreateInvitationInput, createInvitation } from "./invitation/create-invitation.ts";
import {
  getInvitation,
  getMembership,
  getOrg,
  type ListInvitationsOptions,
  type ListMembersOptions,
  listInvitations,
  listMembers,
  listTuplesForObject,
  listTuplesForSubject,
} from "./list.ts";
import { type AddMemberInput, addMember } from "./membership/add-member.ts";
import { type AdminRemoveInput, adminRemove } from "./membership/admin-remove.ts";
import { type ChangeRoleInput, changeRole } from "./membership/change-role.ts";
import { type SelfLeaveInput, selfLeave } from "./membership/self-leave.ts";
import { reinstateMembership, suspendMembership } from "./membership/suspension.ts";
import { type TransferOwnershipInput, transferOwnership } from "./membership/transfer-ownership.ts";
import type {
  AcceptInvitationResult,
  CreateOrgResult,
  InvId,
  Invitation,
  Membership,
  MemId,
  Organization,
  OrgId,
  Page,
  TransferOwnershipResult,
  Tuple,
  UsrId,
} from "./model.ts";
import {
  type CreateOrgInput,
  createOrg,
  reinstateOrg,
  revokeOrg,
  suspendOrg,
  type UpdateOrgInput,
  updateOrg,
} from "./org.ts";
import { ask, type Context, contextOf, mutate } from "./run.ts";
import { settingsFrom, type TenancyOptions } from "./settings.ts";
import type { Capabilities, StorePort } from "./store.ts";

/** The second argument of `createOrg`: there is no version to expect yet. */
export type CreateOptions = Omit<MutationOptions, "expectedVersion">;

/**
 * Organizations, memberships, invitations and tuples, the same on every store. It authorises nobody beyond the checks
 * each operation names: who may call what is for the host to gate.
 *
 * Every mutation checks its input, then that what it addresses exists, then whether its idempotency key was used, then
 * `expectedVersion`, then its own rules, in the order in which its errors are listed here. A refused call writes
 * nothing. An accepted one writes its rows, its event and its key at one instant or not at all; mutations of one
 * organization are serial. Two round trips at most, two more for each race lost; reads take one.
 *
 * Besides the errors listed, every method may throw `PreconditionError` for a malformed value, `InvalidIdError` or
 * `InvalidTypeError` for a malformed id (before any I/O), `IdempotencyConflictError`, `VersionConflictError`,
 * {@link UnavailableError} (nothing was written), {@link IndeterminateError} (the connection died during the commit) and
 * `InternalError`. Returned objects are frozen and detached from the store.
 */
export interface TenancyStore {
  /**
   * Found an organization, whose creator becomes its first owner. One round trip.
   * Throws `OrgSlugConflictError` `conflict.org_slug`. Of two calls for one slug exactly one succeeds.
   */
  createOrg(input: UsrId | CreateOrgInput, options?: CreateOptions): Promise<CreateOrgResult>;

  /** One organization, revoked ones included. Throws `NotFoundError`. */
  getOrg(orgId: OrgId): Promise<Organization>;

  /**
   * Change name or slug; absent or `undefined` leaves a field, `null` clears it. What changes nothing writes nothing.
   * Throws `NotFoundError`, `AlreadyTerminalError` `conflict.already_terminal`, `OrgSlugConflictError` `conflict.org_slug`.
   */
  updateOrg(input: UpdateOrgInput, options?: MutationOptions): Promise<Organization>;

  /**
   * Suspend an active organization: nobody joins, nothing else changes. Throws `NotFoundError`, `AlreadyTerminalError`
   * `conflict.already_terminal`. A call that joins it at the same moment comes before or is refused.
   */
  suspendOrg(org: OrgId | Organization, options?: MutationOptions): Promise<Organization>;

  /** Reinstate a suspended organization. Throws `NotFoundError`, `PreconditionError` `precondition.invalid_transition`. */
  reinstateOrg(org: OrgId | Organization, options?: MutationOptions): Promise<Organization>;

  /**
   * End an organization for good: every live membership, every open invitation and every tuple on it end with it, and its
   * slug becomes free. Throws `NotFoundError`, `AlreadyTerminalError` `conflict.already_terminal`. Rows of a concurrent
   * call are either ended too or were refused.
   */
  revokeOrg(org: OrgId | Organization, options?: MutationOptions): Promise<Organization>;

  /**
   * Add a user in any role. One round trip when accepted. Throws `NotFoundError`, `PreconditionError`
   * `precondition.org_not_active`, `DuplicateMembershipError` `conflict.duplicate_membership`, `PreconditionError`
   * `precondition.membership_suspended`. Of several calls for one user exactly one succeeds.
   */
  addMember(input: AddMemberInput, options?: MutationOptions): Promise<Membership>;

  /** One membership, revoked ones included. Throws `NotFoundError`. */
  getMembership(memId: MemId): Promise<Membership>;

  /** Memberships of an organization, ended ones included unless filtered, ascending by id. Throws `NotFoundError`. */
  listMembers(orgId: OrgId, options?: ListMembersOptions): Promise<Page<Membership>>;

  /**
   * Give an active member another role. Answers the new row, which `replaces` the old one; the same role is no change.
   * Throws `NotFoundError`, `PreconditionError` `precondition.mem_not_active`, `precondition.org_not_active`,
   * `SoleOwnerError` `conflict.sole_owner`. Of two last owners demoted at the same moment exactly one is.
   */
  changeRole(input: ChangeRoleInput, options?: MutationOptions): Promise<Membership>;

  /**
   * Suspend an active membership: same row, role tuple gone. Throws `NotFoundError`, `PreconditionError`
   * `precondition.mem_not_active`, `SoleOwnerError` `conflict.sole_owner`.
   */
  suspendMembership(member: MemId | Membership, options?: MutationOptions): Promise<Membership>;

  /**
   * Reinstate a suspended membership: same row, role tuple back. Throws `NotFoundError`, `PreconditionError`
   * `precondition.invalid_transition`, `precondition.org_not_active`, `DuplicateMembershipError`.
   */
  reinstateMembership(member: MemId | Membership, options?: MutationOptions): Promise<Membership>;

  /**
   * End one's own membership. With `transferTo`, that member becomes owner in the same commit. Answers the leaver's row.
   * The host makes sure that the caller owns `memId`. Throws `NotFoundError`, `PreconditionError`
   * `precondition.mem_not_active`, `precondition.self_transfer`, `precondition.from_not_owner`, `SoleOwnerError`
   * `conflict.sole_owner`. Of two last owners who leave at the same moment exactly one leaves.
   */
  selfLeave(input: SelfLeaveInput, options?: MutationOptions): Promise<Membership>;

  /**
   * End somebody's membership in the name of an active owner or admin of at least their rank; never an owner's. Throws
   * `NotFoundError`, `PreconditionError` `precondition.mem_not_active`, `ForbiddenError` `forbidden`,
   * `RoleHierarchyError` `forbidden.role_hierarchy`, `PreconditionError` `precondition.scope_mismatch` for roles
   * without rank. The admin's authority lasts until the commit, or the call is refused.
   */
  adminRemove(input: AdminRemoveInput, options?: MutationOptions): Promise<Membership>;

  /**
   * Make one active member owner and the owner who gives it up `member`, in one commit: no reader sees an organization
   * without owner. Throws `NotFoundError`, `PreconditionError` `precondition.from_not_active`,
   * `precondition.to_not_active`, `precondition.org_mismatch`, `precondition.from_not_owner`, `precondition.self_transfer`.
   * Crossed transfers end in one success and one of these errors.
   */
  transferOwnership(input: TransferOwnershipInput, options?: MutationOptions): Promise<TransferOwnershipResult>;

  /**
   * Offer a role, and grants, to whoever owns an identifier. Throws `NotFoundError`, `PreconditionError`
   * `precondition.org_not_active`, `precondition.past_expiration`, `ForbiddenError` `forbidden`, `RoleHierarchyError`
   * `forbidden.role_hierarchy`, `DuplicateInvitationError` `conflict.duplicate_invitation`.
   */
  createInvitation(input: CreateInvitationInput, options?: MutationOptions): Promise<Invitation>;

  /** One invitation as it is now: one that lapsed is `expired`. Throws `NotFoundError`. */
  getInvitation(invId: InvId): Promise<Invitation>;

  /** Invitations of an organization as they are now, ascending by id. Throws `NotFoundError`. */
  listInvitations(orgId: OrgId, options?: ListInvitationsOptions): Promise<Page<Invitation>>;

  /**
   * Join by invitation, as an existing user bound by their identifier or as a user whose id is minted here. Membership,
   * role tuple, grants and the end of the invitation are one commit. Throws `IdentifierBindingRequiredError`,
   * `NotFoundError`, `IdentifierMismatchError`, `InvitationExpiredError`, `InvitationNotPendingError`,
   * `PreconditionError` `precondition.org_not_active`, `DuplicateMembershipError`, `PreconditionError`
   * `precondition.membership_suspended`, `ForbiddenError`, `RoleHierarchyError`. Accepted once, however many try.
   */
  acceptInvitation(input: AcceptInvitationInput, options?: MutationOptions): Promise<AcceptInvitationResult>;

  /**
   * Turn an invitation down. Throws `NotFoundError`, `IdentifierBindingRequiredError`, `IdentifierMismatchError`,
   * `InvitationNotPendingError`.
   */
  declineInvitation(input: DeclineInvitationInput, options?: MutationOptions): Promise<Invitation>;

  /** Withdraw a pending invitation. Throws `NotFoundError`, `ForbiddenError`, `InvitationNotPendingError`. */
  revokeInvitation(input: RevokeInvitationInput, options?: MutationOptions): Promise<Invitation>;

  /** All tuples of a user, by object type, object id and relation, in the order of Unicode code points. */
  listTuplesForSubject(subjectType: "usr", subjectId: UsrId): Promise<readonly Tuple[]>;

  /** All tuples on an object, optionally of one relation, by relation and subject id. An unknown object has none. */
  listTuplesForObject(objectType: string, objectId: string, relation?: string): Promise<readonly Tuple[]>;
}

/** The operations over a store port: the base of every store class. */
export class Tenancy implements TenancyStore {
  /** What this store can and cannot do. */
  readonly capabilities: Capabilities;
  readonly #context: Context;

  /** Throws `PreconditionError` `precondition.invalid_input` for an unknown option or value. */
  constructor(port: StorePort, options: TenancyOptions = {}) {
    this.#context = contextOf(port, settingsFrom(options));
    this.capabilities = port.capabilities;
  }

  createOrg(input: UsrId | CreateOrgInput, options?: CreateOptions): Promise<CreateOrgResult> {
    return mutate(this.#context, createOrg, [input], options);
  }
  getOrg(orgId: OrgId): Promise<Organization> {
    return ask(this.#context, getOrg, orgId);
  }
  updateOrg(input: UpdateOrgInput, options?: MutationOptions): Promise<Organization> {
    return mutate(this.#context, updateOrg, [input], options);
  }
  suspendOrg(org: OrgId | Organization, options?: MutationOptions): Promise<Organization> {
    return mutate(this.#context, suspendOrg, [org], options);
  }
  reinstateOrg(org: OrgId | Organization, options?: MutationOptions): Promise<Organization> {
    return mutate(this.#context, reinstateOrg, [org], options);
  }
  revokeOrg(org: OrgId | Organization, options?: MutationOptions): Promise<Organization> {
    return mutate(this.#context, revokeOrg, [org], options);
  }
  addMember(input: AddMemberInput, options?: MutationOptions): Promise<Membership> {
    return mutate(this.#context, addMember, [input], options);
  }
  getMembership(memId: MemId): Promise<Membership> {
    return ask(this.#context, getMembership, memId);
  }
  listMembers(orgId: OrgId, options?: ListMembersOptions): Promise<Page<Membership>> {
    return ask(this.#context, listMembers, orgId, options);
  }
  changeRole(input: ChangeRoleInput, options?: MutationOptions): Promise<Membership> {
    return mutate(this.#context, changeRole, [input], options);
  }
  suspendMembership(member: MemId | Membership, options?: MutationOptions): Promise<Membership> {
    return mutate(this.#context, suspendMembership, [member], options);
  }
  reinstateMembership(member: MemId | Membership, options?: MutationOptions): Promise<Membership> {
    return mutate(this.#context, reinstateMembership, [member], options);
  }
  selfLeave(input: SelfLeaveInput, options?: MutationOptions): Promise<Membership> {
    return mutate(this.#context, selfLeave, [input], options);
  }
  adminRemove(input: AdminRemoveInput, options?: MutationOptions): Promise<Membership> {
    return mutate(this.#context, adminRemove, [input], options);
  }
  transferOwnership(input: TransferOwnershipInput, options?: MutationOptions): Promise<TransferOwnershipResult> {
    return mutate(this.#context, transferOwnership, [input], options);
  }
  createInvitation(input: CreateInvitationInput, options?: MutationOptions): Promise<Invitation> {
    return mutate(this.#context, createInvitation, [input], options);
  }
  getInvitation(invId: InvId): Promise<Invitation> {
    return ask(this.#context, getInvitation, invId);
  }
  listInvitations(orgId: OrgId, options?: ListInvitationsOptions): Promise<Page<Invitation>> {
    return ask(this.#context, listInvitations, orgId, options);
  }
  acceptInvitation(input: AcceptInvitationInput, options?: MutationOptions): Promise<AcceptInvitationResult> {
    return mutate(this.#context, acceptInvitation, [input], options);
  }
  declineInvitation(input: DeclineInvitationInput, options?: MutationOptions): Promise<Invitation> {
    return mutate(this.#context, declineInvitation, [input], options);
  }
  revokeInvitation(input: RevokeInvitationInput, options?: MutationOptions): Promise<Invitation> {
    return mutate(this.#context, revokeInvitation, [input], options);
  }
  listTuplesForSubject(subjectType: "usr", subjectId: UsrId): Promise<readonly Tuple[]> {
    return ask(this.#context, listTuplesForSubject, subjectType, subjectId);
  }
  listTuplesForObject(objectType: string, objectId: string, relation?: string): Promise<readonly Tuple[]> {
    return ask(this.#context, listTuplesForObject, objectType, objectId, relation);
  }
}
