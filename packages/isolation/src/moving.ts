import {
  IndeterminateError,
  IsolationError,
  isTenancyError,
  type OrgId,
  type PlacementMove,
  PreconditionError,
  type StoredPlacement,
} from "@tenantry/core";
import { type ActorOption, type Held, type Placement, shown } from "./placement.ts";
import { contextOf, makePlace, patched, renewed, type Site, type StepProgress, type Tools } from "./provision-steps.ts";
import type { DeprovisionPolicy, IsolationStrategy } from "./strategy.ts";

/** A place of a tenant's rows, for whoever copies them. Its schema or database is called `tenantName(orgId)`. */
export interface MovedPlace {
  readonly orgId: OrgId;
  readonly strategy: string;
  /** Of a tenant's own database; for `open` of a sealer. */
  readonly sealedDsn: string | null;
  readonly migratedTo: string | null;
}

export interface MoveContext {
  /** Until when nobody writes: what takes longer is not moved. */
  readonly until: Date;
  /** Aborted where the move is, or somebody else works on the tenant. */
  readonly signal: AbortSignal;
}

export interface MoveOptions extends ActorOption {
  /** Copies the tenant's rows. The target is a place just made, without rows of the tenant's. */
  readonly copy: (source: MovedPlace, target: MovedPlace, context: MoveContext) => Promise<void>;
  /** Throws, or answers `false`, where the target does not have what the source has. */
  readonly verify: (source: MovedPlace, target: MovedPlace, context: MoveContext) => Promise<unknown>;
  /** What becomes of the source: `retain` or `purge` of rows among others', else `rename`, `drop` or `retain`. */
  readonly drop: DeprovisionPolicy;
  /** For how long writes are refused at most, 1 to 3,600. Default 3,600. */
  readonly pauseSeconds?: number;
  /** How long a request may go on that was admitted before writes were refused, in milliseconds. Default 10,000. */
  readonly drainMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (stage: StageProgress) => void;
}

export type MoveStage = "provision" | "pause" | "copy" | "verify" | "switch" | "drop";

export interface StageProgress {
  readonly orgId: OrgId;
  readonly stage: MoveStage;
  readonly state: "begun" | "done" | "failed";
}

const MOST_SECONDS = 3_600;
const WITH_STEPS: readonly unknown[] = ["rename", "drop", "retain"];
const WITHOUT_STEPS: readonly unknown[] = ["retain", "purge"];

/** One move, by whoever has the lease. */
export class Move {
  readonly #tools: Tools;
  readonly #held: Held;
  readonly #options: MoveOptions;
  readonly #target: IsolationStrategy;
  #stage: MoveStage = "provision";

  constructor(tools: Tools, held: Held, target: string, options: MoveOptions) {
    this.#tools = tools;
    this.#held = held;
    this.#options = options;
    this.#target = tools.strategies.get(target);
  }

  async run(): Promise<Placement> {
    let placement = await this.#ready();
    if (placement.move?.stage === "drop") {
      // The two were exchanged already.
      await this.#last();
      placement = await this.#ready();
    }
    if (placement.strategy === this.#target.name) {
      await this.#forgotten(placement);
      return shown(await this.#ready());
    }
    checkPolicy(this.#tools.strategies.get(placement.strategy), this.#options.drop);
    if (placement.move !== null && !this.#goesOn(placement, placement.move)) {
      await this.#forgotten(placement);
      placement = await this.#ready();
    }
    try {
      await this.#untilSwitch(placement.move);
    } catch (cause) {
      await this.#undone(cause);
    }
    await this.#last();
    return shown(await this.#ready());
  }

  /** What is left once the places are exchanged. */
  async #last(): Promise<void> {
    await this.#inStage("drop", () => this.#dropSource()).catch((cause: unknown) => this.#failed(cause));
  }

  async #untilSwitch(begun: PlacementMove | null): Promise<void> {
    const { drop } = this.#options;
    const stage = begun?.stage ?? "provision";
    if (begun === null) {
      const nothing = { step: null, attempts: 0, until: null, sealedDsn: null, migratedTo: null };
      await this.#kept({ strategy: this.#target.name, stage, policy: drop, ...nothing });
    }
    if (stage === "provision") {
      await this.#inStage("provision", () => this.#provisioned());
    }
    if (stage === "provision" || stage === "pause") {
      await this.#inStage("pause", () => this.#paused());
      await this.#inStage("copy", () => this.#withHost(this.#options.copy));
    }
    if (stage !== "switch") {
      await this.#inStage("verify", async () => {
        if ((await this.#withHost(this.#options.verify)) === false) {
          throw new Error("the target does not have what the source has");
        }
      });
    }
    await this.#inStage("switch", () => this.#exchanged());
  }

