import type { ActiveTenant } from "@tenantry/context";
import { type Pooler, poolerMissing, startPooler } from "@tenantry/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Row, TenantDriver } from "../src/driver.ts";
import { rowIsolation } from "../src/row.ts";
import type { Isolation, IsolationStrategy } from "../src/strategy.ts";
import { type DriverOptions, drivers, type OpenDriver } from "./drivers.ts";
import { codeOf, makeTables, openTenants, openWorld, type Tenants, type World } from "./world.ts";

let world: World;
let tenants: Tenants;
beforeAll(async () => {
  world = await openWorld();
  tenants = await openTenants();
  await makeTables(world);
  // A commit that ends its own session, where a row asks for it.
  await world.root.query(`
    create table app.doomed (org_id uuid);
    grant insert on app.doomed to public;
    create function app.doom() returns trigger language plpgsql security definer as
      'begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); return null; end';
    create constraint trigger doom after insert on app.doomed deferrable initially deferred for each row execute function app.doom();
    create table app.unique_late (n int unique deferrable initially deferred);
    grant insert on app.unique_late to public;`);
});
afterAll(() => world.close());
beforeEach(() => world.root.query("truncate app.lines, app.invoices"));

const PROBE = `select coalesce(current_setting('tenantry.org_id', true), '') as org, current_user as who,
  current_setting('search_path') as path, current_setting('role') as role,
  current_setting('statement_timeout') as timeout, pg_current_xact_id_if_assigned()::text as xact`;

const missing = poolerMissing();

describe.each([false, true])("through a pooler: %s", (isPooled) => {
  describe.skipIf(isPooled && missing !== null).each(Object.entries(drivers))(
    `runs on %s${isPooled ? (missing ?? "") : ""}`,
    (name, open) => suite(name, open, isPooled),
  );
});

