import { quoted } from "../identifier.ts";
import { type Bench, type LeakCase, leak } from "./bench.ts";

/** What is tried on a connection that a tenant has used. */
export function sessionCases(bench: Bench): readonly LeakCase[] {
  const { a, b } = bench;
  const { pool } = bench.options;
  const count = (table: string): string =>
    `select count(*)::int as n from ${bench.at(table)} where ${bench.column} is not null`;
  const ends: Readonly<Record<string, () => Promise<unknown>>> = {
    commit: () => bench.enter(a, (query) => query("select 1")),
    "an error of the host's": () => bench.enter(a, () => Promise.reject(new Error("of the host's"))),
    "an error of a statement": () => bench.enter(a, (query) => query("select 1/0")),
    "a cancelled statement": () =>
      bench.enter(a, async (query) => {
        await query("select set_config('statement_timeout', '5', true)");
        await query("select pg_sleep(30)");
      }),
    "an ended session": () => bench.enter(a, (query) => query("select pg_terminate_backend(pg_backend_pid())")),
  };
  return [
    ...Object.entries(ends).map(
      ([name, end]): LeakCase => ({
        name: `context after ${name}`,
        run: () =>
          bench.seeded(async () => {
            await end().catch(() => {});
            const text = `select coalesce(current_setting('tenantry.org_id', true), '') as context,
            current_setting('role') as role, now() = statement_timestamp() as is_fresh`;
            const [probe] = (await again(() => pool.query(text))).rows;
            if (probe?.["is_fresh"] !== true) {
              leak("the connection was given back inside a transaction");
            }
            if (probe["context"] !== "" || probe["role"] !== "none") {
              leak("the tenant stayed on the connection");
            }
            for (const table of bench.owned) {
              if ((await pool.query(count(table))).rows[0]?.["n"] !== 0) {
                leak(`rows of ${table} were seen afterwards`);
              }
            }
          }),
      }),
    ),
    {
      name: "one prepared statement for two tenants in turn, a thousand times",
      run: () =>
        bench.seeded(async () => {
          const [table] = bench.owned;
          const text = `select distinct ${bench.column} as org from ${bench.at(table ?? "")} where ${bench.column} is not null`;
          for (let round = 0; round < 1_000; round += 1) {
            const uuid = round % 2 === 0 ? a : b;
            // The driver prepares what it is given by a name.
            const { rows } = await bench.enter(uuid, (query) => query({ name: "tenantry_leak", text }));
            if (rows.length !== 1 || rows[0]?.["org"] !== bench.value(uuid)) {
              leak(`round ${round} saw the rows of another`);
            }
          }
        }),
    },
  ];
}

/** A pool may lend a connection once more that has just ended. */
async function again<T>(ask: () => Promise<T>): Promise<T> {
  return await ask().catch(ask);
}

/** What is tried on the database as a whole. */
export function databaseCases(bench: Bench): readonly LeakCase[] {
  const { a, b } = bench;
  const { tables, admin, pool, calls = [], strategy = "row" } = bench.options;
  /** Nothing is there of A. What it sees grows when B's rows come: so it sees them. */
  const grows = async (text: string): Promise<boolean> => {
    const seen = async (): Promise<string | null> =>
      bench.enter(a, async (query) => JSON.stringify((await query(text)).rows)).catch(() => null);
    await bench.clear();
    try {
      const before = await seen();
      await bench.seed(b);
      return (await seen()) !== before;
    } finally {
      await bench.clear();
    }
  };
  return [
    {
      name: "the role owns nothing and bypasses nothing",
      async run() {
        const text = `select r.rolsuper or r.rolbypassrls as is_free, exists (
            select from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where n.nspname = $1 and c.relname = any ($2::text[]) and pg_has_role(r.oid, c.relowner, 'member')) as owns
          from pg_roles r where r.rolname = current_user`;
        const [role] = (await pool.query(text, [tables.schema, bench.owned])).rows;
        if (role?.["is_free"] !== false || role["owns"] !== false) {
          leak("the application's role is not bound by policies, or can drop them");
        }
      },
    },
    {
      name: "row security is forced",
      async run() {
        const text = `select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where n.nspname = $1 and c.relname = any ($2::text[]) and not (c.relrowsecurity and c.relforcerowsecurity)`;
        if ((await admin.query(text, [tables.schema, bench.owned])).rowCount !== 0) {
          leak("a table has policies that its owner is free of, or none");
        }
      },
    },
    {
      name: "views",
      async run() {
        const text = `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where c.relkind in ('v', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
            and has_table_privilege(current_user, c.oid, 'select') and has_schema_privilege(current_user, n.oid, 'usage')`;
        for (const { name } of (await pool.query(text)).rows) {
          if (await grows(`select count(*)::int as n from ${name}`)) {
            leak(`${name} shows rows of others`);
          }
        }
      },
    },
    {
      name: "functions",
      async run() {
        for (const call of calls) {
          if (await grows(call)) {
            leak(`${call} shows rows of others`);
          }
        }
      },
    },
    {
      name: "a forged proof",
      run: () =>
        bench.seeded(async () => {
          if (tables.proof === "none") {
            return;
          }
          for (const forged of [b, `k.${b}.9999999999.${"0".repeat(64)}`]) {
            for (const table of bench.owned) {
              const { rowCount } = await bench.enter(a, async (query) => {
                await query("select set_config('tenantry.org_id', $1, true)", [forged]);
                return await query(`select 1 from ${bench.at(table)} where ${bench.column} = $1`, [bench.value(b)]);
              });
              if (rowCount !== 0) {
                leak("a context that nobody signed was believed");
              }
            }
          }
        }),
    },
    {
      name: "the search path",
      async run() {
        if (strategy !== "schema") {
          return;
        }
        const { rows } = await bench.enter(a, (query) => query("select unnest(current_schemas(false))::text as name"));
        if (rows.some(({ name }) => name === "public")) {
          leak(`what a tenant lacks is found in ${quoted("public")}`);
        }
      },
    },
  ];
}
