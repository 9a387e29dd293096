import { loadConfig, RESERVED_LABELS } from "@tenantry/context";
import { isTenancyError, type OrgId, type Tenancy } from "@tenantry/core";
import { DSN_PURPOSE, doctor, type PlacedTenant, tenantName } from "@tenantry/isolation";
import { leakTest } from "@tenantry/isolation/testing";
import type { AnySettings } from "./any-settings.ts";
import type { Diagnosis } from "./finding.ts";
import type { Host } from "./host.ts";
import type { Io } from "./io.ts";
import { type IsolationParts, needed } from "./isolation-parts.ts";
import { paged } from "./paged.ts";
import { ofPlaces } from "./place-diagnosis.ts";
import { kindOf, stopIfInterrupted } from "./problem.ts";

interface Patient {
  readonly host: Host;
  readonly env: Io["env"];
  readonly withLeakTest: boolean;
  readonly signal: AbortSignal;
}

/** Looks at everything that the configuration brings. */
export async function* diagnose({ host, env, withLeakTest, signal }: Patient): AsyncGenerator<Diagnosis> {
  yield* ofConfiguration(env);
  const store = await host.store();
  yield* ofOrganizations(store, host.has("settings") ? await host.settings() : null, signal);
  if (!host.has("isolation")) {
    return;
  }
  const parts = await host.isolation();
  const placed = parts.placements === undefined ? undefined : await placedOf(parts);
  if (parts.tables !== undefined) {
    const { tables, rolePerTenant } = parts;
    yield* await doctor({
      tables,
      query: needed(parts, "query"),
      ...(placed === undefined ? {} : { placed }),
      ...(rolePerTenant === undefined ? {} : { rolePerTenant }),
    });
  }
  yield* ofPlaces(parts, signal);
  yield* ofConnectionStrings(parts);
  if (withLeakTest) {
    yield* ofLeaks(parts, signal);
  }
}

function* ofConfiguration(env: Io["env"]): Generator<Diagnosis> {
  try {
    loadConfig({}, env);
  } catch (error) {
    if (!isTenancyError(error, "config.invalid")) {
      throw error;
    }
    for (const { path, expected } of error.details.faults) {
      yield { code: error.code, severity: "error", object: path, remedy: `expected: ${expected}` };
    }
  }
}

const RESERVED: ReadonlySet<string> = new Set(RESERVED_LABELS);

async function* ofOrganizations(
  store: Tenancy,
  settings: AnySettings | null,
  signal: AbortSignal,
): AsyncGenerator<Diagnosis> {
  for await (const { id, slug, status } of paged((page) => store.listOrgs(page), signal)) {
    if (slug !== null && status !== "revoked" && (RESERVED.has(slug) || slug.startsWith("xn--"))) {
      const remedy = "give it another slug, and give RESERVED_LABELS to the store's reservedSlugs";
      yield { code: "context.unreachable_slug", severity: "warning", object: `${id} ${slug}`, remedy };
    }
    for (const { key, code } of (await settings?.check(id)) ?? []) {
      const isLost = code.startsWith("isolation.");
      const remedy = isLost ? "add the key that sealed it to the ring" : "set it anew, unset it, or declare it";
      yield { code, severity: isLost ? "error" : "warning", object: `${id} ${key}`, remedy };
    }
  }
}

async function placedOf(parts: IsolationParts): Promise<readonly PlacedTenant[]> {
  const { nameOf = tenantName } = parts;
  return (await needed(parts, "placements").list()).flatMap(({ orgId, strategy, state, name, move }) => {
    // Of one that is being moved both places may be there; the other one need not be whole.
    const other = move === null ? [] : [{ strategy: move.strategy, state: "pending" as const }];
    return [{ strategy, state }, ...other].flatMap(({ strategy: kind, state: stage }) =>
      kind === "schema" || kind === "database"
        ? [{ orgId, strategy: kind, state: stage, name: name ?? nameOf(orgId) } as const]
        : [],
    );
  });
}

async function* ofConnectionStrings({ placements, sealer }: IsolationParts): AsyncGenerator<Diagnosis> {
  if (placements === undefined || sealer === undefined) {
    return;
  }
  for (const { orgId, sealedDsn: own, move } of await placements.list()) {
    const sealedDsn = own ?? move?.sealedDsn ?? null;
    const code =
      sealedDsn === null ? null : await whyClosed(() => sealer.open(sealedDsn, { purpose: DSN_PURPOSE, orgId }));
    if (code !== null) {
      yield {
        code,
        severity: "error",
        object: orgId satisfies OrgId,
        remedy: "add the key that sealed it to the ring",
      };
    }
  }
}

async function whyClosed(open: () => Promise<unknown>): Promise<string | null> {
  try {
    await open();
    return null;
  } catch (error) {
    if (isTenancyError(error, "isolation.key_unknown") || isTenancyError(error, "isolation.seal_broken")) {
      return error.code;
    }
    throw error;
  }
}

async function* ofLeaks(parts: IsolationParts, signal: AbortSignal): AsyncGenerator<Diagnosis> {
  for (const { name, run } of leakTest({ ...needed(parts, "leakTest"), tables: needed(parts, "tables") })) {
    stopIfInterrupted(signal);
    try {
      await run();
    } catch (error) {
      // What a database says may quote a row.
      const remedy = error instanceof Error && error.name === "LeakError" ? error.message : kindOf(error);
      yield { code: "isolation.leak", severity: "error", object: name, remedy };
    }
  }
}
