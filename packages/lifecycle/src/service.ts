import {
  type CreateOptions,
  type CreateOrgInput,
  eventsOf,
  IsolationError,
  isTenancyError,
  type MutationOptions,
  type NewPlacement,
  type OrgId,
  PreconditionError,
  type Suspension,
  type TenancyStore,
  type UpdateOrgInput,
} from "@tenantry/core";
import { type Extension, extensionOf, fields, idArgument } from "@tenantry/core/extend";
import { type DueOptions, deleteTenant, listDue, restoreTenant, revokeDue } from "./deletion.ts";
import {
  activateTenant,
  deactivateTenant,
  getTenant,
  type Run,
  revokeTenant,
  suspendTenant,
  updateTenant,
} from "./operations.ts";
import { type CheckedOptions, checkedOptions, type LifecycleOptions } from "./options.ts";
import type { PreparedValues } from "./ports.ts";
import { type Result, resultOf } from "./result.ts";
import { type CreatedTenant, type Tenant, tenantOf } from "./tenant.ts";

export interface CreateTenantInput extends CreateOrgInput {
  /** Where its rows will be. Another one than `row` needs a provisioner that has `newPlacement`. */
  readonly strategy?: string;
  /** Its own values from the beginning, of a service that was given `settings`. */
  readonly settings?: Readonly<Record<string, unknown>>;
}
export interface SuspendOptions {
  /** Text of at most 1,024 UTF-16 units without control characters. */
  readonly reason?: string | null;
}
export interface DeleteOptions extends SuspendOptions {
  readonly graceDays?: number;
}

/** What a run did. */
export interface DueReport {
  /** Ended by this run. */
  readonly revoked: readonly OrgId[];
  /** Restored meanwhile, or ended by somebody else. */
  readonly skipped: readonly OrgId[];
  /** Their places were taken down, those that an earlier run had left included. */
  readonly deprovisioned: readonly OrgId[];
  /** What did not work, by code; the next run tries it again. */
  readonly failed: readonly { readonly orgId: OrgId; readonly code: string }[];
  /** Whether others were due, too. */
  readonly more: boolean;
}

/** A report while it is written. */
interface Work {
  readonly revoked: OrgId[];
  readonly skipped: OrgId[];
  readonly deprovisioned: OrgId[];
  readonly failed: { readonly orgId: OrgId; readonly code: string }[];
}

const INPUTS = ["creator", "name", "slug", "metadata", "membershipMetadata", "strategy", "settings"] as const;

/** How many places that were left a run takes down. */
const MOST_LEFT = 200;

const METHODS = [
  "createTenant",
  "getTenant",
  "updateTenant",
  "deactivateTenant",
  "suspendTenant",
  "activateTenant",
  "deleteTenant",
  "restoreTenant",
  "revokeTenant",
  "listDue",
  "runDue",
] as const;
type LifecycleMethod = (typeof METHODS)[number];

/** The same methods, whose refusals are values. */
export type LifecycleResults = {
  readonly [M in LifecycleMethod]: (
    ...args: Parameters<TenantLifecycleService[M]>
  ) => Promise<Result<Awaited<ReturnType<TenantLifecycleService[M]>>>>;
};

/**
 * The life of tenants: core's operations in a tenant's words, with places, caches and dates. Every change is one commit of
 * its organization, with its event, and takes `MutationOptions`; an unknown id is `NotFoundError` and writes nothing. What
 * this process keeps of the tenant is forgotten before a call answers, also where its outcome is unknown. Needs a store that
 * keeps the group `lifecycle`: `ConfigError` `config.capability_missing`. Who may call what is the host's to gate.
 */
export class TenantLifecycleService {
  readonly #store: TenancyStore;
  readonly #own: Extension;
  readonly #options: CheckedOptions;
  readonly #deleteTenant: Run<[OrgId, unknown]>;
  /** The same methods, which answer refusals as values: none of them throws a `TenancyError`. */
  readonly result: LifecycleResults;

