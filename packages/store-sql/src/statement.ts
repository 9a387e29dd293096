import type { Statement } from "./executor.ts";
import type { Values } from "./values.ts";

const names = new Map<string, string>();

/** A statement under a name that follows from its text, so that one name never stands for two texts. */
export function statement(text: string, values: Values, prepare: boolean): Statement {
  return { name: prepare ? nameOf(text) : null, text, values: values.list };
}

function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `tenantry_${digest(text)}`;
    names.set(text, name);
  }
  return name;
}

/** FNV-1a with 64 bits. A name is looked up, not trusted: two texts of one digest would be refused by the driver. */
function digest(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let place = 0; place < text.length; place += 1) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(place))) * 0x100000001b3n);
  }
  return hash.toString(36);
}
