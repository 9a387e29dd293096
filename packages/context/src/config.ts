import { ConfigError, type ConfigFault } from "@tenantry/core";
import * as v from "valibot";
import { frozen } from "./frozen.ts";
import { isHostname } from "./host.ts";
import { isPathPattern } from "./resolvers/path.ts";

const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
const LONGEST = 253;

const flag: v.GenericSchema<unknown, boolean> = v.boolean("true or false");
const count = (least: number): v.GenericSchema<unknown, number> =>
  v.pipe(
    v.number("an integer"),
    v.safeInteger("an integer"),
    v.minValue(least, `an integer of at least ${least}`),
    v.maxValue(2_147_483_647, "an integer of 31 bits"),
  );
const words = (expected: string): v.GenericSchema<unknown, readonly string[]> =>
  v.pipe(v.array(v.pipe(v.string(expected), v.minLength(1, expected)), `a list of ${expected}`), v.readonly());
const hosts: v.GenericSchema<unknown, readonly string[]> = v.pipe(
  v.array(
    v.pipe(
      v.string("a host name"),
      v.check((text) => text.length <= LONGEST && isHostname(text), "a host name in lower case, without port"),
    ),
    "a list of host names",
  ),
  v.readonly(),
);

/** How requests name tenants. */
export interface ResolutionConfig {
  /** Names of resolvers. Default: `jwt`, `header`, `path`, and `subdomain` once there is a base domain. */
  readonly resolvers: readonly string[];
  readonly headerName: string;
  /** A path with one `{tenant_id}`. */
  readonly pathPattern: string;
  readonly claimKey: string;
  /** What a claim may hold. */
  readonly claimAccept: readonly ("id" | "slug")[];
  readonly baseDomains: readonly string[];
  readonly neutralHosts: readonly string[];
  /** How many proxies in front say which host they were asked for; 0: what they say is ignored. */
  readonly trustProxy: number;
  readonly validatorTtlSeconds: number;
  readonly negativeTtlSeconds: number;
  readonly maxEntries: number;
}

export interface LifecycleConfig {
  readonly strategy: "row" | "schema" | "database";
  readonly autoProvision: boolean;
  readonly graceDays: number;
}

export interface SettingsConfig {
  readonly cacheTtlSeconds: number;
}

export interface IntegrationConfig {
  readonly cacheKeyPrefix: boolean;
  readonly sqlContext: boolean;
}

/** The whole configuration. There are no secrets in it. */
export interface ResolvedConfig {
  readonly resolution: ResolutionConfig;
  readonly lifecycle: LifecycleConfig;
  readonly settings: SettingsConfig;
  readonly integration: IntegrationConfig;
}

type Section = keyof ResolvedConfig;

/** The same with everything optional. */
export type TenancyConfig = { readonly [S in Section]?: Partial<ResolvedConfig[S]> };

const sections: {
  readonly [S in Section]: { readonly [K in keyof ResolvedConfig[S]]: v.GenericSchema<unknown, ResolvedConfig[S][K]> };
} = {
  resolution: {
    resolvers: words("names of resolvers"),
    headerName: v.pipe(v.string("the name of a header"), v.regex(HEADER, "the name of a header")),
    pathPattern: v.pipe(
      v.string("a path"),
      v.check(isPathPattern, "a path with one {tenant_id} at the end of a segment"),
    ),
    claimKey: v.pipe(v.string("the name of a claim"), v.minLength(1, "the name of a claim")),
    claimAccept: v.pipe(
      v.array(v.picklist(["id", "slug"], 'of "id" and "slug"'), 'a list of "id" and "slug"'),
      v.minLength(1, 'a list of "id" and "slug"'),
      v.readonly(),
    ),
    baseDomains: hosts,
    neutralHosts: hosts,
    trustProxy: count(0),
    validatorTtlSeconds: count(0),
    negativeTtlSeconds: count(0),
    maxEntries: count(1),
  },
  lifecycle: {
    strategy: v.picklist(["row", "schema", "database"], '"row", "schema" or "database"'),
    autoProvision: flag,
    graceDays: count(0),
  },
  settings: { cacheTtlSeconds: count(0) },
  integration: { cacheKeyPrefix: flag, sqlContext: flag },
};

const defaults: { readonly [S in Section]: Readonly<Record<string, unknown>> } = {
  resolution: {
    headerName: "x-tenant-id",
    pathPattern: "/tenants/{tenant_id}/",
    claimKey: "tenant_id",
    claimAccept: ["id"],
    baseDomains: [],
    neutralHosts: [],
    trustProxy: 0,
    validatorTtlSeconds: 300,
    negativeTtlSeconds: 30,
    maxEntries: 10_000,
  },
  lifecycle: { strategy: "row", autoProvision: true, graceDays: 30 },
  settings: { cacheTtlSeconds: 60 },
  integration: { cacheKeyPrefix: true, sqlContext: true },
};
const PREFIX = "TENANTRY_";
/** Variables of the environment that are read elsewhere. */
const ELSEWHERE: ReadonlySet<string> = new Set(["TENANTRY_ACTOR"]);

