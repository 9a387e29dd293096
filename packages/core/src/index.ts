export type { AddMemberRow, AddMembersInput } from "./bulk/add-members.ts";
export type {
  BulkAnswer,
  BulkInput,
  BulkPreview,
  BulkReport,
  RowPreview,
  RowRefused,
  RowReport,
} from "./bulk/bulk.ts";
export type { ChangeRolesInput } from "./bulk/change-roles.ts";
export type { CreateInvitationRow, CreateInvitationsInput } from "./bulk/create-invitations.ts";
export type { RemoveMembersInput } from "./bulk/remove-members.ts";
export type {
  Change,
  ExistingOrg,
  Happening,
  InvitationExpectation,
  MembershipExpectation,
  OrgFields,
  OrgGuard,
  Write,
} from "./change.ts";
export { gained, type Occupancy } from "./change.ts";
export {
  AlreadyTerminalError,
  CODES,
  type Code,
  type ConfigCode,
  ConfigError,
  type ConfigFault,
  ContentionError,
  DomainConflictError,
  type DomainFault,
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
  InvalidMetadataError,
  InvalidTypeError,
  InvitationExpiredError,
  InvitationNotPendingError,
  type IsolationCode,
  IsolationError,
  isTenancyError,
  type LimitCode,
  LimitError,
  type MetadataKey,
  NotFoundError,
  type OfRow,
  OrgSlugConflictError,
  type PreconditionCode,
  PreconditionError,
  type Refusal,
  type Rejections,
  type RelayCode,
  RelayError,
  type Resolution,
  RoleHierarchyError,
  type SettingsCode,
  SettingsError,
  SoleOwnerError,
  type SubscriptionFault,
  TenancyError,
  type TenantCode,
  TenantError,
  type TokenFault,
  type UnavailableCode,
  UnavailableError,
  VersionConflictError,
} from "./errors.ts";
export {
  EVENT_TYPES,
  type EventData,
  type EventDraft,
  type EventFilter,
  type EventsPage,
  type EventType,
  type TenancyEvent,
} from "./event.ts";
export { type EventHandler, type SubscribeOptions, toldOnceCommitted } from "./feed.ts";
export type { AuditFilter, AuditPlace, AuditPort, EntityHistory } from "./groups/audit.ts";
export type { Domain } from "./groups/domain.ts";
export {
  PLACEMENT_STATES,
  type PlacementChange,
  type PlacementExpectation,
  type PlacementMove,
  type PlacementPatch,
  type PlacementPort,
  type PlacementState,
  placementBegun,
  type StoredPlacement,
} from "./groups/placement.ts";
export type {
  DeadEvent,
  DeadRef,
  Held,
  Lag,
  Lease,
  RelayPort,
  Subscription,
  SubscriptionChange,
  SubscriptionDraft,
} from "./groups/relay.ts";
export type { SettingChange, SettingStock, SettingTrace, StoredSetting } from "./groups/setting.ts";
export { SUSPENSION_KINDS, type Suspension, type SuspensionKind } from "./groups/suspension.ts";
export { DEEDS, type Deed, type Trace, tracesOf } from "./groups/traces.ts";
export { GROUPS, type Group } from "./groups.ts";
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
export type { MutationOptions } from "./input.ts";
export type { AcceptInvitationInput } from "./invitation/accept-invitation.ts";
export type { DeclineInvitationInput, RevokeInvitationInput } from "./invitation/close-invitation.ts";
export type { CreateInvitationInput } from "./invitation/create-invitation.ts";
export type { ExpireGrantsInput } from "./invitation/expire-grants.ts";
export type { ExpireInvitationsInput } from "./invitation/expire-invitations.ts";
export type { ResendInvitationInput } from "./invitation/resend-invitation.ts";
export type { Limit, Limits } from "./limits.ts";
export type { ListEventsOptions } from "./list/history.ts";
export type { ListInvitationsOptions } from "./list/invitations.ts";
export type { ListMembershipsOptions, ListMembersOptions } from "./list/memberships.ts";
export type { ListOrgsOptions } from "./list/orgs.ts";
export type { Standing, StandingInput } from "./list/standing.ts";
export type { CheckInput } from "./list/tuples.ts";
export type { PageOptions, TupleObject } from "./list-input.ts";
export type { AddMemberInput } from "./membership/add-member.ts";
export type { AdminRemoveInput } from "./membership/admin-remove.ts";
export type { ChangeRoleInput } from "./membership/change-role.ts";
export type { ExpireMembershipsInput } from "./membership/expire-memberships.ts";
export type { SelfLeaveInput } from "./membership/self-leave.ts";
export type { TransferOwnershipInput } from "./membership/transfer-ownership.ts";
export type { UpdateMembershipInput } from "./membership/update-membership.ts";
export type { MetadataInput, MetadataPatch, MetadataSchema } from "./metadata.ts";
export {
  type AcceptInvitationResult,
  ADMIN_HIERARCHY,
  type CreateOrgResult,
  type ExpireGrantsResult,
  type ExpireInvitationsResult,
  type ExpireMembershipsResult,
  type Grant,
  ID_TYPES,
  type Id,
  type IdType,
  INVITATION_STATUSES,
  type InvId,
  type Invitation,
  type InvitationStatus,
  type InvitationWithOrg,
  type JsonValue,
  type Membership,
  type MembershipAsOf,
  type MembershipWithOrg,
  type MemId,
  type Metadata,
  type Organization,
  type OrgId,
  type Page,
  type PreTuple,
  ROLES,
  type Role,
  rankOf,
  STATUSES,
  type Status,
  type SweepResult,
  type TransferOwnershipResult,
  type Tuple,
  type UsrId,
} from "./model.ts";
export type { CreateOrgInput, NewPlacement, UpdateOrgInput } from "./org.ts";
export type { SuspendOrgInput } from "./org-suspension.ts";
export { hasOwn } from "./own.ts";
export { errorOf } from "./patience.ts";
export { type OperationName, PERMISSIONS, type Permission, type Permissions } from "./permissions.ts";
export type { Counted } from "./plan/counted.ts";
export type { Planned, Plans } from "./plan/plan.ts";
export type { PlannedRemoval, RemoveUserPlan } from "./plan/plan-remove-user.ts";
export type { RevokeOrgPlan } from "./plan/plan-revoke-org.ts";
export type { PlannedRole, TransferOwnershipPlan } from "./plan/plan-transfer-ownership.ts";
export { emailIdentifiers, exactIdentifiers, type IdentifierPolicy } from "./policy.ts";
export type {
  Answer,
  AnswersTo,
  GrantsLeft,
  Joins,
  JoinsOf,
  KeyScope,
  KeyUse,
  LapsedGrant,
  LapsedMembership,
  MemberFilter,
  MembershipThen,
  OrgFilter,
  OrgRef,
  PendingInvitation,
  Plan,
  Question,
  Read,
  SentInvitation,
  Stock,
  StoredInvitationFilter,
  StoredMemberFilter,
  Successor,
  UserStanding,
} from "./read.ts";
export type { OwnerChoice } from "./removal/choices.ts";
export type { RemovedFrom } from "./removal/remove-from-org.ts";
export type { LeftIn, RemoveUserInput, RemoveUserResult } from "./removal/remove-user.ts";
export type { TenancyOptions } from "./settings.ts";
export { INVITATION_TRANSITIONS, MEMBERSHIP_TRANSITIONS, ORG_TRANSITIONS, type Transitions } from "./states.ts";
export {
  type Access,
  type Capabilities,
  type Commit,
  type CommitOutcome,
  type Committed,
  type CommittedEvent,
  type Ended,
  type FaultKind,
  type JoinedCall,
  type KeyAddress,
  type KeyClaim,
  StoreFault,
  type StorePort,
  type Tables,
} from "./store.ts";
export type { StoreWithin } from "./store-within.ts";
export { Tenancy } from "./tenancy.ts";
export type { CreateOptions, SweepOptions, TenancyStore } from "./tenancy-store.ts";
export { eventsOf } from "./written.ts";
