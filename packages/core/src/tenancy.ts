import { type AddMembersInput, addMembers } from "./bulk/add-members.ts";
import type { BulkAnswer } from "./bulk/bulk.ts";
import { type ChangeRolesInput, changeRoles } from "./bulk/change-roles.ts";
import { type CreateInvitationsInput, createInvitations } from "./bulk/create-invitations.ts";
import { type RemoveMembersInput, removeMembers } from "./bulk/remove-members.ts";
import type { EventsPage, EventType } from "./event.ts";
import { extensible } from "./extension.ts";
import { type EventHandler, Feed, type SubscribeOptions, tells, toldTo } from "./feed.ts";
import { requireGroups } from "./groups-input.ts";
import { idArgument } from "./id.ts";
import type { MutationOptions } from "./input.ts";
import { type AcceptInvitationInput, acceptInvitation } from "./invitation/accept-invitation.ts";
import {
  type DeclineInvitationInput,
  declineInvitation,
  type RevokeInvitationInput,
  revokeInvitation,
} from "./invitation/close-invitation.ts";
import { type CreateInvitationInput, createInvitation } from "./invitation/create-invitation.ts";
import { type ExpireGrantsInput, expireGrants } from "./invitation/expire-grants.ts";
import { type ExpireInvitationsInput, expireInvitations } from "./invitation/expire-invitations.ts";
import { type ResendInvitationInput, resendInvitation } from "./invitation/resend-invitation.ts";
import { type ListEventsOptions, listEvents, membersAsOf, membershipHistory } from "./list/history.ts";
import { getInvitation, type ListInvitationsOptions, listInvitations, listInvitationsFor } from "./list/invitations.ts";
import {
  getMembership,
  type ListMembershipsOptions,
  type ListMembersOptions,
  listMembers,
  listMemberships,
} from "./list/memberships.ts";
import { getOrg, getOrgBySlug, type ListOrgsOptions, listOrgs } from "./list/orgs.ts";
import { type Standing, type StandingInput, standing } from "./list/standing.ts";
import { type CheckInput, check, listTuplesForObject, listTuplesForSubject } from "./list/tuples.ts";
import type { PageOptions } from "./list-input.ts";
import { type AddMemberInput, addMember } from "./membership/add-member.ts";
import { type AdminRemoveInput, adminRemove } from "./membership/admin-remove.ts";
import { type ChangeRoleInput, changeRole } from "./membership/change-role.ts";
import { type ExpireMembershipsInput, expireMemberships } from "./membership/expire-memberships.ts";
import { type SelfLeaveInput, selfLeave } from "./membership/self-leave.ts";
import { reinstateMembership, suspendMembership } from "./membership/suspension.ts";
import { type TransferOwnershipInput, transferOwnership } from "./membership/transfer-ownership.ts";
import { type UpdateMembershipInput, updateMembership } from "./membership/update-membership.ts";
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
import {
  type CreateOrgInput,
  createOrg,
  reinstateOrg,
  revokeOrg,
  suspendOrg,
  type UpdateOrgInput,
  updateOrg,
} from "./org.ts";
import type { SuspendOrgInput } from "./org-suspension.ts";
import { type OperationName, PERMISSIONS } from "./permissions.ts";
import { type Planned, type Plans, plan } from "./plan/plan.ts";
import type { RemoveUserInput, RemoveUserResult } from "./removal/remove-user.ts";
import { removal } from "./removal.ts";
import { ask, type Context, contextOf, mutate } from "./run.ts";
import { settingsFrom, type TenancyOptions } from "./settings.ts";
import type { Capabilities, StorePort } from "./store.ts";
import { ACROSS, type StoreWithin } from "./store-within.ts";
import { sweep } from "./sweep.ts";
import type { CreateOptions, SweepOptions, TenancyStore } from "./tenancy-store.ts";

/**
 * The operations over a store port, for the host or on behalf of somebody. To them metadata is an object and nothing else.
 */
