import type { OrgId } from "@tenantry/core";
import { type PlacementStore, pending, type StoredPlacement } from "./placement.ts";

export interface MemoryPlacementOptions {
  readonly clock?: () => Date;
  /** Whether an organization is active, and not revoked. Default: every one is. */
  readonly isActive?: (orgId: OrgId) => Promise<boolean>;
}

/** Placements in memory: for tests, and for programs whose tenants all live in one process. */
export function memoryPlacements({
  clock = () => new Date(),
  isActive = async () => true,
}: MemoryPlacementOptions = {}): PlacementStore {
  const placements = new Map<OrgId, StoredPlacement>();
  const leases = new Map<OrgId, { readonly holder: string; readonly until: number }>();
  const isHeld = (orgId: OrgId, holder: string): boolean => {
    const lease = leases.get(orgId);
    return lease?.holder === holder && lease.until > clock().getTime();
  };
  const store: PlacementStore = {
    get: async (orgId) => placements.get(orgId) ?? null,
    async create(orgId, strategy) {
      const made = placements.get(orgId) ?? pending(orgId, strategy);
      placements.set(orgId, made);
      return made;
    },
    async lease(orgId, holder, seconds) {
      const lease = leases.get(orgId);
      const now = clock().getTime();
      if (!placements.has(orgId) || (lease !== undefined && lease.holder !== holder && lease.until > now)) {
        return false;
      }
      leases.set(orgId, { holder, until: now + seconds * 1000 });
      return true;
    },
    async patch(orgId, holder, patch) {
      const placement = placements.get(orgId);
      if (placement === undefined || !isHeld(orgId, holder)) {
        return false;
      }
      placements.set(orgId, { ...placement, ...patch });
      return true;
    },
    makeReady: async (orgId, holder) =>
      (await isActive(orgId)) &&
      store.patch(orgId, holder, { state: "ready", step: null, attempts: 0, errorCode: null }),
    async release(orgId, holder) {
      if (leases.get(orgId)?.holder === holder) {
        leases.delete(orgId);
      }
    },
    async pause(orgId, untilSeconds) {
      const placement = placements.get(orgId);
      if (placement?.state !== "ready") {
        return false;
      }
      const until = untilSeconds === null ? null : new Date(clock().getTime() + untilSeconds * 1000).toISOString();
      placements.set(orgId, { ...placement, pausedUntil: until });
      return true;
    },
    async leftovers(limit) {
      const left: OrgId[] = [];
      for (const { orgId, state } of await store.list()) {
        if (left.length < limit && state !== "archived" && state !== "removed" && !(await isActive(orgId))) {
          left.push(orgId);
        }
      }
      return left;
    },
    list: async () => [...placements.values()].sort((one, other) => (one.orgId < other.orgId ? -1 : 1)),
  };
  return store;
}
