import type { MutationOptions, OrgId, PlacementPatch, PlacementState, StoredPlacement } from "@tenantry/core";
import type { StoreUnderTest } from "../open-store.ts";

interface Held {
  readonly orgId: OrgId;
  readonly holder: string;
}
/** What a place has become. The members of it are compared, and not known here. */
type Become = Promise<object>;

/** What can be done with placements: `storePlacements` of `@tenantry/isolation` has the rules, a store keeps the rows. */
export interface PlacementOperations {
  get(orgId: OrgId): Promise<StoredPlacement | null>;
  list(): Promise<readonly StoredPlacement[]>;
  leftovers(limit: number): Promise<readonly OrgId[]>;
  create(orgId: OrgId, strategy: string, state: PlacementState): Promise<StoredPlacement>;
  lease(orgId: OrgId, holder: string, seconds: number): Promise<boolean>;
  patch(orgId: OrgId, holder: string, patch: PlacementPatch): Promise<boolean>;
  release(orgId: OrgId, holder: string): Promise<void>;
  provisioned(held: Held, options?: MutationOptions): Become;
  failed(
    held: Held,
    failure: { readonly step: string; readonly code: string; readonly attempts: number },
    options?: MutationOptions,
  ): Become;
  deprovisioned(
    held: Held,
    end: { readonly policy: PlacementPolicy; readonly archivedAs: string | null },
    options?: MutationOptions,
  ): Become;
  paused(
    orgId: OrgId,
    pause: { readonly seconds: number; readonly holder: string | null },
    options?: MutationOptions,
  ): Become;
  resumed(orgId: OrgId, holder: string | null, options?: MutationOptions): Become;
  moved(held: Held, options?: MutationOptions): Become;
}

export type PlacementPolicy = "rename" | "drop" | "retain" | "purge";

/** Whoever hands a store to the kit hands over what makes operations on placements of it, too. */
export interface WithPlacements {
  /** Needed where the store keeps the group `placement`: `storePlacements` of `@tenantry/isolation`. */
  placements(store: StoreUnderTest): PlacementOperations;
}
