import type { StoredPlacement, Tables } from "@tenantry/core";
import { type Invariant, repeated } from "./invariant.ts";
import { foldPlacements, statesOf, type ToldPlacement } from "./placement-fold.ts";

type Row = NonNullable<Tables["placement"]>[number];

/** What nobody does with the place of an organization that ended. */
const OF_THE_LIVING: readonly string[] = ["tenant.provisioned", "tenant.paused", "tenant.resumed", "tenant.moved"];
const STAGES: readonly string[] = ["provision", "pause", "copy", "verify", "switch", "drop", "undo"];

/** What must hold of placements, where a store keeps them. */
export const placementInvariants: readonly Invariant[] = [
  {
    id: "I28",
    name: "placement_row",
    rule: "an organization has one placement at most, of which the fields fit the state",
    *broken({ tables }) {
      const orgs = new Set(tables.org.map(({ id }) => id));
      const rows = tables.placement ?? [];
      yield* repeated(rows, ({ orgId }) => orgId);
      yield* rows.filter((row) => !orgs.has(row.orgId) || !fits(row)).map(({ orgId }) => orgId);
    },
  },
  {
    id: "I29",
    name: "placement_transitions",
    rule: "a place is made, paused, moved and taken down in an order in which that can happen",
    broken: ({ tables }) => foldPlacements(tables.evt).contradictions,
  },
  {
    id: "I30",
    name: "fold_placements",
    rule: "placements are what the events say",
    *broken({ tables }) {
      const { placements } = foldPlacements(tables.evt);
      const rows = new Map(tables.placement?.map((row) => [row.orgId, row]));
      for (const orgId of tables.placement === undefined ? [] : placements.keys()) {
        const row = rows.get(orgId);
        if (row === undefined) {
          yield `${orgId}: there is none`;
        }
      }
      for (const row of rows.values()) {
        const told = placements.get(row.orgId);
        const wrong = told === undefined ? beganWrong(row) : different(row, told);
        if (wrong !== null) {
          yield `${row.orgId}: ${wrong}`;
        }
      }
    },
  },
  {
    id: "I31",
    name: "placement_of_ended",
    rule: "nothing is made ready, paused, resumed or moved for an organization that ended",
    *broken({ eventsOf }) {
      for (const [orgId, events] of eventsOf) {
        const end = events.findIndex(({ type }) => type === "org.revoked");
        const after = end === -1 ? [] : events.slice(end);
        yield* after.filter(({ type }) => OF_THE_LIVING.includes(type)).map(({ seq }) => `${orgId} ${seq}`);
      }
    },
  },
];

function fits({ state, attempts, sealedDsn, errorCode, pausedUntil, move, strategy }: Row): boolean {
  const isUsed = state === "ready" || state === "deprovisioning";
  return (
    attempts >= 0 &&
    (state !== "removed" || sealedDsn === null) &&
    (state !== "failed" || errorCode !== null) &&
    (state !== "ready" || errorCode === null || move !== null) &&
    (pausedUntil === null || isUsed) &&
    (move === null || (isUsed && move.strategy !== strategy && STAGES.includes(move.stage)))
  );
}

/** Nothing was told of it. */
function beganWrong({ state, pausedUntil }: Row): string | null {
  if (pausedUntil !== null) {
    return "it is paused, and nobody said so";
  }
  const silent: readonly StoredPlacement["state"][] = ["pending", "ready", "deprovisioning"];
  return silent.includes(state) ? null : `it is ${state}, and nobody said so`;
}

/** What is otherwise than it was told. */
function different(row: Row, told: ToldPlacement): string | null {
  const { state, strategy, pausedUntil, errorCode, step, move } = row;
  if (!statesOf(told).includes(state)) {
    return `it is ${state}, and was told to be ${told.state}`;
  }
  if (told.strategy !== null && strategy !== told.strategy) {
    return `it is of ${strategy}, and was told to be of ${told.strategy}`;
  }
  if ((pausedUntil?.toISOString() ?? null) !== told.pausedUntil) {
    return "its pause is another one than was told";
  }
  // What a failed attempt has left may have been cleared away since, and its step with it.
  if (state === "failed" && (errorCode !== told.failure?.code || (step !== null && step !== told.failure.step))) {
    return "it failed otherwise than was told";
  }
  return move?.stage === "drop" && move.strategy !== told.before ? "what is left of a move was never exchanged" : null;
}
