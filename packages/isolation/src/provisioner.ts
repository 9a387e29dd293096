import {
  ConfigError,
  generate,
  IsolationError,
  isId,
  isTenancyError,
  type OrgId,
  PreconditionError,
} from "@tenantry/core";
import { type Placement, type PlacementStore, pending, type StoredPlacement, shown } from "./placement.ts";
import type { DeprovisionPolicy, DeprovisionReport, IsolationStrategy, ProvisionContext } from "./strategy.ts";
import type { StrategyRegistry } from "./strategy-registry.ts";

/** How far provisioning has come. */
export interface StepProgress {
  readonly orgId: OrgId;
  readonly step: string;
  readonly state: "begun" | "done" | "failed";
  readonly attempt: number;
}

export interface ProvisionerOptions {
  readonly placements: PlacementStore;
  readonly strategies: StrategyRegistry;
  /** Seconds that a worker has for a step; it is renewed before each. Default 300. */
  readonly leaseSeconds?: number;
  /** Milliseconds before the second attempt at a step, twice that before the third. Default 500. */
  readonly backoffMs?: number;
  /** Whether what was made is dropped when provisioning has failed. Default false: it stays for the next attempt. */
  readonly cleanup?: boolean;
  /** Gets the cause of a failure, which nobody else does. */
  readonly log?: (message: string, cause: unknown) => void;
  readonly clock?: () => Date;
  readonly wait?: (milliseconds: number) => Promise<void>;
}

const ATTEMPTS = 3;
const POLICIES: readonly unknown[] = ["rename", "drop", "retain", "purge"];

/** Makes tenants' places, step by step, and takes them down. Of several workers on one tenant one works. */
export class TenantProvisioner {
  readonly #options: Required<ProvisionerOptions>;

