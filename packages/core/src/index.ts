export type {
  Change,
  InvitationExpectation,
  MembershipExpectation,
  OrgGuard,
  Write,
} from "./change.ts";
export {
  AlreadyTerminalError,
  CODES,
  type Code,
  ContentionError,
  DuplicateInvitationError,
  DuplicateMembershipError,
  type ErrorOptions,
  errorFor,
  ForbiddenError,
  IdempotencyConflictError,
  IdentifierBindingRequiredError,
  IdentifierMismatchError,
  IndeterminateError,
  InternalError,
  InvalidIdError,
  InvalidTypeError,
  InvitationExpiredError,
  InvitationNotPendingError,
  isTenancyError,
  NotFoundError,
  OrgSlugConflictError,
  type PreconditionCode,
  PreconditionError,
  type Rejections,
  type Resolution,
  RoleHierarchyError,
  SoleOwnerError,
  TenancyError,
  type UnavailableCode,
  UnavailableError,
  VersionConflictError,
} from "./errors.ts";
export type { EventData, EventDraft, EventType, TenancyEvent } from "./event.ts";
export {
  type DecodedId,
  decode,
  decodeAny,
  deriveUsrId,
  encode,
  generate,
  idOf,
  isId,
  isValid,
  isValidShape,
  typeOf,
  uuidOf,
} from "./id.ts";
export type { MutationOptions, PageOptions } from "./input.ts";
export type { AcceptInvitationInput } from "./invitation/accept-invitation.ts";
export type { DeclineInvitationInput, RevokeInvitationInput } from "./invitation/close-invitation.ts";
export type { CreateInvitationInput } from "./invitation/create-invitation.ts";
export type { ListInvitationsOptions, ListMembersOptions } from "./list.ts";
export type { AddMemberInput } from "./membership/add-member.ts";
export type { AdminRemoveInput } from "./membership/admin-remove.ts";
export type { ChangeRoleInput } from "./membership/change-role.ts";
export type { SelfLeaveInput } from "./membership/self-leave.ts";
export type { TransferOwnershipInput } from "./membership/transfer-ownership.ts";
export {
  type AcceptInvitationResult,
  ADMIN_HIERARCHY,
  type CreateOrgResult,
  ID_TYPES,
  type Id,
  type IdType,
  INVITATION_STATUSES,
  type InvId,
  type Invitation,
  type InvitationStatus,
  type Membership,
  type MemId,
  type Organization,
  type OrgId,
  type Page,
  type PreTuple,
  ROLES,
  type Role,
  rankOf,
  STATUSES,
  type Status,
  type TransferOwnershipResult,
  type Tuple,
  type UsrId,
} from "./model.ts";
export type { CreateOrgInput, UpdateOrgInput } from "./org.ts";
export { errorOf } from "./patience.ts";
export { emailIdentifiers, exactIdentifiers, type IdentifierPolicy } from "./policy.ts";
export type {
  Answer,
  AnswersTo,
  KeyScope,
  KeyUse,
  MemberFilter,
  OrgRef,
  Plan,
  Question,
  Read,
  StoredInvitationFilter,
} from "./read.ts";
export type { TenancyOptions } from "./settings.ts";
export { INVITATION_TRANSITIONS, MEMBERSHIP_TRANSITIONS, ORG_TRANSITIONS, type Transitions } from "./states.ts";
export {
  type Access,
  type Capabilities,
  type Commit,
  type CommitOutcome,
  type CommittedEvent,
  type FaultKind,
  type JoinedCall,
  type KeyAddress,
  type KeyClaim,
  StoreFault,
  type StorePort,
  type Tables,
} from "./store.ts";
export { type CreateOptions, Tenancy, type TenancyStore } from "./tenancy.ts";
