import { ROLES, type Role } from "./model.ts";

/** Every operation by the name of its method. */
export type OperationName =
  | "createOrg"
  | "getOrg"
  | "getOrgBySlug"
  | "listOrgs"
  | "updateOrg"
  | "suspendOrg"
  | "reinstateOrg"
  | "revokeOrg"
  | "addMember"
  | "getMembership"
  | "listMembers"
  | "listMemberships"
  | "membershipHistory"
  | "membersAsOf"
  | "updateMembership"
  | "changeRole"
  | "suspendMembership"
  | "reinstateMembership"
  | "selfLeave"
  | "adminRemove"
  | "transferOwnership"
  | "createInvitation"
  | "getInvitation"
  | "listInvitations"
  | "listInvitationsFor"
  | "acceptInvitation"
  | "declineInvitation"
  | "revokeInvitation"
  | "resendInvitation"
  | "expireInvitations"
  | "expireMemberships"
  | "expireGrants"
  | "addMembers"
  | "createInvitations"
  | "changeRoles"
  | "removeMembers"
  | "plan"
  | "removeUser"
  | "listTuplesForSubject"
  | "listTuplesForObject"
  | "check"
  | "listEvents";

/** Who may call an operation on behalf of themself. */
export interface Permission {
  /** Active members of the organization in one of these roles may. */
  readonly roles: readonly Role[];
  /** Whoever the call is about may, in whatever role or none: their own membership, invitation, organizations, tuples. */
  readonly oneself: boolean;
  /** Whether the roles that the call is about, of people and on offer, must not rank above the caller's own. */
  readonly withinRank: boolean;
}

export type Permissions = { readonly [Name in OperationName]: Permission };

const nobody: Permission = { roles: [], oneself: false, withinRank: false };
const oneself: Permission = { ...nobody, oneself: true };
const owners: Permission = { ...nobody, roles: ["owner"] };
const ownersOrOneself: Permission = { ...owners, oneself: true };
const administrators: Permission = { ...nobody, roles: ["owner", "admin"] };
const overOthers: Permission = { ...administrators, withinRank: true };
const members: Permission = { ...nobody, roles: ROLES };
/** Guests see who they are themselves, not who else is there. */
const roster: Permission = { ...nobody, roles: ROLES.filter((role) => role !== "guest"), oneself: true };

/**
 * Who may do what through `store.as(usrId)`. Data: a host replaces lines of it by the option `permissions`. What an
 * operation's own rules refuse stays refused.
 */
export const PERMISSIONS: Permissions = {
  createOrg: oneself,
  getOrg: members,
  getOrgBySlug: members,
  listOrgs: nobody,
  updateOrg: administrators,
  suspendOrg: owners,
  reinstateOrg: owners,
  revokeOrg: owners,
  addMember: overOthers,
  getMembership: roster,
  listMembers: roster,
  listMemberships: oneself,
  membershipHistory: roster,
  membersAsOf: administrators,
  updateMembership: overOthers,
  changeRole: overOthers,
  suspendMembership: overOthers,
  reinstateMembership: overOthers,
  selfLeave: oneself,
  adminRemove: overOthers,
  transferOwnership: oneself,
  createInvitation: overOthers,
  getInvitation: administrators,
  listInvitations: administrators,
  listInvitationsFor: nobody,
  acceptInvitation: oneself,
  declineInvitation: oneself,
  revokeInvitation: administrators,
  resendInvitation: overOthers,
  expireInvitations: nobody,
  expireMemberships: nobody,
  expireGrants: nobody,
  addMembers: overOthers,
  createInvitations: overOthers,
  changeRoles: overOthers,
  removeMembers: overOthers,
  plan: ownersOrOneself,
  removeUser: oneself,
  listTuplesForSubject: oneself,
  listTuplesForObject: roster,
  check: oneself,
  listEvents: administrators,
};

for (const permission of Object.values(PERMISSIONS)) {
  Object.freeze(permission.roles);
  Object.freeze(permission);
}
Object.freeze(PERMISSIONS);
