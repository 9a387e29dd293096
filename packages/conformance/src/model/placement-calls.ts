import type { OrgId, PlacementPatch } from "@tenantry/core";
import type { Chance } from "../chance.ts";
import type { PlacementPolicy } from "../placements/operations.ts";
import type { PlacedOrg, PlacementCall } from "../rules/placement-rules.ts";

const WORKERS = ["first", "second"];
const STRATEGIES = ["row", "schema", "database"];
const POLICIES: readonly PlacementPolicy[] = ["rename", "drop", "retain", "purge"];
/** Longer than all steps of a run. */
const FOR_GOOD = 10_000_000;

/** How often each operation is called, compared with the others. */
const USUAL: { readonly [O in PlacementCall["op"]]: number } = {
  ...{ get: 1, create: 3, lease: 6, release: 1, patch: 10 },
  ...{ provisioned: 6, failed: 2, deprovisioned: 4, paused: 4, resumed: 2, moved: 6 },
};
const OPERATIONS = Object.entries(USUAL).flatMap(([op, times]) =>
  Array.from({ length: times }, () => op as PlacementCall["op"]),
);

/**
 * A call by chance: mostly by whoever has the lease, and now and then by somebody else; often what comes next in the life of a
 * place, or chance alone would seldom see its end.
 */
export function placementCall(
  orgId: OrgId,
  org: PlacedOrg | null,
  { chance, now }: { readonly chance: Chance; readonly now: Date },
): PlacementCall {
  const holder = (chance.below(6) === 0 ? null : org?.place?.heldBy) ?? chance.of(WORKERS);
  const held = { orgId, holder };
  const op = chance.below(2) === 0 ? nextOf(org, now) : chance.of(OPERATIONS);
  switch (op) {
    case "get":
      return { op, args: [orgId] };
    case "create":
      return { op, args: [orgId, chance.of(STRATEGIES), chance.below(3) === 0 ? "ready" : "pending"] };
    case "lease":
      return { op, args: [orgId, holder, chance.below(5) === 0 ? 0 : FOR_GOOD] };
    case "release":
      return { op, args: [orgId, holder] };
    case "patch":
      return { op, args: [orgId, holder, patchOf(org, chance)] };
    case "provisioned":
    case "moved":
      return { op, args: [held] };
    case "failed":
      return {
        op,
        args: [held, { step: chance.of(["role", "migrate"]), code: "42501", attempts: 1 + chance.below(3) }],
      };
    case "deprovisioned": {
      const policy = chance.of(POLICIES);
      return { op, args: [held, { policy, archivedAs: policy === "rename" ? `archived_${chance.below(9)}` : null }] };
    }
    case "paused":
      return { op, args: [orgId, { seconds: chance.of([1, 60, 3600]), holder: byAnybody(holder, chance) }] };
    case "resumed":
      return { op, args: [orgId, byAnybody(holder, chance)] };
  }
}

function nextOf(org: PlacedOrg | null, now: Date): PlacementCall["op"] {
  const place = org?.place ?? null;
  if (place === null) {
    return "create";
  }
  if (place.heldBy === null) {
    return "lease";
  }
  switch (place.state) {
    case "pending":
      return "provisioned";
    case "ready":
      if (place.move?.stage !== "switch") {
        return "patch";
      }
      return place.pausedUntil !== null && place.pausedUntil > now ? "moved" : "paused";
    case "deprovisioning":
      return "deprovisioned";
    default:
      return "patch";
  }
}

const byAnybody = (holder: string, chance: Chance): string | null => (chance.below(3) === 0 ? null : holder);

/** What a worker that follows the rules would note of a place in this state. */
function patchOf(org: PlacedOrg | null, chance: Chance): PlacementPatch {
  const place = org?.place ?? null;
  const step: PlacementPatch = { step: chance.of(["role", "schema", "migrate"]), attempts: chance.below(4) };
  const left: PlacementPatch = {
    ...{ state: "deprovisioning", step: chance.of(POLICIES), errorCode: null, move: null },
  };
  switch (place?.state) {
    case "failed":
      return chance.of<PlacementPatch>([{ state: "pending" }, { step: null, attempts: 0, sealedDsn: null }, left]);
    case "ready": {
      const strategy = chance.of(STRATEGIES.filter((one) => one !== place.strategy));
      const move = { strategy, stage: chance.of(["copy", "switch"]), step: null, attempts: 0, until: null };
      const next = {
        policy: "rename",
        sealedDsn: chance.of([null, "sealed-next"]),
        migratedTo: chance.of([null, "2"]),
      };
      return chance.of<PlacementPatch>([
        { move: { ...move, ...next } },
        { move: { ...move, ...next } },
        { move: { ...move, ...next } },
        { move: null },
        { sealedDsn: chance.of([null, "sealed"]), migratedTo: "1" },
        left,
      ]);
    }
    case "deprovisioning":
      return chance.of([{ errorCode: "55P03" }, { step: chance.of(POLICIES) }]);
    case "archived":
      return chance.of([left, { migratedTo: "1" }]);
    case "removed":
      return { migratedTo: "1" };
    default:
      return chance.of<PlacementPatch>([step, { ...step, sealedDsn: "sealed" }, { migratedTo: "1" }]);
  }
}
