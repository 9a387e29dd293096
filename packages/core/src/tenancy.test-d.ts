import { expectTypeOf, test } from "vitest";
import type {
  AcceptInvitationResult,
  CreateOrgResult,
  Invitation,
  Membership,
  Organization,
  Page,
  TransferOwnershipResult,
  Tuple,
} from "./model.ts";
import type { TenancyStore } from "./tenancy.ts";

type Answers = { [M in keyof TenancyStore]: Awaited<ReturnType<TenancyStore[M]>> };

test("every method answers what the specification says", () => {
  expectTypeOf<Answers>().toEqualTypeOf<{
    createOrg: CreateOrgResult;
    getOrg: Organization;
    updateOrg: Organization;
    suspendOrg: Organization;
    reinstateOrg: Organization;
    revokeOrg: Organization;
    addMember: Membership;
    getMembership: Membership;
    listMembers: Page<Membership>;
    changeRole: Membership;
    suspendMembership: Membership;
    reinstateMembership: Membership;
    selfLeave: Membership;
    adminRemove: Membership;
    transferOwnership: TransferOwnershipResult;
    createInvitation: Invitation;
    getInvitation: Invitation;
    listInvitations: Page<Invitation>;
    acceptInvitation: AcceptInvitationResult;
    declineInvitation: Invitation;
    revokeInvitation: Invitation;
    listTuplesForSubject: readonly Tuple[];
    listTuplesForObject: readonly Tuple[];
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

test("results are read-only at every depth", () => {
  const result = {} as AcceptInvitationResult;
  // @ts-expect-error read-only
  result.invitation.status = "accepted";
  // @ts-expect-error read-only
  result.materializedTuples.push();
});
