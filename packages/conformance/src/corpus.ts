import type { FixtureFile } from "./fixture/format.ts";
import { files } from "./generated/corpus.ts";

/** The fixtures of this package, so that every runtime has them without a file system. */
export const corpus: readonly FixtureFile[] = files.map(([path, json]) => ({ path, content: JSON.parse(json) }));