  constructor(options: ProvisionerOptions) {
    this.#options = {
      leaseSeconds: 300,
      backoffMs: 500,
      cleanup: false,
      log: () => {},
      clock: () => new Date(),
      wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      ...options,
    };
  }

  /**
   * Writes a placement that is pending, for `createTenant`. Throws `isolation.unknown_strategy`, and
   * `isolation.strategy_fixed` where there is one of another strategy.
   */
  async place(orgId: OrgId, strategy: string): Promise<Placement> {
    this.#options.strategies.get(strategy);
    const placement = await this.#options.placements.create(checkedId(orgId), strategy);
    if (placement.strategy !== strategy) {
      throw new IsolationError("isolation.strategy_fixed", { orgId });
    }
    return shown(placement);
  }

  /**
   * Without a placement a tenant has its rows among those of all others, where a strategy `row` is registered; else throws
   * `isolation.not_provisioned`.
   */
  async status(orgId: OrgId): Promise<Placement> {
    return shown(await this.#stored(checkedId(orgId)));
  }

  /** Tenants that were revoked and whose place was not taken down, at most so many. */
  leftovers(limit: number): Promise<readonly OrgId[]> {
    return this.#options.placements.leftovers(limit);
  }

  /**
   * Makes a tenant ready: from the step that was recorded last, each at most three times. Safe to call again at any time.
   * Throws `isolation.busy`, `.provisioning_failed` with the step, `.not_provisioned` for one that is being taken down.
   */
  async provision(
    orgId: OrgId,
    {
      signal,
      onProgress = () => {},
    }: { readonly signal?: AbortSignal; readonly onProgress?: (step: StepProgress) => void } = {},
  ): Promise<Placement> {
    const placement = await this.#stored(checkedId(orgId));
    if (placement.state === "ready") {
      return shown(placement);
    }
    if (placement.state !== "pending" && placement.state !== "failed") {
      throw new IsolationError("isolation.not_provisioned", {});
    }
    const strategy = this.#options.strategies.get(placement.strategy);
    return await this.#leased(orgId, async (holder) => {
      // Looked at again: whoever held the lease before may have been at it.
      const current = await this.#stored(orgId);
      if (current.state === "ready") {
        return shown(current);
      }
      const { steps } = strategy;
      const from = Math.max(0, steps.indexOf(current.step ?? ""));
      for (const [index, step] of steps.slice(from).entries()) {
        const wasBegun = index === 0 && current.step === step && current.attempts > 0;
        await this.#step(strategy, orgId, { step, wasBegun, holder, signal: signal ?? null, onProgress });
      }
      if (!(await this.#options.placements.makeReady(orgId, holder))) {
        throw new IsolationError("isolation.not_provisioned", {});
      }
      return shown(await this.#stored(orgId));
    });
  }

  /** Takes a tenant's place down. `drop` and `purge` name the organization in `confirm`. Throws `isolation.busy`, `.provisioning_failed`. */
  async deprovision(
    orgId: OrgId,
    { policy, confirm }: { readonly policy: DeprovisionPolicy; readonly confirm?: OrgId },
  ): Promise<DeprovisionReport> {
    checkedId(orgId);
    if (!POLICIES.includes(policy)) {
      throw new ConfigError("config.invalid", {
        faults: [{ path: "policy", expected: "rename, drop, retain or purge" }],
      });
    }
    if ((policy === "drop" || policy === "purge") && confirm !== orgId) {
      throw new PreconditionError("precondition.invalid_input", { key: "confirm" });
    }
    const placement = await this.#stored(orgId);
    const strategy = this.#options.strategies.get(placement.strategy);
    // One that had nothing to make has no row yet in which its end is written down.
    await this.#options.placements.create(orgId, placement.strategy);
    return await this.#leased(orgId, async (holder) => {
      const { placements, log } = this.#options;
      // Whether it was ready or half made: from now on nothing resolves.
      await this.#patched(orgId, holder, { state: "deprovisioning", step: policy, errorCode: null });
      try {
        const context = this.#context(orgId, holder, await this.#stored(orgId), true, confirm ?? null, null);
        const report = await strategy.deprovision({ id: orgId }, policy, context);
        const isGone = policy === "drop" || policy === "purge";
        await this.#patched(orgId, holder, {
          state: isGone ? "removed" : "archived",
          step: null,
          name: report.archivedAs,
          ...(isGone ? { sealedDsn: null } : {}),
        });
        return report;
      } catch (error) {
        log("deprovisioning failed", error);
        await placements.patch(orgId, holder, { errorCode: codeOf(error) });
        throw isTenancyError(error)
          ? error
          : new IsolationError("isolation.provisioning_failed", { orgId, step: policy });
      }
    });
  }

  /** Refuses writes for at most so many seconds, up to an hour. Throws `isolation.not_provisioned`. */
  async pauseWrites(orgId: OrgId, { untilSeconds }: { readonly untilSeconds: number }): Promise<void> {
    if (!Number.isInteger(untilSeconds) || untilSeconds < 1 || untilSeconds > 3_600) {
      throw new PreconditionError("precondition.invalid_input", { key: "untilSeconds" });
    }
    await this.#pause(orgId, untilSeconds);
  }

  async resumeWrites(orgId: OrgId): Promise<void> {
    await this.#pause(orgId, null);
  }

  async #pause(orgId: OrgId, untilSeconds: number | null): Promise<void> {
    if (!(await this.#options.placements.pause(checkedId(orgId), untilSeconds))) {
      throw new IsolationError("isolation.not_provisioned", {});
    }
  }

  async #step(
    strategy: IsolationStrategy,
    orgId: OrgId,
    { step, wasBegun, holder, signal, onProgress }: StepWork,
  ): Promise<void> {
    const { leaseSeconds, backoffMs, wait, log, placements } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      signal?.throwIfAborted();
      // Recorded before it is begun: what is found afterwards may be its own.
      if (!(await placements.lease(orgId, holder, leaseSeconds))) {
        throw new IsolationError("isolation.busy", {});
      }
      const stored = await this.#stored(orgId);
      await this.#patched(orgId, holder, { state: "pending", step, attempts: attempt, errorCode: null });
      onProgress({ orgId, step, state: "begun", attempt });
      try {
        const context = this.#context(orgId, holder, stored, wasBegun || attempt > 1, null, signal);
        await strategy.provision({ id: orgId }, step, context);
        onProgress({ orgId, step, state: "done", attempt });
        return;
      } catch (error) {
        log(`the step ${step} failed`, error);
        onProgress({ orgId, step, state: "failed", attempt });
        const isFinal = isTenancyError(error, "isolation.provisioning_failed") || attempt === ATTEMPTS;
        if (isFinal) {
          await this.#failed(strategy, orgId, holder, step, error);
          throw new IsolationError("isolation.provisioning_failed", { orgId, step });
        }
        await wait(backoffMs * 2 ** (attempt - 1));
      }
    }
  }

  async #failed(
    strategy: IsolationStrategy,
    orgId: OrgId,
    holder: string,
    step: string,
    error: unknown,
  ): Promise<void> {
    const { placements, cleanup, log } = this.#options;
    // What somebody else made is neither begun by us nor ours to drop.
    const isOthers = isTenancyError(error, "isolation.provisioning_failed");
    const failure = { state: "failed", step, errorCode: codeOf(error), ...(isOthers ? { attempts: 0 } : {}) } as const;
    await placements.patch(orgId, holder, failure);
    if (cleanup && !isOthers) {
      const context = this.#context(orgId, holder, await this.#stored(orgId), true, orgId, null);
      await strategy.deprovision({ id: orgId }, "drop", context).then(
        () => placements.patch(orgId, holder, { step: null, attempts: 0, sealedDsn: null }),
        (fault: unknown) => log("the clean-up failed", fault),
      );
    }
  }

  #context(
    orgId: OrgId,
    holder: string,
    { sealedDsn }: StoredPlacement,
    isResumed: boolean,
    confirm: OrgId | null,
    signal: AbortSignal | null,
  ): ProvisionContext {
    return {
      isResumed,
      sealedDsn,
      keepDsn: (sealed) => this.#patched(orgId, holder, { sealedDsn: sealed }),
      keepVersion: (version) => this.#patched(orgId, holder, { migratedTo: version }),
      confirm,
      now: this.#options.clock(),
      signal,
    };
  }

  async #patched(...[orgId, holder, patch]: Parameters<PlacementStore["patch"]>): Promise<void> {
    if (!(await this.#options.placements.patch(orgId, holder, patch))) {
      // The lease has ended, and somebody else may hold it.
      throw new IsolationError("isolation.busy", {});
    }
  }

  async #leased<T>(orgId: OrgId, work: (holder: string) => Promise<T>): Promise<T> {
    const { placements, leaseSeconds } = this.#options;
    const holder = generate("ses");
    if (!(await placements.lease(orgId, holder, leaseSeconds))) {
      throw new IsolationError("isolation.busy", {});
    }
    try {
      return await work(holder);
    } finally {
      await placements.release(orgId, holder).catch(() => {});
    }
  }

  async #stored(orgId: OrgId): Promise<StoredPlacement> {
    const { placements, strategies } = this.#options;
    const placement = await placements.get(orgId);
    if (placement !== null) {
      return placement;
    }
    if (strategies.names().includes("row") && strategies.get("row").steps.length === 0) {
      return { ...pending(orgId, "row"), state: "ready" };
    }
    throw new IsolationError("isolation.not_provisioned", {});
  }
}

interface StepWork {
  readonly step: string;
  readonly wasBegun: boolean;
  readonly holder: string;
  readonly signal: AbortSignal | null;
  readonly onProgress: (step: StepProgress) => void;
}

function checkedId(orgId: OrgId): OrgId {
  if (!isId(orgId, "org")) {
    throw new PreconditionError("precondition.invalid_input", { key: "orgId" });
  }
  return orgId;
}

/** What a placement keeps of a failure: a code of ours or a SQLSTATE. */
function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === "string" && /^[A-Za-z0-9_.]{1,64}$/.test(code) ? code : "unknown";
}
