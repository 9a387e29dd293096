import { isTenancyError } from "@tenantry/core";
import { type Abortable, type Signal, unlessAborted } from "./aborting.ts";

/** From the best to the worst. */
export const HEALTH_STATUSES = ["healthy", "degraded", "unhealthy"] as const;
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

/** What a part says of itself; nothing: it is healthy. What it throws makes it unhealthy, with the error's code. */
export type HealthCheck = (
  signal: Signal,
) => Promise<HealthStatus | { readonly status: HealthStatus; readonly code?: string } | undefined>;

export interface PartHealth {
  readonly status: HealthStatus;
  readonly code: string | null;
  readonly milliseconds: number;
}

export interface Health {
  /** That of the worst part. */
  readonly status: HealthStatus;
  readonly parts: Readonly<Record<string, PartHealth>>;
}

/**
 * Asks all parts at once, each for at most two seconds. The answer has codes and durations, and nothing of anybody. Throws
 * nothing but the reason of a signal that is given and aborted; the parts are told of that, too.
 */
export async function health(
  checks: Readonly<Record<string, HealthCheck>>,
  { milliseconds = 2000, signal }: { readonly milliseconds?: number } & Abortable = {},
): Promise<Health> {
  const parts = await unlessAborted({ signal }, () =>
    Promise.all(
      Object.entries(checks).map(
        async ([name, check]) => [name, await partHealth(check, milliseconds, signal)] as const,
      ),
    ),
  );
  const worst = Math.max(0, ...parts.map(([, { status }]) => HEALTH_STATUSES.indexOf(status)));
  return Object.freeze({
    status: HEALTH_STATUSES[worst] ?? "healthy",
    parts: Object.freeze(Object.fromEntries(parts)),
  });
}

const CODE = /^[a-z_.]{1,64}$/;

async function partHealth(check: HealthCheck, milliseconds: number, signal: Signal | undefined): Promise<PartHealth> {
  const begun = performance.now();
  const done = (status: HealthStatus, code: string | null): PartHealth =>
    Object.freeze({ status, code, milliseconds: Math.round(performance.now() - begun) });
  const late = AbortSignal.timeout(milliseconds);
  const told = signal === undefined ? late : AbortSignal.any([late, signal]);
  try {
    const isLate = new Promise<"late">((resolve) => late.addEventListener("abort", () => resolve("late")));
    const answer = await Promise.race([check(told), isLate]);
    if (answer === "late") {
      return done("unhealthy", "unavailable.timeout");
    }
    const { status = "healthy", code = null } = typeof answer === "object" ? answer : { status: answer };
    return done(status, code !== null && CODE.test(code) ? code : null);
  } catch (error) {
    return done("unhealthy", isTenancyError(error) ? error.code : "internal.unexpected");
  }
}

/** Whether a store answers: one read of nobody's organization. */
export function storeHealth(store: {
  standing(input: { readonly orgId: `org_${string}` }): Promise<unknown>;
}): HealthCheck {
  return async () => {
    await store.standing({ orgId: NOBODY });
    return "healthy";
  };
}

/** A well-formed id that no store makes: its time lies before there were any. */
const NOBODY = "org_00000000000070008000000000000000";