  constructor(store: TenancyStore, options: LifecycleOptions = {}) {
    this.#store = store;
    this.#options = checkedOptions(options);
    const isPlaced = this.#options.provisioner?.newPlacement !== undefined;
    this.#own = extensionOf(store, isPlaced ? ["placement", "lifecycle"] : ["lifecycle"]);
    this.#deleteTenant = deleteTenant(this.#options.graceDays);
    this.result = resultsOf(this);
  }

  /**
   * Founds a tenant with its settings, and makes its place where there is something to make. The tenant, its settings and where
   * its rows will be are one commit: until its place is ready nobody can use it, whatever happens in between. Settings that are
   * kept elsewhere than in the store are checked before and written behind that commit, so that a call which ends in between
   * leaves the defaults: repeated with its idempotency key it goes on there. Throws what `createOrg` throws, the `SettingsError` with which a value is refused, and the
   * `IsolationError` with which its place could not be made: organization and slug stay then, or are revoked, as
   * `onProvisionFailure` says. With a used idempotency key its place is seen to again, and whatever comes of that the
   * organization stays.
   */
  createTenant(input: CreateTenantInput, options?: CreateOptions): Promise<CreatedTenant> {
    return this.#forgetting(null, async (about) => {
      const { strategy, settings, ...founding } = fields(input, INPUTS);
      const placement = this.#placement(this.#strategyArgument(strategy));
      const values = await this.#settingsArgument(settings);
      const withValues = values?.founding(this.#store) ?? null;
      const placed = { ...founding, ...(placement === null ? {} : { placement }) } as unknown as CreateOrgInput;
      const founded = await (withValues === null
        ? this.#store.createOrg(placed, options)
        : withValues(placed, options));
      const { org, ownerMembership } = founded;
      about(org.id);
      if (withValues === null) {
        await values?.write(org.id, options);
      }
      const isReady =
        placement?.state === "ready" || (await this.#provisioned(org.id, eventsOf(founded).length > 0, options));
      return { tenant: tenantOf(org, null, isReady), ownerMembership };
    });
  }

  /** One tenant, revoked ones included, with why it is suspended. Throws `NotFoundError`. */
  async getTenant(orgId: OrgId): Promise<Tenant> {
    const tenant = await this.#own.ask(getTenant, orgId);
    return tenant.status === "active" && !(await this.#isReady(tenant.id))
      ? { ...tenant, status: "provisioning" }
      : tenant;
  }

  /** As `updateOrg`. Throws `AlreadyTerminalError`, `OrgSlugConflictError`, `InvalidMetadataError`. */
  updateTenant(orgId: OrgId, changes: Omit<UpdateOrgInput, "orgId">, options?: MutationOptions): Promise<Tenant> {
    return this.#mutated(orgId, updateTenant, [orgId, changes], options);
  }

  /** active → suspended, of the kind `deactivated`. Throws `AlreadyTerminalError` `conflict.already_terminal`. */
  deactivateTenant(orgId: OrgId, why?: SuspendOptions, options?: MutationOptions): Promise<Tenant> {
    return this.#mutated(orgId, deactivateTenant, [orgId, why], options);
  }

  /** active → suspended. Throws `AlreadyTerminalError` `conflict.already_terminal`. */
  suspendTenant(orgId: OrgId, why?: SuspendOptions, options?: MutationOptions): Promise<Tenant> {
    return this.#mutated(orgId, suspendTenant, [orgId, why], options);
  }

  /** suspended → active; reason and date go. Throws `PreconditionError` `precondition.invalid_transition`. */
  activateTenant(orgId: OrgId, options?: MutationOptions): Promise<Tenant> {
    return this.#mutated(orgId, activateTenant, [orgId], options);
  }

  /**
   * Deletes for the time being: active or suspended → suspended, to be revoked once `graceDays` are over. Of one that is
   * suspended already kind and date change, and the reason if one is given: it can be restored like any other then, so whoever
   * may not lift a suspension must not delete what is suspended. Throws `AlreadyTerminalError`.
   */
  deleteTenant(orgId: OrgId, how?: DeleteOptions, options?: MutationOptions): Promise<Tenant> {
    return this.#mutated(orgId, this.#deleteTenant, [orgId, how], options);
  }

  /** Takes a deletion back. Throws `PreconditionError` `precondition.invalid_transition` where there is none. */
  restoreTenant(orgId: OrgId, options?: MutationOptions): Promise<Tenant> {
    return this.#mutated(orgId, restoreTenant, [orgId], options);
  }

  /**
   * Ends a tenant for good, whatever its status; `confirm` is its id once more. Its place is taken down after that: if that
   * fails the tenant stays ended, and `runDue` tries again. Throws `AlreadyTerminalError`.
   */
  revokeTenant(orgId: OrgId, how: { readonly confirm: OrgId }, options?: MutationOptions): Promise<Tenant> {
    return this.#forgetting(orgId, async () => {
      const tenant = await revokeTenant(this.#own, [orgId, how], options);
      await this.#deprovisioned(tenant.id, options);
      return tenant;
    });
  }

