import { PGlite } from "@electric-sql/pglite";
import type { Interpose, SharedDatabase } from "@tenantry/conformance/races";
import type { TenancyOptions } from "@tenantry/core";
import { migratePglite, pgliteExecutor } from "@tenantry/store-pg/pglite";
import { readTables, SqlTenancyStore } from "@tenantry/store-sql";
import type { Arena } from "./arena.ts";
import { durationsOf, timed } from "./durations.ts";
import { noteServer } from "./effort.ts";
import { interposedExecutor } from "./executor.ts";
import { Schemas } from "./schemas.ts";

/** The embedded PostgreSQL: one session, which all instances share. */
export async function openPgliteArena(): Promise<Arena> {
  const database = new PGlite();
  const { rows } = await database.query<{ readonly server_version: string }>("show server_version");
  noteServer("PGlite", rows[0]?.server_version ?? "");
  const executor = pgliteExecutor(database);
  const schemas = new Schemas(
    (schema) => migratePglite(database, { schema }),
    (text) => database.query(text),
  );
  return {
    async open(): Promise<SharedDatabase> {
      const schema = await schemas.take();
      return {
        connect: (options: TenancyOptions, interpose?: Interpose) =>
          timed(
            new SqlTenancyStore(
              { executor: interposedExecutor(executor, interpose), concurrentSessions: false, hostTransactions: true },
              { ...options, schema },
            ),
            durationsOf("PGlite"),
          ),
        tables: () => readTables(executor, { schema }),
        close: () => schemas.giveBack(schema),
      };
    },
    close: () => database.close(),
  };
}
