import type { ActiveTenant } from "@tenantry/context";
import type { OrgId, UsrId } from "@tenantry/core";

/** Which organization something is about. */
export interface OrgRef {
  readonly id: OrgId;
}

export interface RunOptions {
  /** The database refuses writes, and a pause of writes is no obstacle. */
  readonly readOnly?: boolean;
  /** Milliseconds that a statement may take. Default: what the database says. */
  readonly statementTimeoutMs?: number;
  /** Milliseconds that the transaction may wait for the next statement. Default 60,000. */
  readonly idleTimeoutMs?: number;
  /** The tenant's own tables are migrated so far at least: the name of a file, or what the host's migrator answers. */
  readonly minVersion?: string;
  /** Ends the run: it is rolled back, and its reason is thrown. */
  readonly signal?: AbortSignal;
}

/**
 * What becomes of a tenant's place. `rename` puts it away with its rows, `drop` removes it, `retain` takes rights only;
 * `purge`, of tables that all tenants share, removes the tenant's rows.
 */
export type DeprovisionPolicy = "rename" | "drop" | "retain" | "purge";

export interface DeprovisionReport {
  readonly policy: DeprovisionPolicy;
  /** What it is called now, where it was renamed. */
  readonly archivedAs: string | null;
  /** How many rows were removed, by table, where they were purged. */
  readonly rows: Readonly<Record<string, number>> | null;
}

/** What a step may know and do besides its own work. */
export interface ProvisionContext {
  /** It was begun before, so what it finds may be its own. */
  readonly isResumed: boolean;
  readonly sealedDsn: string | null;
  /** Keeps a sealed connection string in the placement before anything uses it. */
  keepDsn(sealed: string): Promise<void>;
  /** Keeps how far the tenant's own tables are migrated. */
  keepVersion(version: string): Promise<void>;
  /** What must be named to drop something. */
  readonly confirm: OrgId | null;
  readonly now: Date;
  readonly signal: AbortSignal | null;
}

/** One way to keep the rows of tenants apart. */
export interface IsolationStrategy<Tx = unknown> {
  readonly name: string;
  /** What makes a tenant's place, in order; none: there is nothing to make. */
  readonly steps: readonly string[];
  /** One step, which may be repeated. */
  provision(org: OrgRef, step: string, context: ProvisionContext): Promise<void>;
  deprovision(org: OrgRef, policy: DeprovisionPolicy, context: ProvisionContext): Promise<DeprovisionReport>;
  /**
   * Opens a transaction in which the database admits the tenant's rows alone, and commits what the function did. It is not
   * repeated, and what it starts after it settled is refused. Checks in this order: `tenant.context_missing`,
   * `precondition.invalid_input`, `isolation.wrong_strategy`, `.not_provisioned`, `.outdated`, `.paused`,
   * `tenant.mismatch`; then throws `UnavailableError`, what the function threw, `isolation.no_transaction` where it hid an
   * error, `isolation.commit_unknown`. Inside a run for the same tenant it is a savepoint.
   */
  run<T>(tenant: ActiveTenant, fn: (tx: Tx) => Promise<T>, options?: RunOptions): Promise<T>;
}

/** Who works on the rows of all tenants, and why. */
export interface AdminEntry {
  readonly operator: UsrId;
  /** Text of at most 1,024 UTF-16 units. */
  readonly reason: string;
}

export interface Isolation<Tx> {
  run: IsolationStrategy<Tx>["run"];
  /**
   * Inside a transaction that the host has open: a savepoint, the tenant, and after the function what was set before.
   * Throws `isolation.no_transaction` where none is open, `tenant.mismatch` where another tenant is set, and
   * `isolation.unsupported` for the strategy `database`: no transaction of the host's is there.
   */
  attach<T>(tx: Tx, tenant: ActiveTenant, fn: (tx: Tx) => Promise<T>): Promise<T>;
  /** On another pool, as another role, without a tenant. The audit callback is called first, and may throw. */
  runAsAdmin<T>(who: AdminEntry, fn: (tx: Tx) => Promise<T>): Promise<T>;
}
