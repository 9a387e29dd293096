import type { AddMembersInput } from "./bulk/add-members.ts";
import type { BulkAnswer } from "./bulk/bulk.ts";
import type { ChangeRolesInput } from "./bulk/change-roles.ts";
import type { CreateInvitationsInput } from "./bulk/create-invitations.ts";
import type { RemoveMembersInput } from "./bulk/remove-members.ts";
import type { IndeterminateError, UnavailableError } from "./errors.ts";
import type { EventsPage } from "./event.ts";
import type { MutationOptions } from "./input.ts";
import type { AcceptInvitationInput } from "./invitation/accept-invitation.ts";
import type { DeclineInvitationInput, RevokeInvitationInput } from "./invitation/close-invitation.ts";
import type { CreateInvitationInput } from "./invitation/create-invitation.ts";
import type { ExpireGrantsInput } from "./invitation/expire-grants.ts";
import type { ExpireInvitationsInput } from "./invitation/expire-invitations.ts";
import type { ResendInvitationInput } from "./invitation/resend-invitation.ts";
import type { ListEventsOptions } from "./list/history.ts";
import type { ListInvitationsOptions } from "./list/invitations.ts";
import type { ListMembershipsOptions, ListMembersOptions } from "./list/memberships.ts";
import type { ListOrgsOptions } from "./list/orgs.ts";
import type { CheckInput } from "./list/tuples.ts";
import type { PageOptions } from "./list-input.ts";
import type { AddMemberInput } from "./membership/add-member.ts";
import type { AdminRemoveInput } from "./membership/admin-remove.ts";
import type { ChangeRoleInput } from "./membership/change-role.ts";
import type { ExpireMembershipsInput } from "./membership/expire-memberships.ts";
import type { SelfLeaveInput } from "./membership/self-leave.ts";
import type { TransferOwnershipInput } from "./membership/transfer-ownership.ts";
import type { UpdateMembershipInput } from "./membership/update-membership.ts";
import type {
  AcceptInvitationResult,
  CreateOrgResult,
  ExpireGrantsResult,
  ExpireInvitationsResult,
  ExpireMembershipsResult,
  InvId,
  Invitation,
  InvitationWithOrg,
  Membership,
  MembershipAsOf,
  MembershipWithOrg,
  MemId,
  Metadata,
  Organization,
  OrgId,
  Page,
  TransferOwnershipResult,
  Tuple,
  UsrId,
} from "./model.ts";
import type { CreateOrgInput, UpdateOrgInput } from "./org.ts";
import type { SuspendOrgInput } from "./org-suspension.ts";
import type { Planned, Plans } from "./plan/plan.ts";
import type { RemoveUserInput, RemoveUserResult } from "./removal/remove-user.ts";

/** The second argument of `createOrg`, where there is no version to expect yet, and of `removeUser`, where there are many. */
export type CreateOptions = Omit<MutationOptions, "expectedVersion">;

/** The second argument of a sweep: it is several commits, so there is neither a key nor a version. */
export type SweepOptions = Pick<MutationOptions, "actor">;

/**
 * Organizations, memberships, invitations and tuples, the same on every store. It authorises nobody beyond the checks
 * each operation names: who may call what is for the host to gate.
 *
 * Every mutation checks its input, then that what it addresses exists, then whether its idempotency key was used, then
 * `expectedVersion`, then its own rules, in the order in which its errors are listed here. A refused call writes
 * nothing. An accepted one writes its rows, its event and its key at one instant or not at all; mutations of one
 * organization are serial. Two round trips at most, two more for each race lost; reads take one.
 *
 * `O` and `M` are what the store's schemas make of the metadata of organizations and of memberships.
 *
 * Besides the errors listed, every method may throw `PreconditionError` for a malformed value, `InvalidIdError` or
 * `InvalidTypeError` for a malformed id (before any I/O), `IdempotencyConflictError`, `VersionConflictError`,
 * {@link UnavailableError} (nothing was written), {@link IndeterminateError} (the connection died during the commit) and
 * `InternalError`. Returned objects are frozen and detached from the store.
 */
