import type { DomainDirectory } from "@tenantry/context/domains";
import { ConfigError, type Group, type Tenancy } from "@tenantry/core";
import type { Relay } from "@tenantry/events/relay";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { migratedGroups, pgExecutor } from "@tenantry/store-sql";
import pg from "pg";
import type { AnySettings } from "./any-settings.ts";
import { type CliConfig, type Lifecycle, loadConfigFile, type MigrateRequest, made, type Part } from "./config.ts";
import type { Io } from "./io.ts";
import { type IsolationParts, isolationFaults } from "./isolation-parts.ts";
import { CliError } from "./problem.ts";

/** What the application brought, each part made when a command first asks for it. */
export interface Host {
  store(): Promise<Tenancy>;
  /** Whether a configuration brings a part. */
  has(key: "settings" | "lifecycle" | "isolation"): boolean;
  settings(): Promise<AnySettings>;
  domains(): Promise<Pick<DomainDirectory, "add" | "verify" | "list" | "remove">>;
  lifecycle(): Promise<Lifecycle>;
  relays(): Promise<Readonly<Record<string, Relay>>>;
  /** With a `query` also where the configuration brings none, but a `DATABASE_URL` is there. */
  isolation(): Promise<IsolationParts>;
  /** Applies migrations of these groups, or of those that the store keeps. */
  migrate(request: { readonly groups: readonly Group[] | null; readonly dryRun: boolean }): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** The host of a configuration file, or of `DATABASE_URL` alone. */
export async function hostOf(io: Io, file: string | undefined): Promise<Host> {
  const { config, file: name } = await loadConfigFile(io, file);
  const pool = once(() => openPool(io));
  const store = once(async (): Promise<Tenancy> => {
    if (config.store !== undefined) {
      return await made("store", config.store);
    }
    return new PostgresTenancyStore(await pool(), { groups: await migratedGroups(pgExecutor(await pool())) });
  });
  const apply = async (request: MigrateRequest): Promise<readonly string[]> => {
    if (config.migrate !== undefined) {
      return await config.migrate(request);
    }
    if (config.store !== undefined) {
      // What DATABASE_URL names need not be the database of the store.
      throw new CliError("cli.config", `${name} exports a store and no function migrate.`);
    }
    return await migratePostgres(await pool(), request);
  };
  const brought = <K extends keyof CliConfig, T>(key: K, part: Part<T> | undefined): (() => Promise<T>) =>
    once(async () => {
      if (part === undefined) {
        throw new CliError("cli.config", `This needs a configuration that exports ${key}.`);
      }
      return await made(key, part);
    });
  const isolation = brought("isolation", config.isolation);
  return {
    store,
    has: (key) => config[key] !== undefined,
    settings: brought("settings", config.settings),
    domains: brought("domains", config.domains),
    lifecycle: brought("lifecycle", config.lifecycle),
    relays: brought("relays", config.relays),
    isolation: once(async () => {
      const parts = await isolation();
      const faults = isolationFaults(parts);
      if (faults.length > 0) {
        throw new ConfigError("config.invalid", { faults });
      }
      const { query = async (text, values) => (await (await pool()).query(text, [...values])).rows } = parts;
      return { ...parts, query };
    }),
    async migrate({ groups, dryRun }) {
      return await apply({ groups: groups ?? (await store()).capabilities.groups ?? [], dryRun });
    },
    async close() {
      await config.close?.();
      await pool.ifMade(async (opened) => (await opened).end());
    },
  };
}

async function openPool({ env }: Io): Promise<pg.Pool> {
  const connectionString = env["DATABASE_URL"];
  if (connectionString === undefined || connectionString === "") {
    throw new CliError("cli.config", "There is neither a configuration that exports a store nor a DATABASE_URL.");
  }
  const pool = new pg.Pool({ connectionString, max: 4, connectionTimeoutMillis: 10_000 });
  // A connection that dies while it is idle: whoever needs one next hears of it.
  pool.on("error", () => {});
  return pool;
}

interface Once<T> {
  (): Promise<T>;
  ifMade(use: (value: Promise<T>) => Promise<void>): Promise<void>;
}

function once<T>(make: () => Promise<T>): Once<T> {
  let value: Promise<T> | undefined;
  const get = (): Promise<T> => {
    value ??= make();
    return value;
  };
  return Object.assign(get, {
    ifMade: async (use: (made: Promise<T>) => Promise<void>) => (value === undefined ? undefined : await use(value)),
  });
}
