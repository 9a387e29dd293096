import { expectTypeOf, test } from "vitest";
import type { AddMemberRow } from "./bulk/add-members.ts";
import type { BulkPreview, BulkReport } from "./bulk/bulk.ts";
import type { CreateInvitationRow } from "./bulk/create-invitations.ts";
import type { EventsPage, EventType } from "./event.ts";
import type { SubscribeOptions } from "./feed.ts";
import type { Limits } from "./limits.ts";
import type {
  AcceptInvitationResult,
  CreateOrgResult,
  ExpireGrantsResult,
  ExpireInvitationsResult,
  ExpireMembershipsResult,
  Invitation,
  InvitationWithOrg,
  Membership,
  MembershipAsOf,
  MembershipWithOrg,
  Organization,
  Page,
  PreTuple,
  TransferOwnershipResult,
  Tuple,
} from "./model.ts";
import type { OperationName } from "./permissions.ts";
import type { Plans } from "./plan/plan.ts";
import type { RemoveUserPlan } from "./plan/plan-remove-user.ts";
import type { RevokeOrgPlan } from "./plan/plan-revoke-org.ts";
import type { RemoveUserResult } from "./removal/remove-user.ts";
import type { TenancyOptions } from "./settings.ts";
import type { TenancyStore } from "./tenancy-store.ts";

type Bulk = "addMembers" | "createInvitations" | "changeRoles" | "removeMembers";
type Answers = { [M in Exclude<keyof TenancyStore, Bulk>]: Awaited<ReturnType<TenancyStore[M]>> };

test("every method answers what the specification says", () => {
  expectTypeOf<Answers>().toEqualTypeOf<{
    createOrg: CreateOrgResult;
    getOrg: Organization;
    getOrgBySlug: Organization;
    listOrgs: Page<Organization>;
    updateOrg: Organization;
    suspendOrg: Organization;
    reinstateOrg: Organization;
    revokeOrg: Organization;
    addMember: Membership;
    getMembership: Membership;
    listMembers: Page<Membership>;
    listMemberships: Page<MembershipWithOrg>;
    membershipHistory: readonly Membership[];
    membersAsOf: Page<MembershipAsOf>;
    updateMembership: Membership;
    changeRole: Membership;
    suspendMembership: Membership;
    reinstateMembership: Membership;
    selfLeave: Membership;
    adminRemove: Membership;
    transferOwnership: TransferOwnershipResult;
    createInvitation: Invitation;
    getInvitation: Invitation;
    listInvitations: Page<Invitation>;
    listInvitationsFor: Page<InvitationWithOrg>;
    acceptInvitation: AcceptInvitationResult;
    declineInvitation: Invitation;
    revokeInvitation: Invitation;
    resendInvitation: Invitation;
    expireInvitations: ExpireInvitationsResult;
    plan: Plans[keyof Plans]["shows"];
    removeUser: RemoveUserResult;
    expireMemberships: ExpireMembershipsResult;
    expireGrants: ExpireGrantsResult;
    listTuplesForSubject: readonly Tuple[];
    listTuplesForObject: readonly Tuple[];
    check: boolean;
    listEvents: EventsPage;
  }>();
});

test("a dry run answers no entities", () => {
  const store = {} as TenancyStore;
  const input = { orgId: "org_1", rows: [] } as const;
  expectTypeOf(store.addMembers(input)).resolves.toEqualTypeOf<BulkReport<Membership>>();
  expectTypeOf(store.createInvitations(input)).resolves.toEqualTypeOf<BulkReport<Invitation>>();
  expectTypeOf(store.changeRoles({ ...input, dryRun: false })).resolves.toEqualTypeOf<BulkReport<Membership>>();
  expectTypeOf(store.removeMembers({ ...input, dryRun: true })).resolves.toEqualTypeOf<BulkPreview>();
});

test("a plan shows what its operation would do", () => {
  const store = {} as TenancyStore;
  expectTypeOf(store.plan({ revokeOrg: "org_1" })).resolves.toEqualTypeOf<RevokeOrgPlan>();
  expectTypeOf(store.plan({ removeUser: { usrId: "usr_1" } })).resolves.toEqualTypeOf<RemoveUserPlan>();
  // @ts-expect-error no such plan
  store.plan({ suspendOrg: "org_1" });
});

test("the id of one thing cannot be passed for another", () => {
  expectTypeOf<TenancyStore["getOrg"]>().parameter(0).toEqualTypeOf<`org_${string}`>();
  expectTypeOf<TenancyStore["getMembership"]>().parameter(0).toEqualTypeOf<`mem_${string}`>();
  expectTypeOf<TenancyStore["getInvitation"]>().parameter(0).toEqualTypeOf<`inv_${string}`>();
});

test("a version can be expected of everything but a foundation", () => {
  type Options<M extends "createOrg" | "addMember"> = NonNullable<Parameters<TenancyStore[M]>[1]>;
  expectTypeOf<Options<"addMember">>().toHaveProperty("expectedVersion");
  expectTypeOf<Options<"createOrg">>().not.toHaveProperty("expectedVersion");
});

test("a sweep is several commits: it has neither a key nor a version", () => {
  type Options = NonNullable<Parameters<TenancyStore["expireInvitations"]>[1]>;
  expectTypeOf<keyof Options>().toEqualTypeOf<"actor">();
});

test("a member of the past was live", () => {
  expectTypeOf<MembershipAsOf["status"]>().toEqualTypeOf<"active" | "suspended">();
});

/** The optional keys that have to be left out where there is no value. */
type Strict<T> = T extends Date
  ? never
  : T extends object
    ? { [K in keyof T]-?: object extends Pick<T, K> ? (undefined extends Required<T>[K] ? never : K) : never }[keyof T]
    : never;

test("an optional value may be `undefined`, whatever the host's compiler makes of that", () => {
  expectTypeOf<Strict<{ a?: number; b?: string | undefined; c: null }>>().toEqualTypeOf<"a">();
  type Arguments = { [M in keyof TenancyStore]: Parameters<TenancyStore[M]>[number] }[keyof TenancyStore];
  expectTypeOf<Strict<Arguments>>().toBeNever();
  expectTypeOf<Strict<AddMemberRow | CreateInvitationRow | PreTuple>>().toBeNever();
  expectTypeOf<Strict<TenancyOptions | Limits | NonNullable<TenancyOptions["metadata"]>>>().toBeNever();
  expectTypeOf<Strict<SubscribeOptions<EventType>>>().toBeNever();
});

test("results are read-only at every depth", () => {
  const result = {} as AcceptInvitationResult;
  // @ts-expect-error read-only
  result.invitation.status = "accepted";
  // @ts-expect-error read-only
  result.materializedTuples.push();
});

test("every method has its line of permissions, and nothing else has", () => {
  expectTypeOf<OperationName>().toEqualTypeOf<keyof TenancyStore>();
});
