import { ConfigError, type OrgId, UnavailableError } from "@tenantry/core";
import type { Secret } from "@tenantry/core/seal";
import type { TenantDriver } from "./driver.ts";

/** A pool on one tenant's database. */
export interface OpenedPool<Tx> {
  readonly driver: TenantDriver<Tx>;
  close(): Promise<void>;
}

export interface PoolOptions {
  /** Pools that are open at the same time. Default 100. */
  readonly maxPools?: number;
  /** Milliseconds after which a pool that nobody uses is closed. Default ten minutes. */
  readonly idleMs?: number;
  /** Milliseconds to wait where all pools are in use. Default 5,000. */
  readonly waitMs?: number;
}

interface Pooled<Tx> {
  readonly opened: Promise<OpenedPool<Tx>>;
  users: number;
  isRetired: boolean;
  idle: ReturnType<typeof setTimeout> | null;
}

/** A pool for each tenant that is at work, opened at its first use and once, closed when idle or the longest unused. */
export class TenantPools<Tx> {
  readonly #open: (orgId: OrgId) => Promise<OpenedPool<Tx>>;
  readonly #limits: Required<PoolOptions>;
  /** In the order of their last use. */
  readonly #pools = new Map<OrgId, Pooled<Tx>>();
  readonly #closing = new Set<Promise<void>>();
  readonly #waiting = new Set<() => void>();

  constructor(open: (orgId: OrgId) => Promise<OpenedPool<Tx>>, options: PoolOptions = {}) {
    this.#open = open;
    this.#limits = { maxPools: 100, idleMs: 600_000, waitMs: 5_000, ...options };
    for (const [path, value] of Object.entries(this.#limits)) {
      if (!Number.isInteger(value) || value < 1) {
        throw new ConfigError("config.invalid", { faults: [{ path, expected: "an integer of at least 1" }] });
      }
    }
  }

  /** How many are open, or being closed yet. */
  get size(): number {
    return this.#pools.size + this.#closing.size;
  }

  /** The tenant's driver, until it is released. Throws `unavailable.pool_timeout` where all pools stay in use. */
  async driverOf(orgId: OrgId): Promise<{ readonly driver: TenantDriver<Tx>; release(): void }> {
    const pooled = await this.#enter(orgId);
    try {
      const { driver } = await pooled.opened;
      return { driver, release: () => this.#leave(orgId, pooled) };
    } catch (error) {
      // One that could not be opened is not kept.
      this.#retire(orgId, pooled);
      this.#leave(orgId, pooled);
      throw error;
    }
  }

  /** Closes a tenant's pool, once its last user has left: for a new secret, a suspension, a deprovisioning. */
  retire(orgId: OrgId): void {
    const pooled = this.#pools.get(orgId);
    if (pooled !== undefined) {
      this.#retire(orgId, pooled);
    }
  }

  /** Closes all of them, and waits for those who use them. */
  async close(): Promise<void> {
    for (const [orgId, pooled] of this.#pools) {
      this.#retire(orgId, pooled);
    }
    while (this.#closing.size > 0) {
      await Promise.all(this.#closing);
    }
  }

  async #enter(orgId: OrgId): Promise<Pooled<Tx>> {
    const giveUp = Date.now() + this.#limits.waitMs;
    for (;;) {
      const found = this.#pools.get(orgId);
      const pooled = found ?? (this.#hasRoom() ? this.#begin(orgId) : null);
      if (pooled !== null) {
        pooled.users += 1;
        if (pooled.idle !== null) {
          clearTimeout(pooled.idle);
          pooled.idle = null;
        }
        this.#pools.delete(orgId);
        this.#pools.set(orgId, pooled);
        return pooled;
      }
      if (!(await this.#roomBefore(giveUp))) {
        throw new UnavailableError("unavailable.pool_timeout", {});
      }
    }
  }

  /** Makes room by the pool that was unused the longest, whose end is waited for. */
  #hasRoom(): boolean {
    if (this.size < this.#limits.maxPools) {
      return true;
    }
    const unused = [...this.#pools].find(([, { users }]) => users === 0);
    if (unused !== undefined && this.#closing.size === 0) {
      this.#retire(...unused);
    }
    return false;
  }

  #begin(orgId: OrgId): Pooled<Tx> {
    const opened = this.#open(orgId);
    opened.catch(() => {});
    const pooled: Pooled<Tx> = { opened, users: 0, isRetired: false, idle: null };
    this.#pools.set(orgId, pooled);
    return pooled;
  }

  #leave(orgId: OrgId, pooled: Pooled<Tx>): void {
    pooled.users -= 1;
    if (pooled.users > 0) {
      return;
    }
    if (pooled.isRetired) {
      this.#closed(pooled);
    } else {
      pooled.idle = setTimeout(() => this.#retire(orgId, pooled), this.#limits.idleMs);
      // A program may end meanwhile.
      (pooled.idle as { unref?(): void }).unref?.();
    }
    this.#wake();
  }

  #retire(orgId: OrgId, pooled: Pooled<Tx>): void {
    if (pooled.isRetired) {
      return;
    }
    pooled.isRetired = true;
    if (pooled.idle !== null) {
      clearTimeout(pooled.idle);
    }
    if (this.#pools.get(orgId) === pooled) {
      this.#pools.delete(orgId);
    }
    const ended = new Promise<void>((resolve) => {
      this.#ends.set(pooled, resolve);
    });
    this.#closing.add(ended);
    ended.then(() => {
      this.#closing.delete(ended);
      this.#wake();
    });
    if (pooled.users === 0) {
      this.#closed(pooled);
    }
  }

  readonly #ends = new WeakMap<Pooled<Tx>, () => void>();

  #closed(pooled: Pooled<Tx>): void {
    const end = (): void => this.#ends.get(pooled)?.();
    pooled.opened.then((opened) => opened.close()).then(end, end);
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) {
      wake();
    }
  }

  #roomBefore(moment: number): Promise<boolean> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(
        () => {
          this.#waiting.delete(wake);
          resolve(false);
        },
        Math.max(0, moment - Date.now()),
      );
      this.#waiting.add(wake);
    });
  }
}

/** Opens a pool of at most so many connections. It is called with a secret that shows itself to nobody else. */
export type OpenPool<Tx> = (connectionString: Secret, options: { readonly maxConnections: number }) => OpenedPool<Tx>;
