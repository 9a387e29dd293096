import { isId, type OrgId, type TenancyEvent } from "@tenantry/core";
import { LRUCache } from "lru-cache";
import { type Abortable, unlessAborted } from "./aborting.ts";
import type { TenantDirectory } from "./directory.ts";
import { idReference, referenceKey, type TenantReference } from "./reference.ts";
import { frozenTenant, isUsable, type TenantInfo } from "./tenant-info.ts";

export interface ValidatorOptions {
  /** How long what was found is believed; 0: nothing is kept. Default 300. */
  readonly ttlSeconds?: number;
  /** How long what was not found is believed. Default 30. */
  readonly negativeTtlSeconds?: number;
  /** How many references are kept, known and unknown. Default 10,000. */
  readonly maxEntries?: number;
  readonly clock?: () => Date;
}

/** What is known of a reference: the tenant itself under its id, the id under a slug or a domain, or that there is none. */
type Entry =
  | { readonly is: "tenant"; readonly tenant: TenantInfo; readonly aliases: Set<string> }
  | { readonly is: "alias"; readonly id: OrgId }
  | { readonly is: "unknown" };

/** A look-up under way, and whether something happened meanwhile that makes its answer an old one. */
interface Load {
  readonly key: string;
  isOld: (found: TenantInfo | null) => boolean;
  readonly result: Promise<TenantInfo | null>;
}

/**
 * Which tenant a reference means, from a bounded cache in front of the directory. It decides nothing: whether somebody
 * may act is read live by the guard. Callers who miss at once share one look-up; errors are not kept.
 */
export class TenantValidator {
  readonly #directory: TenantDirectory;
  readonly #ttl: number;
  readonly #negativeTtl: number;
  readonly #entries: LRUCache<string, Entry>;
  /** By reference the latest, which others wait for too. */
  readonly #loads = new Map<string, Load>();
  readonly #running = new Set<Load>();

  constructor(
    directory: TenantDirectory,
    { ttlSeconds = 300, negativeTtlSeconds = 30, maxEntries = 10_000, clock = () => new Date() }: ValidatorOptions = {},
  ) {
    this.#directory = directory;
    this.#ttl = ttlSeconds * 1000;
    this.#negativeTtl = negativeTtlSeconds * 1000;
    this.#entries = new LRUCache({
      max: maxEntries,
      ttl: 1,
      ttlResolution: 0,
      perf: { now: () => clock().getTime() },
      disposeAfter: (entry, key) => this.#forget(key, entry),
    });
  }

  /** The tenant, if it is active and its place ready; `fresh`: as the directory says now. */
  async validate(
    reference: TenantReference | OrgId,
    { fresh = false, signal }: { readonly fresh?: boolean } & Abortable = {},
  ): Promise<TenantInfo | null> {
    const tenant = await unlessAborted({ signal }, () =>
      fresh ? this.#load(asReference(reference)) : this.lookup(reference),
    );
    return tenant !== null && isUsable(tenant) ? tenant : null;
  }

  /** The tenant in any status; `null`: there is none. */
  async lookup(reference: TenantReference | OrgId, options: Abortable = {}): Promise<TenantInfo | null> {
    const asked = asReference(reference);
    const known = this.#known(referenceKey(asked));
    // Whoever stops waiting leaves the look-up to the others.
    return known === undefined
      ? unlessAborted(options, () => this.#loads.get(referenceKey(asked))?.result ?? this.#load(asked))
      : known;
  }

  /** Forgets a tenant with its slug and domains. What is being looked up of it is looked up again. */
  invalidate(id: OrgId): void {
    this.#entries.delete(referenceKey(idReference(id)));
    for (const load of this.#running) {
      const isOld = load.isOld;
      load.isOld = (found) => isOld(found) || found?.id === id;
    }
  }

  invalidateAll(): void {
    this.#entries.clear();
    for (const load of this.#running) {
      load.isOld = () => true;
    }
  }

  /**
   * What a committed change means to what is known: feed it every event of an organization, from wherever they come. Never
   * throws: what is no event of an organization's changes nothing.
   */
  onEvent(event: TenancyEvent): void {
    const news = decodeNews(event);
    if (news !== null && isAboutTenant(news.type)) {
      this.invalidate(news.orgId);
      this.#appeared({ kind: "id", value: news.orgId });
      if (news.slug !== null) {
        this.#appeared({ kind: "slug", value: news.slug });
      }
      if (news.domain !== null) {
        this.#appeared({ kind: "domain", value: news.domain });
      }
    }
  }

  /** How many references are kept. */
  get size(): number {
    return this.#entries.size;
  }

  #known(key: string): TenantInfo | null | undefined {
    const entry = this.#entries.get(key);
    switch (entry?.is) {
      case undefined:
        return undefined;
      case "unknown":
        return null;
      case "tenant":
        return entry.tenant;
      case "alias": {
        const named = this.#entries.get(referenceKey(idReference(entry.id)));
        return named?.is === "tenant" ? named.tenant : undefined;
      }
    }
  }

  #load(reference: TenantReference): Promise<TenantInfo | null> {
    const key = referenceKey(reference);
    const load: Load = { key, isOld: () => false, result: Promise.resolve().then(() => this.#found(reference, load)) };
    this.#loads.set(key, load);
    this.#running.add(load);
    const done = (): void => {
      this.#running.delete(load);
      if (this.#loads.get(key) === load) {
        this.#loads.delete(key);
      }
    };
    load.result.then(done, done);
    return load.result;
  }

  async #found(reference: TenantReference, load: Load): Promise<TenantInfo | null> {
    for (;;) {
      load.isOld = () => false;
      const found = await this.#directory.find(reference);
      if (!load.isOld(found)) {
        return this.#keep(load.key, found === null ? null : frozenTenant(found));
      }
    }
  }

  #keep(key: string, found: TenantInfo | null): TenantInfo | null {
    if (this.#ttl === 0) {
      return found;
    }
    if (found === null) {
      if (this.#negativeTtl > 0) {
        this.#entries.set(key, { is: "unknown" }, { ttl: this.#negativeTtl });
      }
      return null;
    }
    const idKey = referenceKey(idReference(found.id));
    const before = this.#entries.get(idKey);
    const known = before?.is === "tenant" ? before : null;
    // Of two looks that overlapped the later answer may be the earlier snapshot.
    const tenant = known !== null && known.tenant.version > found.version ? known.tenant : found;
    if (tenant === found) {
      const aliases = known !== null && isSame(known.tenant, found) ? known.aliases : new Set<string>();
      this.#entries.set(idKey, { is: "tenant", tenant, aliases }, { ttl: this.#ttl });
    }
    if (key !== idKey && isNamedBy(tenant, key)) {
      this.#entries.set(key, { is: "alias", id: found.id }, { ttl: this.#ttl });
      this.#aliasesOf(idKey)?.add(key);
    }
    return tenant;
  }

  /** Slugs and domains go with the tenant that they name, unless it was only read again. */
  #forget(key: string, entry: Entry): void {
    if (entry.is === "tenant" && this.#aliasesOf(key) !== entry.aliases) {
      for (const alias of entry.aliases) {
        this.#entries.delete(alias);
      }
    }
    if (entry.is === "alias") {
      // A tenant that is read again and again must not collect every name it ever had.
      this.#aliasesOf(referenceKey(idReference(entry.id)))?.delete(key);
    }
  }

  #aliasesOf(idKey: string): Set<string> | null {
    const entry = this.#entries.peek(idKey);
    return entry?.is === "tenant" ? entry.aliases : null;
  }

  /** A reference that was unknown may be known from now on. */
  #appeared(reference: TenantReference): void {
    const key = referenceKey(reference);
    if (this.#entries.get(key)?.is === "unknown") {
      this.#entries.delete(key);
    }
    for (const load of this.#running) {
      if (load.key === key) {
        load.isOld = () => true;
      }
    }
  }
}

