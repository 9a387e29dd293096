import type { Open } from "../open-store.ts";

/** One behaviour, stated once and shown on every operation. */
export interface Trait {
  readonly title: string;
  readonly cases: readonly TraitCase[];
}

export interface TraitCase {
  /** A fact. */
  readonly name: string;
  /** `leaveOut` says that the store declares to lack what the case is about. */
  readonly run: (open: Open, leaveOut: (reason: string) => void) => Promise<void>;
}