class Operations implements TenancyStore {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  createOrg(input: UsrId | CreateOrgInput, options?: CreateOptions): Promise<CreateOrgResult> {
    return mutate(this.#context, createOrg, [input], options);
  }
  getOrg(orgId: OrgId): Promise<Organization> {
    return ask(this.#context, getOrg, orgId);
  }
  getOrgBySlug(slug: string): Promise<Organization> {
    return ask(this.#context, getOrgBySlug, slug);
  }
  listOrgs(options?: ListOrgsOptions): Promise<Page<Organization>> {
    return ask(this.#context, listOrgs, options);
  }
  updateOrg(input: UpdateOrgInput, options?: MutationOptions): Promise<Organization> {
    return mutate(this.#context, updateOrg, [input], options);
  }
  suspendOrg(org: OrgId | Organization | SuspendOrgInput, options?: MutationOptions): Promise<Organization> {
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
  listMemberships(usrId: UsrId, options?: ListMembershipsOptions): Promise<Page<MembershipWithOrg>> {
    return ask(this.#context, listMemberships, usrId, options);
  }
  membershipHistory(memId: MemId): Promise<readonly Membership[]> {
    return ask(this.#context, membershipHistory, memId);
  }
  membersAsOf(orgId: OrgId, at: Date, options?: PageOptions): Promise<Page<MembershipAsOf>> {
    return ask(this.#context, membersAsOf, orgId, at, options);
  }
  updateMembership(input: UpdateMembershipInput, options?: MutationOptions): Promise<Membership> {
    return mutate(this.#context, updateMembership, [input], options);
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
  listInvitationsFor(identifier: string, options?: ListInvitationsOptions): Promise<Page<InvitationWithOrg>> {
    return ask(this.#context, listInvitationsFor(this.#context.settings), identifier, options);
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
  resendInvitation(input: ResendInvitationInput, options?: MutationOptions): Promise<Invitation> {
    return mutate(this.#context, resendInvitation, [input], options);
  }
  expireInvitations(input?: ExpireInvitationsInput, options?: SweepOptions): Promise<ExpireInvitationsResult> {
    return sweep(this.#context, expireInvitations, input, options);
  }
  expireMemberships(input?: ExpireMembershipsInput, options?: SweepOptions): Promise<ExpireMembershipsResult> {
    return sweep(this.#context, expireMemberships, input, options);
  }
  expireGrants(input?: ExpireGrantsInput, options?: SweepOptions): Promise<ExpireGrantsResult> {
    return sweep(this.#context, expireGrants, input, options);
  }
  addMembers<D extends boolean = false>(
    input: AddMembersInput<D>,
    options?: MutationOptions,
  ): Promise<BulkAnswer<Membership, D>> {
    return mutate(this.#context, addMembers, [input], options) as Promise<BulkAnswer<Membership, D>>;
  }
  createInvitations<D extends boolean = false>(
    input: CreateInvitationsInput<D>,
    options?: MutationOptions,
  ): Promise<BulkAnswer<Invitation, D>> {
    return mutate(this.#context, createInvitations, [input], options) as Promise<BulkAnswer<Invitation, D>>;
  }
  changeRoles<D extends boolean = false>(
    input: ChangeRolesInput<D>,
    options?: MutationOptions,
  ): Promise<BulkAnswer<Membership, D>> {
    return mutate(this.#context, changeRoles, [input], options) as Promise<BulkAnswer<Membership, D>>;
  }
  removeMembers<D extends boolean = false>(
    input: RemoveMembersInput<D>,
    options?: MutationOptions,
  ): Promise<BulkAnswer<Membership, D>> {
    return mutate(this.#context, removeMembers, [input], options) as Promise<BulkAnswer<Membership, D>>;
  }
  plan<N extends keyof Plans>(operation: Planned<N>): Promise<Plans[N]["shows"]> {
    return plan(this.#context, operation) as Promise<Plans[N]["shows"]>;
  }
  removeUser(input: RemoveUserInput, options?: CreateOptions): Promise<RemoveUserResult> {
    return removal(this.#context, input, options);
  }
  listTuplesForSubject(subjectType: "usr", subjectId: UsrId): Promise<readonly Tuple[]> {
    return ask(this.#context, listTuplesForSubject, subjectType, subjectId);
  }
  listTuplesForObject(objectType: string, objectId: string, relation?: string): Promise<readonly Tuple[]> {
    return ask(this.#context, listTuplesForObject, objectType, objectId, relation);
  }
  check(input: CheckInput): Promise<boolean> {
    return ask(this.#context, check, input);
  }
  listEvents(orgId: OrgId, options?: ListEventsOptions): Promise<EventsPage> {
    return ask(this.#context, listEvents, orgId, options);
  }
}

/** The base of every store class. */
class AnyTenancy extends Operations {
  readonly capabilities: Capabilities;
  readonly #own: Context;
  readonly #feed: Feed;

  constructor(port: StorePort, options: TenancyOptions = {}) {
    const feed = new Feed();
    const settings = settingsFrom(options);
    requireGroups(settings.groups, port.capabilities.groups ?? []);
    const context = contextOf(toldTo(feed, port), settings);
    super(context);
    extensible(this, context);
    tells(this, feed);
    this.#own = context;
    this.#feed = feed;
    this.capabilities = { ...port.capabilities, groups: settings.groups };
  }

  as(usrId: UsrId): TenancyStore {
    return new Operations({ ...this.#own, acting: idArgument("usr", usrId) });
  }

  within(orgId: OrgId): StoreWithin {
    const inside = new Operations({ ...this.#own, within: idArgument("org", orgId) });
    const names = Object.keys(PERMISSIONS) as OperationName[];
    const those = names.filter((name) => !(ACROSS as readonly string[]).includes(name));
    return Object.fromEntries(those.map((name) => [name, inside[name].bind(inside)])) as unknown as StoreWithin;
  }

  standing(input: StandingInput): Promise<Standing> {
    return ask(this.#own, standing, input);
  }

  subscribe<T extends EventType = EventType>(handler: EventHandler<T>, options?: SubscribeOptions<T>): () => void {
    return this.#feed.subscribe(handler, options);
  }
}

/** The operations over a store port: the base of every store class. */
export interface Tenancy<O = Metadata, M = Metadata> extends TenancyStore<O, M> {
  /** What this store can and cannot do. */
  readonly capabilities: Capabilities;

  /**
   * The same operations on behalf of one user, who can do no more than the permissions say ({@link PERMISSIONS}, or the
   * option `permissions`): whether they may is decided together with the operation, from the same snapshot, and expected
   * by its commit. What belongs to an organization in which they are no active member is `NotFoundError`, like what was
   * never there; beyond their permissions it is `ForbiddenError` `forbidden`, above their rank `RoleHierarchyError`
   * `forbidden.role_hierarchy`. Every event names them as its actor. Throws `InvalidIdError`, `InvalidTypeError`.
   */
  as(usrId: UsrId): TenancyStore<O, M>;

  /**
   * The same operations inside one organization: whatever belongs to another one counts as absent, with the errors, the
   * bytes and the round trips of an id that never was. It authorises nobody. Throws `InvalidIdError`, `InvalidTypeError`.
   */
  within(orgId: OrgId): StoreWithin<O, M>;

  /**
   * Where a user stands with an organization: itself, their live membership, their role tuples, and which of some tuples
   * exist, from one snapshot in one round trip. What is not there is `null` or not among the answers, never an error.
   * Throws `PreconditionError` `precondition.invalid_relation`, `.invalid_object` for a tuple.
   */
  standing(input: StandingInput): Promise<Standing<O, M>>;

  /**
   * Calls `handler` with every event that this store object writes from now on, those of `as` included: after its commit,
   * before the mutation's promise settles as a rule, in the order of `seq` within an organization, at most once. Whatever
   * the handler does, the mutation is not affected. Not told of: what other processes write, what is written inside the
   * host's transaction, and a commit whose outcome was unknown; `listEvents` has them all. The result ends it. Throws
   * `PreconditionError` `precondition.invalid_input` for an unknown option or value, `InvalidIdError`, `InvalidTypeError`.
   */
  subscribe<T extends EventType = EventType>(handler: EventHandler<T>, options?: SubscribeOptions<T>): () => void;
}

interface TenancyClass {
  /** Throws `PreconditionError` `precondition.invalid_input` for an unknown option or value. */
  new <O = Metadata, M = Metadata>(port: StorePort, options?: TenancyOptions<O, M>): Tenancy<O, M>;
}

/** What the host's schemas make of metadata is known to the compiler alone. */
export const Tenancy: TenancyClass = AnyTenancy as unknown as TenancyClass;