export interface TenancyStore<O = Metadata, M = Metadata> {
  /**
   * Found an organization, whose creator becomes its first owner. One round trip.
   * Throws `OrgSlugConflictError` `conflict.org_slug`, `LimitError` `conflict.organization_limit`. Of two calls for one slug
   * exactly one succeeds.
   */
  createOrg(input: UsrId | CreateOrgInput<O, M>, options?: CreateOptions): Promise<CreateOrgResult<O, M>>;

  /** One organization, revoked ones included. Throws `NotFoundError`. */
  getOrg(orgId: OrgId): Promise<Organization<O>>;

  /**
   * The organization that holds a slug; a revoked one holds none. Throws `NotFoundError`, also for text that no slug can
   * be: nothing is folded.
   */
  getOrgBySlug(slug: string): Promise<Organization<O>>;

  /**
   * All organizations there are, revoked ones included unless filtered, ascending by id: for back offices, since it is
   * nobody's view. With a `query` it reads on until a page is full; without, a page costs the same wherever it is.
   */
  listOrgs(options?: ListOrgsOptions): Promise<Page<Organization<O>>>;

  /**
   * Change name, slug or metadata; absent or `undefined` leaves a field, `null` clears it, metadata is merged key by key.
   * What changes nothing writes nothing. Throws `NotFoundError`, `AlreadyTerminalError` `conflict.already_terminal`,
   * `OrgSlugConflictError` `conflict.org_slug`, `InvalidMetadataError`.
   */
  updateOrg(input: UpdateOrgInput<O>, options?: MutationOptions): Promise<Organization<O>>;

  /**
   * Suspend an active organization: nobody joins, nothing else changes. Why, and until when, is kept where the store keeps
   * the group `lifecycle`; elsewhere saying so is `ConfigError` `config.capability_missing`, before any I/O. Throws
   * `NotFoundError`, `AlreadyTerminalError` `conflict.already_terminal`, `PreconditionError`
   * `precondition.past_expiration`. A call that joins it at the same moment comes before or is refused.
   */
  suspendOrg(org: OrgId | Organization<O> | SuspendOrgInput<O>, options?: MutationOptions): Promise<Organization<O>>;

  /** Reinstate a suspended organization. Throws `NotFoundError`, `PreconditionError` `precondition.invalid_transition`. */
  reinstateOrg(org: OrgId | Organization<O>, options?: MutationOptions): Promise<Organization<O>>;

  /**
   * End an organization for good: every live membership, every open invitation and every tuple on it end with it, and its
   * slug becomes free. Throws `NotFoundError`, `AlreadyTerminalError` `conflict.already_terminal`. Rows of a concurrent
   * call are either ended too or were refused.
   */
  revokeOrg(org: OrgId | Organization<O>, options?: MutationOptions): Promise<Organization<O>>;

  /**
   * Add a user in any role, for good or for a time. One round trip when accepted, two where a limit has to be looked at.
   * Throws `NotFoundError`, `PreconditionError` `precondition.org_not_active`, `precondition.past_expiration`,
   * `DuplicateMembershipError` `conflict.duplicate_membership`, `PreconditionError` `precondition.membership_suspended`,
   * `LimitError` `conflict.member_limit`, `conflict.organization_limit`. Of several calls for one user exactly one succeeds.
   */
  addMember(input: AddMemberInput<M>, options?: MutationOptions): Promise<Membership<M>>;

  /** One membership, revoked ones included. Throws `NotFoundError`. */
  getMembership(memId: MemId): Promise<Membership<M>>;

  /** Memberships of an organization, ended ones included unless filtered, ascending by id. Throws `NotFoundError`. */
  listMembers(orgId: OrgId, options?: ListMembersOptions): Promise<Page<Membership<M>>>;

  /** A user's memberships in all organizations, each with its organization, ascending by id; a stranger has none. */
  listMemberships(usrId: UsrId, options?: ListMembershipsOptions): Promise<Page<MembershipWithOrg<O, M>>>;

  /** The chain that a membership belongs to, whichever link is given, its root first. Throws `NotFoundError`. */
  membershipHistory(memId: MemId): Promise<readonly Membership<M>[]>;