/**
 * The configuration: the environment over what is given over the defaults, checked as a whole and frozen. A variable is
 * named like `TENANTRY_RESOLUTION__HEADER_NAME`; lists, numbers and flags are JSON. Throws one `ConfigError`
 * `config.invalid` that lists every fault by its path, unknown keys and variables among them, and never a value.
 */
export function loadConfig(
  input: TenancyConfig = {},
  env: Readonly<Record<string, string | undefined>> = {},
): ResolvedConfig {
  const faults: ConfigFault[] = [];
  const given = merged(input, overrides(env, faults), faults);
  const resolved = Object.fromEntries(
    Object.entries(sections).map(([name, schemas]) => [
      name,
      checked(name, schemas, given.get(name) ?? new Map(), faults),
    ]),
  );
  if (faults.length === 0) {
    contradictions(resolved["resolution"] as unknown as ResolutionConfig, faults);
  }
  if (faults.length > 0) {
    throw new ConfigError("config.invalid", { faults: frozen(faults) });
  }
  return frozen(resolved) as unknown as ResolvedConfig;
}

type Given = Map<string, Map<string, { readonly value: unknown; readonly path: string }>>;

/** What is given, section by section: own properties only. */
function merged(input: unknown, over: Given, faults: ConfigFault[]): Given {
  const all: Given = new Map();
  for (const [name, section] of entries(input, "", faults)) {
    if (!Object.hasOwn(sections, name)) {
      faults.push({ path: name, expected: `one of ${Object.keys(sections).join(", ")}` });
    } else if (section !== undefined) {
      const values = entries(section, name, faults).filter(([, value]) => value !== undefined);
      all.set(name, new Map(values.map(([key, value]) => [key, { value, path: `${name}.${key}` }])));
    }
  }
  for (const [name, values] of over) {
    all.set(name, new Map([...(all.get(name) ?? []), ...values]));
  }
  return all;
}

function entries(value: unknown, path: string, faults: ConfigFault[]): [string, unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    faults.push({ path, expected: "an object" });
    return [];
  }
  return Object.entries(value);
}

function checked(
  section: string,
  schemas: Readonly<Record<string, v.GenericSchema>>,
  given: ReadonlyMap<string, { readonly value: unknown; readonly path: string }>,
  faults: ConfigFault[],
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = { ...defaults[section as Section] };
  for (const [key, { value, path }] of given) {
    const schema = Object.hasOwn(schemas, key) ? schemas[key] : undefined;
    if (schema === undefined) {
      faults.push({ path, expected: `one of ${Object.keys(schemas).join(", ")}` });
      continue;
    }
    const { success, output, issues } = v.safeParse(schema, value);
    if (success) {
      values[key] = output;
    } else {
      faults.push(...issues.map((issue) => ({ path: placeOf(path, issue), expected: issue.message })));
    }
  }
  if (section === "resolution" && !given.has("resolvers")) {
    const bases = values["baseDomains"];
    const hasBase = Array.isArray(bases) && bases.length > 0;
    values["resolvers"] = ["jwt", "header", ...(hasBase ? ["subdomain"] : []), "path"];
  }
  return values;
}

/** Where in a list a fault is. */
function placeOf(path: string, { path: within }: v.BaseIssue<unknown>): string {
  return [path, ...(within ?? []).map(({ key }) => String(key))].join(".");
}

function contradictions({ resolvers, baseDomains, neutralHosts }: ResolutionConfig, faults: ConfigFault[]): void {
  if (resolvers.includes("subdomain") && baseDomains.length === 0) {
    faults.push({ path: "resolution.baseDomains", expected: "a base domain, which the resolver subdomain needs" });
  }
  if (neutralHosts.some((host) => baseDomains.includes(host))) {
    faults.push({ path: "resolution.neutralHosts", expected: "hosts that are not base domains" });
  }
}

function overrides(env: Readonly<Record<string, string | undefined>>, faults: ConfigFault[]): Given {
  const over: Given = new Map();
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || text === undefined || ELSEWHERE.has(variable)) {
      continue;
    }
    const place = places.get(variable);
    if (place === undefined) {
      faults.push({ path: variable, expected: "a variable that exists" });
      continue;
    }
    const { section, key } = place;
    const value = typeof exampleOf(section, key) === "string" ? text : fromJson(text);
    over.set(section, new Map([...(over.get(section) ?? []), [key, { value, path: variable }]]));
  }
  return over;
}

/** Every variable and what it sets. */
const places: ReadonlyMap<string, { readonly section: Section; readonly key: string }> = new Map(
  (Object.keys(sections) as Section[]).flatMap((section) =>
    Object.keys(sections[section]).map((key) => [`${PREFIX}${shouted(section)}__${shouted(key)}`, { section, key }]),
  ),
);

/** The names of all variables that `loadConfig` reads. */
export const CONFIG_VARIABLES: readonly string[] = Object.freeze([...places.keys()]);

function exampleOf(section: Section, key: string): unknown {
  return defaults[section][key];
}

function shouted(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** What is no JSON is no list, number or flag, and is refused as the text that it is. */
function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
