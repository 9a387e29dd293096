import { type Placement as PlacementSeen, type PlacementState, ROW_PLACEMENT } from "@tenantry/context";
import type { OrgId } from "@tenantry/core";

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
}

/** The same with what only this package reads. */
export interface StoredPlacement extends Omit<Placement, "hasConnectionString"> {
  readonly sealedDsn: string | null;
}

/** What is changed in a placement. */
export type PlacementPatch = Partial<Omit<StoredPlacement, "orgId" | "strategy">>;

/**
 * The placements, and who works on which. All times are the store's clock's. A patch is made by the holder of the lease
 * only, and answers `false` for everybody else.
 */
export interface PlacementStore {
  get(orgId: OrgId): Promise<StoredPlacement | null>;
  /** Makes a placement that is pending. Answers the one that is there. */
  create(orgId: OrgId, strategy: string): Promise<StoredPlacement>;
  /** For so many seconds nobody else works on it. `false`: somebody does, or there is none. */
  lease(orgId: OrgId, holder: string, seconds: number): Promise<boolean>;
  patch(orgId: OrgId, holder: string, patch: PlacementPatch): Promise<boolean>;
  /** Made ready by the holder, unless the organization is not active any more. */
  makeReady(orgId: OrgId, holder: string): Promise<boolean>;
  release(orgId: OrgId, holder: string): Promise<void>;
  /** Without a lease: it goes by whoever works. */
  pause(orgId: OrgId, untilSeconds: number | null): Promise<boolean>;
  /** Organizations that were revoked and whose place is still there, at most so many. */
  leftovers(limit: number): Promise<readonly OrgId[]>;
  /** In the order of their ids. */
  list(): Promise<readonly StoredPlacement[]>;
}

/** What anybody may see. */
export function shown({ sealedDsn, ...placement }: StoredPlacement): Placement {
  return Object.freeze({ ...placement, hasConnectionString: sealedDsn !== null });
}

export function pending(orgId: OrgId, strategy: string): StoredPlacement {
  return {
    orgId,
    strategy,
    state: "pending",
    step: null,
    attempts: 0,
    errorCode: null,
    name: null,
    sealedDsn: null,
    migratedTo: null,
    pausedUntil: null,
  };
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
    return { strategy, state, migratedTo, pausedUntil };
  };
}
