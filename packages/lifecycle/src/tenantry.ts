import {
  type ActiveTenant,
  type DirectoryOptions,
  type Health,
  type HealthCheck,
  health,
  inTenant,
  loadConfig,
  type OperatorRules,
  type Placement,
  type PlacementState,
  type ResolvedConfig,
  ROW_PLACEMENT,
  recordedEntries,
  storeDirectory,
  storeHealth,
  type TenancyConfig,
  TenantContext,
  type TenantContextOptions,
  type TenantStore,
} from "@tenantry/context";
import { DomainDirectory, type DomainOptions } from "@tenantry/context/domains";
import {
  ConfigError,
  IsolationError,
  isTenancyError,
  type Organization,
  type OrgId,
  type Tenancy,
} from "@tenantry/core";
import { createEvents, type Events } from "@tenantry/events";
import type { RunOptions, StrategyRegistry } from "@tenantry/isolation";
import {
  CachedSettingsProvider,
  type Declarations,
  type SettingsOptions,
  storeSettings,
  TenantSettings,
} from "@tenantry/settings";
import type { LifecycleOptions } from "./options.ts";
import type { Invalidates, Provisioner } from "./ports.ts";
import { TenantLifecycleService } from "./service.ts";

/** What an application is made of. Only a store and who sends a request have to be said. */
export interface TenantryOptions<R, D extends Declarations>
  extends Pick<TenantContextOptions<R>, "identify" | "claims" | "resolvers" | "requestId" | "scope" | "log" | "clock"> {
  /** Keeps the group `lifecycle`; with domains `domains` too, with settings `settings`, with a provisioner `placement`. */
  readonly store: Tenancy;
  /** As `loadConfig` takes it: the environment over this over the defaults. */
  readonly config?: TenancyConfig;
  /** Variables of the environment; `process.env`, where there is one. Default: none are read. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How organizations prove domains. Left out, domains name nobody. */
  readonly domains?: Pick<DomainOptions, "lookupTxt" | "token">;
  /** What organizations can override. Left out, there are no settings. */
  readonly settings?: { readonly declared: D; readonly options?: SettingsOptions<false> };
  /** How rows are kept apart; that of the configuration must be among them. Left out, `run` refuses. */
  readonly strategies?: StrategyRegistry;
  /** What makes places. Left out, rows are told apart by a column. */
  readonly provisioner?: Provisioner;
  /**
   * Where the rows of an organization are, asked after every look. Default: what the store keeps of it, in the same look; a
   * provisioner without `newPlacement`, of which the store keeps nothing, is asked for the status.
   */
  readonly placementOf?: DirectoryOptions["placementOf"];
  /** Whether somebody of the host's own staff may enter a tenant; the entry is an event of it. Default: nobody may. */
  readonly mayEnter?: OperatorRules["mayEnter"];
  readonly onProvisionFailure?: LifecycleOptions["onProvisionFailure"];
  readonly deprovision?: LifecycleOptions["deprovision"];
  /** What else keeps something of tenants in this process. */
  readonly caches?: readonly Invalidates[];
  /** What else is asked for its health, by name, besides the store. */
  readonly checks?: Readonly<Record<string, HealthCheck>>;
}

/** An application's tenants, wired. */
export interface Tenantry<R, D extends Declarations> {
  readonly config: ResolvedConfig;
  /** For the adapters of `@tenantry/context`. */
  readonly tenancy: TenantContext<R>;
  readonly lifecycle: TenantLifecycleService;
  readonly events: Events;
  /** `null`: there are none. */
  readonly domains: DomainDirectory | null;
  /** `null`: there are none. */
  readonly settings: TenantSettings<D> | null;
  /** The store inside a tenant that a guard has proved. */
  inTenant(active: ActiveTenant): TenantStore;
  /**
   * A transaction on the tenant's own rows, as its strategy opens it. Throws `isolation.unknown_strategy` for a tenant whose
   * strategy is not there, and what `run` of that throws.
   */
  run<T>(active: ActiveTenant, fn: (tx: unknown) => Promise<T>, options?: RunOptions): Promise<T>;
  health(): Promise<Health>;
  /** Stops listening to the store. */
  close(): void;
}

/**
 * One object for an application, of one configuration that is checked as a whole: what requests name, what tenants go
 * through, their settings and domains, and the caches of all these kept true by the store's events. What is left out is
 * absent. Throws `ConfigError` `config.invalid`, `.capability_missing`, `.unknown_resolver`, `.duplicate_resolver`.
 */
