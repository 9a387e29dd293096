import { type ActiveTenant, isActiveTenant } from "@tenantry/context";
import { IsolationError, PreconditionError, TenantError } from "@tenantry/core";
import type { RunOptions } from "./strategy.ts";

/** The longest that PostgreSQL takes in such a setting. */
const LONGEST_MS = 2_147_483_647;
const IDLE_MS = 60_000;

/** The options of a run with their defaults. */
export interface Admitted {
  readonly tenant: ActiveTenant;
  readonly readOnly: boolean;
  /** `null`: what the database says. */
  readonly statementTimeoutMs: number | null;
  readonly idleTimeoutMs: number;
  readonly signal: AbortSignal | null;
}

/** What is checked before anything is sent, in the order that `IsolationStrategy.run` promises. */
export function admit(
  given: unknown,
  { name, isVersioned, now }: { readonly name: string; readonly isVersioned: boolean; readonly now: Date },
  options: RunOptions = {},
): Admitted {
  const tenant = proven(given);
  const checked = checkedOptions(options);
  const { strategy, state, migratedTo = null, pausedUntil = null } = tenant.org.placement;
  if (strategy !== name) {
    throw new IsolationError("isolation.wrong_strategy", { strategy });
  }
  if (state !== "ready") {
    throw new IsolationError("isolation.not_provisioned", {});
  }
  const { minVersion } = checked;
  // Names of files sort by their characters, as the files themselves do.
  if (minVersion !== null && isVersioned && (migratedTo === null || migratedTo < minVersion)) {
    throw new IsolationError("isolation.outdated", {});
  }
  if (!checked.readOnly && pausedUntil !== null && Date.parse(pausedUntil) > now.getTime()) {
    throw new IsolationError("isolation.paused", { until: pausedUntil });
  }
  return { ...checked, tenant };
}

/** Throws `tenant.context_missing` for what no guard made. */
export function proven(tenant: unknown): ActiveTenant {
  if (!isActiveTenant(tenant)) {
    throw new TenantError("tenant.context_missing", {});
  }
  return tenant;
}

function checkedOptions(options: RunOptions): Omit<Admitted, "tenant"> & { readonly minVersion: string | null } {
  const { readOnly = false, statementTimeoutMs, idleTimeoutMs = IDLE_MS, minVersion, signal } = options ?? {};
  const faults = {
    readOnly: typeof readOnly !== "boolean",
    statementTimeoutMs: statementTimeoutMs !== undefined && !isTimeout(statementTimeoutMs),
    idleTimeoutMs: !isTimeout(idleTimeoutMs),
    minVersion: minVersion !== undefined && (typeof minVersion !== "string" || minVersion === ""),
    signal: signal !== undefined && !(signal instanceof AbortSignal),
  };
  for (const [key, isWrong] of Object.entries(faults)) {
    if (isWrong) {
      throw new PreconditionError("precondition.invalid_input", { key });
    }
  }
  return {
    readOnly,
    statementTimeoutMs: statementTimeoutMs ?? null,
    idleTimeoutMs,
    minVersion: minVersion ?? null,
    signal: signal ?? null,
  };
}

function isTimeout(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= LONGEST_MS;
}
