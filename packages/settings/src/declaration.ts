import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigError, type ConfigFault, type JsonValue } from "@tenantry/core";
import { plainObject, type Rebuilt, rebuilt, Unfit } from "./json-value.ts";
import { isKey } from "./key.ts";

/** What the events say of the values of a setting. */
export type Audit = "values" | "hash" | "none";

/** What a setting is. */
export interface Declaration {
  /** Any Standard Schema. What it answers is stored, so that must be plain JSON and right to it again. */
  readonly schema: StandardSchemaV1;
  /** What an organization has that has none of its own. A value that the schema answers. Default: `undefined`. */
  readonly default?: unknown;
  /** Sealed before it is stored, and shown by nothing but `get`. Has no default. */
  readonly secret?: boolean;
  /**
   * `values`: `from` and `to` of events are the values, or digests where they have more than 1,024 bytes; `hash`: always
   * digests; `none`: that there was one, no more. Subscribers in the process that made the change get the values in any case,
   * but those of secrets. Default `values`.
   */
  readonly audit?: Audit;
}

/** Settings by their keys. */
export interface Declarations {
  readonly [key: string]: Declaration;
}

/** The same, where each default is one that its schema can answer, and no secret has any. */
export type Sound<D extends Declarations> = {
  readonly [K in keyof D]: D[K] extends { readonly secret: true }
    ? { readonly default?: never }
    : { readonly default?: StandardSchemaV1.InferOutput<D[K]["schema"]> };
};

/** The names of settings; with `Open` those that are not declared, too. */
export type Key<D extends Declarations, Open extends boolean = false> =
  | (keyof D & string)
  | (Open extends true ? string & Record<never, never> : never);

/** What `set` takes. */
export type Input<D extends Declarations, K> = K extends keyof D
  ? StandardSchemaV1.InferInput<D[K]["schema"]>
  : JsonValue;

type Output<D extends Declarations, K extends keyof D> = StandardSchemaV1.InferOutput<D[K]["schema"]>;

/** What `get` answers: `undefined` only where there is no default. */
export type Value<D extends Declarations, K> = K extends keyof D
  ? Output<D, K> | (D[K] extends { readonly default: unknown } ? never : undefined)
  : JsonValue | undefined;

/** What is shown of a setting where more than one is. */
type Shown<D extends Declarations, K extends keyof D> = D[K] extends { readonly secret: true }
  ? "[redacted]"
  : Output<D, K>;

/** What an organization has of its own. */
export type Overrides<D extends Declarations> = { readonly [K in keyof D]?: Shown<D, K> };

type Defaulted<D extends Declarations> = {
  [K in keyof D]: D[K] extends { readonly default: unknown } ? K : never;
}[keyof D];

/** What holds for an organization: the defaults, with its own on top. */
export type Effective<D extends Declarations> = { readonly [K in Defaulted<D>]: Shown<D, K> } & {
  readonly [K in Exclude<keyof D, Defaulted<D>>]?: Shown<D, K>;
};

/**
 * Declares settings; the types of their values follow from it. Throws `ConfigError` `config.invalid`, which names the keys
 * that are wrong and shows no value. A default is shown to its schema here, unless that answers later.
 */
export function defineSettings<const D extends Declarations>(declarations: D & Sound<D>): D {
  return plainObject(checked(declarations)) as D;
}

const PARTS: readonly string[] = ["schema", "default", "secret", "audit"];
const AUDITS: readonly unknown[] = ["values", "hash", "none"];

/** A declaration with its defaults. */
export interface Declared {
  readonly schema: StandardSchemaV1;
  readonly default?: JsonValue;
  readonly secret: boolean;
  readonly audit: Audit;
}

/** Throws `ConfigError` `config.invalid`. */
export function checked(declarations: unknown): ReadonlyMap<string, Declared> {
  const faults: ConfigFault[] = [];
  const known = new Map<string, Declared>();
  if (typeof declarations !== "object" || declarations === null) {
    throw invalid([{ path: "settings", expected: "declarations by key" }]);
  }
  for (const key of Object.keys(declarations)) {
    if (!isKey(key)) {
      faults.push({ path: "settings", expected: "keys of letters, digits and _ . -, a letter first, 120 at most" });
      continue;
    }
    const declared = declaration(key, (declarations as { readonly [key: string]: unknown })[key], faults);
    if (declared !== null) {
      known.set(key, declared);
    }
  }
  if (faults.length > 0) {
    throw invalid(faults);
  }
  return known;
}

function declaration(key: string, given: unknown, faults: ConfigFault[]): Declared | null {
  const fault = (part: string, expected: string): null => {
    faults.push({ path: part === "" ? key : `${key}.${part}`, expected });
    return null;
  };
  if (typeof given !== "object" || given === null) {
    return fault("", "a declaration");
  }
  if (Object.keys(given).some((part) => !PARTS.includes(part))) {
    return fault("", `no other parts than ${PARTS.join(", ")}`);
  }
  const { schema, secret = false, audit = "values" } = given as Partial<Declaration>;
  if (typeof schema?.["~standard"]?.validate !== "function") {
    return fault("schema", "a Standard Schema");
  }
  if (typeof secret !== "boolean") {
    return fault("secret", "true or false");
  }
  if (!AUDITS.includes(audit)) {
    return fault("audit", "values, hash or none");
  }
  const own = { schema, secret, audit };
  if (!Object.hasOwn(given, "default") || (given as Declaration).default === undefined) {
    return Object.freeze(own);
  }
  if (secret) {
    return fault("default", "nothing: a secret has none");
  }
  const value = defaultOf(schema, (given as Declaration).default);
  return value === null
    ? fault("default", "plain JSON that the schema takes")
    : Object.freeze({ ...own, default: value.value });
}

/** `null`: it is none. */
function defaultOf(schema: StandardSchemaV1, given: unknown): Rebuilt | null {
  try {
    const value = rebuilt(given);
    const answer = schema["~standard"].validate(JSON.parse(value.json));
    if ("then" in answer) {
      // It is not waited for; whatever becomes of it is nobody's.
      answer.then(undefined, () => {});
      return value;
    }
    return answer.issues === undefined ? value : null;
  } catch (error) {
    if (error instanceof Unfit) {
      return null;
    }
    throw error;
  }
}

function invalid(faults: readonly ConfigFault[]): ConfigError {
  return new ConfigError("config.invalid", { faults: Object.freeze([...faults]) });
}
