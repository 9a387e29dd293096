import type { OrgId } from "../model.ts";

// The group `placement`: where the rows of an organization are kept, and how far its place has been made. The rules are in the
// package that makes places. What it becomes is a change of the organization; how far somebody has come with it, and who, is
// bookkeeping: rows of its own only, by the database's clock.

export const PLACEMENT_STATES = ["pending", "ready", "failed", "deprovisioning", "archived", "removed"] as const;
/** Only what is `ready` can be used. */
export type PlacementState = (typeof PLACEMENT_STATES)[number];

/** A place that is being exchanged for another one: what is known of the one that is not in use. */
export interface PlacementMove {
  /** Of the place that is not in use: the next one until the two are exchanged, then the one before. */
  readonly strategy: string;
  /** What was begun last. */
  readonly stage: string;
  /** The step of the next place that was begun last, and how often. */
  readonly step: string | null;
  readonly attempts: number;
  /** Until when writes are refused so that it can be copied, in ISO 8601. */
  readonly until: string | null;
  /** What becomes of the place before. */
  readonly policy: string;
  readonly sealedDsn: string | null;
  readonly migratedTo: string | null;
}

/** At most one for each organization; without one its rows are among those of all others. */
export interface StoredPlacement {
  readonly orgId: OrgId;
  readonly strategy: string;
  readonly state: PlacementState;
  /** The step that was begun last, of making it or of taking it down; `null`: none was. */
  readonly step: string | null;
  /** How often that step was begun. */
  readonly attempts: number;
  /** Why it failed. */
  readonly errorCode: string | null;
  /** What it was renamed to. */
  readonly name: string | null;
  readonly sealedDsn: string | null;
  readonly migratedTo: string | null;
  /** Writes are refused until then. */
  readonly pausedUntil: Date | null;
  readonly move: PlacementMove | null;
  /** Who works on it at this moment. */
  readonly heldBy: string | null;
}

/** What is written of a placement. */
export type PlacementPatch = Partial<Omit<StoredPlacement, "orgId" | "heldBy">>;

/** What a placement must still be, or nothing is written. */
export interface PlacementExpectation {
  readonly state: PlacementState;
  /** Who has to be at work on it; `null` is anybody or nobody. */
  readonly holder: string | null;
}

export type PlacementChange =
  | { readonly op: "insertPlacement"; readonly row: StoredPlacement }
  | {
      readonly op: "updatePlacement";
      readonly orgId: OrgId;
      readonly set: PlacementPatch;
      readonly expect: PlacementExpectation;
    };

export interface PlacementEventData {
  "tenant.provisioned": { readonly strategy: string };
  /** `code`: one of ours, or the database's own. */
  "tenant.provisioning_failed": { readonly step: string; readonly code: string };
  "tenant.deprovisioned": { readonly policy: string };
  "tenant.paused": { readonly until: string };
  "tenant.resumed": Record<never, never>;
  /** Strategies. */
  "tenant.moved": { readonly from: string; readonly to: string };
}

/** Changes nothing but rows of its own, waits for no organization's lock, and goes by the database's clock. */
export interface PlacementPort {
  /** Writes down what held without a row. Answers the row that is there. */
  create(placement: Pick<StoredPlacement, "orgId" | "strategy" | "state">): Promise<StoredPlacement>;
  /** For so many seconds nobody else works on it. `false`: somebody does, or there is none. Again it lasts longer. */
  lease(orgId: OrgId, holder: string, seconds: number): Promise<boolean>;
  /** Writes down how far its holder has come. `false`: it is somebody else's by now, or nobody's. */
  record(orgId: OrgId, holder: string, set: PlacementPatch): Promise<boolean>;
  /** Ends a lease of one's own. */
  release(orgId: OrgId, holder: string): Promise<void>;
  /** Ascending by the organization's id. */
  list(asked: { readonly after: OrgId | null; readonly take: number }): Promise<readonly StoredPlacement[]>;
  /** Organizations that were revoked and whose place is neither archived nor removed, ascending by id. */
  leftovers(take: number): Promise<readonly OrgId[]>;
}

/** A placement of which nothing but this is known. */
export function placementBegun(
  orgId: OrgId,
  { strategy, state }: Pick<StoredPlacement, "strategy" | "state">,
): StoredPlacement {
  return {
    orgId,
    strategy,
    state,
    step: null,
    attempts: 0,
    errorCode: null,
    name: null,
    sealedDsn: null,
    migratedTo: null,
    pausedUntil: null,
    move: null,
    heldBy: null,
  };
}
