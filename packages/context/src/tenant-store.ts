import {
  type AddMemberInput,
  type ChangeRoleInput,
  type CheckInput,
  type CreateInvitationInput,
  type EventsPage,
  type InvId,
  type Invitation,
  type ListEventsOptions,
  type ListInvitationsOptions,
  type ListMembersOptions,
  type Membership,
  type MembershipAsOf,
  type MemId,
  type MutationOptions,
  type Organization,
  type OrgId,
  type Page,
  type PageOptions,
  PreconditionError,
  type StoreWithin,
  TenantError,
  type TransferOwnershipResult,
  type Tuple,
  type UpdateOrgInput,
  type UsrId,
} from "@tenantry/core";
import { type ActiveTenant, isActiveTenant } from "./active-tenant.ts";

/** Options of a change made for one request: who made it is not the caller's to say. */
export type TenantMutationOptions = Omit<MutationOptions, "actor">;

/**
 * The operations on the organization that a guard has proved. An id of another one answers `NotFoundError` like an id that
 * never was. Who may call what stays the guard's. What names a user who acts throws `tenant.unauthenticated` without one.
 */
export interface TenantStore {
  getOrg(): Promise<Organization>;
  updateOrg(input: Omit<UpdateOrgInput, "orgId">, options?: TenantMutationOptions): Promise<Organization>;
  suspendOrg(options?: TenantMutationOptions): Promise<Organization>;
  reinstateOrg(options?: TenantMutationOptions): Promise<Organization>;
  revokeOrg(options?: TenantMutationOptions): Promise<Organization>;
  addMember(input: Omit<AddMemberInput, "orgId" | "invitedBy">, options?: TenantMutationOptions): Promise<Membership>;
  getMembership(memId: MemId): Promise<Membership>;
  listMembers(options?: ListMembersOptions): Promise<Page<Membership>>;
  membershipHistory(memId: MemId): Promise<readonly Membership[]>;
  membersAsOf(at: Date, options?: PageOptions): Promise<Page<MembershipAsOf>>;
  changeRole(input: ChangeRoleInput, options?: TenantMutationOptions): Promise<Membership>;
  suspendMembership(memId: MemId, options?: TenantMutationOptions): Promise<Membership>;
  reinstateMembership(memId: MemId, options?: TenantMutationOptions): Promise<Membership>;
  /** One's own membership. Throws `tenant.denied` for who has none. */
  selfLeave(input?: { readonly transferTo?: UsrId | null }, options?: TenantMutationOptions): Promise<Membership>;
  adminRemove(input: { readonly memId: MemId }, options?: TenantMutationOptions): Promise<Membership>;
  transferOwnership(
    input: { readonly fromMemId: MemId; readonly toMemId: MemId },
    options?: TenantMutationOptions,
  ): Promise<TransferOwnershipResult>;
  createInvitation(
    input: Omit<CreateInvitationInput, "orgId" | "invitedBy">,
    options?: TenantMutationOptions,
  ): Promise<Invitation>;
  getInvitation(invId: InvId): Promise<Invitation>;
  listInvitations(options?: ListInvitationsOptions): Promise<Page<Invitation>>;
  revokeInvitation(input: { readonly invId: InvId }, options?: TenantMutationOptions): Promise<Invitation>;
  resendInvitation(
    input: { readonly invId: InvId; readonly expiresAt: Date },
    options?: TenantMutationOptions,
  ): Promise<Invitation>;
  /** On another organization as the object there is nothing. */
  listTuplesForObject(objectType: string, objectId: string, relation?: string): Promise<readonly Tuple[]>;
  /** On another organization as the object there is nothing. */
  check(input: CheckInput): Promise<boolean>;
  listEvents(options?: ListEventsOptions): Promise<EventsPage>;
}

/** What of a store is called: every store of `@tenantry` has it. */
export interface ConfinedStore {
  within(orgId: OrgId): StoreWithin;
}

