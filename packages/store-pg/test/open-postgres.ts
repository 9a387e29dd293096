import { type OpenDatabase, openDatabase } from "@tenantry/testkit";
import { inject } from "vitest";
import { migratePostgres } from "../src/pg.ts";

export type OpenPostgres = OpenDatabase;

/** A migrated database of its own on the server of this run. */
export async function openPostgres(): Promise<OpenPostgres> {
  const database = await openDatabase(inject("databaseUrl"));
  await migratePostgres(database.pool());
  return database;
}
