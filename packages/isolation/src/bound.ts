import type { OrgId } from "@tenantry/core";
import type { Gate } from "./driver.ts";

/** A run that is under way. */
export interface Frame {
  readonly orgId: OrgId;
  /** Whose run it is: a savepoint is possible in the same isolation only. */
  readonly owner: object;
  readonly tx: unknown;
  readonly gate: Gate;
  /** Resolved when the savepoint before has ended: savepoints of one transaction nest, and cannot overlap. */
  turn: Promise<unknown>;
}

/** What finds the run that a function was called in; Node's `AsyncLocalStorage` is one. */
export interface FrameStorage {
  run<T>(frame: unknown, fn: () => T): T;
  getStore(): unknown;
}

declare const process: { getBuiltinModule?(name: string): unknown } | undefined;

/** Of the runtime where it has one, without an import, which some runtimes refuse. Else nested runs are not noticed. */
const storage: FrameStorage | null = runtimeStorage();

function runtimeStorage(): FrameStorage | null {
  const hooks = typeof process === "undefined" ? undefined : process.getBuiltinModule?.("node:async_hooks");
  const { AsyncLocalStorage } = (hooks ?? {}) as { readonly AsyncLocalStorage?: new () => FrameStorage };
  return AsyncLocalStorage === undefined ? null : new AsyncLocalStorage();
}

/** The run that this is called in, unless it is over. */
export function currentFrame(): Frame | null {
  const frame = storage?.getStore() as Frame | undefined;
  return frame?.gate.isOpen === true ? frame : null;
}

export function inFrame<T>(frame: Frame, fn: () => Promise<T>): Promise<T> {
  return storage === null ? fn() : storage.run(frame, fn);
}

/** After everything that came before in the same transaction. */
export function inTurn<T>(frame: Frame, fn: () => Promise<T>): Promise<T> {
  const turn = frame.turn.then(fn);
  frame.turn = turn.catch(() => {});
  return turn;
}
