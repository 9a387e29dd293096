import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { DomainDirectory } from "@tenantry/context/domains";
import { ConfigError, type Group, type Tenancy } from "@tenantry/core";
import type { Relay } from "@tenantry/events/relay";
import type { TenantLifecycleService } from "@tenantry/lifecycle";
import type { AnySettings } from "./any-settings.ts";
import type { Io } from "./io.ts";
import type { IsolationParts } from "./isolation-parts.ts";
import { CliError } from "./problem.ts";

/** A part of a configuration: the object itself, or a function that makes it once it is needed. */
export type Part<T> = T | (() => T | Promise<T>);

/** What `migrate` of a configuration is asked. */
export interface MigrateRequest {
  readonly groups: readonly Group[];
  /** Answer the names of what would be applied, and write nothing. */
  readonly dryRun: boolean;
}

/** What the file `tenantry.config.js` exports, by these names. Everything may be left out that no command asks for. */
export interface CliConfig {
  /** The store, with the application's own options. Default: one on `pg` at `DATABASE_URL`. */
  readonly store?: Part<Tenancy>;
  /**
   * Applies migrations and answers their names: `(options) => migratePostgres(pool, options)`, or that of another driver.
   * Default, where `store` is left out too: on `pg` at `DATABASE_URL`.
   */
  readonly migrate?: (request: MigrateRequest) => Promise<readonly string[]>;
  /** A `TenantSettings` of `@tenantry/settings`, with the application's declarations. */
  readonly settings?: Part<AnySettings>;
  /** A `DomainDirectory` of `@tenantry/context/domains`. */
  readonly domains?: Part<Pick<DomainDirectory, "add" | "verify" | "list" | "remove">>;
  /** A `TenantLifecycleService` of `@tenantry/lifecycle`. With it organizations are created and revoked through it. */
  readonly lifecycle?: Part<Lifecycle>;
  /** Relays of `@tenantry/events/relay`, by the names that are typed for them. */
  readonly relays?: Part<Readonly<Record<string, Relay>>>;
  /** What keeps the rows of tenants apart. */
  readonly isolation?: Part<IsolationParts>;
  /** Called at the end, whatever happened: close pools here, or leave it to the end of the process. */
  readonly close?: () => unknown;
}

export type Lifecycle = Pick<
  TenantLifecycleService,
  "createTenant" | "getTenant" | "deleteTenant" | "restoreTenant" | "revokeTenant" | "runDue"
>;

type Key = keyof CliConfig;
const FILES = ["tenantry.config.js", "tenantry.config.mjs"];

/** What each export must look like: an object with these methods (or a function that makes one), or a function. */
const shapes: { readonly [K in Key]-?: readonly string[] | "function" } = {
  store: ["createOrg", "getOrg", "listOrgs", "listEvents"],
  migrate: "function",
  settings: ["isSecret", "get", "set", "unset", "effective", "rewrap", "check"],
  domains: ["add", "verify", "list", "remove"],
  lifecycle: ["createTenant", "getTenant", "deleteTenant", "restoreTenant", "revokeTenant", "runDue"],
  relays: [],
  isolation: [],
  close: "function",
};

/** The configuration, and the name of the file that it is from; `null`: there is none. */
export interface LoadedConfig {
  readonly config: CliConfig;
  readonly file: string | null;
}

/** Loads a file, or the one that lies in the folder. Throws `cli.config`, `ConfigError` `config.invalid`. */
export async function loadConfigFile(io: Io, asked: string | undefined): Promise<LoadedConfig> {
  const file = asked ?? FILES.find((name) => existsSync(join(io.cwd, name)));
  if (file === undefined) {
    return { config: {}, file: null };
  }
  const path = isAbsolute(file) ? file : join(io.cwd, file);
  if (!existsSync(path)) {
    throw new CliError("cli.config", `There is no file ${file}.`);
  }
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await import(pathToFileURL(path).href);
  } catch (error) {
    const said = error instanceof Error ? `${error.name}: ${error.message.split("\n", 1)[0]}` : typeof error;
    throw new CliError("cli.config", `${file} cannot be loaded: ${withoutSecrets(said, io.env)}`);
  }
  // A part that an application does without may be `null`, as that of `createTenantry`.
  const given = Object.fromEntries(Object.entries(exported).filter(([, value]) => value !== null));
  const faults = Object.entries(given).flatMap(([key, value]) => {
    if (!isKey(key)) {
      return [{ path: key, expected: `one of ${Object.keys(shapes).join(", ")}, as named exports` }];
    }
    const shape = shapes[key];
    const isRight = typeof value === "function" || (shape !== "function" && hasMethods(value, shape));
    return isRight ? [] : [{ path: key, expected: expectationOf(key) }];
  });
  if (faults.length > 0) {
    throw new ConfigError("config.invalid", { faults });
  }
  return { config: given as CliConfig, file };
}

/** The object that a part is or makes. Throws `ConfigError` `config.invalid` where a function made something else. */
export async function made<K extends Key, T>(key: K, part: Part<T>): Promise<T> {
  const value = typeof part === "function" ? await (part as () => T | Promise<T>)() : part;
  const shape = shapes[key];
  if (shape !== "function" && !hasMethods(value, shape)) {
    throw new ConfigError("config.invalid", { faults: [{ path: `${key}()`, expected: expectationOf(key) }] });
  }
  return value;
}

function isKey(key: string): key is Key {
  return Object.hasOwn(shapes, key);
}

function expectationOf(key: Key): string {
  const shape = shapes[key];
  if (shape === "function") {
    return "a function";
  }
  return `an object${shape.length === 0 ? "" : ` with ${shape.join(", ")}`}, or a function that makes one`;
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    names.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === "function")
  );
}

/** A password as a driver has it: in a URL it is escaped. */
function meant(password: string): string {
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}

const SECRET = /url|uri|dsn|key|secret|token|password|credential/i;

/** What a file of the host's threw may quote a connection string, or anything else that the environment keeps secret. */
function withoutSecrets(text: string, env: Io["env"]): string {
  const secrets = Object.entries(env).flatMap(([name, value = ""]) => {
    const written = [...value.matchAll(/:\/\/[^:/@\s]*:([^@\s]+)@/g)].map(([, password]) => password ?? "");
    const passwords = written.flatMap((password) => [password, meant(password)]);
    return SECRET.test(name) ? [value, ...passwords] : passwords;
  });
  // The longest first: one may be a part of another.
  return secrets
    .filter((secret) => secret.length >= 4)
    .sort((a, b) => b.length - a.length)
    .reduce((safe, secret) => safe.replaceAll(secret, "[redacted]"), text);
}
