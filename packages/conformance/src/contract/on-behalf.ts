import { type Code, generate, isTenancyError, type UsrId } from "@tenantry/core";
import { assert, assertSame, assertUnchanged, describeError, type Outcome, outcomeOf } from "../assertions.ts";
import { appendedEvents } from "../fixture/ledger.ts";
import { callOn, type Operation, operations, type Place, prepared, replaced, valueAt } from "./operations.ts";
import { around, inTown, type Town } from "./town.ts";
import type { Trait, TraitCase } from "./trait.ts";

// What the residents of a town can do on behalf of themselves, stated here once more: rules about people of higher rank
// are shown by fixtures.

const ACTORS = ["owner", "admin", "member", "suspended", "stranger"] as const;
type Actor = (typeof ACTORS)[number];
type Answer = "ok" | Code;
type Row = Readonly<Record<Actor, Answer>>;

function row(owner: Answer, admin: Answer, member: Answer, suspended: Answer, stranger: Answer): Row {
  return { owner, admin, member, suspended, stranger };
}

const anybody = row("ok", "ok", "ok", "ok", "ok");
const members = row("ok", "ok", "ok", "not_found", "not_found");
const administrators = row("ok", "ok", "forbidden", "not_found", "not_found");
const owners = row("ok", "forbidden", "forbidden", "not_found", "not_found");
const nobody = row("forbidden", "forbidden", "forbidden", "forbidden", "forbidden");

/** What each gets who makes the town's call for themself. */
const expected: Readonly<Record<string, Row>> = {
  createOrg: anybody,
  getOrg: members,
  getOrgBySlug: members,
  listOrgs: nobody,
  updateOrg: administrators,
  suspendOrg: owners,
  reinstateOrg: owners,
  revokeOrg: owners,
  addMember: administrators,
  getMembership: members,
  listMembers: members,
  listMemberships: anybody,
  membershipHistory: members,
  membersAsOf: administrators,
  updateMembership: administrators,
  changeRole: administrators,
  suspendMembership: administrators,
  reinstateMembership: administrators,
  selfLeave: owners,
  adminRemove: administrators,
  transferOwnership: owners,
  createInvitation: administrators,
  getInvitation: administrators,
  listInvitations: administrators,
  listInvitationsFor: nobody,
  acceptInvitation: row(
    "conflict.duplicate_membership",
    "conflict.duplicate_membership",
    "conflict.duplicate_membership",
    "precondition.membership_suspended",
    "ok",
  ),
  declineInvitation: anybody,
  revokeInvitation: administrators,
  resendInvitation: administrators,
  expireInvitations: nobody,
  expireMemberships: nobody,
  expireGrants: nobody,
  addMembers: administrators,
  createInvitations: administrators,
  changeRoles: administrators,
  removeMembers: administrators,
  removeUser: anybody,
  plan: owners,
  listTuplesForSubject: anybody,
  listTuplesForObject: row("ok", "ok", "ok", "forbidden", "forbidden"),
  check: anybody,
  listEvents: administrators,
};

/** Where the arguments name whoever acts. */
const acting: Readonly<Record<string, Place>> = {
  createOrg: [0, "creator"],
  adminRemove: [0, "adminUsrId"],
  createInvitation: [0, "invitedBy"],
  acceptInvitation: [0, "asUsrId"],
  declineInvitation: [0, "asUsrId"],
  revokeInvitation: [0, "adminUsrId"],
  resendInvitation: [0, "adminUsrId"],
  removeUser: [0, "usrId"],
  listMemberships: [0],
  listTuplesForSubject: [1],
  check: [0, "subject"],
};

/** Where the rows of the arguments name whoever acts. */
const actingInRows: Readonly<Record<string, string>> = { createInvitations: "invitedBy", removeMembers: "adminUsrId" };

export const permissions: Trait = {
  title: "on behalf of somebody an operation goes as far as the permissions",
  cases: operations.flatMap((operation) => ACTORS.map((actor) => permission(operation, actor))),
};

