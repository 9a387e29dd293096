import type { Code, OrgId, PlacementMove, PlacementPatch, PlacementState, StoredPlacement } from "@tenantry/core";
import type { PlacementOperations, PlacementPolicy } from "../placements/operations.ts";

// The rules of placements, stated a second time and as plainly as they can be: one organization with its place, and what each
// operation makes of it. Nothing of the core or of the package that has the rules takes part.

/** What somebody outside hears of. */
export interface ToldStep {
  readonly type: string;
  readonly data: object;
}

export interface PlacedOrg {
  readonly status: "active" | "suspended" | "revoked";
  readonly version: number;
  /** With who works on it. */
  readonly place: Omit<StoredPlacement, "orgId"> | null;
}

/** A call that changes what a place is, or what is noted of it. */
export type PlacementCall = {
  readonly [M in keyof PlacementOperations]: { readonly op: M; readonly args: Parameters<PlacementOperations[M]> };
}[Exclude<keyof PlacementOperations, "list" | "leftovers">];

export type PlacementRuling =
  | { readonly refused: Code }
  /** `told`: nothing where it is bookkeeping, or finds what it wants. */
  | { readonly org: PlacedOrg; readonly result: unknown; readonly told: readonly ToldStep[] };

/** `null`: there is no such organization. */
export function rulePlacement(
  org: PlacedOrg | null,
  { op, args }: PlacementCall,
  { orgId, now }: { readonly orgId: OrgId; readonly now: Date },
): PlacementRuling {
  const place = org?.place ?? null;
  const noted = (changed: Place | null, result: unknown): PlacementRuling =>
    org === null ? { refused: "not_found" } : { org: { ...org, place: changed }, result, told: [] };
  switch (op) {
    case "get":
      return org === null ? silent(null) : noted(place, place === null ? null : { orgId, ...place });
    case "create": {
      const [, strategy, state] = args;
      const there = place ?? { ...NOTHING, strategy, state };
      return noted(there, { orgId, ...there });
    }
    case "lease": {
      const [, holder, seconds] = args;
      if (org === null || place === null || (place.heldBy !== null && place.heldBy !== holder)) {
        return org === null ? silent(false) : noted(place, false);
      }
      return noted({ ...place, heldBy: seconds > 0 ? holder : null }, true);
    }
    case "patch": {
      const [, holder, patch] = args;
      if (org === null || place === null || place.heldBy !== holder) {
        return org === null ? silent(false) : noted(place, false);
      }
      return noted({ ...place, ...patch }, true);
    }
    case "release": {
      const [, holder] = args;
      if (org === null) {
        return silent(undefined);
      }
      return noted(place?.heldBy === holder ? { ...place, heldBy: null } : place, undefined);
    }
    default:
      return org === null ? { refused: "not_found" } : ruleChange(org, { op, args } as ChangeCall, { orgId, now });
  }
}

type Place = NonNullable<PlacedOrg["place"]>;
type ChangeCall = Extract<
  PlacementCall,
  { readonly op: "provisioned" | "failed" | "deprovisioned" | "paused" | "resumed" | "moved" }
>;

const NOTHING: Omit<Place, "strategy" | "state"> = {
  ...{ step: null, attempts: 0, errorCode: null, name: null, sealedDsn: null, migratedTo: null },
  ...{ pausedUntil: null, move: null, heldBy: null },
};
const NOBODY: PlacedOrg = { status: "revoked", version: 0, place: null };
const silent = (result: unknown): PlacementRuling => ({ org: NOBODY, result, told: [] });

