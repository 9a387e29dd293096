import type { Code } from "@tenantry/core";
import { assert, assertRejects, assertUnchanged } from "../assertions.ts";
import { shown } from "../differences.ts";
import { everythingIn } from "../fixture/secrets.ts";
import { call, operations, type Place, prepared, replaced } from "./operations.ts";
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
        const operation = operations.find((candidate) => candidate.name === name);
        assert(operation !== undefined, `there is no operation ${name}`);
        const args = await prepared(operation, town);
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
  cases: [
    {
      name: "createInvitation, expiresAt",
      run: (open) =>
        inTown(open, async (town) => {
          const [create] = operations.filter(({ name }) => name === "createInvitation");
          assert(create !== undefined, "there is createInvitation");
          for (const value of ["2031-01-01T00:00:00.000Z", 1_924_992_000_000, { getTime: () => 1_924_992_000_000 }]) {
            const args = replaced(create.args(town), [0, "expiresAt"], value);
            await assertRejects(() => call(town, create.name, args), "precondition.invalid_expiration");
          }
        }),
    },
  ],
};

function refuse(): never {
  assert(false, "code of an argument was run");
}
