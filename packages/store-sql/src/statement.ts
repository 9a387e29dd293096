import type { Row, Statement } from "./executor.ts";
import type { Values } from "./values.ts";

/** One statement, and what its rows mean. */
export interface Request<T> {
  readonly statement: Statement;
  readonly decode: (rows: readonly Row[]) => T;
}

/** Each text that was sent, with its name. Drivers compare texts: they are done at once if it is the same object. */
const known = new Map<string, Named>();

interface Named {
  readonly name: string;
  readonly text: string;
}

/** A statement under a name that follows from its text, so that one name never stands for two texts. */
export function statement(text: string, values: Values, prepare: boolean): Statement {
  const named = nameOf(text);
  return { name: prepare ? named.name : null, text: named.text, values: values.list };
}

export function nameOf(text: string): Named {
  let named = known.get(text);
  if (named === undefined) {
    named = { name: `tenantry_${digest(text)}`, text };
    known.set(text, named);
  }
  return named;
}

/** FNV-1a with 64 bits. A name is looked up, not trusted: two texts of one digest would be refused by the driver. */
function digest(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let place = 0; place < text.length; place += 1) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(place))) * 0x100000001b3n);
  }
  return hash.toString(36);
}
