import { generate, IsolationError, type OrgId } from "@tenantry/core";
import type { Sealer } from "@tenantry/core/seal";
import type { PlacementStore } from "./placement.ts";

const LEASE_SECONDS = 60;

/** What sealed connection strings of tenants are sealed for. */
export const DSN_PURPOSE = "placement.dsn";

/**
 * Seals a tenant's connection string anew, with the first key of the ring. Answers whether it had to be. Throws
 * `IsolationError` `isolation.busy` where somebody works on the placement, `isolation.key_unknown`, `isolation.seal_broken`.
 */
export async function rewrapPlacement(
  orgId: OrgId,
  { placements, sealer }: { readonly placements: PlacementStore; readonly sealer: Sealer },
): Promise<boolean> {
  const isOld = async (): Promise<string | null> => {
    const sealed = (await placements.get(orgId))?.sealedDsn ?? null;
    return sealed === null || sealer.isCurrent(sealed) ? null : sealed;
  };
  if ((await isOld()) === null) {
    return false;
  }
  const holder = generate("ses");
  if (!(await placements.lease(orgId, holder, LEASE_SECONDS))) {
    throw new IsolationError("isolation.busy", {});
  }
  try {
    // Read again: whoever held the lease before may have made another one.
    const sealed = await isOld();
    if (sealed === null) {
      return false;
    }
    const sealedDsn = await sealer.rewrap(sealed, { purpose: DSN_PURPOSE, orgId });
    if (!(await placements.patch(orgId, holder, { sealedDsn }))) {
      throw new IsolationError("isolation.busy", {});
    }
    return true;
  } finally {
    await placements.release(orgId, holder).catch(() => {});
  }
}
