import { emailIdentifiers } from "@tenantry/core";
import fc from "fast-check";
import { makers } from "./arguments.ts";
import type { Run, RunOptions } from "./play.ts";

/** Steps of one run at most. */
export const LONGEST = 200;
/** Numbers that a step's arguments are made of; those behind them are 0. */
const NUMBERS = 40;
/** How often operations are called that make a life interesting, compared with those that end it. */
const USUAL: Readonly<Record<string, number>> = {
  addMember: 6,
  createInvitation: 4,
  acceptInvitation: 5,
  updateMembership: 3,
  changeRole: 4,
  selfLeave: 2,
  adminRemove: 2,
  transferOwnership: 2,
  suspendMembership: 2,
  suspendOrg: 0.5,
  revokeOrg: 0.34,
};
const OPERATIONS = Object.keys(makers);

const optionsOfRun: fc.Arbitrary<RunOptions> = fc
  .record({
    reinvite: fc.constantFrom("allow", "reject", "replace"),
    inviterCheck: fc.constantFrom("authority", "authority", "any"),
    recheckInviter: fc.constantFrom(true, true, false),
    declineBinding: fc.constantFrom("any", "required"),
    limits: fc.constantFrom<RunOptions["limits"]>(
      undefined,
      undefined,
      { members: 3 },
      { pendingInvitations: 2 },
      { organizationsPerUser: 2 },
      { members: 2, pendingInvitations: 1, organizationsPerUser: 1 },
    ),
    isEmail: fc.boolean(),
    isReserved: fc.boolean(),
  })
  .map(({ isEmail, isReserved, limits, ...options }) => ({
    ...options,
    ...(limits === undefined ? {} : { limits }),
    ...(isEmail ? { identifierPolicy: emailIdentifiers } : {}),
    ...(isReserved ? { reservedSlugs: ["reserved"] } : {}),
  }));

/**
 * Runs of random steps. Which operations occur, and how often, is a part of the chance ("swarm"): a run of few kinds goes
 * deeper than one of all. A shorter run, and smaller numbers in it, are simpler.
 */
export function runs(longest: number): fc.Arbitrary<Run> {
  const weights = fc.array(fc.constantFrom(1, 0, 1, 3), { minLength: OPERATIONS.length, maxLength: OPERATIONS.length });
  return fc.record({ options: optionsOfRun, weights }).chain(({ options, weights: chosen }) => {
    const ops = OPERATIONS.flatMap((op, place) =>
      Array<string>(Math.ceil((chosen[place] ?? 0) * (USUAL[op] ?? 1))).fill(op),
    );
    const step = fc.record({
      op: fc.constantFrom("addMember", ...ops),
      numbers: fc.array(fc.nat(0xff), { minLength: NUMBERS, maxLength: NUMBERS }),
    });
    return fc.record({
      options: fc.constant(options),
      steps: fc.array(step, { minLength: 1, maxLength: longest, size: "max" }),
    });
  });
}
