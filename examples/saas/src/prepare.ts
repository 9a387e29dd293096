import { assertSafe, generatePolicies } from "@tenantry/isolation";
import { migratePostgres } from "@tenantry/store-pg";
import pg from "pg";
import { type BackendOptions, declaredTables, GROUPS } from "./backend.ts";
import { CREATE_SHARED, createOwned } from "./tables.ts";

/** Brings a database up to date as the role that owns it: tenancy, our tables, and the policies that part tenants. */
export async function prepare(
  options: Pick<BackendOptions, "ownerUrl" | "appRole" | "adminRole" | "strategy">,
): Promise<void> {
  const tables = declaredTables(options);
  const pool = new pg.Pool({ connectionString: options.ownerUrl, max: 2 });
  try {
    await migratePostgres(pool, { groups: GROUPS });
    await pool.query(CREATE_SHARED);
    if (options.strategy === "row") {
      await pool.query(createOwned("app"));
    }
    await pool.query(generatePolicies(tables));
    if (options.strategy === "schema") {
      // In a run the connection is the tenant's own role, of which nothing is known here yet.
      await pool.query("grant usage on schema app to public; grant select on app.plans, app.templates to public");
    }
    await pool.query(`grant select, insert on app.people to ${pg.escapeIdentifier(options.appRole)}`);
    // A start on a database that keeps nobody apart is worse than none.
    const query = async (text: string, values: readonly unknown[]) => (await pool.query(text, [...values])).rows;
    await assertSafe({ tables, query });
  } finally {
    await pool.end();
  }
}
