import { IsolationError, isTenancyError, type OrgId } from "@tenantry/core";
import type { PlacementStore } from "./placement.ts";
import type { IsolationStrategy, ProvisionContext } from "./strategy.ts";
import type { StrategyRegistry } from "./strategy-registry.ts";

/** How far provisioning has come. */
export interface StepProgress {
  readonly orgId: OrgId;
  readonly step: string;
  readonly state: "begun" | "done" | "failed";
  readonly attempt: number;
}

/** What everybody works with who makes places. */
export interface Tools {
  readonly placements: PlacementStore;
  readonly strategies: StrategyRegistry;
  readonly leaseSeconds: number;
  readonly backoffMs: number;
  readonly log: (message: string, cause: unknown) => void;
  readonly clock: () => Date;
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** A place that is made: what is known of it, and where that is kept. Whoever has lost the lease gets `isolation.busy`. */
export interface Site {
  readonly orgId: OrgId;
  readonly holder: string;
  known(): Promise<Known>;
  keep(news: Partial<Known> & { readonly migratedTo?: string }): Promise<void>;
}

export interface Known {
  readonly step: string | null;
  readonly attempts: number;
  readonly sealedDsn: string | null;
}

export interface StepFailure {
  readonly step: string;
  readonly cause: unknown;
  /** Something of its name is there that nobody here has made. */
  readonly isOthers: boolean;
}

export interface StepWork {
  readonly signal: AbortSignal | null;
  readonly onProgress: (step: StepProgress) => void;
}

const ATTEMPTS = 3;

/** Makes a place, from the step that was begun last, each at most three times. `null`: it is made. */
export async function makePlace(
  tools: Tools,
  strategy: IsolationStrategy,
  site: Site,
  work: StepWork,
): Promise<StepFailure | null> {
  const { steps } = strategy;
  const { step: last, attempts } = await site.known();
  const from = Math.max(0, steps.indexOf(last ?? ""));
  for (const [index, step] of steps.slice(from).entries()) {
    const wasBegun = index === 0 && last === step && attempts > 0;
    const failure = await makeStep(tools, strategy, site, { ...work, step, wasBegun });
    if (failure !== null) {
      return failure;
    }
  }
  return null;
}

async function makeStep(
  tools: Tools,
  strategy: IsolationStrategy,
  site: Site,
  { step, wasBegun, signal, onProgress }: StepWork & { readonly step: string; readonly wasBegun: boolean },
): Promise<StepFailure | null> {
  const { backoffMs, wait, log } = tools;
  const { orgId } = site;
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    await renewed(tools, site);
    const { sealedDsn } = await site.known();
    // Recorded before it is begun: what is found afterwards may be its own.
    await site.keep({ step, attempts: attempt });
    onProgress({ orgId, step, state: "begun", attempt });
    try {
      const context = contextOf(tools, site, { sealedDsn, isResumed: wasBegun || attempt > 1, signal });
      await strategy.provision({ id: orgId }, step, context);
      onProgress({ orgId, step, state: "done", attempt });
      return null;
    } catch (cause) {
      log(`the step ${step} failed`, cause);
      onProgress({ orgId, step, state: "failed", attempt });
      const isOthers = isTenancyError(cause, "isolation.provisioning_failed");
      if (isOthers || attempt === ATTEMPTS) {
        return { step, cause, isOthers };
      }
      await wait(backoffMs * 2 ** (attempt - 1));
    }
  }
}

/** What a strategy may know and do. */
export function contextOf(
  { clock }: Tools,
  { keep }: Pick<Site, "keep">,
  {
    sealedDsn,
    isResumed,
    confirm = null,
    signal = null,
  }: Pick<ProvisionContext, "sealedDsn" | "isResumed"> & Partial<Pick<ProvisionContext, "confirm" | "signal">>,
): ProvisionContext {
  return {
    isResumed,
    sealedDsn,
    keepDsn: (sealed) => keep({ sealedDsn: sealed }),
    keepVersion: (version) => keep({ migratedTo: version }),
    confirm,
    now: clock(),
    signal,
  };
}

/** The lease, for as long again. */
export async function renewed(
  { placements, leaseSeconds }: Tools,
  { orgId, holder }: Pick<Site, "orgId" | "holder">,
): Promise<void> {
  if (!(await placements.lease(orgId, holder, leaseSeconds))) {
    throw new IsolationError("isolation.busy", {});
  }
}

export async function patched(
  { placements }: Tools,
  ...[orgId, holder, patch]: Parameters<PlacementStore["patch"]>
): Promise<void> {
  if (!(await placements.patch(orgId, holder, patch))) {
    // The lease has ended, and somebody else may hold it.
    throw new IsolationError("isolation.busy", {});
  }
}

/** What a placement keeps of a failure: a code of ours or a SQLSTATE. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === "string" && /^[A-Za-z0-9_.]{1,64}$/.test(code) ? code : "unknown";
}
