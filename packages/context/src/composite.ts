import { IsolationError, isTenancyError, type OrgId, TenantError } from "@tenantry/core";
import { type Abortable, unlessAborted } from "./aborting.ts";
import { checkedReference, referenceKey, type TenantReference } from "./reference.ts";
import type { ResolverRegistry } from "./registry.ts";
import type { ResolutionInput } from "./resolution-input.ts";
import { type TenantResolver, TRUST_LEVELS, type TrustLevel } from "./resolver.ts";
import type { TenantInfo } from "./tenant-info.ts";
import type { TenantValidator } from "./validator.ts";

/** By which source a request names its tenant, with which trust, and which other sources name the same one. */
export interface Named {
  readonly tenant: TenantInfo;
  readonly source: string;
  readonly trust: TrustLevel;
  readonly agreeing: readonly string[];
}

/**
 * Which tenant a request names: a claim, not a proof. With `failed` and a tenant that tenant is known, but as far as the
 * cache knows it cannot be used.
 */
export type Resolution =
  | { readonly status: "none" }
  | ({ readonly status: "failed"; readonly error: TenantError | IsolationError } & (
      | Named
      | { readonly tenant?: undefined }
    ))
  | ({ readonly status: "resolved" } & Named);

/** Where causes go that no caller may see: what a resolver, a look-up or a callback of the host's threw. */
export type Log = (failure: { readonly source: string; readonly cause: unknown }) => void;

interface Source {
  readonly resolver: TenantResolver;
  readonly reference: TenantReference;
}

/** All resolvers together: they have to agree. */
export class CompositeResolver {
  readonly #registry: ResolverRegistry;
  readonly #validator: TenantValidator;
  readonly #log: Log;

  constructor(registry: ResolverRegistry, validator: TenantValidator, { log = silent }: { readonly log?: Log } = {}) {
    this.#registry = registry;
    this.#validator = validator;
    this.#log = log;
  }

  /** Never throws for what a request contains, nor for what a resolver or the directory does; only what aborted it. */
  async resolve(input: ResolutionInput, { signal }: Abortable = {}): Promise<Resolution> {
    return unlessAborted({ signal }, () => this.#resolved(input));
  }

  /** The id alone; `null` for every failure. */
  async resolveId(input: ResolutionInput, options?: Abortable): Promise<OrgId | null> {
    const resolution = await this.resolve(input, options);
    return resolution.status === "resolved" ? resolution.tenant.id : null;
  }

  async #resolved(input: ResolutionInput): Promise<Resolution> {
    try {
      const sources = await this.#sources(input);
      return Object.freeze(sources.length === 0 ? { status: "none" } : await this.#agreed(sources));
    } catch (error) {
      return Object.freeze({ status: "failed", error: failureOf(error, "resolution", this.#log) });
    }
  }

  /** What every resolver found. All of them run: a conflict with the last one has to be seen. */
  async #sources(input: ResolutionInput): Promise<readonly Source[]> {
    const outcomes = await Promise.all(
      this.#registry.ordered().map(async (resolver) => {
        try {
          const answer = await resolver.resolve(input);
          const reference = answer === null ? null : checkedReference(resolver.name, answer);
          return { resolver, reference, error: null };
        } catch (error) {
          return { resolver, reference: null, error: failureOf(error, resolver.name, this.#log) };
        }
      }),
    );
    for (const { error } of outcomes) {
      if (error !== null) {
        throw error;
      }
    }
    return outcomes.flatMap(({ resolver, reference }) => (reference === null ? [] : [{ resolver, reference }]));
  }

  async #agreed(sources: readonly Source[]): Promise<Resolution> {
    const references = new Map(sources.map(({ reference }) => [referenceKey(reference), reference]));
    const tenants = new Map(
      await Promise.all(
        [...references].map(async ([key, reference]) => [key, await this.#validator.lookup(reference)] as const),
      ),
    );
    const tenantOf = ({ reference }: Source): TenantInfo | null => tenants.get(referenceKey(reference)) ?? null;
    const [first, ...others] = sources as readonly [Source, ...Source[]];
    const tenant = tenantOf(first);
    const other = others.find((source) => tenantOf(source)?.id !== tenant?.id);
    if (other !== undefined) {
      throw new TenantError("tenant.conflict", { sources: [first.resolver.name, other.resolver.name] });
    }
    if (tenant === null) {
      throw new TenantError("tenant.unresolved", { source: first.resolver.name });
    }
    const named: Named = {
      tenant,
      source: first.resolver.name,
      trust: strongest(sources.map(({ resolver }) => resolver.trust)),
      agreeing: Object.freeze(others.map(({ resolver }) => resolver.name)),
    };
    if (tenant.status !== "active") {
      return { status: "failed", error: new TenantError("tenant.inactive", {}), ...named };
    }
    if (tenant.placement.state !== "ready") {
      return { status: "failed", error: new IsolationError("isolation.not_provisioned", {}), ...named };
    }
    return { status: "resolved", ...named };
  }
}

const OURS = ["tenant.*", "isolation.*", "forbidden.role", "forbidden.relation"] as const;

/** An error of ours as it is; whatever else was thrown goes to the log, and its source is said to have failed. */
export function failureOf(error: unknown, source: string, log: Log): TenantError | IsolationError {
  if (OURS.some((code) => isTenancyError(error, code))) {
    return error as TenantError | IsolationError;
  }
  // A log that fails, at once or later, must not become the answer.
  void (async () => log({ source, cause: error }))().catch(() => {});
  return new TenantError("tenant.resolver_failed", { source });
}

function strongest(levels: readonly TrustLevel[]): TrustLevel {
  return levels.reduce((a, b) => (TRUST_LEVELS.indexOf(b) > TRUST_LEVELS.indexOf(a) ? b : a));
}

function silent(): void {}
