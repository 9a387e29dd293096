import { type Mode, modeArgument } from "../bulk/bulk-input.ts";
import { found } from "../decision.ts";
import type { Refusal } from "../errors.ts";
import { idArgument } from "../id.ts";
import { fields } from "../input.ts";
import type { Query } from "../list.ts";
import { flagArgument, limitArgument } from "../list-input.ts";
import type { MemId, OrgId, UsrId } from "../model.ts";
import type { GrantsLeft, Read, UserStanding } from "../read.ts";
import { type Choices, choicesArgument, type OwnerChoice, successorsIn } from "./choices.ts";
import type { RemovedFrom } from "./remove-from-org.ts";

const LARGEST_REMOVAL = 200;
/** Organizations that one look finds. */
export const LOOK = 1000;
/** Organizations whose leftover grants one look finds. */
export const LOOK_FOR_GRANTS = 200;

export interface RemoveUserInput {
  readonly usrId: UsrId;
  /** What becomes of organizations whose only owner the user is; for others a choice means nothing. At most 1,000. */
  readonly choices?: readonly OwnerChoice[] | undefined;
  /** Whether what invitations granted on other objects goes too. Default: `false`. */
  readonly grants?: boolean | undefined;
  /** `"all"` (default): nothing is done where one organization stands in the way. `"each"`: what can be done is. */
  readonly mode?: Mode | undefined;
  /** How many organizations at most, 1 to 200. Default: 200. */
  readonly limit?: number | undefined;
}

export interface RemoveUserResult {
  /** What was done, in order. */
  readonly done: readonly RemovedFrom[];
  /** Where it was refused, and why. */
  readonly left: readonly LeftIn[];
  /** Whether the limit was reached and something is left that was not looked at. */
  readonly more: boolean;
}
export type LeftIn = { readonly orgId: OrgId } & Refusal;

export interface UserRemoval {
  readonly usrId: UsrId;
  readonly choices: Choices;
  readonly grants: boolean;
  readonly mode: Mode;
  readonly limit: number;
}

export function removeUserArgument(input: unknown): UserRemoval {
  const given = fields(input, ["usrId", "choices", "grants", "mode", "limit"]);
  return {
    usrId: idArgument("usr", given.usrId),
    choices: choicesArgument(given.choices),
    grants: flagArgument(given.grants, "grants"),
    mode: modeArgument(given.mode),
    limit: limitArgument(given.limit, LARGEST_REMOVAL),
  };
}

/** What a look finds to do. */
export interface Found {
  readonly standings: readonly UserStanding[];
  readonly left: readonly GrantsLeft[];
  /** As of when. */
  readonly at: Date;
}

interface Look extends UserRemoval {
  /** The organization outside of which nothing is done; `null`: all are looked at. */
  readonly within: OrgId | null;
  readonly after: MemId | null;
}

/** Asks what there is to do behind a position. */
export const findUser: Query<
  readonly [UserRemoval, OrgId | null, MemId | null],
  Look,
  { readonly standings: Read<"standings">; readonly left: Read<"grantsLeft"> },
  Found
> = {
  name: "removeUser",
  parse: (removal, within, after) => ({ ...removal, within, after }),
  reads: ({ within, after, ...removal }, now) => lookAt(removal, within, now, after, LOOK, LOOK_FOR_GRANTS),
  concerns: ({ usrId }) => [{ usrId, role: null }],
  answer: (_, { standings, left }, at) => found({ standings, left, at }),
};

export function lookAt(
  { usrId, choices, grants }: UserRemoval,
  orgId: OrgId | null,
  at: Date,
  after: MemId | null,
  take: number,
  takeOfGrants: number,
): { readonly standings: Read<"standings">; readonly left: Read<"grantsLeft"> } {
  return {
    standings: {
      read: "standings",
      usrId,
      orgId,
      successors: successorsIn(choices),
      withGrants: grants,
      at,
      after,
      take,
    },
    left: { read: "grantsLeft", usrId, orgId, at, take: grants ? takeOfGrants : 0 },
  };
}
