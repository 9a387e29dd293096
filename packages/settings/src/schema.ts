import type { StandardSchemaV1 } from "@standard-schema/spec";
import { InternalError } from "@tenantry/core";
import { type Rebuilt, rebuilt, Unfit } from "./json-value.ts";

/** What a schema makes of a value, or what it has against it. */
export type Judged =
  | { readonly ok: true; readonly output: Rebuilt }
  | { readonly ok: false; readonly unfit: Unfit }
  | { readonly ok: false; readonly unfit: null; readonly path: string; readonly issues: readonly unknown[] };

/**
 * Shows a value to its schema, now or later. Throws `InternalError` where the schema throws; what it threw may quote the
 * value, so it is not passed on.
 */
export async function judged(schema: StandardSchemaV1, json: string): Promise<Judged> {
  // A copy, and an ordinary one: the schema may change what it is given, and look at its prototype.
  const answer = await asked(() => schema["~standard"].validate(JSON.parse(json)));
  if (answer.issues !== undefined) {
    return { ok: false, unfit: null, path: pathOf(answer.issues[0]?.path ?? []), issues: answer.issues };
  }
  try {
    return { ok: true, output: rebuilt(answer.value) };
  } catch (error) {
    if (error instanceof Unfit) {
      return { ok: false, unfit: error };
    }
    throw error;
  }
}

type Answer = StandardSchemaV1.Result<unknown>;

async function asked(ask: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    const answer = await ask();
    if (typeof answer === "object" && answer !== null) {
      return answer;
    }
  } catch {}
  throw new InternalError("internal.unexpected", {});
}

/** Where an issue of a schema is. */
function pathOf(segments: readonly (PropertyKey | { readonly key: PropertyKey })[]): string {
  const keys = segments.map((segment) => (typeof segment === "object" ? segment.key : segment));
  return keys.reduce((path: string, key) => {
    const name = typeof key === "symbol" ? "symbol" : key;
    return typeof name === "number" ? `${path}[${name}]` : path === "" ? name : `${path}.${name}`;
  }, "");
}
