import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Group, generate, type Tenancy, type UsrId } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { openDatabase } from "@tenantry/testkit";
import type { CliConfig } from "../src/index.ts";
import type { SessionOptions } from "./session.ts";

/** What the stores of the tests keep. */
const GROUPS: readonly Group[] = ["placement", "domains", "settings", "lifecycle", "relay", "audit"];

export interface World {
  /** A folder with a configuration, and somebody who acts. */
  readonly session: SessionOptions;
  readonly actor: UsrId;
  /** The store behind, for what no command does. */
  readonly store: Tenancy;
  close(): Promise<void>;
}

/** What a configuration exports besides the store. */
export type PartsOf = (store: Tenancy) => CliConfig;
export type OpenWorld = (parts?: PartsOf) => Promise<World>;

const configurations = new Map<string, CliConfig>();
Object.assign(globalThis, { configurationOf: (folder: string) => configurations.get(folder) });

/** A file as an application would write it, but that its store lives in this process. */
function configured(on: string, config: CliConfig): { readonly actor: UsrId; readonly session: SessionOptions } {
  const cwd = mkdtempSync(join(tmpdir(), "tenantry-cli-"));
  configurations.set(cwd, config);
  const names = Object.keys(config).join(", ");
  writeFileSync(
    join(cwd, "tenantry.config.mjs"),
    `export const { ${names} } = globalThis.configurationOf(${JSON.stringify(cwd)});\n`,
  );
  const actor = generate("usr");
  return { actor, session: { cwd, on, env: { TENANTRY_ACTOR: actor } } };
}

/** A store in memory that keeps what commands need. */
export const onMemory: OpenWorld = async (parts = () => ({})) => {
  const store = new InMemoryTenancyStore({ groups: GROUPS });
  const { actor, session } = configured("memory", { store, migrate: async () => [], ...parts(store) });
  return { session, actor, store, close: async () => rmSync(session.cwd, { recursive: true }) };
};

/** The same on a database of its own. */
export function onPostgres(serverUrl: () => string): OpenWorld {
  return async (parts = () => ({})) => {
    const database = await openDatabase(serverUrl());
    const pool = database.pool();
    await migratePostgres(pool, { groups: GROUPS });
    const store = new PostgresTenancyStore(pool, { groups: GROUPS });
    const { actor, session } = configured("PostgreSQL", {
      store,
      migrate: (options) => migratePostgres(pool, options),
      ...parts(store),
    });
    return {
      session,
      actor,
      store,
      async close() {
        rmSync(session.cwd, { recursive: true });
        await database.close();
      },
    };
  };
}
