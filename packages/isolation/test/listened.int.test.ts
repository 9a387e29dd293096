import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { expect, inject, test } from "vitest";
import { drizzleDriver } from "../src/drizzle.ts";
import { listened } from "../src/pg.ts";
import { rowIsolation } from "../src/row.ts";
import { openTenants } from "./world.ts";

test("a connection that is lost between being lent and BEGIN leaves the pool, although Drizzle never gives it back", async () => {
  const { a } = await openTenants();
  const pool = listened(
    new pg.Pool({ connectionString: inject("databaseUrl"), max: 1, connectionTimeoutMillis: 5_000 }),
  );
  const lose = (client: pg.PoolClient): void => {
    pool.off("acquire", lose);
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  };
  const isolation = rowIsolation(drizzleDriver(drizzle(pool)));
  for (let round = 0; round < 3; round += 1) {
    pool.on("acquire", lose);
    expect(await isolation.run(a, async () => round)).toBe(round);
  }
  expect(pool.totalCount).toBe(1);
  await pool.end();
});

test("a connection that the pool closes itself is given back once", async () => {
  const pool = listened(new pg.Pool({ connectionString: inject("databaseUrl"), max: 1, maxUses: 1 }));
  for (const number of [1, 2, 3]) {
    expect((await pool.query("select $1::int as n", [number])).rows).toEqual([{ n: number }]);
  }
  await pool.end();
  expect(pool.totalCount).toBe(0);
});

test("a session that ends while nobody uses it ends nothing else", async () => {
  const pool = listened(new pg.Pool({ connectionString: inject("databaseUrl"), max: 1 }));
  const other = new pg.Client({ connectionString: inject("databaseUrl") });
  await other.connect();
  const { rows } = await pool.query("select pg_backend_pid() as pid");
  const gone = new Promise((resolve) => pool.once("remove", resolve));
  await other.query("select pg_terminate_backend($1)", [rows[0].pid]);
  await gone;
  expect((await pool.query("select 1 as n")).rows).toEqual([{ n: 1 }]);
  await Promise.all([pool.end(), other.end()]);
});
