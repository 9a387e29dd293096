import { generate, IsolationError, type OrgId, type PlacementPatch } from "@tenantry/core";
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
  const isOld = (sealed: string | null | undefined): sealed is string =>
    typeof sealed === "string" && !sealer.isCurrent(sealed);
  const look = async () => {
    const placement = await placements.get(orgId);
    const move = placement?.move ?? null;
    return { own: placement?.sealedDsn, move, isCurrent: !isOld(placement?.sealedDsn) && !isOld(move?.sealedDsn) };
  };
  if ((await look()).isCurrent) {
    return false;
  }
  const holder = generate("ses");
  if (!(await placements.lease(orgId, holder, LEASE_SECONDS))) {
    throw new IsolationError("isolation.busy", {});
  }
  const anew = (sealed: string): Promise<string> => sealer.rewrap(sealed, { purpose: DSN_PURPOSE, orgId });
  try {
    // Read again: whoever held the lease before may have made another one.
    const { own, move, isCurrent } = await look();
    if (isCurrent) {
      return false;
    }
    const patch: PlacementPatch = {
      ...(isOld(own) ? { sealedDsn: await anew(own) } : {}),
      ...(move !== null && isOld(move.sealedDsn) ? { move: { ...move, sealedDsn: await anew(move.sealedDsn) } } : {}),
    };
    if (!(await placements.patch(orgId, holder, patch))) {
      throw new IsolationError("isolation.busy", {});
    }
    return true;
  } finally {
    await placements.release(orgId, holder).catch(() => {});
  }
}
