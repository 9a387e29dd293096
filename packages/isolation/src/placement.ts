import { type Placement as PlacementSeen, ROW_PLACEMENT } from "@tenantry/context";
import type { MutationOptions, OrgId, PlacementPatch, PlacementState, StoredPlacement } from "@tenantry/core";
import type { DeprovisionPolicy } from "./strategy.ts";

/** Where a tenant's rows are kept, and how far its place has been made. */
export interface Placement {
  readonly orgId: OrgId;
  readonly strategy: string;
  readonly state: PlacementState;
  /** The step that was begun last, of provisioning or of taking down; `null`: none was. */
  readonly step: string | null;
  /** How often that step was begun. */
  readonly attempts: number;
  /** Why it failed. */
  readonly errorCode: string | null;
  /** What it was renamed to. */
  readonly name: string | null;
  readonly hasConnectionString: boolean;
  readonly migratedTo: string | null;
  /** In ISO 8601. */
  readonly pausedUntil: string | null;
  /** A move that was begun and is not finished: the strategy of the place that is not in use, and the stage. */
  readonly move: { readonly strategy: string; readonly stage: string } | null;
}

/** Who works on a placement: it has the lease. */
export interface Held {
  readonly orgId: OrgId;
  readonly holder: string;
}

/** Who acts, for the event. */
export type ActorOption = Pick<MutationOptions, "actor">;

/**
 * The placements of a store, and who works on which. What a place becomes is a change of its organization: one commit with its
 * version and its event, which throws `NotFoundError`, `IsolationError` `isolation.busy` where the lease is somebody else's, and
 * what every mutation throws. How far somebody has come is bookkeeping, by the clock of the database: written by the holder of
 * the lease only, and `false` for everybody else.
 */
export interface PlacementStore {
  get(orgId: OrgId): Promise<StoredPlacement | null>;
  /** In the order of their ids. */
  list(): Promise<readonly StoredPlacement[]>;
  /** Organizations that were revoked and whose place is still there, at most so many. */
  leftovers(limit: number): Promise<readonly OrgId[]>;
  /** Writes down where the rows of an organization are that has no placement. Answers the one that is there. */
  create(orgId: OrgId, strategy: string, state: "pending" | "ready"): Promise<StoredPlacement>;
  /** For so many seconds nobody else works on it. `false`: somebody does, or there is none. */
  lease(orgId: OrgId, holder: string, seconds: number): Promise<boolean>;
  patch(orgId: OrgId, holder: string, patch: PlacementPatch): Promise<boolean>;
  release(orgId: OrgId, holder: string): Promise<void>;

  /**
   * pending → ready, unless the organization is not active any more. Event `tenant.provisioned`. Throws
   * `isolation.not_provisioned`.
   */
  provisioned(held: Held, options?: MutationOptions): Promise<Placement>;
  /** pending → failed. Event `tenant.provisioning_failed`. `attempts`: 0 says that nothing was made. */
  failed(held: Held, failure: ProvisioningFailure, options?: MutationOptions): Promise<Placement>;
  /** deprovisioning → archived or removed. Event `tenant.deprovisioned`. */
  deprovisioned(held: Held, end: PlacementEnd, options?: MutationOptions): Promise<Placement>;
  /**
   * Refuses writes for so many seconds. Event `tenant.paused`. Throws `isolation.not_provisioned`; `isolation.busy` while
   * somebody else moves it; `AlreadyTerminalError`.
   */
  paused(orgId: OrgId, pause: PlacementPause, options?: MutationOptions): Promise<Placement>;
  /** Takes writes again; where they were not refused it writes nothing. Event `tenant.resumed`. Throws like `paused`. */
  resumed(orgId: OrgId, holder: string | null, options?: MutationOptions): Promise<Placement>;
  /**
   * Exchanges the place for the one that was made beside it, and takes writes again: one commit. Events `tenant.moved`,
   * `tenant.resumed`. Throws `isolation.move_failed` where the pause is over, `AlreadyTerminalError`.
   */
  moved(held: Held, options?: MutationOptions): Promise<Placement>;
}

export interface ProvisioningFailure {
  readonly step: string;
  readonly code: string;
  readonly attempts: number;
}

export interface PlacementEnd {
  readonly policy: DeprovisionPolicy;
  readonly archivedAs: string | null;
}

export interface PlacementPause {
  readonly seconds: number;
  /** Who moves it meanwhile; `null`: nobody does. */
  readonly holder: string | null;
}

/** What anybody may see. */
export function shown({ sealedDsn, heldBy: _, move, pausedUntil, ...placement }: StoredPlacement): Placement {
  return Object.freeze({
    ...placement,
    hasConnectionString: sealedDsn !== null,
    pausedUntil: pausedUntil?.toISOString() ?? null,
    move: move === null ? null : { strategy: move.strategy, stage: move.stage },
  });
}

/**
 * For `placementOf` of `storeDirectory`: what requests see of placements. An organization without one has its rows among those
 * of all others.
 */
export function placementOf(
  placements: Pick<PlacementStore, "get">,
): (org: { readonly id: OrgId }) => Promise<PlacementSeen> {
  return async ({ id }) => {
    const placement = await placements.get(id);
    if (placement === null) {
      return ROW_PLACEMENT;
    }
    const { strategy, state, migratedTo, pausedUntil } = placement;
    return { strategy, state, migratedTo, pausedUntil: pausedUntil?.toISOString() ?? null };
  };
}