  /**
   * Who was a live member at an instant, in which role and status, ascending by id. Throws `NotFoundError`. As exact as
   * the clocks that the mutations were made by: one that stepped back may show a member for as long too much or too little.
   */
  membersAsOf(orgId: OrgId, at: Date, options?: PageOptions): Promise<Page<MembershipAsOf>>;

  /**
   * Change what the host keeps of a live member, or how long they stay; absent or `undefined` leaves a field, metadata is
   * merged key by key, `expiresAt: null` lifts the time box. What changes nothing writes nothing. Throws `NotFoundError`,
   * `PreconditionError` `precondition.mem_not_active`, `precondition.past_expiration`, `SoleOwnerError`
   * `conflict.sole_owner`, `InvalidMetadataError`.
   */
  updateMembership(input: UpdateMembershipInput<M>, options?: MutationOptions): Promise<Membership<M>>;

  /**
   * Give an active member another role. Answers the new row, which `replaces` the old one; the same role is no change.
   * Throws `NotFoundError`, `PreconditionError` `precondition.mem_not_active`, `precondition.org_not_active`,
   * `SoleOwnerError` `conflict.sole_owner`. Of two last owners demoted at the same moment exactly one is.
   */
  changeRole(input: ChangeRoleInput<M>, options?: MutationOptions): Promise<Membership<M>>;

  /**
   * Suspend an active membership: same row, role tuple gone. Throws `NotFoundError`, `PreconditionError`
   * `precondition.mem_not_active`, `SoleOwnerError` `conflict.sole_owner`.
   */
  suspendMembership(member: MemId | Membership<M>, options?: MutationOptions): Promise<Membership<M>>;

  /**
   * Reinstate a suspended membership: same row, role tuple back. Throws `NotFoundError`, `PreconditionError`
   * `precondition.invalid_transition`, `precondition.org_not_active`, `DuplicateMembershipError`.
   */
  reinstateMembership(member: MemId | Membership<M>, options?: MutationOptions): Promise<Membership<M>>;

  /**
   * End one's own membership. With `transferTo`, that member becomes owner in the same commit. Answers the leaver's row.
   * The host makes sure that the caller owns `memId`. Throws `NotFoundError`, `PreconditionError`
   * `precondition.mem_not_active`, `precondition.self_transfer`, `precondition.from_not_owner`, `SoleOwnerError`
   * `conflict.sole_owner`, `PreconditionError` `precondition.to_time_boxed`. Of two last owners who leave at the same moment exactly one leaves.
   */
  selfLeave(input: SelfLeaveInput<M>, options?: MutationOptions): Promise<Membership<M>>;

  /**
   * End somebody's membership in the name of an active owner or admin of at least their rank; never an owner's. Throws
   * `NotFoundError`, `PreconditionError` `precondition.mem_not_active`, `ForbiddenError` `forbidden`,
   * `RoleHierarchyError` `forbidden.role_hierarchy`, `PreconditionError` `precondition.scope_mismatch` for roles
   * without rank. The admin's authority lasts until the commit, or the call is refused.
   */
  adminRemove(input: AdminRemoveInput<M>, options?: MutationOptions): Promise<Membership<M>>;

  /**
   * Make one active member owner and the owner who gives it up `member`, in one commit: no reader sees an organization
   * without owner. Throws `NotFoundError`, `PreconditionError` `precondition.from_not_active`,
   * `precondition.to_not_active`, `precondition.org_mismatch`, `precondition.from_not_owner`, `precondition.self_transfer`,
   * `precondition.to_time_boxed`. Crossed transfers end in one success and one of these errors.
   */
  transferOwnership(input: TransferOwnershipInput, options?: MutationOptions): Promise<TransferOwnershipResult<M>>;

  /**
   * Offer a role, and grants, to whoever owns an identifier, for good or for a time. Throws `NotFoundError`, `PreconditionError`
   * `precondition.org_not_active`, `precondition.past_expiration`, `ForbiddenError` `forbidden`, `RoleHierarchyError`
   * `forbidden.role_hierarchy`, `DuplicateInvitationError` `conflict.duplicate_invitation`, `LimitError`
   * `conflict.invitation_limit`.
   */
  createInvitation(input: CreateInvitationInput<M>, options?: MutationOptions): Promise<Invitation<M>>;

