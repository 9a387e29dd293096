import { type Code, generate, isTenancyError } from "@tenantry/core";
import { assert, assertRejects, outcomeOf } from "../assertions.ts";
import { everythingIn } from "../fixture/secrets.ts";
import type { Open } from "../open-store.ts";
import { call, operations } from "./operations.ts";
import { INVITED, inTown, NAME, type Town } from "./town.ts";
import type { Trait } from "./trait.ts";

const OTHER = "somebody.7f3a91@else.example";
/** Part of every identifier and name in a town. */
const SECRET = "7f3a91";

type Attempt = readonly [code: Code, name: string, args: (town: Town) => readonly unknown[]];

/** Refused calls that could tell something about the invitee or the organization. */
const attempts: readonly Attempt[] = [
  [
    "precondition.identifier_mismatch",
    "acceptInvitation",
    ({ invitation, stranger }) => [{ invId: invitation, asUsrId: stranger, acceptingIdentifier: OTHER }],
  ],
  [
    "precondition.identifier_mismatch",
    "declineInvitation",
    ({ invitation }) => [{ invId: invitation, acceptingIdentifier: OTHER }],
  ],
  [
    "precondition.identifier_binding_required",
    "acceptInvitation",
    ({ invitation, stranger }) => [{ invId: invitation, asUsrId: stranger }],
  ],
  ["forbidden", "revokeInvitation", ({ invitation, stranger }) => [{ invId: invitation, adminUsrId: stranger }]],
  [
    "forbidden",
    "resendInvitation",
    ({ invitation, stranger, later }) => [{ invId: invitation, adminUsrId: stranger, expiresAt: later }],
  ],
  ["precondition.invalid_identifier", "listInvitationsFor", () => [`${INVITED}\0`]],
  ["precondition.invalid_cursor", "listInvitationsFor", () => [INVITED, { cursor: "inv_" }]],
  [
    "precondition.invalid_identifier",
    "createInvitation",
    ({ org, owner, later }) => [
      { orgId: org, identifier: `${INVITED}\0`, role: "member", invitedBy: owner.usrId, expiresAt: later },
    ],
  ],
  [
    "conflict.duplicate_invitation",
    "createInvitation",
    ({ org, owner, later }) => [
      { orgId: org, identifier: INVITED, role: "member", invitedBy: owner.usrId, expiresAt: later },
    ],
  ],
  ["precondition.invalid_name", "updateOrg", ({ org }) => [{ orgId: org, name: `${NAME}\0` }]],
  ["conflict.org_slug", "createOrg", ({ stranger }) => [{ creator: stranger, name: NAME, slug: "town" }]],
  ["conflict.sole_owner", "selfLeave", ({ owner }) => [{ memId: owner.memId }]],
];

export const secrecy: Trait = {
  title: "no error tells an identifier or a name",
  cases: [
    ...attempts.map(([code, name, args]) => ({
      name: `${name}: ${code}`,
      run: (open: Open) =>
        inTown(
          open,
          async (town) => {
            const error = await assertRejects(() => call(town, name, args(town)), code);
            assertSilent(error);
          },
          { reinvite: "reject" },
        ),
    })),
    {
      name: "every operation, on an organization that ended",
      run: (open) =>
        inTown(open, async (town) => {
          await town.store.revokeOrg(town.org);
          for (const operation of operations) {
            const outcome = await outcomeOf(() => call(town, operation.name, operation.args(town)));
            if (!outcome.ok) {
              assertSilent(outcome.error);
            }
          }
        }),
    },
    {
      name: "a mismatch carries both identifiers where no serializer looks",
      run: (open) =>
        inTown(open, async (town) => {
          const args = [{ invId: town.invitation, asUsrId: generate("usr"), acceptingIdentifier: OTHER }];
          const error = await assertRejects(
            () => call(town, "acceptInvitation", args),
            "precondition.identifier_mismatch",
          );
          const hidden = { acceptingIdentifier: OTHER, invitationIdentifier: INVITED };
          for (const [property, value] of Object.entries(hidden)) {
            assert(Reflect.get(error, property) === value, `the error has no ${property}`);
            assert(!Object.keys(error).includes(property), `${property} is enumerable`);
          }
        }),
    },
  ],
};

function assertSilent(error: unknown): void {
  assert(isTenancyError(error), "an error of another kind was thrown");
  const texts = [everythingIn(error), everythingIn(error.cause ?? "")];
  assert(!texts.some((text) => text.includes(SECRET)), `the error tells a secret: ${texts.join("\n")}`);
}
