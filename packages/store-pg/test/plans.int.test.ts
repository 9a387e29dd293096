import { generate } from "@tenantry/core";
import { pgExecutor, SqlTenancyStore, type Statement } from "@tenantry/store-sql";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";

let database: OpenPostgres;
let pool: pg.Pool;
const sent: Statement[] = [];

beforeAll(async () => {
  database = await openPostgres();
  pool = database.pool();
});
afterAll(() => database.close());

interface PlanNode {
  readonly "Node Type": string;
  readonly "Index Name"?: string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows"?: number;
  readonly Plans?: readonly PlanNode[];
}

/** All nodes of the plan that PostgreSQL makes for a statement. */
async function planOf({ text, values }: Statement): Promise<readonly PlanNode[]> {
  const { rows } = await pool.query(`explain (analyze, format json) ${text}`, [...values]);
  const flat = (node: PlanNode): readonly PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flat)];
  return flat(rows[0]["QUERY PLAN"][0].Plan);
}

test("the look-up of another owner reads a partial index of owners, whatever the number of members", async () => {
  const executor = pgExecutor(pool);
  const store = new SqlTenancyStore({
    executor: {
      ...executor,
      run(statement) {
        sent.push(statement);
        return executor.run(statement);
      },
    },
    concurrentSessions: true,
    hostTransactions: true,
  });
  const { org, ownerMembership } = await store.createOrg(generate("usr"));
  await pool.query(
    `insert into tenancy.mem (id, org_id, usr_id, role, status, created_at, updated_at)
     select gen_random_uuid(), $1::uuid, gen_random_uuid(), 'member', 'active', now(), now() from generate_series(1, 20000)`,
    [org.id.slice(4)],
  );
  await pool.query("vacuum analyze tenancy.mem");
  sent.length = 0;
  await expect(store.selfLeave({ memId: ownerMembership.id })).rejects.toMatchObject({ code: "conflict.sole_owner" });

  const [look] = sent;
  expect(sent).toHaveLength(1);
  const nodes = await planOf(look as Statement);
  const onMembers = nodes.filter((node) => node["Relation Name"] === "mem");
  expect(onMembers.map((node) => node["Node Type"])).not.toContain("Seq Scan");
  const owners = nodes.find((node) => node["Index Name"] === "mem_active_owner");
  expect(owners).toBeDefined();
  expect(Math.max(...onMembers.map((node) => node["Actual Rows"] ?? 0))).toBeLessThanOrEqual(1);
});

test("no page of members reads more rows than it returns, at the beginning or far inside", async () => {
  const { rows } = await pool.query("select id from tenancy.org limit 1");
  const executor = pgExecutor(pool);
  const pages: Statement[] = [];
  const store = new SqlTenancyStore({
    executor: {
      ...executor,
      run(statement) {
        pages.push(statement);
        return executor.run(statement);
      },
    },
    concurrentSessions: true,
    hostTransactions: true,
  });
  const orgId = `org_${rows[0].id.replaceAll("-", "")}` as const;
  const first = await store.listMembers(orgId, { limit: 20 });
  const { rows: middle } = await pool.query("select id from tenancy.mem order by id offset 10000 limit 1");
  await store.listMembers(orgId, { limit: 20, cursor: `mem_${middle[0].id.replaceAll("-", "")}` });
  expect(first.data).toHaveLength(20);
  for (const page of pages) {
    const nodes = await planOf(page);
    const onMembers = nodes.filter((node) => node["Relation Name"] === "mem");
    expect(onMembers.map((node) => node["Node Type"])).not.toContain("Seq Scan");
    expect(Math.max(...onMembers.map((node) => node["Actual Rows"] ?? 0))).toBeLessThanOrEqual(21);
  }
});
