import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pgDriver } from "../src/pg.ts";
import { generatePolicies } from "../src/policies/generate-policies.ts";
import { rowIsolation } from "../src/row.ts";
import type { TableDeclaration } from "../src/table-declaration.ts";
import { codeOf, makeTables, openTenants, openWorld, type Tenants, type World } from "./world.ts";

let world: World;
let tenants: Tenants;
let tables: TableDeclaration;
let pool: ReturnType<World["pool"]>;
beforeAll(async () => {
  world = await openWorld();
  tenants = await openTenants();
  tables = await makeTables(world);
  pool = world.pool(world.roles.app, { max: 4 });
});
afterAll(() => world.close());

const isolation = () => rowIsolation(pgDriver(pool));

describe("the script", () => {
  test("is the same for the same declaration, and can be run again", async () => {
    expect(generatePolicies(tables)).toBe(generatePolicies({ ...tables }));
    const owner = world.pool(world.roles.owner);
    await owner.query(generatePolicies(tables));
    await owner.query(generatePolicies(tables));
  });
});

describe("a tenant table", () => {
  test("stamps what is written, and shows a tenant its own rows alone", async () => {
    const { a, b, ofA } = tenants;
    await isolation().run(a, (tx) => tx.query("insert into app.invoices (number) values (1), (2)"));
    await isolation().run(b, (tx) => tx.query("insert into app.invoices (number) values (1)"));
    const rows = await isolation().run(
      a,
      async (tx) => (await tx.query("select org_id, number from app.invoices order by number")).rows,
    );
    expect(rows).toEqual([
      { org_id: ofA, number: 1 },
      { org_id: ofA, number: 2 },
    ]);
  });

  test.each<[string, string]>([
    ["an insert for another tenant", "insert into app.invoices (org_id, number) values ($1, 9)"],
    ["a row that is moved to another tenant", "update app.invoices set org_id = $1"],
  ])("%s is refused by the database", async (_, text) => {
    const { a, ofB } = tenants;
    expect(await codeOf(() => isolation().run(a, (tx) => tx.query(text, [ofB])))).toBe("42501");
  });

  test("rows of another tenant are neither updated nor deleted", async () => {
    const { a, b, ofB } = tenants;
    await isolation().run(b, (tx) => tx.query("insert into app.invoices (number) values (77)"));
    await isolation().run(a, async (tx) => {
      expect((await tx.query("update app.invoices set number = 78 where org_id = $1", [ofB])).rowCount).toBe(0);
      expect((await tx.query("delete from app.invoices where org_id = $1", [ofB])).rowCount).toBe(0);
    });
    expect((await world.root.query("select from app.invoices where number = 77")).rowCount).toBe(1);
  });

  test("without a context, with an empty one and with an ended one there are no rows, and writes are refused", async () => {
    const one = world.pool(world.roles.app);
    const single = rowIsolation(pgDriver(one));
    const insert = "insert into app.invoices (number) values (5)";
    const rows = async (): Promise<number | null> => (await one.query("select from app.invoices")).rowCount;
    expect(await rows()).toBe(0);
    expect(await codeOf(() => one.query(insert))).toBe("42501");
    await single.run(tenants.a, (tx) => tx.query(insert));
    // The same connection, on which the setting reads as the empty text now.
    expect((await one.query("select current_setting('tenantry.org_id', true) as s")).rows).toEqual([{ s: "" }]);
    expect(await rows()).toBe(0);
    expect(await codeOf(() => one.query(insert))).toBe("42501");
    expect(await codeOf(() => one.query("select set_config('tenantry.org_id', 'x', false)"))).toBe(null);
    expect(await codeOf(rows)).toBe("22P02");
  });

  test("a policy of the host's that says true opens nothing", async () => {
    const { a, ofA } = tenants;
    await world.root.query("create policy open_to_all on app.invoices using (true) with check (true)");
    try {
      const rows = await isolation().run(
        a,
        async (tx) => (await tx.query("select distinct org_id from app.invoices")).rows,
      );
      expect(rows).toEqual([{ org_id: ofA }]);
      expect((await pool.query("select from app.invoices")).rowCount).toBe(0);
    } finally {
      await world.root.query("drop policy open_to_all on app.invoices");
    }
  });

  test("its owner sees nothing either", async () => {
    expect((await world.pool(world.roles.owner).query("select from app.invoices")).rowCount).toBe(0);
  });

  test.each([
    "truncate app.invoices",
    "create table app.mine ()",
    "alter table app.invoices disable row level security",
  ])("%s is refused", async (text) => {
    expect(await codeOf(() => isolation().run(tenants.a, (tx) => tx.query(text)))).toBe("42501");
  });

  test("its partitions are not read by themselves, and are protected if they ever are", async () => {
    const { a, b, ofA } = tenants;
    const insert = "insert into app.visits (at, page) values ('2031-05-01', 'x'), ('2032-05-01', 'y')";
    await isolation().run(a, (tx) => tx.query(insert));
    await isolation().run(b, (tx) => tx.query(insert));
    expect(
      await isolation().run(a, async (tx) => (await tx.query("select distinct org_id from app.visits")).rows),
    ).toEqual([{ org_id: ofA }]);
    for (const part of ["app.visits_2031", "app.visits_2032", "app.visits_2032_home"]) {
      const read = (): Promise<unknown> =>
        isolation().run(a, async (tx) => (await tx.query(`select distinct org_id from ${part}`)).rows);
      expect(await codeOf(read)).toBe("42501");
      await world.root.query(`grant select on ${part} to ${world.roles.app}`);
      expect(await read()).toEqual([{ org_id: ofA }]);
      await world.root.query(`revoke select on ${part} from ${world.roles.app}`);
    }
  });
});

