import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeStore, type OpenStore } from "@tenantry/conformance";
import { describeFaults } from "@tenantry/conformance/faults";
import { describeModel } from "@tenantry/conformance/model";
import { describeRaces, interposedPort, type SharedDatabase } from "@tenantry/conformance/races";
import { generate, StoreFault, Tenancy, type TenancyOptions } from "@tenantry/core";
import sqlite from "node-sqlite3-wasm";
import { afterAll, describe, expect, it, test } from "vitest";
import type { Sqlite } from "../src/database.ts";
import { createTables, readTables, SqliteTenancyStore, sqlitePort } from "../src/store.ts";

const folder = mkdtempSync(join(tmpdir(), "tenantry-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true }));

function openDatabase(file?: string): InstanceType<typeof sqlite.Database> {
  const database = new sqlite.Database(file);
  createTables(database);
  return database;
}

async function open(options: TenancyOptions): Promise<OpenStore> {
  const database = openDatabase();
  const store = new SqliteTenancyStore(database, options);
  return { store, tables: () => store.tables(), close: () => database.close() };
}

async function openShared(): Promise<SharedDatabase> {
  const database = openDatabase();
  return {
    connect: (options, interpose) => new Tenancy(interposedPort(sqlitePort(database), interpose), options),
    tables: () => readTables(database),
    close: () => database.close(),
  };
}

const errors = {
  contention: [() => new StoreFault("contention", { code: "unavailable.contention" })],
  unexpected: [() => new StoreFault("bug")],
};

describeStore({ name: "SQLite", describe, it, open });
describeModel({ name: "SQLite", describe, it, open, steps: 1000 });
describeRaces({ name: "SQLite", describe, it, openShared, trials: 4, calls: 400 });
describeFaults({ name: "SQLite", describe, it, openShared, errors });

describe("a file", () => {
  test("keeps what was committed when it is opened again", async () => {
    const file = join(folder, "kept.db");
    const first = openDatabase(file);
    const { org } = await new SqliteTenancyStore(first).createOrg({ creator: generate("usr"), slug: "kept" });
    first.close();
    const second = openDatabase(file);
    await expect(new SqliteTenancyStore(second).getOrg(org.id)).resolves.toEqual(org);
    second.close();
  });

  test("that somebody else writes to is waited for, and then it is contention", async () => {
    const file = join(folder, "shared.db");
    const [here, there] = [openDatabase(file), openDatabase(file)];
    const store = new SqliteTenancyStore(here);
    there.exec("begin immediate");
    await expect(store.createOrg(generate("usr"))).rejects.toMatchObject({ code: "unavailable.contention" });
    there.exec("rollback");
    await expect(store.createOrg(generate("usr"))).resolves.toMatchObject({ org: { version: 1 } });
    here.close();
    there.close();
  });

  test("that was closed is `unavailable.closed`, and what SQLite refuses otherwise is a defect", async () => {
    const database = openDatabase();
    const store = new SqliteTenancyStore(database);
    (database as Sqlite).exec("drop table tup");
    await expect(store.createOrg(generate("usr"))).rejects.toMatchObject({ code: "internal.unexpected" });
    database.close();
    await expect(store.getOrg(generate("org"))).rejects.toMatchObject({ code: "unavailable.closed" });
  });
});
