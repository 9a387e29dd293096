import type { Open } from "../open-store.ts";

/** One behaviour, stated once and shown on every operation. */
export interface Trait {
  readonly title: string;
  readonly cases: readonly TraitCase[];
}

export interface TraitCase {
  /** A fact. */
  readonly name: string;
  readonly run: (open: Open) => Promise<void>;
}
