import { IsolationError } from "@tenantry/core";

/** A statement with its values, all text or null and cast where they stand. */
export interface Statement {
  readonly text: string;
  readonly values: readonly (string | null)[];
}

/** Columns as text. */
export type Row = Readonly<Record<string, unknown>>;

/** How a run begins. */
export interface Beginning {
  readonly readOnly: boolean;
  /** What lets the tenant in. */
  readonly entry: readonly Statement[];
  readonly signal: AbortSignal | null;
}

/** Whether a run goes on. What is handed to its function works as long. */
export interface Gate {
  isOpen: boolean;
}

/** What a strategy needs of a driver or an ORM. `Tx` is what it hands out inside a transaction. */
export interface TenantDriver<Tx> {
  readonly name: string;
  /**
   * Begins, lets the tenant in, works and commits; whatever fails is rolled back and thrown as it was. Throws
   * `UnavailableError` where nothing was begun, `isolation.not_provisioned` for an entry into what is not there,
   * `isolation.no_transaction` where a statement had failed before the commit, `isolation.commit_unknown`.
   */
  transaction<T>(beginning: Beginning, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs a statement inside. */
  send(tx: Tx, statement: Statement): Promise<readonly Row[]>;
  /** The same, refusing once the gate is closed: with {@link ended}. */
  guarded(tx: Tx, gate: Gate): Tx;
  /** A savepoint, where the driver has a way of its own to make one. */
  savepoint?<T>(tx: Tx, name: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** For the strategy `schema`, where the path of a transaction does not lead into one: a driver that does. */
  forSchema?(schema: string): Promise<TenantDriver<Tx>>;
}

/** What is said to whatever goes on after its run is over. */
export function ended(): IsolationError<"isolation.no_transaction"> {
  return new IsolationError("isolation.no_transaction", { reason: "ended" });
}

/** Work in a transaction of its own, without a tenant; what it goes on with afterwards is refused. */
export function untenanted<Tx, T>(driver: TenantDriver<Tx>, fn: (tx: Tx) => Promise<T>): Promise<T> {
  return driver.transaction({ readOnly: false, entry: [], signal: null }, async (tx) => {
    const gate: Gate = { isOpen: true };
    try {
      return await fn(driver.guarded(tx, gate));
    } finally {
      gate.isOpen = false;
    }
  });
}

/** An object that refuses everything once the gate is closed. Its methods see the object itself as `this`. */
export function closing<T extends object>(target: T, gate: Gate): T {
  return new Proxy(target, {
    get(of, property) {
      if (!gate.isOpen && property !== "then") {
        throw ended();
      }
      const value: unknown = Reflect.get(of, property, of);
      return typeof value === "function" ? value.bind(of) : value;
    },
  });
}
