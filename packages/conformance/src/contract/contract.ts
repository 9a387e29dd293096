import type { Trait } from "./trait.ts";

/** Everything that holds for every operation alike. */
export const contract: readonly Trait[] = [];
