import type { Operation } from "../operations.ts";
import type { Call } from "../turn.ts";

/** One way of doing the operations. */
export interface Contender {
  readonly name: string;
  /** Whether it prepares its statements. */
  readonly isPrepared: boolean;
  /** Calls that are ready to be made, each once; `null` where it has no such operation. Their worlds are made here. */
  prepare(operation: Operation, count: number): Promise<readonly Call[] | null>;
  close(): Promise<void>;
}