/** A store for one request. Throws `tenant.context_missing` for what no guard made. */
export function inTenant(store: ConfinedStore, active: ActiveTenant): TenantStore {
  if (!isActiveTenant(active)) {
    throw new TenantError("tenant.context_missing", {});
  }
  const orgId = active.org.id;
  const inside = store.within(orgId);
  const usrId = active.actor.kind === "user" || active.actor.kind === "operator" ? active.actor.id : null;
  // Behind what the caller gives, so that an `actor` among it counts for nothing.
  const by = (options: TenantMutationOptions = {}): MutationOptions => ({ ...copied(options), actor: usrId });
  const acting = (): UsrId => {
    if (usrId === null) {
      throw new TenantError("tenant.unauthenticated", {});
    }
    return usrId;
  };
  const ownMemId = (): MemId => {
    if (active.membership === null) {
      throw new TenantError("tenant.denied", {});
    }
    return active.membership.id;
  };
  const isElsewhere = (objectType: string, objectId: string): boolean => objectType === "org" && objectId !== orgId;

  return {
    getOrg: () => inside.getOrg(orgId),
    updateOrg: async (input, options) => inside.updateOrg({ ...copied(input), orgId }, by(options)),
    suspendOrg: async (options) => inside.suspendOrg(orgId, by(options)),
    reinstateOrg: async (options) => inside.reinstateOrg(orgId, by(options)),
    revokeOrg: async (options) => inside.revokeOrg(orgId, by(options)),
    addMember: async (input, options) => inside.addMember({ ...copied(input), orgId, invitedBy: usrId }, by(options)),
    getMembership: (memId) => inside.getMembership(memId),
    listMembers: (options) => inside.listMembers(orgId, options),
    membershipHistory: (memId) => inside.membershipHistory(memId),
    membersAsOf: (at, options) => inside.membersAsOf(orgId, at, options),
    changeRole: async (input, options) => inside.changeRole(input, by(options)),
    suspendMembership: async (memId, options) => inside.suspendMembership(memId, by(options)),
    reinstateMembership: async (memId, options) => inside.reinstateMembership(memId, by(options)),
    selfLeave: async (input = {}, options) => inside.selfLeave({ ...copied(input), memId: ownMemId() }, by(options)),
    adminRemove: async (input, options) => inside.adminRemove({ ...copied(input), adminUsrId: acting() }, by(options)),
    transferOwnership: async (input, options) => inside.transferOwnership({ ...copied(input), orgId }, by(options)),
    createInvitation: async (input, options) =>
      inside.createInvitation({ ...copied(input), orgId, invitedBy: acting() }, by(options)),
    getInvitation: (invId) => inside.getInvitation(invId),
    listInvitations: (options) => inside.listInvitations(orgId, options),
    revokeInvitation: async (input, options) =>
      inside.revokeInvitation({ ...copied(input), adminUsrId: acting() }, by(options)),
    resendInvitation: async (input, options) =>
      inside.resendInvitation({ ...copied(input), adminUsrId: acting() }, by(options)),
    async listTuplesForObject(objectType, objectId, relation) {
      const tuples = await inside.listTuplesForObject(objectType, objectId, relation);
      return isElsewhere(objectType, objectId) ? [] : tuples;
    },
    async check(input) {
      const asked = copied(input);
      const object = typeof asked.object === "string" ? asked.object : copied(asked.object);
      const holds = await inside.check({ ...asked, object });
      return typeof object === "string" ? holds && object === orgId : holds && !isElsewhere(object.type, object.id);
    },
    listEvents: (options) => inside.listEvents(orgId, options),
  };
}

/** Each property read once: what is asked of the store must be what is looked at here. */
function copied<T extends object>(value: T): T {
  if (typeof value !== "object" || value === null) {
    throw new PreconditionError("precondition.invalid_input", { key: null });
  }
  try {
    return { ...value };
  } catch (cause) {
    throw new PreconditionError("precondition.invalid_input", { key: null }, { cause });
  }
}
