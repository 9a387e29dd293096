import { errorFor } from "./errors.ts";
import type { Group } from "./groups.ts";
import { requireGroups } from "./groups-input.ts";
import type { Query } from "./list.ts";
import type { FreshIds, Mutation, MutationPlan } from "./operation.ts";
import type { Plan } from "./read.ts";
import { ask, type Context, mutate } from "./run.ts";
import type { Settings } from "./settings.ts";
import type { StorePort } from "./store.ts";

/** What a package that adds operations to a store works with. */
export interface Extension {
  /** The store's options with their defaults. */
  readonly settings: Settings;
  /** The port below, for what is no mutation of an organization. */
  readonly port: StorePort;
  /** Answers a query from one snapshot, like every query of the store. */
  ask<Args extends readonly unknown[], Input, P extends Plan, R>(
    query: Query<Args, Input, P, R>,
    ...args: Args
  ): Promise<R>;
  /** Runs a mutation, whose result is an object, through the one loop: checks, replay of keys, `expectedVersion`, conflicts, gathered commits. */
  mutate<
    Args extends readonly unknown[],
    Input extends object,
    P extends MutationPlan,
    Facts,
    R,
    M extends keyof FreshIds,
  >(mutation: Mutation<Args, Input, P, Facts, R, M>, args: Args, options: unknown): Promise<R>;
}

/** The stores of this copy of the package. What acts on somebody's behalf, or inside one organization, is none. */
const contexts = new WeakMap<object, Context>();

export function extensible(store: object, context: Context): void {
  contexts.set(store, context);
}

/**
 * What a package adds operations with, to a store that keeps the groups it needs. The operations run as the host's own:
 * whoever calls them has been authorised. Throws `ConfigError` `config.invalid` where this is no store of this copy of the
 * package, `config.capability_missing` where it does not keep one of the groups (its option `groups`, and that of `migrate`).
 */
export function extensionOf(store: object, needed: readonly Group[]): Extension {
  const context = contexts.get(store);
  if (context === undefined) {
    throw errorFor("config.invalid", {
      faults: [{ path: "store", expected: "a store of this copy of @tenantry/core" }],
    });
  }
  requireGroups(needed, context.settings.groups);
  return {
    settings: context.settings,
    port: context.port,
    ask: (query, ...args) => ask(context, query, ...args),
    mutate: (mutation, args, options) => mutate(context, mutation, args, options),
  };
}
