import { ConfigError, errorOf, type StoredPlacement, StoreFault, type Tenancy } from "@tenantry/core";
import { extensionOf } from "@tenantry/core/extend";
import type { PlacementStore } from "./placement.ts";
import {
  deprovisioned,
  failed,
  getOrgPlaced,
  getPlacement,
  moved,
  paused,
  provisioned,
  resumed,
} from "./placement-mutations.ts";

const PAGE = 500;

/**
 * The placements of a store that keeps the group `placement`: else `ConfigError` `config.capability_missing`. Whoever calls
 * these has been authorised.
 */
export function storePlacements(store: Tenancy): PlacementStore {
  const own = extensionOf(store, ["placement"]);
  const { placement: port } = own.port;
  if (port === undefined) {
    throw new ConfigError("config.capability_missing", { group: "placement" });
  }
  return {
    get: async (orgId) => (await own.ask(getPlacement, orgId)).placement,
    async list() {
      const all: StoredPlacement[] = [];
      let page: readonly StoredPlacement[];
      do {
        page = await kept(() => port.list({ after: all.at(-1)?.orgId ?? null, take: PAGE }));
        all.push(...page);
      } while (page.length === PAGE);
      return all;
    },
    leftovers: (limit) => kept(() => port.leftovers(limit)),
    async create(orgId, strategy, state) {
      await own.ask(getOrgPlaced, orgId);
      return kept(() => port.create({ orgId, strategy, state }));
    },
    lease: (orgId, holder, seconds) => kept(() => port.lease(orgId, holder, seconds)),
    patch: (orgId, holder, patch) => kept(() => port.record(orgId, holder, patch)),
    release: (orgId, holder) => kept(() => port.release(orgId, holder)),
    provisioned: (held, options) => own.mutate(provisioned, [held], options),
    failed: (held, failure, options) => own.mutate(failed, [held, failure], options),
    deprovisioned: (held, end, options) => own.mutate(deprovisioned, [held, end], options),
    paused: (orgId, pause, options) => own.mutate(paused, [orgId, pause], options),
    resumed: (orgId, holder, options) => own.mutate(resumed, [orgId, holder], options),
    moved: (held, options) => own.mutate(moved, [held], options),
  };
}

/** What a store reports of its database, as the error that its own operations throw. */
async function kept<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw error instanceof StoreFault ? errorOf(error) : error;
  }
}