  /** Deletions that are due now, the earliest first. */
  async listDue(options?: DueOptions): Promise<{ readonly data: readonly Suspension[]; readonly more: boolean }> {
    return this.#own.ask(listDue, options);
  }

  /**
   * Ends what is due, and takes down places that were left: for a timer. Each tenant is a commit that expects the deletion
   * as it was found: of a run and somebody who restores at the same moment one wins, and any number of runs may go at once.
   * What fails is in the report, and done by the next run. Throws the error of the look-up.
   */
  async runDue(options?: DueOptions): Promise<DueReport> {
    const { data, more } = await this.listDue(options);
    const report: Work = { revoked: [], skipped: [], deprovisioned: [], failed: [] };
    for (const { orgId, since } of data) {
      await this.#attempt(orgId, report.failed, async () => {
        const isOurs = await this.#revokedAsDue(orgId, since);
        (isOurs ? report.revoked : report.skipped).push(orgId);
      });
    }
    const { provisioner } = this.#options;
    const left = provisioner === undefined ? [] : ((await provisioner.leftovers?.(MOST_LEFT)) ?? report.revoked);
    for (const orgId of left) {
      await this.#attempt(orgId, report.failed, async () => {
        await this.#deprovisioned(orgId);
        report.deprovisioned.push(orgId);
      });
    }
    return { ...report, more };
  }

  /** Whether the place can be used. */
  async #isReady(orgId: OrgId): Promise<boolean> {
    const { provisioner } = this.#options;
    try {
      return provisioner === undefined || (await provisioner.status(orgId)).state === "ready";
    } catch (error) {
      if (isTenancyError(error, "isolation.not_provisioned")) {
        return false;
      }
      throw error;
    }
  }

  /** Nothing is written for one that could not be placed. */
  #strategyArgument(value: unknown): string {
    const { provisioner, strategy, strategies } = this.#options;
    const chosen = value ?? strategy;
    if (typeof chosen === "string" && strategies?.includes(chosen) === false) {
      throw new IsolationError("isolation.unknown_strategy", { name: chosen });
    }
    if (typeof chosen === "string" && (chosen === "row" || provisioner?.newPlacement !== undefined)) {
      return chosen;
    }
    throw new PreconditionError("precondition.invalid_input", { key: "strategy" });
  }

  #placement(strategy: string): NewPlacement | null {
    return this.#options.provisioner?.newPlacement?.(strategy) ?? null;
  }

  async #settingsArgument(values: unknown): Promise<PreparedValues | null> {
    if (values === undefined) {
      return null;
    }
    const { settings } = this.#options;
    if (settings === undefined || typeof values !== "object" || values === null) {
      throw new PreconditionError("precondition.invalid_input", { key: "settings" });
    }
    return await settings.prepare(values);
  }

  /** `isNew`: this call founded it. One that a used key answers may have been somebody's for long, and is not ended. */
  async #provisioned(orgId: OrgId, isNew: boolean, options: CreateOptions | undefined): Promise<boolean> {
    const { provisioner, autoProvision, onProvisionFailure } = this.#options;
    if (provisioner === undefined) {
      return true;
    }
    if (!autoProvision) {
      return await this.#isReady(orgId);
    }
    try {
      await provisioner.provision(orgId, actorOf(options));
      return true;
    } catch (error) {
      if (isNew && onProvisionFailure === "revoke") {
        await this.#store.revokeOrg(orgId, actorOf(options));
      }
      throw error;
    }
  }

  async #deprovisioned(orgId: OrgId, options?: MutationOptions): Promise<void> {
    const { provisioner, deprovision } = this.#options;
    await provisioner?.deprovision(orgId, { policy: deprovision, confirm: orgId, ...actorOf(options) });
  }

  async #revokedAsDue(orgId: OrgId, since: Date): Promise<boolean> {
    const revoke = (options: MutationOptions) => revokeDue(this.#own, [{ orgId, since }], options);
    const done = await this.#forgetting(orgId, async () => {
      try {
        return await revoke({ idempotencyKey: `due:${since.toISOString()}` });
      } catch (error) {
        if (!isTenancyError(error, "conflict.idempotency")) {
          throw error;
        }
        // Somebody has used the key for something else, and must not keep the tenant by that. What is decided is the same.
        return await revoke({});
      }
    });
    // Of several runs that find it due one has the event.
    return eventsOf(done).length > 0;
  }

  async #attempt(orgId: OrgId, failed: Work["failed"], work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // One tenant that nobody can take down must not keep the others waiting for ever.
      if (!isTenancyError(error)) {
        this.#report("due", error);
      }
      failed.push({ orgId, code: isTenancyError(error) ? error.code : "internal.unexpected" });
    }
  }

  #mutated<Args extends readonly unknown[], R>(
    orgId: OrgId,
    run: Run<Args, R>,
    args: Args,
    options: MutationOptions | undefined,
  ): Promise<R> {
    return this.#forgetting(orgId, () => run(this.#own, args, options));
  }

  /** Whatever comes of the work: an outcome that is unknown may have taken effect. */
  async #forgetting<T>(orgId: OrgId | null, work: (about: (orgId: OrgId) => void) => Promise<T>): Promise<T> {
    let known = orgId === null ? null : idArgument("org", orgId);
    try {
      return await work((id) => {
        known = id;
      });
    } finally {
      if (known !== null) {
        await this.#forget(known);
      }
    }
  }

  async #forget(orgId: OrgId): Promise<void> {
    await Promise.all(
      this.#options.caches.map(async (cache) => {
        try {
          await cache.invalidate(orgId);
        } catch (cause) {
          this.#report("caches", cause);
        }
      }),
    );
  }

  /** A log that fails, at once or later, must not become a failure of what it reports. */
  #report(source: string, cause: unknown): void {
    void (async () => this.#options.log({ source, cause }))().catch(() => {});
  }
}

function actorOf(options: Pick<MutationOptions, "actor"> | undefined): Pick<MutationOptions, "actor"> {
  const { actor } = options ?? {};
  return actor === undefined ? {} : { actor };
}

function resultsOf(service: TenantLifecycleService): LifecycleResults {
  const all = METHODS.map((name) => {
    const method: (...args: readonly never[]) => Promise<unknown> = service[name];
    return [name, (...args: readonly never[]) => resultOf(method.apply(service, args as never))] as const;
  });
  return Object.freeze(Object.fromEntries(all)) as unknown as LifecycleResults;
}
