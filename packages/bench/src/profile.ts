/** How far away the server is: what a delay proxy adds, each way. */
export interface Network {
  readonly name: string;
  readonly delayMs: number;
}

export const NETWORKS = [
  { name: "local", delayMs: 0 },
  { name: "+1 ms", delayMs: 1 },
  { name: "+10 ms", delayMs: 10 },
] as const satisfies readonly Network[];

/** How much is measured. */
export interface Profile {
  readonly name: string;
  readonly networks: readonly Network[];
  readonly callers: readonly number[];
  /** The operations that are measured; `null` is all of them. */
  readonly operations: readonly string[] | null;
  /** How often each contender has its turn. */
  readonly rounds: number;
  /** A turn is so many calls of each caller where the server is near. */
  readonly callsEach: number;
  /** Members of one organization, organizations of one database, and rows of one call, where size is measured. */
  readonly sizes: {
    readonly members: readonly number[];
    readonly organizations: readonly number[];
    readonly bulk: readonly number[];
  };
}

export const PROFILES = {
  full: {
    name: "full",
    networks: NETWORKS,
    callers: [1, 8, 32],
    operations: null,
    rounds: 9,
    callsEach: 6,
    sizes: { members: [10, 1_000, 100_000, 1_000_000], organizations: [100, 100_000], bulk: [1_000, 10_000] },
  },
  quick: {
    name: "quick",
    networks: [NETWORKS[0], NETWORKS[2]],
    callers: [1, 8, 32],
    operations: [
      "getOrg",
      "listMembers",
      "listMemberships",
      "createOrg",
      "addMember",
      "changeRole",
      "changeRole, held",
      "createInvitation",
      "acceptInvitation",
      "acceptInvitation, ten grants",
    ],
    rounds: 3,
    callsEach: 3,
    sizes: { members: [10, 10_000], organizations: [100, 1_000], bulk: [1_000] },
  },
} as const satisfies Readonly<Record<string, Profile>>;

/** Fewer rounds where each takes long, never fewer than three: a median needs them. */
export function roundsOf({ rounds }: Profile, { delayMs }: Network): number {
  return Math.max(3, Math.round(rounds / (1 + delayMs / 10)));
}

/** How many calls make a turn: more where they are short, so that a turn is long enough to be timed. */
export function callsOf({ callsEach }: Profile, { delayMs }: Network, callers: number): number {
  return delayMs < 5 ? Math.max(callers, 4) * callsEach : Math.max(2 * callers, 4);
}

/**
 * How many calls prepare a contender: PostgreSQL settles on the plan of a prepared statement after it has run five times
 * on a connection, and every caller may have a connection of its own.
 */
export function warmUpOf(callers: number, isPrepared: boolean): number {
  return (isPrepared ? 7 : 1) * callers;
}

/** The order of the contenders in a round: each comes first in turn. */
export function turnsOf<T>(contenders: readonly T[], round: number): readonly T[] {
  const first = round % Math.max(1, contenders.length);
  return [...contenders.slice(first), ...contenders.slice(0, first)];
}
