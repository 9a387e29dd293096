import type { StoredPlacement } from "@tenantry/core";
import type { PlacementStore } from "@tenantry/isolation";
import { migrateTenants } from "@tenantry/isolation/migrate";
import type { Diagnosis } from "./finding.ts";
import type { IsolationParts } from "./isolation-parts.ts";
import { stopIfInterrupted } from "./problem.ts";

/** Of places that are left after their tenants so many are told; the next look finds the others. */
const MOST_LEFT = 1_000;

/** Tenants whose place was left half-way, or whose tables are behind. Whatever somebody is at work on is left out. */
export async function* ofPlaces(
  { placements, migrations }: IsolationParts,
  signal: AbortSignal,
): AsyncGenerator<Diagnosis> {
  if (placements === undefined) {
    return;
  }
  const leftovers = new Set(await placements.leftovers(MOST_LEFT));
  const ready: StoredPlacement[] = [];
  for (const placement of await placements.list()) {
    if (placement.heldBy !== null) {
      continue;
    }
    if (leftovers.has(placement.orgId)) {
      yield ofLeftover(placement);
      continue;
    }
    yield* ofState(placement);
    if (placement.state === "ready" && placement.strategy !== "row") {
      ready.push(placement);
    }
  }
  if (migrations !== undefined) {
    yield* ofMigrations(ready, { placements, migrations }, signal);
  }
}

function ofLeftover({ orgId, state }: StoredPlacement): Diagnosis {
  const remedy = "its organization was revoked: tenantry lifecycle run-due takes the place down";
  return { code: "isolation.not_provisioned", severity: "warning", object: `${orgId} ${state}`, remedy };
}

function* ofState({ orgId, state, step, errorCode, move }: StoredPlacement): Generator<Diagnosis> {
  const object = step === null ? orgId : `${orgId} ${step}`;
  switch (state) {
    case "failed": {
      const remedy = `it ended with ${errorCode}: mend that, then tenantry tenants provision --retry`;
      yield { code: "isolation.provisioning_failed", severity: "error", object, remedy };
      return;
    }
    case "pending": {
      // One that was never begun may be waiting for somebody who makes places; one that was begun was left.
      const severity = step === null ? "warning" : "error";
      const remedy = "nobody makes its place: tenantry tenants provision";
      yield { code: "isolation.not_provisioned", severity, object, remedy };
      return;
    }
    case "deprovisioning": {
      const remedy = "nobody goes on to take it down: tenantry tenants deprovision";
      yield { code: "isolation.not_provisioned", severity: "error", object, remedy };
      return;
    }
    case "ready":
      if (move !== null) {
        const remedy = `nobody goes on to move it: tenantry tenants move to ${move.strategy}, or back`;
        yield { code: "isolation.move_failed", severity: "error", object: `${orgId} ${move.stage}`, remedy };
      }
      return;
    case "archived":
    case "removed":
      return;
  }
}

async function* ofMigrations(
  ready: readonly StoredPlacement[],
  { placements, migrations }: Required<Pick<IsolationParts, "placements" | "migrations">>,
  signal: AbortSignal,
): AsyncGenerator<Diagnosis> {
  // Who only looks takes no lease: a migration that runs meanwhile is not kept from its tenant.
  const looking: PlacementStore = {
    ...placements,
    list: async () => ready,
    lease: async () => true,
    release: async () => {},
  };
  const { tenants } = await migrateTenants({
    ...migrations,
    ...{ placements: looking, tenants: "all", onFailure: "continue", dryRun: true, signal },
  });
  stopIfInterrupted(signal);
  for (const { orgId, outcome, files, code, file } of tenants) {
    if (outcome === "failed") {
      const remedy = "tenantry tenants migrate --dry-run says why; put the file back, or repair the tenant";
      const object = file === null ? orgId : `${orgId} ${file}`;
      yield { code: code ?? "isolation.migration_failed", severity: "error", object, remedy };
    } else if (outcome === "applied") {
      yield outdated(`${orgId} ${files[0]}`);
    }
  }
  if (typeof migrations.source === "function") {
    // A migrator of the host's can only be run; but one tenant tells how far the others could be.
    const newest = ready.reduce(
      (last, { migratedTo }) => (migratedTo !== null && migratedTo > last ? migratedTo : last),
      "",
    );
    for (const { orgId, migratedTo } of ready) {
      if ((migratedTo ?? "") < newest) {
        yield outdated(migratedTo === null ? orgId : `${orgId} ${migratedTo}`);
      }
    }
  }
}

function outdated(object: string): Diagnosis {
  return { code: "isolation.outdated", severity: "warning", object, remedy: "tenantry tenants migrate --tenant" };
}