function suite(name: string, open: (url: string, options?: DriverOptions) => OpenDriver, isPooled: boolean): void {
  let pooler: Pooler | null = null;
  let opened: OpenDriver;
  let driver: TenantDriver<unknown>;
  let isolation: Isolation<unknown> & IsolationStrategy<unknown>;
  beforeAll(async () => {
    const url = world.urlAs(world.roles.app);
    // One connection to the server, so that whoever comes next has the one of whoever came before.
    pooler = isPooled ? await startPooler(url, { mode: "transaction", roles: [world.roles.app] }) : null;
    opened = pooler === null ? open(url) : open(pooler.through(url), { prepare: false });
    driver = opened.driver;
    isolation = rowIsolation(driver);
  });
  afterAll(async () => {
    await opened.close();
    await pooler?.stop();
  });

  const sql = (tx: unknown, text: string, values: readonly (string | null)[] = []): Promise<readonly Row[]> =>
    driver.send(tx, { text, values });
  const insert = (tx: unknown, number: number): Promise<unknown> =>
    sql(tx, "insert into app.invoices (number) values ($1::int)", [String(number)]);
  const numbers = async (): Promise<unknown[]> =>
    (await world.root.query("select number from app.invoices order by 1")).rows.map(({ number }) => number);
  /** What somebody finds who comes next on the same connection, outside of any run. */
  const probe = (): Promise<Row | undefined> =>
    driver.transaction({ readOnly: false, entry: [], signal: null }, async (tx) => (await sql(tx, PROBE))[0]);
  const expectClean = async (): Promise<void> => {
    expect(await probe()).toEqual({
      org: "",
      who: world.roles.app,
      path: '"$user", public',
      role: "none",
      timeout: "0",
      xact: null,
    });
  };
  const seen = (tenant: ActiveTenant): Promise<readonly Row[]> =>
    isolation.run(tenant, (tx) => sql(tx, "select distinct org_id::text as org from app.invoices"));

  test("what a run did is committed, and another tenant does not see it", async () => {
    const { a, b, ofA } = tenants;
    const run = isolation.run(a, async (tx) => {
      await insert(tx, 1);
      return "done";
    });
    expect(await run).toBe("done");
    expect(await numbers()).toEqual([1]);
    expect(await seen(a)).toEqual([{ org: ofA }]);
    expect(await seen(b)).toEqual([]);
    await expectClean();
  });

  test("what it throws is thrown, and nothing is committed", async () => {
    const thrown = new RangeError("no");
    const run = isolation.run(tenants.a, async (tx) => {
      await insert(tx, 1);
      throw thrown;
    });
    await expect(run).rejects.toBe(thrown);
    expect(await numbers()).toEqual([]);
    await expectClean();
  });

  test("an error of a statement reaches the caller with its SQLSTATE", async () => {
    expect(await codeOf(() => isolation.run(tenants.a, (tx) => sql(tx, "select 1/0")))).toBe("22012");
    await expectClean();
  });

  test("an error that the function hides is no commit", async () => {
    const hides = isolation.run(tenants.a, async (tx) => {
      await insert(tx, 1);
      await sql(tx, "select 1/0").catch(() => {});
    });
    // postgres.js says itself what went wrong.
    expect(await codeOf(() => hides)).toBe(name === "postgres.js" ? "22012" : "isolation.no_transaction");
    expect(await numbers()).toEqual([]);
    await expectClean();
  });

  test("a constraint that is checked at the end is an answer", async () => {
    const twice = "insert into app.unique_late values (1), (1)";
    expect(await codeOf(() => isolation.run(tenants.a, (tx) => sql(tx, twice)))).toBe("23505");
    await expectClean();
  });

  test("a run that only reads is refused writes", async () => {
    expect(await codeOf(() => isolation.run(tenants.a, (tx) => insert(tx, 1), { readOnly: true }))).toBe("25006");
    await expectClean();
  });

  test("a statement that takes too long is cancelled", async () => {
    const slow = isolation.run(tenants.a, (tx) => sql(tx, "select pg_sleep(60)"), { statementTimeoutMs: 20 });
    expect(await codeOf(() => slow)).toBe("57014");
    await expectClean();
  });

  test("what goes on after a run is refused", async () => {
    let kept: unknown;
    await isolation.run(tenants.a, async (tx) => {
      kept = tx;
    });
    expect(await codeOf(async () => insert(kept, 1))).toBe("isolation.no_transaction");
    expect(await numbers()).toEqual([]);
  });

  test("a run inside a run is a savepoint", async () => {
    const { a } = tenants;
    await isolation.run(a, async (tx) => {
      await insert(tx, 1);
      await isolation.run(a, (inner) => insert(inner, 2));
      expect(
        await codeOf(() =>
          isolation.run(a, async (inner) => {
            await insert(inner, 3);
            await sql(inner, "select 1/0");
          }),
        ),
      ).toBe("22012");
      await insert(tx, 4);
      // At the same time, on one connection.
      await Promise.all([5, 6, 7].map((number) => isolation.run(a, (inner) => insert(inner, number))));
      expect(await codeOf(() => isolation.run(a, (inner) => insert(inner, 8), { readOnly: true }))).toBe("25006");
    });
    expect(await numbers()).toEqual([1, 2, 4, 5, 6, 7]);
    await expectClean();
  });

  test("a run inside a run for another tenant is refused, and sends nothing", async () => {
    const { a, b } = tenants;
    await isolation.run(a, async (tx) => {
      expect(await codeOf(() => isolation.run(b, (inner) => insert(inner, 2)))).toBe("tenant.mismatch");
      await insert(tx, 1);
    });
    expect(await numbers()).toEqual([1]);
  });

  test("a transaction of the host's is attached to, and is afterwards what it was before", async () => {
    const { a, b, ofA } = tenants;
    await driver.transaction({ readOnly: false, entry: [], signal: null }, async (tx) => {
      await isolation.attach(tx, a, async (inner) => {
        await insert(inner, 1);
        expect(await codeOf(() => isolation.attach(tx, b, async () => {}))).toBe("tenant.mismatch");
      });
      expect(await sql(tx, "select current_setting('tenantry.org_id', true) as org")).toEqual([{ org: "" }]);
      const fails = isolation.attach(tx, a, async (inner) => {
        await insert(inner, 2);
        throw new RangeError("no");
      });
      await expect(fails).rejects.toThrow(RangeError);
      await isolation.attach(tx, b, (inner) => insert(inner, 3));
      expect(await sql(tx, "select current_setting('tenantry.org_id', true) as org")).toEqual([{ org: "" }]);
    });
    expect(await numbers()).toEqual([1, 3]);
    expect(await seen(a)).toEqual([{ org: ofA }]);
  });

  test("a context that belongs to another tenant is not attached to", async () => {
    const { a, ofB } = tenants;
    await driver.transaction({ readOnly: false, entry: [], signal: null }, async (tx) => {
      await sql(tx, "select set_config('tenantry.org_id', $1::text, true)", [ofB]);
      expect(await codeOf(() => isolation.attach(tx, a, async () => {}))).toBe("tenant.mismatch");
    });
  });

  test("a session that is ended is not used again", async () => {
    const lost = isolation.run(tenants.a, async (tx) => {
      await insert(tx, 1);
      await sql(tx, "select pg_terminate_backend(pg_backend_pid()), pg_sleep(5)");
    });
    await expect(lost).rejects.toThrow();
    await expectClean();
    expect(await numbers()).toEqual([]);
  });

  test("an answer to COMMIT that is lost is said to be unknown", async () => {
    const doomed = isolation.run(tenants.a, (tx) => sql(tx, "insert into app.doomed values (null)"));
    expect(await codeOf(() => doomed)).toBe("isolation.commit_unknown");
    await expectClean();
  });

  test("a run is given up when its signal says so", async () => {
    const controller = new AbortController();
    const reason = new RangeError("enough");
    const given = isolation.run(
      tenants.a,
      async (tx) => {
        await insert(tx, 1);
        controller.abort(reason);
        await new Promise(() => {});
      },
      { signal: controller.signal },
    );
    await expect(given).rejects.toBe(reason);
    await expect(isolation.run(tenants.a, async () => {}, { signal: controller.signal })).rejects.toBe(reason);
    await expectClean();
    expect(await numbers()).toEqual([]);
  });

  test("300 runs of two tenants in turn, with errors and ended sessions, on one connection", async () => {
    const { a, b, ofA, ofB } = tenants;
    await isolation.run(a, (tx) => insert(tx, 1));
    await isolation.run(b, (tx) => insert(tx, 1));
    const text = "select distinct org_id::text as org from app.invoices";
    for (let round = 0; round < 300; round += 1) {
      const [tenant, own] = round % 2 === 0 ? [a, ofA] : [b, ofB];
      expect(await isolation.run(tenant, (tx) => sql(tx, text))).toEqual([{ org: own }]);
      if (round % 7 === 0) {
        expect(await codeOf(() => isolation.run(tenant, (tx) => sql(tx, "select 1/0")))).toBe("22012");
      }
      if (round % 61 === 0) {
        await isolation.run(tenant, (tx) => sql(tx, "select pg_terminate_backend(pg_backend_pid())")).catch(() => {});
      }
      if (round % 13 === 0) {
        await expectClean();
      }
    }
  });
}

describe.skipIf(missing !== null)(`a pooler that hands each statement to another connection${missing ?? ""}`, () => {
  let pooler: Pooler;
  beforeAll(async () => {
    pooler = await startPooler(world.url, { mode: "statement", roles: [world.roles.app] });
  });
  afterAll(() => pooler.stop());

  test.each(Object.entries(drivers))("is no place for a transaction of %s", async (name, open) => {
    const { driver, close } = open(pooler.through(world.urlAs(world.roles.app)), { prepare: false });
    const run = rowIsolation(driver).run(tenants.a, (tx) => driver.send(tx, { text: "select 1", values: [] }));
    // postgres.js waits for more before it tells what went wrong, and tells that the connection was closed then.
    expect(await codeOf(() => run)).toBe(
      name.includes("postgres.js") ? "unavailable.connection" : "isolation.no_transaction",
    );
    await close();
  });
});