  /** Whether what another call began can be gone on with. What was copied counts only under one and the same pause. */
  #goesOn({ pausedUntil }: StoredPlacement, { strategy, stage, until }: PlacementMove): boolean {
    if (strategy !== this.#target.name) {
      return false;
    }
    if (stage === "provision" || stage === "pause") {
      return true;
    }
    const isPaused = pausedUntil !== null && pausedUntil > this.#tools.clock() && pausedUntil.toISOString() === until;
    return isPaused && (stage === "verify" || stage === "switch");
  }

  async #provisioned(): Promise<void> {
    const { signal, onProgress } = this.#options;
    const failure = await makePlace(this.#tools, this.#target, this.#site(), {
      signal: signal ?? null,
      onProgress: ({ state }: StepProgress) => {
        if (state === "failed") {
          onProgress?.({ orgId: this.#held.orgId, stage: "provision", state });
        }
      },
    });
    if (failure !== null) {
      if (failure.isOthers) {
        // What somebody else made is not ours to remove.
        await this.#keptOf({ attempts: 0 });
      }
      throw failure.cause;
    }
  }

  async #paused(): Promise<void> {
    const { placements, wait } = this.#tools;
    const { pauseSeconds: seconds = MOST_SECONDS, drainMs = 10_000 } = this.#options;
    const { orgId, holder } = this.#held;
    const { pausedUntil: until } = await placements.paused(orgId, { seconds, holder }, this.#actor());
    await this.#keptOf({ until });
    // Whoever was admitted before may still be writing.
    await wait(drainMs);
  }

  /** The host's own work, however long it takes: the lease is renewed meanwhile. */
  async #withHost<T>(work: (source: MovedPlace, target: MovedPlace, context: MoveContext) => Promise<T>): Promise<T> {
    const { orgId } = this.#held;
    const { strategy, sealedDsn, migratedTo, pausedUntil, move } = await this.#ready();
    if (move === null || pausedUntil === null) {
      throw new IsolationError("isolation.busy", {});
    }
    const source = { orgId, strategy, sealedDsn, migratedTo };
    const target = { orgId, strategy: move.strategy, sealedDsn: move.sealedDsn, migratedTo: move.migratedTo };
    const lost = new AbortController();
    const signals = [lost.signal, ...(this.#options.signal === undefined ? [] : [this.#options.signal])];
    const beat = setInterval(
      () => {
        renewed(this.#tools, this.#held).catch((cause: unknown) => lost.abort(cause));
      },
      (this.#tools.leaseSeconds * 1000) / 3,
    );
    try {
      const signal = AbortSignal.any(signals);
      const done = await work(source, target, { until: pausedUntil, signal });
      signal.throwIfAborted();
      return done;
    } finally {
      clearInterval(beat);
    }
  }

  async #exchanged(): Promise<void> {
    try {
      await this.#tools.placements.moved(this.#held, this.#actor());
    } catch (error) {
      // Whether it was exchanged decides which of the two places is in use.
      if (!(error instanceof IndeterminateError) || !(await error.resolve()).committed) {
        throw error;
      }
    }
  }

  async #dropSource(): Promise<void> {
    const { move } = await this.#ready();
    if (move === null) {
      return;
    }
    const source = this.#tools.strategies.get(move.strategy);
    const { orgId } = this.#held;
    const context = contextOf(this.#tools, this.#site(), {
      sealedDsn: move.sealedDsn,
      isResumed: true,
      confirm: orgId,
    });
    await source.deprovision({ id: orgId }, this.#options.drop, context);
    await this.#kept(null);
  }

  /** What was made of a target goes, and the source takes writes again. */
  async #undone(cause: unknown): Promise<never> {
    const placement = await this.#ready().catch(() => null);
    const { move = null } = placement ?? {};
    // Exchanged by an answer that was lost, or somebody else is at work: nothing here is ours to undo. Nor is it where some
    // steps were made, and then something stood in the way that nobody here has made: it goes on there.
    const isOurs = placement?.heldBy === this.#held.holder && move !== null && move.stage !== "drop";
    if (isOurs && !(move.attempts === 0 && this.#target.steps.indexOf(move.step ?? "") > 0)) {
      await this.#forgotten(placement).catch((fault: unknown) => this.#tools.log("undoing the move failed", fault));
    }
    return this.#failed(cause);
  }

  async #forgotten({ move, pausedUntil }: StoredPlacement): Promise<void> {
    if (move === null) {
      return;
    }
    await forgetMove(this.#tools, this.#held, { move, isPaused: pausedUntil !== null }, this.#actor());
  }

  #failed(cause: unknown): never {
    const { orgId } = this.#held;
    this.#tools.log(`moving failed in the stage ${this.#stage}`, cause);
    this.#options.onProgress?.({ orgId, stage: this.#stage, state: "failed" });
    throw isTenancyError(cause, "isolation.busy")
      ? cause
      : new IsolationError("isolation.move_failed", { orgId, stage: this.#stage });
  }

  /** Recorded before it is begun. */
  async #inStage(stage: MoveStage, work: () => Promise<void>): Promise<void> {
    const { signal, onProgress } = this.#options;
    const { orgId } = this.#held;
    this.#stage = stage;
    signal?.throwIfAborted();
    await renewed(this.#tools, this.#held);
    await this.#keptOf({ stage });
    onProgress?.({ orgId, stage, state: "begun" });
    await work();
    onProgress?.({ orgId, stage, state: "done" });
  }

  /** Where it is kept how far the target is made. */
  #site(): Site {
    return {
      ...this.#held,
      known: async () => (await this.#ready()).move ?? { step: null, attempts: 0, sealedDsn: null },
      keep: (news) => this.#keptOf(news),
    };
  }

  async #keptOf(news: Partial<PlacementMove>): Promise<void> {
    const { move } = await this.#ready();
    if (move !== null) {
      await this.#kept({ ...move, ...news });
    }
  }

  #kept(move: PlacementMove | null): Promise<void> {
    return patched(this.#tools, this.#held.orgId, this.#held.holder, { move });
  }

  async #ready(): Promise<StoredPlacement> {
    const placement = await this.#tools.placements.get(this.#held.orgId);
    if (placement?.state !== "ready") {
      throw new IsolationError("isolation.not_provisioned", {});
    }
    return placement;
  }

  #actor(): ActorOption {
    const { actor } = this.#options;
    return actor === undefined ? {} : { actor };
  }
}

