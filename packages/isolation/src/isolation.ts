import type { ActiveTenant } from "@tenantry/context";
import { ConfigError, IsolationError, isId, type OrgId, PreconditionError, TenantError } from "@tenantry/core";
import { type Admitted, admit } from "./admission.ts";
import { currentFrame, type Frame, inFrame, inTurn } from "./bound.ts";
import { type Gate, type TenantDriver, untenanted } from "./driver.ts";
import { contextOf, type Entrance, entryOf, readSettings, SETTING, settings } from "./entrance.ts";
import { entryFault, serverError } from "./fault.ts";
import { quoted } from "./identifier.ts";
import type { AdminEntry, Isolation, RunOptions } from "./strategy.ts";

/** Work on the rows of all tenants. */
export interface AdminOptions<Tx> {
  /** Of a pool of its own, whose role the policies admit to everything. */
  readonly driver: TenantDriver<Tx>;
  /** Called before anything is sent. What it throws is thrown, and nothing is sent. */
  readonly audit: (who: AdminEntry) => void | Promise<void>;
}

export interface IsolationParts<Tx> {
  readonly name: string;
  /** Whether the tenant has tables of its own, which are migrated on their own. */
  readonly isVersioned: boolean;
  readonly driverOf: (orgId: OrgId) => Promise<{ readonly driver: TenantDriver<Tx>; release(): void }>;
  /** For what is attached. */
  readonly driver: TenantDriver<Tx>;
  readonly entrance: Entrance;
  readonly admin: AdminOptions<Tx> | null;
  readonly clock: () => Date;
}

const LONGEST_REASON = 1_024;

/** What all strategies share: the checks, the nesting, the transaction. */
export class TransactionIsolation<Tx> implements Isolation<Tx> {
  readonly #parts: IsolationParts<Tx>;

  constructor(parts: IsolationParts<Tx>) {
    this.#parts = parts;
  }

  async run<T>(tenant: ActiveTenant, fn: (tx: Tx) => Promise<T>, options?: RunOptions): Promise<T> {
    const admitted = this.#admit(tenant, options);
    const outer = currentFrame();
    if (outer !== null && outer.orgId !== admitted.tenant.org.id) {
      throw new TenantError("tenant.mismatch", {});
    }
    admitted.signal?.throwIfAborted();
    if (outer !== null && outer.owner === this) {
      return inTurn(outer, () => this.#nested(outer.tx as Tx, admitted, fn));
    }
    const entry = await entryOf(this.#parts.entrance, admitted);
    const { driver, release } = await this.#parts.driverOf(admitted.tenant.org.id);
    try {
      const beginning = { readOnly: admitted.readOnly, entry: [entry], signal: admitted.signal };
      return await driver.transaction(beginning, (tx) => this.#inside(tx, admitted, fn));
    } finally {
      release();
    }
  }

  async attach<T>(tx: Tx, tenant: ActiveTenant, fn: (tx: Tx) => Promise<T>): Promise<T> {
    const admitted = this.#admit(tenant);
    const outer = currentFrame();
    if (outer !== null && outer.orgId !== admitted.tenant.org.id) {
      throw new TenantError("tenant.mismatch", {});
    }
    const { driver, entrance } = this.#parts;
    const context = await contextOf(entrance, admitted.tenant.org.id);
    return await this.#savepoint(tx, async (inner) => {
      const names = context.map(([name]) => name);
      const [former = {}] = await driver.send(inner, readSettings(names));
      if (!isSame(former["s0"], context[0]?.[2])) {
        throw new TenantError("tenant.mismatch", {});
      }
      try {
        await driver.send(inner, settings(context));
      } catch (error) {
        throw serverError(error) === null ? error : entryFault(error);
      }
      // What is set outside of a transaction is forgotten by the next statement.
      const [read = {}] = await driver.send(inner, readSettings([SETTING]));
      if (read["s0"] !== context[0]?.[2]) {
        throw new IsolationError("isolation.no_transaction", { reason: "none" });
      }
      const result = await this.#inside(inner, admitted, fn);
      const restored = names.map((name, index) => [name, "$", String(former[`s${index}`] ?? "")] as const);
      await driver.send(inner, settings(restored));
      return result;
    });
  }

  async runAsAdmin<T>(who: AdminEntry, fn: (tx: Tx) => Promise<T>): Promise<T> {
    const { admin } = this.#parts;
    if (admin === null) {
      throw new ConfigError("config.invalid", {
        faults: [{ path: "admin", expected: "a driver and an audit callback" }],
      });
    }
    const { operator, reason } = who ?? {};
    if (!isId(operator, "usr")) {
      throw new PreconditionError("precondition.invalid_input", { key: "operator" });
    }
    if (typeof reason !== "string" || reason.trim() === "" || reason.length > LONGEST_REASON) {
      throw new PreconditionError("precondition.invalid_input", { key: "reason" });
    }
    await admin.audit({ operator, reason });
    return await untenanted(admin.driver, fn);
  }

  #admit(tenant: unknown, options?: RunOptions): Admitted {
    const { name, isVersioned, clock } = this.#parts;
    return admit(tenant, { name, isVersioned, now: clock() }, options);
  }

  /** Inside a run for the same tenant: the context is there already. */
  #nested<T>(tx: Tx, admitted: Admitted, fn: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#savepoint(tx, async (inner) => {
      if (admitted.readOnly) {
        // It ends with the savepoint.
        await this.#parts.driver.send(inner, {
          text: "select set_config('transaction_read_only', 'on', true)",
          values: [],
        });
      }
      return await this.#inside(inner, admitted, fn);
    });
  }

  async #inside<T>(tx: Tx, { tenant, signal }: Admitted, fn: (tx: Tx) => Promise<T>): Promise<T> {
    const gate: Gate = { isOpen: true };
    const frame: Frame = { orgId: tenant.org.id, owner: this, tx, gate, turn: Promise.resolve() };
    const guarded = this.#parts.driver.guarded(tx, gate);
    try {
      const result = await orAborted(
        inFrame(frame, async () => fn(guarded)),
        signal,
      );
      gate.isOpen = false;
      // Savepoints that nobody waited for.
      await frame.turn;
      return result;
    } finally {
      gate.isOpen = false;
    }
  }

  async #savepoint<T>(tx: Tx, work: (tx: Tx) => Promise<T>): Promise<T> {
    const { driver } = this.#parts;
    const name = `tn_run_${crypto.randomUUID().slice(0, 8)}`;
    if (driver.savepoint !== undefined) {
      return await driver.savepoint(tx, name, work);
    }
    const send = (text: string): Promise<unknown> => driver.send(tx, { text, values: [] });
    try {
      await send(`savepoint ${quoted(name)}`);
    } catch (error) {
      throw serverError(error)?.code === "25P01"
        ? new IsolationError("isolation.no_transaction", { reason: "none" })
        : error;
    }
    let result: T;
    try {
      result = await work(tx);
    } catch (error) {
      await send(`rollback to savepoint ${quoted(name)}`).catch(() => {});
      await send(`release savepoint ${quoted(name)}`).catch(() => {});
      throw error;
    }
    await send(`release savepoint ${quoted(name)}`);
    return result;
  }
}

/** Nothing was set, or the same organization, whatever the proof of it. */
function isSame(former: unknown, context: string | undefined): boolean {
  const uuid = (text: string): string => text.split(".")[1] ?? text;
  return typeof former !== "string" || former === "" || uuid(former) === uuid(context ?? "");
}

/** Whatever comes first: the end of some work, or of the patience with it. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal | null): Promise<T> {
  if (signal === null) {
    return work;
  }
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) {
      abort();
    }
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
