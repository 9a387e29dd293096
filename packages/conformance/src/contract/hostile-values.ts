import type { Code } from "@tenantry/core";
import { assert, assertRejects, assertUnchanged } from "../assertions.ts";
import { shown } from "../differences.ts";
import { everythingIn } from "../fixture/secrets.ts";
import { call, type Operation, operations, type Place, prepared, replaced } from "./operations.ts";
import { around, inTown } from "./town.ts";
import type { Trait } from "./trait.ts";

/** Every text that an operation takes besides ids, and its code. */
const texts: readonly (readonly [name: string, at: Place, code: Code])[] = [
  ["createOrg", [0, "name"], "precondition.invalid_name"],
  ["createOrg", [0, "slug"], "precondition.org_slug_format"],
  ["updateOrg", [0, "name"], "precondition.invalid_name"],
  ["updateOrg", [0, "slug"], "precondition.org_slug_format"],
  ["addMember", [0, "role"], "precondition.invalid_role"],
  ["changeRole", [0, "newRole"], "precondition.invalid_role"],
  ["createInvitation", [0, "identifier"], "precondition.invalid_identifier"],
  ["createInvitation", [0, "role"], "precondition.invalid_role"],
  ["createInvitation", [0, "expiresAt"], "precondition.invalid_expiration"],
  ["createInvitation", [0, "preTuples"], "precondition.invalid_pre_tuple"],
  ["acceptInvitation", [0, "acceptingIdentifier"], "precondition.invalid_identifier"],
  ["declineInvitation", [0, "acceptingIdentifier"], "precondition.invalid_identifier"],
  ["resendInvitation", [0, "expiresAt"], "precondition.invalid_expiration"],
  ["expireInvitations", [0, "limit"], "precondition.invalid_limit"],
  ["addMembers", [0, "rows"], "precondition.invalid_input"],
  ["addMembers", [0, "mode"], "precondition.invalid_input"],
  ["addMembers", [0, "dryRun"], "precondition.invalid_input"],
  ["removeUser", [0, "choices"], "precondition.invalid_input"],
  ["removeUser", [0, "grants"], "precondition.invalid_input"],
  ["removeUser", [0, "limit"], "precondition.invalid_limit"],
  ["listOrgs", [0, "query"], "precondition.invalid_query"],
  ["listOrgs", [0, "status"], "precondition.invalid_status"],
  ["listMemberships", [1, "cursor"], "precondition.invalid_cursor"],
  ["membersAsOf", [1], "precondition.invalid_date"],
  ["listInvitationsFor", [0], "precondition.invalid_identifier"],
  ["check", [0, "relation"], "precondition.invalid_relation"],
  ["check", [0, "requireActiveOrg"], "precondition.invalid_input"],
  ["listEvents", [1, "after"], "precondition.invalid_cursor"],
  ["listEvents", [1, "types"], "precondition.invalid_input"],
  ["listMembers", [1, "status"], "precondition.invalid_status"],
  ["listMembers", [1, "role"], "precondition.invalid_role"],
  ["listMembers", [1, "cursor"], "precondition.invalid_cursor"],
  ["listMembers", [1, "limit"], "precondition.invalid_limit"],
  ["listMembers", [1, "total"], "precondition.invalid_input"],
  ["listInvitations", [1, "status"], "precondition.invalid_status"],
  ["listTuplesForSubject", [0], "precondition.invalid_subject"],
  ["listTuplesForObject", [0], "precondition.invalid_object"],
  ["listTuplesForObject", [1], "precondition.invalid_object"],
  ["listTuplesForObject", [2], "precondition.invalid_relation"],
];

/** Values that no text, role, limit, flag or expiry has. */
const strangers: readonly unknown[] = [
  Symbol("value"),
  1n,
  () => "owner",
  Object("owner"),
  { toString: refuse, valueOf: refuse, toJSON: refuse, [Symbol.toPrimitive]: refuse },
  "a".repeat(1_000_000),
  "a-".repeat(500_000),
  "\u{1f600}".repeat(250_000),
  "\0",
  "\ud83d",
];

export const hostileValues: Trait = {
  title: "a value of the wrong kind or size has its code, and little of it is quoted",
  cases: texts.map(([name, at, code]) => ({
    name: `${name}, ${at[1] ?? `argument ${at[0] + 1}`}`,
    run: (open) =>
      inTown(open, async (town) => {
        const args = await prepared(named(name), town);
        const { before, after } = await around(town, async () => {
          for (const value of strangers) {
            const error = await assertRejects(() => call(town, name, replaced(args, at, value)), code);
            // 64 characters, each of which may take six, in a sentence.
            assert(error.message.length < 600, `the message quotes too much: ${shown(error.message)}`);
            assert(everythingIn(error.details).length < 1200, `the details quote too much: ${shown(error.details)}`);
          }
        });
        assertUnchanged(name, before, after);
      }),
  })),
};

/** What JSON fixtures cannot write because they turn it into a `Date`. */
export const textIsNoInstant: Trait = {
  title: "an instant is a Date, not its text",
  cases: texts
    .filter(([, , code]) => code === "precondition.invalid_expiration" || code === "precondition.invalid_date")
    .map(([name, at, code]) => ({
      name: `${name}, ${at[1] ?? `argument ${at[0] + 1}`}`,
      run: (open) =>
        inTown(open, async (town) => {
          const operation = named(name);
          for (const value of ["2031-01-01T00:00:00.000Z", 1_924_992_000_000, { getTime: () => 1_924_992_000_000 }]) {
            await assertRejects(() => call(town, name, replaced(operation.args(town), at, value)), code);
          }
        }),
    })),
};

function named(name: string): Operation {
  const operation = operations.find((candidate) => candidate.name === name);
  assert(operation !== undefined, `there is no operation ${name}`);
  return operation;
}

function refuse(): never {
  assert(false, "code of an argument was run");
}