describe("shared tables", () => {
  test("are read and not written", async () => {
    await world.root.query("insert into app.plans values (1, 'free')");
    expect((await isolation().run(tenants.a, (tx) => tx.query("select from app.plans"))).rowCount).toBe(1);
    const write = "update app.plans set name = 'x'";
    expect(await codeOf(() => isolation().run(tenants.a, (tx) => tx.query(write)))).toBe("42501");
  });

  test("a row with a list is for those tenants, one without for all", async () => {
    const { a, b, ofA, ofB } = tenants;
    await world.root.query("insert into app.tours values (1, 'all'), (2, 'a'), (3, 'b'), (4, 'both')");
    await world.root.query("insert into app.tour_orgs values (2, $1), (3, $2), (4, $1), (4, $2)", [ofA, ofB]);
    const seen = async (tenant: typeof a): Promise<unknown[]> =>
      isolation().run(tenant, async (tx) =>
        (await tx.query("select id from app.tours order by id")).rows.map(({ id }) => id),
      );
    expect(await seen(a)).toEqual([1, 2, 4]);
    expect(await seen(b)).toEqual([1, 3, 4]);
    expect((await pool.query("select id from app.tours")).rows).toEqual([{ id: 1 }]);
  });
});

describe("a table of both", () => {
  test("shows everybody's rows and one's own, and lets nobody write everybody's", async () => {
    const { a, b } = tenants;
    await world.root.query("insert into app.templates (name) values ('everybody')");
    await isolation().run(a, (tx) => tx.query("insert into app.templates (name) values ('of a')"));
    const names = await isolation().run(b, async (tx) => (await tx.query("select name from app.templates")).rows);
    expect(names).toEqual([{ name: "everybody" }]);
    // Also where the host opens the table for everything.
    await world.root.query("create policy open_to_all on app.templates using (true) with check (true)");
    await isolation().run(b, async (tx) => {
      expect((await tx.query("delete from app.templates")).rowCount).toBe(0);
      expect((await tx.query("update app.templates set name = 'x'")).rowCount).toBe(0);
    });
    const insert = "insert into app.templates (org_id, name) values (null, 'x')";
    expect(await codeOf(() => isolation().run(b, (tx) => tx.query(insert)))).toBe("42501");
    await world.root.query("drop policy open_to_all on app.templates");
  });
});

describe("code of a tenant that sets things itself", () => {
  test.each([
    "set role $admin",
    "set role $owner",
    "set session authorization $owner",
    "reset session authorization; set role $admin",
  ])("%s is refused", async (text) => {
    const named = text.replaceAll(/\$(admin|owner)/g, (_, role: "admin" | "owner") => world.roles[role]);
    expect(await codeOf(() => isolation().run(tenants.b, (tx) => tx.query(named)))).toBe("42501");
  });

  test("turning row security off shows no more, but an error", async () => {
    const all = isolation().run(tenants.b, async (tx) => {
      await tx.query("set local row_security = off");
      return (await tx.query("select from app.invoices")).rowCount;
    });
    expect(await codeOf(() => all)).toBe("42501");
  });

  test("naming another tenant shows that one, and never more than one", async () => {
    const { b, ofA } = tenants;
    const rows = await isolation().run(b, async (tx) => {
      await tx.query("select set_config('tenantry.org_id', $1, true)", [ofA]);
      await tx.query("select set_config('tenantry.admin', 'on', true), set_config('app.bypass', 'on', true)");
      return (await tx.query("select distinct org_id from app.invoices")).rows;
    });
    expect(rows).toEqual([{ org_id: ofA }]);
  });

  test("a transaction that the function ends itself is no commit", async () => {
    const own = isolation().run(tenants.b, async (tx) => {
      await tx.query("rollback");
    });
    expect(await codeOf(() => own)).toBe("isolation.no_transaction");
  });
});

describe("the admin", () => {
  test("is another role, sees all tenants, and is told of first", async () => {
    const told: unknown[] = [];
    const admin = {
      driver: pgDriver(world.pool(world.roles.admin)),
      audit: (who: unknown) => {
        told.push(who);
      },
    };
    const who = { operator: "usr_0190f2a8000070008000000000000001", reason: "ticket 12" } as const;
    const count = await rowIsolation(pgDriver(pool), { admin }).runAsAdmin(
      who,
      async (tx) => (await tx.query("select count(distinct org_id)::int as n from app.invoices")).rows[0].n,
    );
    expect(count).toBe(2);
    expect(told).toEqual([who]);
    const refusing = { ...admin, audit: () => Promise.reject(new RangeError("no")) };
    await expect(rowIsolation(pgDriver(pool), { admin: refusing }).runAsAdmin(who, async () => 1)).rejects.toThrow(
      RangeError,
    );
    expect(await codeOf(() => isolation().runAsAdmin(who, async () => 1))).toBe("config.invalid");
    expect(
      await codeOf(() => rowIsolation(pgDriver(pool), { admin }).runAsAdmin({ ...who, reason: "" }, async () => 1)),
    ).toBe("precondition.invalid_input");
  });
});
