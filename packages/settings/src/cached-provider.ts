import { ConfigError, type ConfigFault, type MutationOptions, type OrgId } from "@tenantry/core";
import { idArgument } from "@tenantry/core/extend";
import { LRUCache } from "lru-cache";
import type {
  Founding,
  KeptSetting,
  SettingsChange,
  SettingsNews,
  SettingsProvider,
  SettingsSnapshot,
} from "./provider.ts";

export interface CacheOptions {
  /** How long what was read is believed; 0: nothing is kept. Default 60. */
  readonly ttlSeconds?: number;
  /** How many organizations are kept. Default 10,000. */
  readonly maxEntries?: number;
  readonly clock?: () => Date;
}

/** A read under way, and the least version that its answer must have to be believed. */
interface Load {
  least: number;
  readonly result: Promise<SettingsSnapshot>;
}

/**
 * Remembers what organizations have of their own, each as one entry. Those who miss at once share one read; errors are not
 * kept. A change made through this object, or heard of from the provider, drops the entry of its organization alone. An entry
 * never yields to one of a lower version, and what a change overtook while it was read is not kept, so nothing old comes back.
 * What other processes change is seen once the time is over, or by {@link onEvent}.
 */
export class CachedSettingsProvider implements SettingsProvider {
  readonly #inner: SettingsProvider;
  readonly #ttl: number;
  readonly #entries: LRUCache<OrgId, SettingsSnapshot>;
  /** By organization the latest, which others wait for too. */
  readonly #loads = new Map<OrgId, Load>();
  readonly #running = new Map<OrgId, Set<Load>>();
  readonly #end: () => void;

  /** Throws `ConfigError` `config.invalid`. */
  constructor(inner: SettingsProvider, options: CacheOptions = {}) {
    const { ttlSeconds, maxEntries, clock } = checkedOptions(options);
    this.#inner = inner;
    this.#ttl = ttlSeconds * 1000;
    this.#entries = new LRUCache({
      max: maxEntries,
      ttl: Math.max(this.#ttl, 1),
      ttlResolution: 0,
      perf: { now: () => clock().getTime() },
    });
    this.#end = inner.subscribe((news) => this.#heard(news));
  }

  async load(orgId: OrgId, options: { readonly fresh?: boolean } = {}): Promise<SettingsSnapshot> {
    const id = idArgument("org", orgId);
    if (options.fresh === true) {
      return this.#load(id);
    }
    return this.#entries.get(id) ?? this.#loads.get(id)?.result ?? this.#load(id);
  }

  async change(orgId: OrgId, change: SettingsChange, options?: MutationOptions): Promise<readonly KeptSetting[]> {
    try {
      return await this.#inner.change(orgId, change, options);
    } finally {
      // Whatever was answered: it may have been written.
      this.invalidate(orgId);
    }
  }

  /** Of an organization that is being founded nothing is remembered yet. */
  founding(store: object): Founding | null {
    return this.#inner.founding?.(store) ?? null;
  }

  subscribe(handler: (news: SettingsNews) => void): () => void {
    return this.#inner.subscribe(handler);
  }

  /** Forgets an organization; what is being read of it is not kept. */
  invalidate(orgId: OrgId): void {
    this.#heard({ orgId, version: Number.POSITIVE_INFINITY });
  }

  invalidateAll(): void {
    this.#entries.clear();
    for (const orgId of this.#running.keys()) {
      this.invalidate(orgId);
    }
  }

  /**
   * What a committed change means to what is known: feed it the events of other processes. Never throws: what is no event of
   * a setting's changes nothing.
   */
  onEvent(event: unknown): void {
    const news = newsIn(event);
    if (news !== null) {
      this.#heard(news);
    }
  }

  /** Hears no more, and forgets everything. */
  close(): void {
    this.#end();
    this.invalidateAll();
  }

  /** How many organizations are kept. */
  get size(): number {
    return this.#entries.size;
  }

  #heard({ orgId, version }: SettingsNews): void {
    const known = this.#entries.peek(orgId);
    if (known !== undefined && known.version < version) {
      this.#entries.delete(orgId);
    }
    // Whoever asks from now on starts a read of their own.
    this.#loads.delete(orgId);
    for (const load of this.#running.get(orgId) ?? []) {
      load.least = Math.max(load.least, version);
    }
  }

  #load(orgId: OrgId): Promise<SettingsSnapshot> {
    const load: Load = {
      least: 0,
      result: Promise.resolve()
        .then(() => this.#inner.load(orgId, { fresh: true }))
        .then((found) => this.#keep(orgId, found, load.least))
        .finally(() => this.#done(orgId, load)),
    };
    this.#loads.set(orgId, load);
    const running = this.#running.get(orgId) ?? new Set();
    this.#running.set(orgId, running.add(load));
    return load.result;
  }

  #keep(orgId: OrgId, found: SettingsSnapshot, least: number): SettingsSnapshot {
    // Of two reads that overlapped the later answer may be the earlier snapshot.
    const known = this.#entries.peek(orgId);
    if (known !== undefined && known.version > found.version) {
      return known;
    }
    if (this.#ttl > 0 && found.version >= least) {
      this.#entries.set(orgId, found);
    }
    return found;
  }

  #done(orgId: OrgId, load: Load): void {
    const running = this.#running.get(orgId);
    running?.delete(load);
    if (running?.size === 0) {
      this.#running.delete(orgId);
    }
    if (this.#loads.get(orgId) === load) {
      this.#loads.delete(orgId);
    }
  }
}

function checkedOptions(options: CacheOptions): Required<CacheOptions> {
  const given = options as Readonly<Record<string, unknown>> | null;
  const { ttlSeconds = 60, maxEntries = 10_000, clock = () => new Date(), ...others } = given ?? {};
  const faults: ConfigFault[] = [];
  const fault = (isSound: boolean, path: string, expected: string): void => {
    if (!isSound) {
      faults.push({ path, expected });
    }
  };
  fault(Object.keys(others).length === 0, "cache", "no other options");
  fault(Number.isFinite(ttlSeconds) && (ttlSeconds as number) >= 0, "cache.ttlSeconds", "seconds, or 0");
  fault(Number.isSafeInteger(maxEntries) && (maxEntries as number) > 0, "cache.maxEntries", "an integer of at least 1");
  fault(typeof clock === "function", "cache.clock", "a function");
  if (faults.length > 0) {
    throw new ConfigError("config.invalid", { faults: Object.freeze(faults) });
  }
  return { ttlSeconds, maxEntries, clock } as Required<CacheOptions>;
}

/** What counts of an event; `null`: it is none of a setting's. Those of other processes come from anywhere. */
function newsIn(event: unknown): SettingsNews | null {
  try {
    const { orgId, seq, type } = event as Readonly<Record<string, unknown>>;
    return (type === "setting.changed" || type === "setting.unset") && Number.isSafeInteger(seq)
      ? { orgId: idArgument("org", orgId), version: seq as number }
      : null;
  } catch {
    return null;
  }
}
