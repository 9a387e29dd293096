import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pgDriver } from "../src/pg.ts";
import { rowIsolation } from "../src/row.ts";
import { drivers } from "./drivers.ts";
import { codeOf, makeTables, openTenants, openWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await makeTables(world);
});
afterAll(() => world.close());

test.each([false, true])(
  "10,000 runs of two tenants in turn on one connection, pipelined: %s",
  { timeout: 180_000 },
  async (pipeline) => {
    const { a, b, ofA, ofB } = await openTenants();
    const pool = new pg.Pool({ connectionString: world.urlAs(world.roles.app), max: 1, pipeline } as pg.PoolConfig);
    pool.on("error", () => {});
    const isolation = rowIsolation(pgDriver(pool));
    const select = { name: "own", text: "select distinct org_id::text as org from app.invoices" };
    for (const tenant of [a, b]) {
      await isolation.run(tenant, (tx) => tx.query("insert into app.invoices (number) values (1)"));
    }
    let foreign = 0;
    let unclean = 0;
    for (let round = 0; round < 10_000; round += 1) {
      const [tenant, own] = round % 2 === 0 ? [a, ofA] : [b, ofB];
      // One prepared statement, whose plan knows neither tenant.
      const { rows } = await isolation.run(tenant, (tx) => tx.query(select));
      foreign += rows.length === 1 && rows[0].org === own ? 0 : 1;
      switch (round % 50) {
        case 10:
          expect(await codeOf(() => isolation.run(tenant, (tx) => tx.query("select 1/0")))).toBe("22012");
          break;
        case 20: {
          const slow = isolation.run(tenant, (tx) => tx.query("select pg_sleep(60)"), { statementTimeoutMs: 1 });
          expect(await codeOf(() => slow)).toBe("57014");
          break;
        }
        case 30: {
          const controller = new AbortController();
          const given = isolation.run(
            tenant,
            async (tx) => {
              await tx.query("select 1");
              controller.abort(new RangeError("enough"));
              await new Promise(() => {});
            },
            { signal: controller.signal },
          );
          await expect(given).rejects.toThrow(RangeError);
          break;
        }
        case 40: {
          const lost = isolation.run(tenant, async (tx) => {
            await tx.query("insert into app.invoices (number) values (2)");
            await tx.query("select pg_terminate_backend(pg_backend_pid())");
          });
          await expect(lost).rejects.toThrow();
          break;
        }
      }
      if (round % 50 === 10 || round % 50 === 20 || round % 50 === 30 || round % 50 === 40) {
        const text = `select coalesce(current_setting('tenantry.org_id', true), '') as org, current_setting('role') as role,
        current_setting('search_path') as path, (select count(*)::int from app.invoices) as n`;
        const { rows: found } = await pool.query(text);
        const [probe] = found;
        unclean +=
          probe.org === "" && probe.role === "none" && probe.path === '"$user", public' && probe.n === 0 ? 0 : 1;
      }
    }
    expect({ foreign, unclean }).toEqual({ foreign: 0, unclean: 0 });
    expect(pool.totalCount).toBe(1);
    await pool.end();
  },
);

// 10,000 with SOAK, as on pg above.
const ROUNDS = process.env["SOAK"] === undefined ? 600 : 10_000;
const PROBE = `select coalesce(current_setting('tenantry.org_id', true), '') as org, current_setting('role') as role,
  current_setting('search_path') as path, (select count(*)::text from app.invoices) as n`;

test.each(Object.entries(drivers).filter(([name]) => !name.startsWith("pg")))(
  `${ROUNDS} runs of two tenants in turn on one connection of %s`,
  { timeout: 600_000 },
  async (_, open) => {
    const { a, b, ofA, ofB } = await openTenants();
    const { driver, close } = open(world.urlAs(world.roles.app));
    const isolation = rowIsolation(driver);
    const sql = (tx: unknown, text: string) => driver.send(tx, { text, values: [] });
    for (const tenant of [a, b]) {
      await isolation.run(tenant, (tx) =>
        driver.send(tx, { text: "insert into app.invoices (number) values (1)", values: [] }),
      );
    }
    const wrong: unknown[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const [tenant, own] = round % 2 === 0 ? [a, ofA] : [b, ofB];
      const seen = await isolation.run(tenant, (tx) =>
        sql(tx, "select distinct org_id::text as org from app.invoices"),
      );
      if (JSON.stringify(seen) !== JSON.stringify([{ org: own }])) {
        wrong.push([round, seen]);
      }
      switch (round % 50) {
        case 10:
          expect(await codeOf(() => isolation.run(tenant, (tx) => sql(tx, "select 1/0")))).toBe("22012");
          break;
        case 20: {
          const slow = isolation.run(tenant, (tx) => sql(tx, "select pg_sleep(60)"), { statementTimeoutMs: 1 });
          // What lets the tenant in may be too slow already.
          expect(await codeOf(() => slow)).toMatch(/^(57014|unavailable.timeout)$/);
          break;
        }
        case 30: {
          const controller = new AbortController();
          const given = isolation.run(
            tenant,
            async (tx) => {
              await sql(tx, "select 1");
              controller.abort(new RangeError("enough"));
              await new Promise(() => {});
            },
            { signal: controller.signal },
          );
          await expect(given).rejects.toThrow(RangeError);
          break;
        }
        case 40:
          await isolation
            .run(tenant, async (tx) => {
              await sql(tx, "insert into app.invoices (number) values (2)");
              await sql(tx, "select pg_terminate_backend(pg_backend_pid())");
            })
            .then(
              () => wrong.push([round, "an ended session was committed"]),
              () => {},
            );
          break;
      }
      if (round % 10 === 0) {
        const probe = { readOnly: false, entry: [], signal: null };
        const [found] = await driver.transaction(probe, (tx) => sql(tx, PROBE));
        if (JSON.stringify(found) !== JSON.stringify({ org: "", role: "none", path: '"$user", public', n: "0" })) {
          wrong.push([round, found]);
        }
      }
    }
    expect(wrong).toEqual([]);
    await close();
  },
);
