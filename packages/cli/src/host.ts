import type { Group, Tenancy } from "@tenantry/core";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { migratedGroups, pgExecutor } from "@tenantry/store-sql";
import pg from "pg";
import type { AnySettings } from "./any-settings.ts";
import { type CliConfig, loadConfigFile, type MigrateRequest, made, type Part } from "./config.ts";
import type { Io } from "./io.ts";
import { CliError } from "./problem.ts";

/** What the application brought, each part made when a command first asks for it. */
export interface Host {
  store(): Promise<Tenancy>;
  settings(): Promise<AnySettings>;
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
  return {
    store,
    settings: brought("settings", config.settings),
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
