import {
  ConfigError,
  generate,
  IsolationError,
  isId,
  isTenancyError,
  type MutationOptions,
  type NewPlacement,
  type OrgId,
  PreconditionError,
  placementBegun,
  type StoredPlacement,
} from "@tenantry/core";
import { checkMove, forgetMove, Move, type MoveOptions } from "./moving.ts";
import { type ActorOption, type Held, type Placement, type PlacementStore, shown } from "./placement.ts";
import { codeOf, contextOf, makePlace, patched, type Site, type StepProgress, type Tools } from "./provision-steps.ts";
import type { DeprovisionPolicy, DeprovisionReport, IsolationStrategy } from "./strategy.ts";
import type { StrategyRegistry } from "./strategy-registry.ts";

export type { StepProgress } from "./provision-steps.ts";

export interface ProvisionerOptions {
  /** What `storePlacements` makes of a store. */
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

export interface ProvisionOptions extends ActorOption {
  readonly signal?: AbortSignal;
  readonly onProgress?: (step: StepProgress) => void;
}

export interface DeprovisionOptions extends ActorOption {
  readonly policy: DeprovisionPolicy;
  /** The id of the organization: for `drop` and `purge`. */
  readonly confirm?: OrgId;
}

const POLICIES: readonly unknown[] = ["rename", "drop", "retain", "purge"];
const MOST_SECONDS = 3_600;

/**
 * Makes tenants' places, step by step, moves them and takes them down. Of several workers on one tenant one works. What becomes
 * of a place is a commit of its organization, with its event.
 */
export class TenantProvisioner {
  readonly #tools: Tools;
  readonly #cleanup: boolean;

  constructor({ cleanup = false, ...options }: ProvisionerOptions) {
    this.#cleanup = cleanup;
    this.#tools = {
      leaseSeconds: 300,
      backoffMs: 500,
      log: () => {},
      clock: () => new Date(),
      wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      ...options,
    };
  }

  /**
   * What `createOrg` takes as `placement`, so that a tenant and where its rows will be are one commit: ready at once only where
   * there is nothing to make. Throws `isolation.unknown_strategy`.
   */
  newPlacement(strategy: string): NewPlacement {
    const { steps } = this.#tools.strategies.get(strategy);
    return { strategy, state: steps.length === 0 ? "ready" : "pending" };
  }

  /**
   * Writes down where the rows of an organization will be that was made without a placement, where no strategy `row` is there
   * that has them already. Throws `isolation.unknown_strategy`, and `isolation.strategy_fixed` where they are elsewhere.
   */
  async place(orgId: OrgId, strategy: string): Promise<Placement> {
    const { state } = this.newPlacement(strategy);
    const { placements } = this.#tools;
    const placement =
      (await placements.get(checkedId(orgId))) ??
      this.#implied(orgId) ??
      (await placements.create(orgId, strategy, state));
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
    return this.#tools.placements.leftovers(limit);
  }

