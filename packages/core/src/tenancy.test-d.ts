import { expectTypeOf, test } from "vitest";
import type { EventsPage } from "./event.ts";
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
  TransferOwnershipResult,
  Tuple,
} from "./model.ts";
import type { OperationName } from "./permissions.ts";
import type { TenancyStore } from "./tenancy-store.ts";

type Answers = { [M in keyof TenancyStore]: Awaited<ReturnType<TenancyStore[M]>> };

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
    expireMemberships: ExpireMembershipsResult;
    expireGrants: ExpireGrantsResult;
    listTuplesForSubject: readonly Tuple[];
    listTuplesForObject: readonly Tuple[];
    check: boolean;
    listEvents: EventsPage;
  }>();
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
