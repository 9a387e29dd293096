import { type OrgId, TenantError } from "@tenantry/core";
import { type ActiveTenant, isActiveTenant } from "./active-tenant.ts";

/**
 * The key of something that belongs to a tenant: two tenants, or two lists of parts, never share one. Throws `TenantError`
 * `tenant.context_missing` without a proof, `tenant.invalid_cache_key` for a part that is not well-formed text.
 */
export function cacheKey(active: ActiveTenant, ...parts: readonly string[]): string {
  if (!isActiveTenant(active)) {
    throw new TenantError("tenant.context_missing", {});
  }
  return keyOf("t1", [active.org.id, ...parts]);
}

/** The key of something that belongs to nobody, and says so. */
export function globalKey(...parts: readonly string[]): string {
  return keyOf("g1", parts);
}

function keyOf(kind: string, parts: readonly string[]): string {
  return [kind, ...parts.map(encoded)].join(":");
}

const SURROGATE = /\p{Cs}/u;

function encoded(part: string, place: number): string {
  if (typeof part !== "string" || SURROGATE.test(part)) {
    throw new TenantError("tenant.invalid_cache_key", { part: place });
  }
  return encodeURIComponent(part).replace(/[!~*'()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Any cache of text keys. What is absent is `undefined` or `null`. */
export interface Cache<V> {
  get(key: string): V | undefined | null | Promise<V | undefined | null>;
  set(key: string, value: V): unknown;
  delete(key: string): unknown;
  has(key: string): boolean | Promise<boolean>;
}

/** The same cache, in which each tenant has its own keys. */
export interface TenantCache<V> {
  get(key: string): Promise<V | undefined>;
  set(key: string, value: V): Promise<void>;
  delete(key: string): Promise<void>;
  has(key: string): Promise<boolean>;
  /** Ends the keys of one tenant, in every process that shares the cache. Others keep theirs. */
  clear(orgId: OrgId): Promise<void>;
}

/**
 * A cache for the tenant that is bound where it is used; without one every call throws `tenant.context_missing`. A tenant's
 * keys carry a generation that the cache keeps itself, so `clear` needs to know none of them. Where the cache lost it the
 * tenant begins a new one: what was cleared never comes back.
 */
export function tenantCache<V>(
  cache: Cache<V | string>,
  { current }: { readonly current: () => ActiveTenant },
  fresh: () => string = randomName,
): TenantCache<V> {
  const generationKey = (orgId: OrgId): string => globalKey("generation", orgId);
  const keyFor = async (key: string): Promise<string> => {
    const active = current();
    const own = generationKey(active.org.id);
    let generation = await cache.get(own);
    if (typeof generation !== "string") {
      generation = fresh();
      await cache.set(own, generation);
    }
    return cacheKey(active, generation, key);
  };
  return {
    get: async (key) => ((await cache.get(await keyFor(key))) as V | null) ?? undefined,
    set: async (key, value) => void (await cache.set(await keyFor(key), value)),
    delete: async (key) => void (await cache.delete(await keyFor(key))),
    has: async (key) => cache.has(await keyFor(key)),
    clear: async (orgId) => void (await cache.set(generationKey(orgId), fresh())),
  };
}

function randomName(): string {
  return crypto.randomUUID();
}