function asReference(reference: TenantReference | OrgId): TenantReference {
  return isId(reference, "org") ? idReference(reference) : (reference as TenantReference);
}

/** Whether slugs and domains that named a tenant still do, as far as it can tell. */
function isSame(known: TenantInfo, found: TenantInfo): boolean {
  return known.version === found.version && known.slug === found.slug;
}

/** Whether a tenant still has the slug by which an older answer found it. */
function isNamedBy({ slug }: TenantInfo, key: string): boolean {
  return !key.startsWith("slug:") || key === `slug:${slug}`;
}

const ABOUT_MEMBERS = /^(?:membership|invitation|ownership|setting|operator)\./;

/** Events of members come often and change nothing that is kept here. Of types that are new the worst is assumed. */
function isAboutTenant(type: string): boolean {
  return !ABOUT_MEMBERS.test(type);
}

interface News {
  readonly orgId: OrgId;
  readonly type: string;
  /** The slug that the organization has since. */
  readonly slug: string | null;
  /** The domain that it has proved to be its own. */
  readonly domain: string | null;
}

/** What counts of an event; `null`: it is none. Events of other processes come from anywhere. */
function decodeNews(event: unknown): News | null {
  try {
    const { orgId, type, data } = event as Readonly<Record<string, unknown>>;
    return isId(orgId, "org") && typeof type === "string"
      ? { orgId, type, slug: slugIn(type, data), domain: domainIn(type, data) }
      : null;
  } catch {
    return null;
  }
}

function slugIn(type: string, data: unknown): string | null {
  const { slug, changes } = (data ?? {}) as {
    readonly slug?: unknown;
    readonly changes?: { readonly slug?: { readonly to?: unknown } };
  };
  const found = type === "org.created" ? slug : type === "org.updated" ? changes?.slug?.to : null;
  return typeof found === "string" ? found : null;
}

function domainIn(type: string, data: unknown): string | null {
  const { domain } = (data ?? {}) as { readonly domain?: unknown };
  return type === "domain.verified" && typeof domain === "string" ? domain : null;
}