/** Gives a move up before its switch: the source takes writes again, and what was made of the target is removed. */
export async function forgetMove(
  tools: Tools,
  { orgId, holder }: Held,
  { move, isPaused }: { readonly move: PlacementMove; readonly isPaused: boolean },
  actor: ActorOption,
): Promise<void> {
  const target = tools.strategies.get(move.strategy);
  // First: whatever becomes of the target, the tenant works.
  if (isPaused) {
    await tools.placements.resumed(orgId, holder, actor);
  }
  const isCopied = move.stage !== "provision" && move.stage !== "pause";
  const isMade = target.steps.length === 0 ? isCopied : move.step !== null && move.attempts > 0;
  const keep = (news: Partial<PlacementMove>): Promise<void> =>
    patched(tools, orgId, holder, { move: { ...move, ...news } });
  if (isMade) {
    await keep({ stage: "undo" });
    const context = contextOf(tools, { keep }, { sealedDsn: move.sealedDsn, isResumed: true, confirm: orgId });
    await target.deprovision({ id: orgId }, target.steps.length === 0 ? "purge" : "drop", context);
  }
  await patched(tools, orgId, holder, { move: null });
}

/** Throws `precondition.invalid_input` for what no move can be made of. */
export function checkMove({ copy, verify, pauseSeconds, drainMs }: MoveOptions): void {
  const isCount = (value: unknown, least: number, most: number): boolean =>
    value === undefined || (Number.isInteger(value) && Number(value) >= least && Number(value) <= most);
  const faults = {
    copy: typeof copy !== "function",
    verify: typeof verify !== "function",
    pauseSeconds: !isCount(pauseSeconds, 1, MOST_SECONDS),
    drainMs: !isCount(drainMs, 0, MOST_SECONDS * 1000),
  };
  for (const [key, isWrong] of Object.entries(faults)) {
    if (isWrong) {
      throw new PreconditionError("precondition.invalid_input", { key });
    }
  }
}

function checkPolicy({ steps }: IsolationStrategy, drop: unknown): void {
  if (!(steps.length === 0 ? WITHOUT_STEPS : WITH_STEPS).includes(drop)) {
    throw new PreconditionError("precondition.invalid_input", { key: "drop" });
  }
}