  /**
   * Makes a tenant ready: from the step that was recorded last, each at most three times. Safe to call again at any time. Events
   * `tenant.provisioned`, `tenant.provisioning_failed`. Throws `isolation.busy`, `.provisioning_failed` with the step,
   * `.not_provisioned` for one that is being taken down or that was revoked meanwhile: that never becomes ready.
   */
  async provision(orgId: OrgId, options: ProvisionOptions = {}): Promise<Placement> {
    const placement = await this.#stored(checkedId(orgId));
    if (placement.state === "ready") {
      return shown(placement);
    }
    if (placement.state !== "pending" && placement.state !== "failed") {
      throw new IsolationError("isolation.not_provisioned", {});
    }
    const strategy = this.#tools.strategies.get(placement.strategy);
    return await this.#leased(orgId, async (held) => {
      // Looked at again: whoever held the lease before may have been at it.
      const current = await this.#stored(orgId);
      return current.state === "ready" ? shown(current) : await this.#made(strategy, held, options);
    });
  }

  async #made(
    strategy: IsolationStrategy,
    held: Held,
    { signal = undefined, onProgress = () => {}, actor }: ProvisionOptions,
  ): Promise<Placement> {
    const { placements, log } = this.#tools;
    const { orgId, holder } = held;
    const by = actorOf(actor);
    const failure = await makePlace(this.#tools, strategy, this.#site(held), { signal: signal ?? null, onProgress });
    if (failure === null) {
      return await placements.provisioned(held, by);
    }
    const { step, cause, isOthers } = failure;
    // What somebody else made is neither begun by us nor ours to drop.
    const attempts = isOthers ? 0 : (await this.#stored(orgId)).attempts;
    await placements.failed(held, { step, code: codeOf(cause), attempts }, by);
    if (this.#cleanup && !isOthers) {
      const { sealedDsn } = await this.#stored(orgId);
      const context = contextOf(this.#tools, this.#site(held), { sealedDsn, isResumed: true, confirm: orgId });
      await strategy.deprovision({ id: orgId }, "drop", context).then(
        () => placements.patch(orgId, holder, { step: null, attempts: 0, sealedDsn: null }),
        (fault: unknown) => log("the clean-up failed", fault),
      );
    }
    throw new IsolationError("isolation.provisioning_failed", { orgId, step });
  }

  /**
   * Takes a tenant's place down; a move that was not finished is given up first. `drop` and `purge` name the organization in
   * `confirm`. Event `tenant.deprovisioned`. Throws `isolation.busy`, `.provisioning_failed`.
   */
  async deprovision(orgId: OrgId, { policy, confirm, actor }: DeprovisionOptions): Promise<DeprovisionReport> {
    checkedId(orgId);
    if (!POLICIES.includes(policy)) {
      throw new ConfigError("config.invalid", {
        faults: [{ path: "policy", expected: "rename, drop, retain or purge" }],
      });
    }
    if ((policy === "drop" || policy === "purge") && confirm !== orgId) {
      throw new PreconditionError("precondition.invalid_input", { key: "confirm" });
    }
    const { strategy: name } = await this.#stored(orgId);
    const strategy = this.#tools.strategies.get(name);
    await this.#written(orgId);
    return await this.#leased(orgId, async (held) => {
      const { placements, log } = this.#tools;
      const { holder } = held;
      try {
        await this.#unmoved(held, actorOf(actor));
        // Whether it was ready or half made: from now on nothing resolves.
        await patched(this.#tools, orgId, holder, { state: "deprovisioning", step: policy, errorCode: null });
        const { sealedDsn } = await this.#stored(orgId);
        const context = contextOf(this.#tools, this.#site(held), {
          sealedDsn,
          isResumed: true,
          confirm: confirm ?? null,
        });
        const report = await strategy.deprovision({ id: orgId }, policy, context);
        await placements.deprovisioned(held, { policy, archivedAs: report.archivedAs }, actorOf(actor));
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

  /**
   * Refuses writes for at most so many seconds, up to an hour; runs that are `readOnly` go on. Event `tenant.paused`. Throws
   * `isolation.not_provisioned`, `isolation.busy` while it is moved, `AlreadyTerminalError`.
   */
  async pauseWrites(
    orgId: OrgId,
    { untilSeconds }: { readonly untilSeconds: number },
    options?: MutationOptions,
  ): Promise<Placement> {
    if (!Number.isInteger(untilSeconds) || untilSeconds < 1 || untilSeconds > MOST_SECONDS) {
      throw new PreconditionError("precondition.invalid_input", { key: "untilSeconds" });
    }
    await this.#written(checkedId(orgId));
    return await this.#tools.placements.paused(orgId, { seconds: untilSeconds, holder: null }, options);
  }

  /** Takes writes again. Event `tenant.resumed`, where they were refused. Throws what `pauseWrites` throws. */
  async resumeWrites(orgId: OrgId, options?: MutationOptions): Promise<Placement> {
    await this.#written(checkedId(orgId));
    return await this.#tools.placements.resumed(orgId, null, options);
  }

  /**
   * Moves a tenant's rows to a place of another strategy: makes the place, refuses writes, has the host copy and verify, exchanges
   * the places in one commit, takes writes again, and takes the old place down. Safe to call again at any time: it goes on where
   * it was left, and answers at once what is where it should be. Throws `isolation.move_failed` with the stage: before the
   * exchange the source works as before and nothing is left of the target; after it the target works, and another call takes
   * down what is left of the source. Throws `isolation.busy`, `.unknown_strategy`, `.not_provisioned` too.
   */
  async moveTenant(orgId: OrgId, target: string, options: MoveOptions): Promise<Placement> {
    checkMove(options);
    this.#tools.strategies.get(target);
    const { state } = await this.#stored(checkedId(orgId));
    if (state !== "ready") {
      throw new IsolationError("isolation.not_provisioned", {});
    }
    await this.#written(orgId);
    return await this.#leased(orgId, (held) => new Move(this.#tools, held, target, options).run());
  }

  /** A move that was not finished: before its switch the target goes, after it the source. */
  async #unmoved({ orgId, holder }: Held, actor: ActorOption): Promise<void> {
    const { move, pausedUntil } = await this.#stored(orgId);
    if (move === null) {
      return;
    }
    if (move.stage !== "drop") {
      await forgetMove(this.#tools, { orgId, holder }, { move, isPaused: pausedUntil !== null }, actor);
      return;
    }
    const context = contextOf(this.#tools, this.#site({ orgId, holder }), {
      sealedDsn: move.sealedDsn,
      isResumed: true,
      confirm: orgId,
    });
    const source = this.#tools.strategies.get(move.strategy);
    await source.deprovision({ id: orgId }, move.policy as DeprovisionPolicy, context);
    await patched(this.#tools, orgId, holder, { move: null });
  }

  /** Where it is kept how far a place is made. */
  #site({ orgId, holder }: Held): Site {
    return {
      orgId,
      holder,
      known: () => this.#stored(orgId),
      keep: ({ step, ...news }) =>
        patched(
          this.#tools,
          orgId,
          holder,
          step === undefined ? news : { ...news, step, state: "pending", errorCode: null },
        ),
    };
  }

  async #leased<T>(orgId: OrgId, work: (held: Held) => Promise<T>): Promise<T> {
    const { placements, leaseSeconds } = this.#tools;
    const holder = generate("ses");
    if (!(await placements.lease(orgId, holder, leaseSeconds))) {
      throw new IsolationError("isolation.busy", {});
    }
    try {
      return await work({ orgId, holder });
    } finally {
      await placements.release(orgId, holder).catch(() => {});
    }
  }

  async #stored(orgId: OrgId): Promise<StoredPlacement> {
    const placement = (await this.#tools.placements.get(orgId)) ?? this.#implied(orgId);
    if (placement === null) {
      throw new IsolationError("isolation.not_provisioned", {});
    }
    return placement;
  }

  /** Where the rows are of an organization without a placement: among those of all others, if anywhere. */
  #implied(orgId: OrgId): StoredPlacement | null {
    const { strategies } = this.#tools;
    const hasRows = strategies.names().includes("row") && strategies.get("row").steps.length === 0;
    return hasRows ? placementBegun(orgId, { strategy: "row", state: "ready" }) : null;
  }

  /** What held without a row gets one in which the rest is kept. */
  async #written(orgId: OrgId): Promise<void> {
    const { placements } = this.#tools;
    if ((await placements.get(orgId)) === null && this.#implied(orgId) !== null) {
      await placements.create(orgId, "row", "ready");
    }
  }
}

function actorOf(actor: ActorOption["actor"]): ActorOption {
  return actor === undefined ? {} : { actor };
}

function checkedId(orgId: OrgId): OrgId {
  if (!isId(orgId, "org")) {
    throw new PreconditionError("precondition.invalid_input", { key: "orgId" });
  }
  return orgId;
}
