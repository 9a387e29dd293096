import { type ActiveTenant, isActiveTenant } from "@tenantry/context";
import { ConfigError, IsolationError, TenantError } from "@tenantry/core";
import type { IsolationStrategy } from "./strategy.ts";

/** The strategies of an application, by name. */
export class StrategyRegistry {
  readonly #strategies = new Map<string, IsolationStrategy>();

  /** Holds `row` only. Throws `ConfigError` `config.invalid` for a strategy of another name. */
  static withDefaults(row: IsolationStrategy): StrategyRegistry {
    if (row.name !== "row") {
      throw new ConfigError("config.invalid", { faults: [{ path: "row.name", expected: '"row"' }] });
    }
    return new StrategyRegistry().register(row);
  }

  /** Throws `ConfigError` `config.invalid` for a name that is taken, unless it is to be replaced. */
  register(strategy: IsolationStrategy, { replace = false }: { readonly replace?: boolean } = {}): this {
    const { name } = strategy;
    if (typeof name !== "string" || name === "" || (!replace && this.#strategies.has(name))) {
      throw new ConfigError("config.invalid", { faults: [{ path: "strategy.name", expected: "a name of its own" }] });
    }
    this.#strategies.set(name, strategy);
    return this;
  }

  /** Throws `IsolationError` `isolation.unknown_strategy`. */
  get(name: string): IsolationStrategy {
    const strategy = this.#strategies.get(name);
    if (strategy === undefined) {
      throw new IsolationError("isolation.unknown_strategy", { name: String(name) });
    }
    return strategy;
  }

  names(): readonly string[] {
    return [...this.#strategies.keys()];
  }

  /** The one that keeps the tenant's rows. Throws `tenant.context_missing` for what no guard made. */
  for(tenant: ActiveTenant): IsolationStrategy {
    if (!isActiveTenant(tenant)) {
      throw new TenantError("tenant.context_missing", {});
    }
    return this.get(tenant.org.placement.strategy);
  }
}