function permission(operation: Operation, actor: Actor): TraitCase {
  const { name, isMutation } = operation;
  const answer = expected[name]?.[actor];
  return {
    name: `${name}, by ${actor === "owner" || actor === "admin" ? "an" : "a"} ${actor}: ${answer}`,
    run: (open) =>
      inTown(open, async (town) => {
        const usrId = actor === "stranger" ? town.stranger : town[actor].usrId;
        const args = byWhom(operation, await prepared(operation, town), usrId);
        const { outcome, before, after } = await onBehalf(town, usrId, operation, args);
        assertSame("the answer", outcome.ok ? "ok" : codeOf(outcome.error), answer);
        if (!outcome.ok) {
          assertUnchanged(name, before, after);
        } else if (isMutation) {
          const actors = appendedEvents(name, before, after).map((event) => event.actor);
          // Who belongs nowhere has nothing to leave.
          const hasLeft = name !== "removeUser" || actor !== "stranger";
          assertSame("the actors of its events", actors, hasLeft ? [usrId] : []);
        }
      }),
  };
}

export const foreign: Trait = {
  title: "to a stranger what is there is as unknown as what is not",
  cases: operations
    .filter(({ name, ids }) => expected[name]?.stranger === "not_found" && ids.some(({ isAddressed }) => isAddressed))
    .map((operation) => ({
      name: operation.name,
      run: (open) =>
        inTown(open, async (town) => {
          const { stranger } = town;
          const args = byWhom(operation, await prepared(operation, town), stranger);
          const first = operation.ids.find(({ isAddressed }) => isAddressed);
          assert(first !== undefined, `${operation.name} is about nothing`);
          const never = generate(first.type);
          const there = await onBehalf(town, stranger, operation, args);
          const nowhere = await onBehalf(town, stranger, operation, replaced(args, first.at, never));
          assert(!there.outcome.ok && !nowhere.outcome.ok, `${operation.name} was accepted`);
          const told = JSON.stringify(there.outcome.error).replaceAll(String(valueAt(args, first.at)), never);
          assertSame("what a stranger is told", told, JSON.stringify(nowhere.outcome.error));
        }),
    })),
};

export const noOtherActor: Trait = {
  title: "on behalf of somebody nobody else is named as the actor",
  cases: operations
    .filter(({ isMutation, name }) => isMutation && expected[name]?.owner === "ok")
    .map((operation) => ({
      name: operation.name,
      run: (open) =>
        inTown(open, async (town) => {
          const { usrId } = town.owner;
          const args = byWhom(operation, await prepared(operation, town), usrId);
          const { outcome } = await onBehalf(town, usrId, operation, [...args, { actor: town.admin.usrId }]);
          assert(!outcome.ok, "the call was accepted");
          assertSame("the code", codeOf(outcome.error), "forbidden");
        }),
    })),
};

function byWhom({ name }: Operation, args: readonly unknown[], usrId: UsrId): readonly unknown[] {
  const place = acting[name];
  const inRows = actingInRows[name];
  if (inRows !== undefined) {
    const rows = valueAt(args, [0, "rows"]) as readonly object[];
    return replaced(
      args,
      [0, "rows"],
      rows.map((each) => ({ ...each, [inRows]: usrId })),
    );
  }
  return place === undefined ? args : replaced(args, place, usrId);
}

async function onBehalf(
  town: Town,
  usrId: UsrId,
  { name }: Operation,
  args: readonly unknown[],
): Promise<Awaited<ReturnType<typeof around>> & { readonly outcome: Outcome }> {
  let outcome: Outcome = { ok: true, result: undefined };
  const tables = await around(town, async () => {
    outcome = await outcomeOf(() => callOn(town.store.as(usrId), name, args));
  });
  return { ...tables, outcome };
}

function codeOf(error: unknown): string {
  return isTenancyError(error) ? error.code : describeError(error);
}