  /** One invitation as it is now: one that lapsed is `expired`. Throws `NotFoundError`. */
  getInvitation(invId: InvId): Promise<Invitation<M>>;

  /** Invitations of an organization as they are now, ascending by id. Throws `NotFoundError`. */
  listInvitations(orgId: OrgId, options?: ListInvitationsOptions): Promise<Page<Invitation<M>>>;

  /**
   * The invitations of all organizations to an identifier, as they are now and each with its organization, ascending by
   * id. Pass only an identifier that the session has verified: who asks sees where somebody is invited.
   */
  listInvitationsFor(identifier: string, options?: ListInvitationsOptions): Promise<Page<InvitationWithOrg<O, M>>>;

  /**
   * Join by invitation, as an existing user bound by their identifier or as a user whose id is minted here. Membership,
   * role tuple, grants and the end of the invitation are one commit. Throws `IdentifierBindingRequiredError`,
   * `NotFoundError`, `IdentifierMismatchError`, `InvitationExpiredError`, `InvitationNotPendingError`,
   * `PreconditionError` `precondition.org_not_active`, `DuplicateMembershipError`, `PreconditionError`
   * `precondition.membership_suspended`, `ForbiddenError`, `RoleHierarchyError`, `LimitError` `conflict.member_limit`,
   * `conflict.organization_limit`. Accepted once, however many try.
   */
  acceptInvitation(input: AcceptInvitationInput<M>, options?: MutationOptions): Promise<AcceptInvitationResult<M>>;

  /**
   * Turn an invitation down. Throws `NotFoundError`, `IdentifierBindingRequiredError`, `IdentifierMismatchError`,
   * `InvitationNotPendingError`.
   */
  declineInvitation(input: DeclineInvitationInput<M>, options?: MutationOptions): Promise<Invitation<M>>;

  /** Withdraw a pending invitation. Throws `NotFoundError`, `ForbiddenError`, `InvitationNotPendingError`. */
  revokeInvitation(input: RevokeInvitationInput<M>, options?: MutationOptions): Promise<Invitation<M>>;

  /**
   * Give a pending invitation another expiry; the event tells the host to send it again, also where the expiry is the same.
   * The inviter stays who they were. Throws `NotFoundError`, `ForbiddenError`, `RoleHierarchyError`
   * `forbidden.role_hierarchy`, `InvitationNotPendingError`, `PreconditionError` `precondition.org_not_active`,
   * `precondition.past_expiration`, `precondition.short_time_box`. Whoever accepts it at the same moment succeeds, before or after.
   */
  resendInvitation(input: ResendInvitationInput<M>, options?: MutationOptions): Promise<Invitation<M>>;

  /**
   * Write down at most `limit` lapsed invitations as `expired`, earliest expiry first, in one organization or in all. That
   * they lapsed shows without it; a sweep adds the event, and keeps pages of pending invitations short. One look, then
   * one commit and one event for each organization: not atomic across organizations, so after an error some may be done.
   * Running it twice or never changes no other answer. Throws `NotFoundError`. Of two at once each invitation is in one
   * answer.
   */
  expireInvitations(input?: ExpireInvitationsInput, options?: SweepOptions): Promise<ExpireInvitationsResult>;

  /**
   * Write down at most `limit` lapsed memberships as `revoked`, with the end of their role tuples, like `expireInvitations`:
   * that they lapsed shows without it. Throws `NotFoundError`.
   */
  expireMemberships(input?: ExpireMembershipsInput, options?: SweepOptions): Promise<ExpireMembershipsResult>;

  /** Write down the end of at most `limit` lapsed grants, like `expireInvitations`. Throws `NotFoundError`. */
  expireGrants(input?: ExpireGrantsInput, options?: SweepOptions): Promise<ExpireGrantsResult>;

