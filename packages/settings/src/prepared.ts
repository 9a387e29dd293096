import { SettingsError } from "@tenantry/core";
import type { Declared } from "./declaration.ts";
import { MOST_BYTES, MOST_LEVELS, type Rebuilt, rebuilt, Unfit } from "./json-value.ts";
import { judged } from "./schema.ts";

/**
 * A caller's value, checked in the documented order: plain JSON, its limits, whether the key is declared, its schema. Answers
 * what is to be stored. `declaration`: asked for late, because it may refuse the key. Of a secret an error tells nothing but the
 * key: names and issues may be a part of it.
 */
export async function prepared(
  key: string,
  value: unknown,
  { isSecret, declaration }: { readonly isSecret: boolean; readonly declaration: () => Declared | null },
): Promise<{ readonly output: Rebuilt; readonly declared: Declared | null }> {
  const given = within(key, isSecret, () => rebuilt(value));
  const declared = declaration();
  if (declared === null) {
    return { output: given, declared };
  }
  const answer = await judged(declared.schema, given.json);
  if (answer.ok) {
    return { output: answer.output, declared };
  }
  if (answer.unfit !== null) {
    throw refusal(key, isSecret, answer.unfit);
  }
  const { path, issues } = answer;
  throw new SettingsError(
    "settings.invalid_value",
    { key, reason: "schema", path: isSecret ? null : placed(path) },
    isSecret ? {} : { hidden: { issues } },
  );
}

function within<T>(key: string, isSecret: boolean, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Unfit ? refusal(key, isSecret, error) : error;
  }
}

function refusal(key: string, isSecret: boolean, { what, path }: Unfit): SettingsError {
  return what === "json"
    ? new SettingsError("settings.invalid_value", { key, reason: "json", path: isSecret ? null : placed(path) })
    : new SettingsError("settings.too_large", { key, what, limit: what === "depth" ? MOST_LEVELS : MOST_BYTES });
}

/** A path as details have it: a caller's keys may be anything. */
function placed(path: string): string | null {
  return path === ""
    ? null
    : JSON.stringify(path.slice(0, 64))
        .slice(1, -1)
        .replace(/[^\x20-\x7e]/g, "?");
}
