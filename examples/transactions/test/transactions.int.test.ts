import { generate, isTenancyError, type OrgId } from "@tenantry/core";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { createDatabase } from "@tenantry/testkit";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { type Library, libraries } from "./libraries.ts";

let database: Awaited<ReturnType<typeof createDatabase>>;
let pool: pg.Pool;
let store: PostgresTenancyStore;
let orgId: OrgId;
beforeAll(async () => {
  database = await createDatabase(inject("databaseUrl"));
  pool = new pg.Pool({ connectionString: database.url });
  await migratePostgres(pool);
  await pool.query("create table project (id int primary key, org_id text not null)");
  await pool.query("create table app_user (id uuid primary key)");
  await migratePostgres(pool, { schema: "linked", users: { table: "app_user", column: "id" } });
  store = new PostgresTenancyStore(pool);
});
beforeEach(async () => {
  await pool.query("delete from project");
  orgId = (await store.createOrg({ creator: generate("usr"), name: "before" })).org.id;
});
afterAll(async () => {
  await pool.end();
  await lastSession();
  await database.drop();
});

/** Waits until it is gone: an ended pool does not, and a session that is cut complains. */
async function lastSession(): Promise<void> {
  const client = new pg.Client({ connectionString: inject("databaseUrl") });
  await client.connect();
  const open = "select 1 from pg_stat_activity where datname = $1";
  while ((await client.query(open, [database.name])).rowCount !== 0) {}
  await client.end();
}

const member = () => ({ orgId, usrId: generate("usr"), role: "member" }) as const;

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "ok",
    (error: unknown) => (isTenancyError(error) ? error.code : `not one of ours: ${error}`),
  );

async function stored(): Promise<{ readonly version: number; readonly projects: readonly number[] }> {
  const { rows } = await pool.query<{ id: number }>("select id from project order by id");
  return { version: (await store.getOrg(orgId)).version, projects: rows.map(({ id }) => id) };
}

describe.each(Object.keys(libraries))("in a transaction of %s", (name) => {
  let library: Library;
  beforeAll(() => {
    library = libraries[name]?.(database.url) ?? expect.fail(`there is no ${name}`);
  });
  afterAll(() => library.close());

  test("the host's row and the membership are committed together", async () => {
    const joined = await library.transaction(async ({ tenancy, addProject }) => {
      const membership = await tenancy().addMember(member());
      await addProject(1, orgId);
      expect(await stored()).toEqual({ version: 1, projects: [] });
      return membership;
    });
    expect(await stored()).toEqual({ version: 2, projects: [1] });
    await expect(store.getMembership(joined.id)).resolves.toEqual(joined);
  });

  test("a refused and a failed operation leave it usable, and it commits exactly what succeeded", async () => {
    await store.createOrg({ creator: generate("usr"), slug: `taken-by-${name.toLowerCase()}` });
    const codes = await library.transaction(async ({ tenancy, addProject, countProjects }) => {
      const inside = tenancy();
      await addProject(1, orgId);
      const refused = await codeOf(inside.reinstateOrg(orgId));
      await inside.addMember(member());
      const failed = await codeOf(
        inside.createOrg({ creator: generate("usr"), slug: `taken-by-${name.toLowerCase()}` }),
      );
      await addProject(2, orgId);
      expect(await countProjects()).toBe(2);
      return { refused, failed };
    });
    expect(codes).toEqual({ refused: "precondition.invalid_transition", failed: "conflict.org_slug" });
    expect(await stored()).toEqual({ version: 2, projects: [1, 2] });
  });

  test("what the work throws undoes everything, and is thrown as it is", async () => {
    const thrown = new Error("the host's own");
    const call = library.transaction(async ({ tenancy, addProject }) => {
      await tenancy().addMember(member());
      await addProject(1, orgId);
      throw thrown;
    });
    await expect(call).rejects.toBe(thrown);
    expect(await stored()).toEqual({ version: 1, projects: [] });
  });

  test("a user whom the linked table does not know is refused by name of the constraint", async () => {
    const creator = generate("usr");
    await pool.query("insert into app_user values ($1::text::uuid)", [creator.slice(4)]);
    const codes = await library.transaction(async ({ tenancy }) => {
      const linked = tenancy("linked");
      return [await codeOf(linked.createOrg(generate("usr"))), await codeOf(linked.createOrg(creator))];
    });
    expect(codes).toEqual(["precondition.unknown_user", "ok"]);
  });

  test("a row that changed since a stricter transaction began is contention, and the transaction stays usable", async () => {
    const code = await library.transaction(async ({ tenancy, addProject, countProjects }) => {
      await countProjects();
      await store.updateOrg({ orgId, name: "meanwhile" });
      const late = await codeOf(tenancy().updateOrg({ orgId, name: "too late" }));
      await addProject(1, orgId);
      return late;
    }, "repeatable read");
    expect(code).toBe("unavailable.contention");
    expect(await stored()).toEqual({ version: 2, projects: [1] });
  });

  test("calls at the same time take turns, whichever store makes them", async () => {
    await library.transaction(async ({ tenancy }) => {
      const [one, other] = [tenancy(), tenancy()];
      await Promise.all([one, other, one, other].map((inside) => inside.addMember(member())));
    });
    expect(await stored()).toMatchObject({ version: 5 });
  });
});
