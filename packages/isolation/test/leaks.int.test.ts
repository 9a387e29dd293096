import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hmacProver, proofKeyStatement } from "../src/proof.ts";
import type { TableDeclaration, TableInput } from "../src/table-declaration.ts";
import { type Enter, LeakError, type LeakTestOptions, leakTest } from "../src/testing.ts";
import { makeTables, openWorld, type World } from "./world.ts";

const rows: LeakTestOptions["rows"] = {
  invoices: () => ({ number: 7 }),
  lines: (own) => ({ invoice_id: own("invoices")["id"] }),
  visits: () => ({ at: "2031-06-01", page: "home" }),
  templates: () => ({ name: "same" }),
  tour_orgs: () => ({ tour_id: 1 }),
};

interface Place {
  readonly world: World;
  readonly tables: TableDeclaration;
  readonly pool: pg.Pool;
}

async function openPlace(extra: Partial<TableInput> = {}): Promise<Place> {
  const world = await openWorld();
  const tables = await makeTables(world, extra);
  await world.root.query("insert into app.tours values (1, 'one')");
  return { world, tables, pool: world.pool(world.roles.app) };
}

const key = { id: "k", secret: new Uint8Array(32).fill(5) };

describe.each<[string, Partial<TableInput>]>([
  ["plain contexts", {}],
  ["proofs", { proof: "hmac" }],
])("tables with %s", (_, extra) => {
  let place: Place;
  beforeAll(async () => {
    place = await openPlace(extra);
    if (extra.proof === "hmac") {
      const { text, values } = proofKeyStatement(key);
      await place.world.root.query(text, [...values]);
    }
  });
  afterAll(() => place.world.close());

  test("leak nothing", { timeout: 120_000 }, async () => {
    const { tables, pool, world } = place;
    const prove = extra.proof === "hmac" ? { prove: hmacProver({ key }, () => new Date()) } : {};
    const cases = leakTest({ tables, pool, admin: world.root, rows, ...prove });
    expect(cases.length).toBeGreaterThan(60);
    for (const { name, run } of cases) {
      await expect(run(), name).resolves.toBe(undefined);
    }
    expect((await world.root.query("select from app.invoices")).rowCount).toBe(0);
  });
});

test("a table that is never reached is a failure", async () => {
  const { world, tables, pool } = await openPlace();
  const { invoices } = rows;
  const [first] = leakTest({ tables, pool, admin: world.root, rows: { invoices: invoices ?? (() => ({})) } });
  await expect(first?.run()).rejects.toThrow(LeakError);
  await world.close();
});

/** Set-ups that are broken, each in one way, and the case that tells so. */
describe("broken set-ups", () => {
  let place: Place;
  beforeEach(async () => {
    place = await openPlace();
  });
  afterEach(() => place.world.close());

  const failing = async (only: RegExp, options: Partial<LeakTestOptions> = {}): Promise<readonly string[]> => {
    const { tables, pool, world } = place;
    const failed: string[] = [];
    for (const { name, run } of leakTest({ tables, pool, admin: world.root, rows, ...options })) {
      if (only.test(name)) {
        await run().catch((error: unknown) => {
          if (!(error instanceof LeakError)) {
            throw error;
          }
          failed.push(name);
        });
      }
    }
    return failed;
  };
  const broken = (text: string): Promise<unknown> =>
    place.world.root.query(text.replaceAll("$app", place.world.roles.app));
  const single =
    (begin: string, set: string, end: string): Enter =>
    async (uuid, fn) => {
      const client = await place.pool.connect();
      try {
        await client.query(begin);
        await client.query(set, [uuid]);
        const result = await fn((text, values = []) =>
          client.query(typeof text === "string" ? { text, values } : text),
        );
        await client.query(end);
        return result;
      } catch (error) {
        await client.query(end === "select 1" ? "select 1" : "rollback").catch(() => {});
        throw error;
      } finally {
        client.release();
      }
    };
  const local = "select set_config('tenantry.org_id', $1, true)";

  test("no FORCE", async () => {
    await broken("alter table app.invoices no force row level security");
    expect(await failing(/forced/)).toEqual(["row security is forced"]);
  });

  test("a setting for the whole session", async () => {
    const enter = single("begin", "select set_config('tenantry.org_id', $1, false)", "commit");
    expect(await failing(/context after commit/, { enter })).toEqual(["context after commit"]);
  });

  test("an open policy, and no boundary", async () => {
    await broken(
      "drop policy tenantry_boundary on app.invoices; create policy open_to_all on app.invoices using (true)",
    );
    expect(await failing(/^invoices: (reached|a delete)/)).toEqual([
      "invoices: reached, and select shows own rows alone",
      "invoices: a delete of the other's",
    ]);
  });

  test("a role that owns the tables", async () => {
    await broken("grant all on schema app to $app; alter table app.lines owner to $app");
    expect(await failing(/owns nothing/)).toEqual(["the role owns nothing and bypasses nothing"]);
  });

  test("a missing check of what is written", async () => {
    await broken(
      "alter policy tenantry_access on app.invoices with check (true); alter policy tenantry_boundary on app.invoices with check (true)",
    );
    expect(await failing(/^invoices: (an insert for|a row moved)/)).toEqual([
      "invoices: an insert for the other",
      "invoices: a row moved across",
    ]);
  });

  test("a view with the rights of its owner", async () => {
    await broken("create view app.report as select * from app.invoices; grant select on app.report to $app");
    expect(await failing(/^views$/)).toEqual(["views"]);
  });

  test("a partition without protection", async () => {
    await broken("alter table app.visits_2031 disable row level security; grant select on app.visits_2031 to $app");
    expect(await failing(/^visits: partitions/)).toEqual(["visits: partitions read directly"]);
  });

  test("public in the path", async () => {
    const enter = single(
      "begin",
      `${local.slice(0, -5)}true), set_config('search_path', 'app, public', true)`,
      "commit",
    );
    expect(await failing(/search path/, { enter, strategy: "schema" })).toEqual(["the search path"]);
    const clean = single(
      "begin",
      `${local.slice(0, -5)}true), set_config('search_path', 'app, pg_temp', true)`,
      "commit",
    );
    expect(await failing(/search path/, { enter: clean, strategy: "schema" })).toEqual([]);
  });

  test("a connection given back inside a transaction", async () => {
    expect(await failing(/context after commit/, { enter: single("begin", local, "select 1") })).toEqual([
      "context after commit",
    ]);
  });

  test("a function with the rights of its owner", async () => {
    await broken(
      "create function app.total() returns bigint language sql security definer as 'select count(*) from app.invoices'",
    );
    const calls = ["select app.total()"];
    expect(await failing(/^functions$/, { calls })).toEqual(["functions"]);
  });

  test("a key that points across", async () => {
    await broken(
      "alter table app.invoices add unique (id); alter table app.lines drop constraint lines_org_id_invoice_id_fkey; alter table app.lines add foreign key (invoice_id) references app.invoices (id)",
    );
    expect(await failing(/^lines: a foreign key/)).toEqual(["lines: a foreign key to the other's row"]);
  });
});
