import { generate, isTenancyError, type OrgId, type Resolution, type TenancyStore } from "@tenantry/core";
import { PostgresTenancyStore } from "@tenantry/store-pg";
import { PostgresJsTenancyStore } from "@tenantry/store-pg/postgres-js";
import pg from "pg";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from "vitest";
import { openPostgresArena, type PostgresArena } from "../src/postgres-arena.ts";
import { type CuttingProxy, type Place, startCuttingProxy } from "../src/wire/cutting-proxy.ts";

// W9 and W10: transactions of several statements, cut before BEGIN, between statements, and at COMMIT.

vi.setConfig({ testTimeout: 60_000 });

interface Connection {
  /** Adds a member inside a transaction that is opened and committed through the proxy. */
  add(orgId: OrgId): Promise<unknown>;
  end(): Promise<unknown>;
}

function connect(driver: string, url: string, schema: string): Connection {
  const add = (inner: TenancyStore, orgId: OrgId): Promise<unknown> =>
    inner.addMember({ orgId, usrId: generate("usr"), role: "member" });
  if (driver === "pg") {
    const pool = new pg.Pool({ connectionString: url, max: 2 });
    pool.on("error", () => {});
    const store = new PostgresTenancyStore(pool, { schema });
    return { add: (orgId) => store.withTransaction((_, inner) => add(inner, orgId)), end: () => pool.end() };
  }
  const sql = postgres(url, { max: 2, onnotice() {}, fetch_types: false });
  const store = new PostgresJsTenancyStore(sql, { schema });
  return { add: (orgId) => store.withTransaction((_, inner) => add(inner, orgId)), end: () => sql.end({ timeout: 0 }) };
}

const begin = (text: string): boolean => /^\s*begin/i.test(text);
const savepoint = (text: string): boolean => /^\s*savepoint/i.test(text);
const statement = (text: string): boolean => text.includes("go as materialized");
const end = (text: string): boolean => /^\s*commit/i.test(text);

describe.each(["pg", "postgres.js"])("%s", (driver) => {
  let arena: PostgresArena;
  let proxy: CuttingProxy;
  let database: Awaited<ReturnType<PostgresArena["open"]>>;
  let connection: Connection;
  let orgId: OrgId;
  beforeAll(async () => {
    arena = await openPostgresArena(inject("databaseUrl"), { driver: "pg" });
    proxy = await startCuttingProxy(arena.url);
  });
  beforeEach(async () => {
    database = await arena.open();
    connection = connect(driver, proxy.url, arena.schemaOf(database));
    orgId = (await (await database.connect({})).createOrg(generate("usr"))).org.id;
    await connection.add(orgId);
  });
  afterEach(async () => {
    await connection.end();
    await database.close();
  });
  afterAll(async () => {
    await proxy.close();
    await arena.close();
  });

  async function members(): Promise<number> {
    return (await database.tables()).mem.length;
  }

  const definite: readonly (readonly [name: string, at: (text: string) => boolean, place: Place])[] = [
    ["before BEGIN", begin, "before"],
    ["behind BEGIN", begin, "no answer"],
    ["before the savepoint", savepoint, "before"],
    ["before the statement", statement, "before"],
    ["behind the statement", statement, "no answer"],
  ];
  test.each(definite)("W9: a cut %s is definite: nothing is written", async (_, at, place) => {
    proxy.arm({ at, place, how: "rst" });
    const error = await connection.add(orgId).catch((thrown: unknown) => thrown);
    expect(proxy.hasCut()).toBe(true);
    expect(isTenancyError(error, "unavailable.*")).toBe(true);
    expect(await members()).toBe(2);
    await connection.add(orgId);
    expect(await members()).toBe(3);
  });

  async function unknown(): Promise<() => Promise<Resolution>> {
    const error = await connection.add(orgId).catch((thrown: unknown) => thrown);
    expect(proxy.hasCut()).toBe(true);
    expect(isTenancyError(error, "indeterminate.commit")).toBe(true);
    return (error as { readonly resolve: () => Promise<Resolution> }).resolve;
  }

  test.each([
    ["swallowed", "before", false],
    ["carried out, and its answer lost", "no answer", true],
  ] as const)("W10: a COMMIT that is %s can be resolved", async (_, place, isCommitted) => {
    proxy.arm({ at: end, place, how: "rst" });
    const resolve = await unknown();
    expect((await resolve()).committed).toBe(isCommitted);
    expect(await members()).toBe(isCommitted ? 3 : 2);
  });

  test.each(["release", "drop"] as const)("W10: a COMMIT that is held is open until it arrives: %s", async (what) => {
    proxy.arm({ at: end, place: "held", how: "rst" });
    const resolve = await unknown();
    await expect(resolve()).rejects.toMatchObject({ code: "unavailable.contention", retryable: true });
    await proxy.held()[what]();
    expect((await resolve()).committed).toBe(what === "release");
    expect(await members()).toBe(what === "release" ? 3 : 2);
  });
});
