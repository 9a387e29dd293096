// The store as the command of the conformance kit takes it: `pnpm run conformance`.
import { interposedPort } from "@tenantry/conformance/races";
import { StoreFault, Tenancy } from "@tenantry/core";
import sqlite from "node-sqlite3-wasm";
import { createTables, readTables, SqliteTenancyStore, sqlitePort } from "./dist/store.js";

export const name = "SQLite";

/** A database in memory, with its tables. */
function openDatabase() {
  const database = new sqlite.Database();
  createTables(database);
  return database;
}

export async function open(options) {
  const database = openDatabase();
  const store = new SqliteTenancyStore(database, options);
  return { store, tables: () => store.tables(), close: () => database.close() };
}

export async function openShared() {
  const database = openDatabase();
  return {
    connect: (options, interpose) => new Tenancy(interposedPort(sqlitePort(database), interpose), options),
    tables: () => readTables(database),
    close: () => database.close(),
  };
}

// The database is in this process, so no connection is lost and nothing is ever in doubt.
export const driverErrors = {
  contention: [() => new StoreFault("contention", { code: "unavailable.contention" })],
  unexpected: [() => new StoreFault("bug")],
};
