import { errorFor, type OrgId, type Page, type RelayPort, type TenancyEvent } from "@tenantry/core";
import { type Extension, extensionOf, fields, idArgument, limitArgument } from "@tenantry/core/extend";
import { type EngineSettings, told } from "./engine.ts";
import type { Log } from "./log.ts";
import type { Checks } from "./options.ts";
import type { Timers } from "./timers.ts";

// What relays have in common, whatever they deliver to: how they work, and what is looked up and changed by hand.

/** A store that keeps the group `relay`. */
export interface RelayStore {
  subscribe(handler: (event: TenancyEvent) => unknown): () => void;
}

/** How a relay works. */
export interface RelayTuning {
  /** How many organizations are served at a time, 1 to 100. Default 8. */
  readonly concurrency?: number;
  /** How many events of one organization are read at a time, 1 to 1000. Default 100. */
  readonly batch?: number;
  /** How long an organization is one's own without a sign of life, 1 to 3600; a delivery has four fifths of it. Default 30. */
  readonly leaseSeconds?: number;
  /** After so many attempts an event is given up, 1 to 100. Default 12: about a day. */
  readonly maxAttempts?: number;
  /** How long to wait for something to do, 1 to 3600. What is committed in this process is seen at once. Default 1. */
  readonly pollSeconds?: number;
  /** From which lag on the relay is degraded. Default 300. */
  readonly healthySeconds?: number;
  readonly log?: Log;
  readonly clock?: () => Date;
  /** 0 to below 1. */
  readonly random?: () => number;
  readonly timers?: Timers;
}

/** An event by its organization and number. */
export interface DeadRef {
  readonly orgId: OrgId;
  readonly seq: number;
}

/** An event that was given up. */
export interface DeadLetter extends DeadRef {
  /** What the last attempt failed with. */
  readonly code: string;
  readonly attempts: number;
  readonly at: Date;
  /** Whether its organization waits for what becomes of it. */
  readonly isBlocking: boolean;
}

/** How far a relay is behind. */
export interface RelayLag {
  /** Since when the oldest undelivered event waits; `null`: none does. */
  readonly oldest: Date | null;
  readonly seconds: number;
  /** Events that were given up, and those of them that hold their organization. */
  readonly parked: number;
  readonly blocked: number;
}

/** What `health` of `@tenantry/context` takes as a part. */
export type RelayHealth = () => Promise<{ readonly status: "healthy" | "degraded"; readonly code?: string }>;

export const TUNING = [
  "concurrency",
  "batch",
  "leaseSeconds",
  "maxAttempts",
  "pollSeconds",
  "healthySeconds",
  "log",
  "clock",
  "random",
  "timers",
] as const;

/** The common part of what relays are made of. */
export function tuned<K extends string>(
  checks: Checks<K | (typeof TUNING)[number]>,
  onExhausted: "park" | "block",
): Omit<EngineSettings, "clock"> & { readonly clock: (() => Date) | undefined } {
  return {
    concurrency: checks.integer("concurrency", 8, 1, 100),
    batch: checks.integer("batch", 100, 1, 1000),
    leaseSeconds: checks.integer("leaseSeconds", 30, 1, 3600),
    maxAttempts: checks.integer("maxAttempts", 12, 1, 100),
    pollSeconds: checks.integer("pollSeconds", 1, 1, 3600),
    onExhausted,
    log: checks.optionalFunction<Log>("log"),
    clock: checks.optionalFunction<() => Date>("clock"),
    random: checks.optionalFunction<() => number>("random") ?? Math.random,
    timers: checks.timers("timers"),
  };
}

/** Throws `ConfigError` for a store without what relays need. */
export function relayOf(store: object): {
  readonly port: Extension["port"];
  readonly bookkeeping: RelayPort;
  readonly clock: () => Date;
} {
  const { port, settings } = extensionOf(store, ["relay"]);
  if (port.relay === undefined) {
    throw errorFor("config.capability_missing", { group: "relay" });
  }
  return { port, bookkeeping: port.relay, clock: settings.clock };
}

export function budgetArgument(run: unknown): number {
  const { budgetMs } = fields(run, ["budgetMs"]);
  if (typeof budgetMs === "number" && budgetMs > 0 && Number.isFinite(budgetMs)) {
    return budgetMs;
  }
  throw errorFor("precondition.invalid_input", { key: "budgetMs" });
}

export function deadArgument(dead: unknown): DeadRef {
  const { orgId, seq } = fields(dead, ["orgId", "seq", "code", "attempts", "at", "isBlocking", "webhook"]);
  return { orgId: idArgument("org", orgId), seq: seqArgument(seq) };
}

function seqArgument(seq: unknown): number {
  if (Number.isSafeInteger(seq) && (seq as number) >= 0) {
    return seq as number;
  }
  throw errorFor("precondition.invalid_input", { key: "seq" });
}

export async function seek(
  bookkeeping: RelayPort,
  prepare: () => Promise<void>,
  { subscription, orgId, seq }: { readonly subscription: string; readonly orgId: unknown; readonly seq: unknown },
): Promise<void> {
  const asked = { subscription, orgId: idArgument("org", orgId), seq: seqArgument(seq) };
  await told(prepare);
  if (!(await told(() => bookkeeping.seek(asked)))) {
    throw errorFor("not_found", { what: "organization", id: asked.orgId });
  }
}

export async function settled<R extends DeadRef>(ref: R, work: (ref: R) => Promise<boolean>): Promise<void> {
  if (!(await told(() => work(ref)))) {
    throw errorFor("not_found", { what: "dead event", id: `${ref.orgId}.${ref.seq}` });
  }
}

const CURSOR = /^(org_[0-9a-f]{12}[1-8][0-9a-f]{19})\.(\d{1,15})$/;

export async function deadLetters(
  bookkeeping: RelayPort,
  subscription: string,
  options: unknown,
): Promise<Page<DeadLetter>> {
  const { cursor, limit } = fields(options ?? {}, ["cursor", "limit"]);
  const take = limitArgument(limit);
  const parts = typeof cursor === "string" && cursor.length <= 60 ? CURSOR.exec(cursor) : null;
  if (parts === null && cursor !== undefined && cursor !== null) {
    throw errorFor("precondition.invalid_cursor", { value: "the cursor" });
  }
  const after = parts === null ? null : { orgId: parts[1] as OrgId, seq: Number(parts[2]) };
  const rows = await told(() => bookkeeping.dead({ subscription, after, take: take + 1 }));
  const data = rows.slice(0, take).map(({ subscription: _, ...letter }) => letter);
  const last = rows.length > take ? data.at(-1) : undefined;
  return { data, nextCursor: last === undefined ? null : `${last.orgId}.${last.seq}` };
}

export function healthOf(lag: () => Promise<RelayLag>, healthySeconds: number): RelayHealth {
  return async () => {
    const { seconds, parked } = await lag();
    if (seconds > healthySeconds) {
      return { status: "degraded", code: "relay.behind" };
    }
    return parked > 0 ? { status: "degraded", code: "relay.parked" } : { status: "healthy" };
  };
}