export function createTenantry<R, const D extends Declarations = Record<never, never>>(
  options: TenantryOptions<R, D>,
): Tenantry<R, D> {
  const { store, log = () => {}, clock, provisioner } = options;
  const config = loadConfig(options.config, options.env);
  const { baseDomains, neutralHosts } = config.resolution;
  const domains =
    options.domains === undefined
      ? null
      : new DomainDirectory(store, { ...options.domains, baseDomains, neutralHosts, log });
  const provider =
    options.settings === undefined
      ? null
      : new CachedSettingsProvider(storeSettings(store), {
          ttlSeconds: config.settings.cacheTtlSeconds,
          ...(clock === undefined ? {} : { clock }),
        });
  const { strategies } = options;
  if (strategies !== undefined && !strategies.names().includes(config.lifecycle.strategy)) {
    const faults = [{ path: "lifecycle.strategy", expected: "the name of a strategy that is there" }];
    throw new ConfigError("config.invalid", { faults });
  }
  const isAsked = provisioner !== undefined && provisioner.newPlacement === undefined;
  const placementOf = options.placementOf ?? (isAsked ? placementBy(provisioner) : undefined);
  const tenancy = new TenantContext<R>({
    ...contextOptions(options),
    config,
    directory: storeDirectory(store, {
      ...(domains === null ? {} : { orgOfDomain: (domain: string) => domains.placedOrgOf(domain) }),
      ...(placementOf === undefined ? {} : { placementOf }),
      ...(provisioner === undefined ? {} : { unplaced: () => unplacedBy(provisioner) }),
    }),
  });
  const settings =
    provider === null || options.settings === undefined
      ? null
      : new TenantSettings<D>(provider, options.settings.declared, options.settings.options);
  const lifecycle = new TenantLifecycleService(store, {
    ...config.lifecycle,
    ...(settings === null ? {} : { settings }),
    ...(provisioner === undefined ? {} : { provisioner }),
    ...(strategies === undefined ? {} : { strategies: strategies.names() }),
    ...(options.onProvisionFailure === undefined ? {} : { onProvisionFailure: options.onProvisionFailure }),
    ...(options.deprovision === undefined ? {} : { deprovision: options.deprovision }),
    caches: [tenancy.validator, ...(provider === null ? [] : [provider]), ...(options.caches ?? [])],
    log,
  });
  const events = createEvents({ store, log });
  const end = events.subscribe({}, (event) => tenancy.validator.onEvent(event));

  return {
    config,
    tenancy,
    lifecycle,
    events,
    domains,
    settings,
    inTenant: (active) => inTenant(store, active),
    async run(active, fn, runOptions) {
      if (strategies === undefined) {
        throw new IsolationError("isolation.unknown_strategy", { name: active.org.placement.strategy });
      }
      return strategies.for(active).run(active, fn, runOptions);
    },
    health: () => health({ store: storeHealth(store), ...options.checks }),
    close() {
      end();
      provider?.close();
    },
  };
}

function contextOptions<R, D extends Declarations>({
  store,
  identify,
  claims,
  resolvers,
  requestId,
  scope,
  log,
  clock,
  mayEnter,
}: TenantryOptions<R, D>): Omit<TenantContextOptions<R>, "directory" | "config"> {
  return {
    identify,
    ...(claims === undefined ? {} : { claims }),
    ...(resolvers === undefined ? {} : { resolvers }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(scope === undefined ? {} : { scope }),
    ...(log === undefined ? {} : { log }),
    ...(clock === undefined ? {} : { clock }),
    ...(mayEnter === undefined ? {} : { operators: { mayEnter, recordEntry: recordedEntries(store) } }),
  };
}

/** Where the rows are of a tenant that was given no place: where a new one of the strategy `row` would have its own, at once. */
function unplacedBy(provisioner: Provisioner): Placement {
  try {
    const place = provisioner.newPlacement?.("row");
    return place?.state === "ready" ? ROW_PLACEMENT : NOWHERE;
  } catch (error) {
    if (isTenancyError(error, "isolation.unknown_strategy")) {
      return NOWHERE;
    }
    throw error;
  }
}

const NOWHERE: Placement = { strategy: "row", state: "pending" };

const STATES: readonly string[] = ["pending", "ready", "failed", "deprovisioning", "archived", "removed"];

/** A tenant without a place, or in a state that nobody knows, cannot be used. */
function placementBy(provisioner: Provisioner): (org: Pick<Organization, "id">) => Promise<Placement> {
  return async ({ id }: { readonly id: OrgId }) => {
    try {
      const { strategy = "row", state, migratedTo = null, pausedUntil = null } = await provisioner.status(id);
      const known = STATES.includes(state) ? (state as PlacementState) : "pending";
      return { strategy, state: known, migratedTo, pausedUntil };
    } catch (error) {
      if (isTenancyError(error, "isolation.not_provisioned")) {
        return NOWHERE;
      }
      throw error;
    }
  };
}