function ruleChange(
  org: PlacedOrg,
  { op, args }: ChangeCall,
  { orgId, now }: { readonly orgId: OrgId; readonly now: Date },
): PlacementRuling {
  const { place, status } = org;
  const become = (own: Place, set: PlacementPatch, ...told: readonly ToldStep[]): PlacementRuling => {
    const changed = { ...own, ...set };
    return { org: { ...org, version: org.version + told.length, place: changed }, result: seen(orgId, changed), told };
  };
  switch (op) {
    case "provisioned": {
      if (place?.heldBy !== args[0].holder) {
        return BUSY;
      }
      return status === "active" && place.state === "pending"
        ? become(
            place,
            { state: "ready", step: null, attempts: 0, errorCode: null },
            { type: "tenant.provisioned", data: { strategy: place.strategy } },
          )
        : NOT_READY;
    }
    case "failed": {
      const [{ holder }, { step, code, attempts }] = args;
      return isAt(place, holder, "pending")
        ? become(
            place,
            { state: "failed", step, attempts, errorCode: code },
            { type: "tenant.provisioning_failed", data: { step, code } },
          )
        : BUSY;
    }
    case "deprovisioned": {
      const [{ holder }, { policy, archivedAs }] = args;
      return isAt(place, holder, "deprovisioning")
        ? become(place, end(place, policy, archivedAs), { type: "tenant.deprovisioned", data: { policy } })
        : BUSY;
    }
    case "resumed": {
      if (status === "revoked") {
        return place === null ? TERMINAL : { org, result: seen(orgId, place), told: [] };
      }
      const refused = refusedUse(org, args[1]);
      if (refused !== null || place === null) {
        return refused ?? NOT_READY;
      }
      return place.pausedUntil === null
        ? { org, result: seen(orgId, place), told: [] }
        : become(place, { pausedUntil: null }, RESUMED);
    }
    case "paused": {
      const [, { seconds, holder }] = args;
      const refused = refusedUse(org, holder);
      const until = new Date(now.getTime() + seconds * 1000);
      return refused !== null || place === null
        ? (refused ?? NOT_READY)
        : become(place, { pausedUntil: until }, { type: "tenant.paused", data: { until: until.toISOString() } });
    }
    case "moved": {
      const refused = refusedUse(org, args[0].holder);
      if (refused !== null || place === null) {
        return refused ?? NOT_READY;
      }
      if (place.move === null || place.pausedUntil === null || place.pausedUntil.getTime() <= now.getTime()) {
        return { refused: "isolation.move_failed" };
      }
      return become(
        place,
        exchange(place, place.move),
        { type: "tenant.moved", data: { from: place.strategy, to: place.move.strategy } },
        RESUMED,
      );
    }
  }
}

const BUSY: PlacementRuling = { refused: "isolation.busy" };
const NOT_READY: PlacementRuling = { refused: "isolation.not_provisioned" };
const TERMINAL: PlacementRuling = { refused: "conflict.already_terminal" };
const RESUMED: ToldStep = { type: "tenant.resumed", data: {} };

function isAt(place: Place | null, holder: string, state: PlacementState): place is Place {
  return place !== null && place.heldBy === holder && place.state === state;
}

/** Why somebody may not touch a place that tenants use; `holder` is `null` for whoever does not work on it. */
function refusedUse({ status, place }: PlacedOrg, holder: string | null): PlacementRuling | null {
  if (status === "revoked") {
    return TERMINAL;
  }
  if (place?.state !== "ready") {
    return NOT_READY;
  }
  if (holder === null) {
    return place.move !== null && place.heldBy !== null ? BUSY : null;
  }
  return place.heldBy === holder ? null : BUSY;
}

function end({ sealedDsn }: Place, policy: PlacementPolicy, name: string | null): PlacementPatch {
  const isGone = policy === "drop" || policy === "purge";
  return {
    ...{ state: isGone ? "removed" : "archived", step: null, errorCode: null, name, pausedUntil: null },
    sealedDsn: isGone ? null : sealedDsn,
  };
}

function exchange({ strategy, sealedDsn, migratedTo }: Place, move: PlacementMove): PlacementPatch {
  return {
    ...{ strategy: move.strategy, sealedDsn: move.sealedDsn, migratedTo: move.migratedTo, pausedUntil: null },
    move: {
      ...{ strategy, sealedDsn, migratedTo, policy: move.policy },
      ...{ stage: "drop", step: null, attempts: 0, until: null },
    },
  };
}

/** What anybody may see of it. */
function seen(orgId: OrgId, { sealedDsn, heldBy: _, pausedUntil, move, ...place }: Place): object {
  return {
    ...{ orgId, ...place },
    hasConnectionString: sealedDsn !== null,
    pausedUntil: pausedUntil?.toISOString() ?? null,
    move: move === null ? null : { strategy: move.strategy, stage: move.stage },
  };
}
