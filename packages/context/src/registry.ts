import { ConfigError } from "@tenantry/core";
import type { ResolutionConfig } from "./config.ts";
import type { TenantResolver } from "./resolver.ts";
import { claimResolver } from "./resolvers/claim.ts";
import { headerResolver } from "./resolvers/header.ts";
import { pathResolver } from "./resolvers/path.ts";
import { domainResolver, subdomainResolver } from "./resolvers/subdomain.ts";

/** What resolvers may need besides the configuration. */
export interface ResolverParts {
  /** The host's own, besides those that the configuration names. */
  readonly custom?: readonly TenantResolver[];
  /** Whether something can tell whose domain a host is: then foreign hosts are looked up there. */
  readonly hasDomains?: boolean;
}

/** The resolvers of an application, in the order of their ranks. */
export class ResolverRegistry {
  readonly #resolvers = new Map<string, TenantResolver>();
  #ordered: readonly TenantResolver[] = Object.freeze([]);

  /**
   * Those that a configuration names and those of the host. Throws `ConfigError` `config.unknown_resolver`,
   * `.duplicate_resolver`, and `.invalid` for one without what it needs.
   */
  static fromConfig(
    config: ResolutionConfig,
    { custom = [], hasDomains = false }: ResolverParts = {},
  ): ResolverRegistry {
    const own = new Map(custom.map((resolver) => [resolver.name, resolver]));
    const names = [...config.resolvers, ...(hasDomains && !config.resolvers.includes("domain") ? ["domain"] : [])];
    const registry = new ResolverRegistry();
    for (const name of names) {
      if (!own.has(name)) {
        registry.register(builtIn(name, config, hasDomains));
      } else if (names.indexOf(name) !== names.lastIndexOf(name)) {
        throw new ConfigError("config.duplicate_resolver", { name });
      }
    }
    for (const resolver of custom) {
      registry.register(resolver);
    }
    return registry;
  }

  /** Throws `ConfigError` `config.duplicate_resolver` for a name that is taken, `.invalid` for what is no resolver. */
  register(resolver: TenantResolver): this {
    const { name, priority, trust, resolve } = resolver;
    if (
      typeof name !== "string" ||
      name === "" ||
      !Number.isFinite(priority) ||
      !["verified", "routed", "claimed"].includes(trust) ||
      typeof resolve !== "function"
    ) {
      throw invalid("resolvers", "objects with a name, a priority, a trust and resolve()");
    }
    if (this.#resolvers.has(name)) {
      throw new ConfigError("config.duplicate_resolver", { name });
    }
    this.#resolvers.set(name, resolver);
    // Sorting is stable: of equal priorities the first registered is first.
    this.#ordered = Object.freeze([...this.#resolvers.values()].sort((a, b) => a.priority - b.priority));
    return this;
  }

  /** The lower priority first; equal ones as they were registered. */
  ordered(): readonly TenantResolver[] {
    return this.#ordered;
  }

  get size(): number {
    return this.#resolvers.size;
  }
}

function builtIn(name: string, config: ResolutionConfig, hasDomains: boolean): TenantResolver {
  switch (name) {
    case "jwt":
      return claimResolver({ claimKey: config.claimKey, accept: config.claimAccept });
    case "header":
      return headerResolver(config);
    case "subdomain":
      if (config.baseDomains.length === 0) {
        throw invalid("resolution.baseDomains", "a base domain, which the resolver subdomain needs");
      }
      return subdomainResolver({ ...config, hasDomains });
    case "domain":
      if (!hasDomains) {
        throw invalid("resolution.resolvers", "no resolver domain, without a directory of domains");
      }
      return domainResolver(config);
    case "path":
      return pathResolver(config);
    default:
      throw new ConfigError("config.unknown_resolver", { name });
  }
}

function invalid(path: string, expected: string): ConfigError {
  return new ConfigError("config.invalid", { faults: [{ path, expected }] });
}