  /**
   * Add up to 10,000 users in one commit, each row as by `addMember` and on what the rows before it have changed. With
   * `mode: "all"` the first refused row refuses the call, its place in the details as `row`; with `"each"` what is accepted
   * is done, and the answer reports of every row; with `dryRun` nothing is written and no entities are shown. One round
   * trip in mode `"all"` when accepted. Throws `PreconditionError` `precondition.too_many_rows`, `NotFoundError`, then what
   * `addMember` throws. One event for each row that is done; one key and one expected version for all.
   */
  addMembers<D extends boolean = false>(
    input: AddMembersInput<D, M>,
    options?: MutationOptions,
  ): Promise<BulkAnswer<Membership<M>, D>>;

  /**
   * Make up to 10,000 invitations in one commit, with at most 100,000 grants in all: each row as by `createInvitation`, the
   * call as `addMembers`. Throws `PreconditionError` `precondition.too_many_rows`, `precondition.too_many_pre_tuples`,
   * `NotFoundError`, then what `createInvitation` throws.
   */
  createInvitations<D extends boolean = false>(
    input: CreateInvitationsInput<D, M>,
    options?: MutationOptions,
  ): Promise<BulkAnswer<Invitation<M>, D>>;

  /**
   * Give up to 10,000 members other roles in one commit: each row as by `changeRole`, the call as `addMembers`. Of the
   * owners who are demoted in one call the last one is refused. Throws `PreconditionError` `precondition.too_many_rows`,
   * `NotFoundError` also for members of other organizations, then what `changeRole` throws.
   */
  changeRoles<D extends boolean = false>(
    input: ChangeRolesInput<D, M>,
    options?: MutationOptions,
  ): Promise<BulkAnswer<Membership<M>, D>>;

  /**
   * Remove up to 10,000 members in one commit: each row as by `adminRemove`, the call as `addMembers`. Who is removed by a
   * row has no authority over the later ones. Throws `PreconditionError` `precondition.too_many_rows`, `NotFoundError` also
   * for members of other organizations, then what `adminRemove` throws.
   */
  removeMembers<D extends boolean = false>(
    input: RemoveMembersInput<D, M>,
    options?: MutationOptions,
  ): Promise<BulkAnswer<Membership<M>, D>>;

  /**
   * What `revokeOrg`, `transferOwnership` or `removeUser` would do, and what stands in the way, from one snapshot: one key,
   * the operation's name, with what that operation takes. Numbers are bounded, so it costs as much in an organization of
   * any size. Throws `NotFoundError` where what is addressed does not exist.
   */
  plan<N extends keyof Plans>(operation: Planned<N, O>): Promise<Plans<O, M>[N]["shows"]>;

  /**
   * Take a user out of all their organizations, with what hung on each membership: for the deletion of an account. `choices`
   * say what becomes of organizations that they alone own. One look, then one commit for each organization, at most `limit`;
   * not atomic across them, and a repeat goes on. Throws `SoleOwnerError` `conflict.sole_owner`,
   * `PreconditionError` `precondition.self_transfer`, `NotFoundError`, before anything is written, unless `mode` is
   * `"each"`; what refuses later is told in the answer. With a key it takes effect in each organization once.
   */
  removeUser(input: RemoveUserInput, options?: CreateOptions): Promise<RemoveUserResult>;

  /** All tuples of a user, by object type, object id and relation, in the order of Unicode code points. */
  listTuplesForSubject(subjectType: "usr", subjectId: UsrId): Promise<readonly Tuple[]>;

  /** All tuples on an object, optionally of one relation, by relation and subject id. An unknown object has none. */
  listTuplesForObject(objectType: string, objectId: string, relation?: string): Promise<readonly Tuple[]>;

  /**
   * Whether a user has a relation, or one of several, to an object: whether exactly such a tuple exists. Nothing implies
   * anything: an owner is no `admin` here unless asked for both. A suspended organization keeps its tuples; ask with
   * `requireActiveOrg` where it should admit nobody.
   */
  check(input: CheckInput): Promise<boolean>;

  /**
   * An organization's events behind `after`, in the order of `seq`. Go on with `lastSeq`: a feed has no last page. Under
   * filters `lastSeq` is how far was looked, so what did not match is not looked at again. Throws `NotFoundError`.
   */
  listEvents(orgId: OrgId, options?: ListEventsOptions): Promise<EventsPage>;
}
