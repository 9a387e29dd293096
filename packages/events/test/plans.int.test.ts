import { generate, idOf, type OrgId, type UsrId } from "@tenantry/core";
import { migratePostgres } from "@tenantry/store-pg";
import { pgExecutor, SqlTenancyStore, type Statement } from "@tenantry/store-sql";
import { type OpenDatabase, openDatabase } from "@tenantry/testkit";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Audit, createAudit } from "../src/index.ts";
import { createRelay } from "../src/relay.ts";

// What statements cost is read from their plans: rows and pages, whatever the clock of a busy machine says.

const groups = { groups: ["relay", "audit"] } as const;
const EVENTS = 100_000;
// A million takes a minute to write, which every run need not spend.
const IDLE = process.env["SOAK"] === undefined ? 200_000 : 1_000_000;

let database: OpenDatabase;
let pool: pg.Pool;
let store: SqlTenancyStore;
let audit: Audit;
const sent: Statement[] = [];

beforeAll(async () => {
  database = await openDatabase(inject("databaseUrl"));
  // One connection: what is set is so for all.
  pool = database.pool({ max: 1 });
  await migratePostgres(pool, groups);
  const executor = pgExecutor(pool);
  const recording = {
    ...executor,
    run(statement: Statement) {
      sent.push(statement);
      return executor.run(statement);
    },
  };
  store = new SqlTenancyStore({ executor: recording, concurrentSessions: true, hostTransactions: false }, groups);
  audit = createAudit(store);
});
afterAll(() => database.close());

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Rows Removed by Index Recheck"?: number;
  readonly "Shared Hit Blocks": number;
  readonly "Shared Read Blocks": number;
  readonly Plans?: readonly PlanNode[];
}
interface Cost {
  readonly scans: readonly string[];
  readonly rows: number;
  readonly pages: number;
}
const MODES = ["force_custom_plan", "force_generic_plan"] as const;

/** What a statement costs when it is executed as a prepared one; what it writes is taken back. */
async function costOf({ text, values }: Statement, mode: (typeof MODES)[number]): Promise<Cost> {
  await pool.query(`set plan_cache_mode = ${mode}`);
  await pool.query(`prepare examined as ${text}`);
  const literals = values.map((value) => (value === null ? "null" : `'${value.replaceAll("'", "''")}'`));
  await pool.query("begin");
  const { rows } = await pool.query(
    `explain (analyze, buffers, format json) execute examined${literals.length === 0 ? "" : ` (${literals.join(", ")})`}`,
  );
  await pool.query("rollback");
  await pool.query("deallocate examined");
  const flat = (node: PlanNode): readonly PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flat)];
  const top: PlanNode = rows[0]["QUERY PLAN"][0].Plan;
  const reading = flat(top).filter((node) => node["Relation Name"] !== undefined && node["Node Type"].includes("Scan"));
  const rowsOf = (node: PlanNode): number =>
    (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0)) *
    node["Actual Loops"];
  return {
    scans: reading.filter((node) => node["Node Type"] === "Seq Scan").map((node) => String(node["Relation Name"])),
    rows: reading.reduce((sum, node) => sum + rowsOf(node), 0),
    pages: top["Shared Hit Blocks"] + top["Shared Read Blocks"],
  };
}

async function statementsOf(work: () => Promise<unknown>): Promise<readonly Statement[]> {
  sent.length = 0;
  await work();
  return [...sent];
}

const uuid = (kind: string, n: string): string =>
  `(lpad(to_hex(1704067200000 + (${n})), 12, '0') || '7' || substr(md5('${kind}' || (${n})), 1, 3) || '8' || substr(md5('${kind}' || (${n})), 4, 15))::uuid`;

describe("what a relay reads", () => {
  let number = 0;
  /** Organizations in which everything was delivered long ago, for this relay and a webhook of each. */
  async function idle(many: number): Promise<void> {
    number += 1;
    const own = uuid(`idle${number}`, "n");
    await pool.query(`
      insert into tenancy.org (id, status, name, slug, version, created_at, updated_at)
      select ${own}, 'active', null, null, 1, now(), now() from generate_series(1, ${many}) n`);
    await pool.query(`
      insert into tenancy.relay_cursor (org_id, subscription, relay, seq, head)
      select ${own}, 'relay:busy', 'relay:busy', 1, 1 from generate_series(1, ${many}) n`);
    await pool.query(`
      insert into tenancy.subscription (id, relay, org_id, starts, begun, endpoint)
      select 'whk_' || n || '_${number}', 'webhooks:webhooks', ${own}, 'now', true, '{}' from generate_series(1, ${many}) n`);
  }

  /** One event written, discovered, leased, read, delivered and advanced: rows read of all that, by statement. */
  async function measured(orgId: OrgId): Promise<readonly Cost[]> {
    await pool.query(
      "vacuum (analyze) tenancy.relay_cursor, tenancy.subscription, tenancy.org, tenancy.outbox, tenancy.evt",
    );
    const relay = createRelay({ store, name: "busy", deliver: async () => {}, concurrency: 1 });
    await relay.runOnce({ budgetMs: 30_000 });
    const costs: Cost[] = [];
    await store.updateOrg({ orgId, name: generate("org") });
    // Each statement is looked at in the state in which it was sent, so the event is written anew for each.
    for (let place = 0; place < 4; place += 1) {
      const statements: Statement[] = [];
      await store.updateOrg({ orgId, name: generate("org") });
      sent.length = 0;
      let isOver = false;
      const watching = createRelay({
        store,
        name: "busy",
        concurrency: 1,
        clock: () => new Date(isOver ? Date.now() + 1_000_000 : Date.now()),
        deliver: async () => {
          isOver = true;
        },
      });
      await watching.runOnce({ budgetMs: 30_000 });
      statements.push(...sent);
      const kinds = ["pg_try_advisory", "is_again", "json_build_object", "set seq ="];
      const statement = statements.find(({ text }) => text.includes(kinds[place] as string)) as Statement;
      await store.updateOrg({ orgId, name: generate("org") });
      if (place === 1) {
        await pool.query(
          "update tenancy.relay_cursor c set head = o.version from tenancy.org o where o.id = c.org_id and o.id = $1",
          [orgId.slice(4)],
        );
      }
      costs.push(await costOf(statement, "force_generic_plan"));
      await relay.runOnce({ budgetMs: 30_000 });
    }
    return costs;
  }

  test("is the same with ten idle organizations and with hundreds of thousands (E6)", async () => {
    const { org } = await store.createOrg(generate("usr"));
    await createRelay({ store, name: "busy", deliver: async () => {} }).runOnce({ budgetMs: 10_000 });
    await idle(10);
    const few = await measured(org.id);
    await idle(IDLE);
    const many = await measured(org.id);
    // Of small tables all is read at once, of large ones what is due and nothing else.
    for (const cost of [...few, ...many]) {
      expect(cost.rows).toBeLessThan(40);
      expect(cost.pages).toBeLessThan(120);
    }
    expect(many.flatMap(({ scans }) => scans)).not.toContain("relay_cursor");
    expect(many.flatMap(({ scans }) => scans)).not.toContain("subscription");
  }, 180_000);
});

describe("a page of the audit", () => {
  let org: OrgId;
  let actor: UsrId;
  const began = Date.UTC(2024, 0);
  beforeAll(async () => {
    org = (await store.createOrg(generate("usr"))).org.id;
    actor = generate("usr");
    const own = `'${org.slice(4)}'::uuid`;
    const person = `'${actor.slice(4)}'::uuid`;
    await pool.query(`
      insert into tenancy.evt (org_id, seq, type, at, actor, data)
      select ${own}, n, case when n % 3 = 0 then 'org.updated' else 'membership.updated' end,
        timestamptz '${new Date(began).toISOString()}' + n * interval '1 second',
        case when n % 2 = 0 then ${person} end, '{}'
        from generate_series(2, ${EVENTS}) n`);
    await pool.query(`
      insert into tenancy.evt_trace (entity, deed, org_id, seq)
      select '${org}', 'touched', ${own}, n from generate_series(3, ${EVENTS}, 3) n`);
    await pool.query(`
      insert into tenancy.evt_trace (entity, deed, org_id, seq)
      select 'mem_' || replace(${uuid("mem", "n % 1000")}::text, '-', ''), case when n < ${EVENTS} - 1000 then 'touched' else 'ended' end, ${own}, n
        from generate_series(2, ${EVENTS}) n where n % 3 > 0`);
    await pool.query(`update tenancy.org set version = ${EVENTS} where id = ${own}`);
    await pool.query("vacuum (analyze) tenancy.evt, tenancy.evt_trace");
  }, 120_000);

  const PAGE = 20;
  const middle = EVENTS / 2;
  const time = began + middle * 1000;
  const queries: Readonly<Record<string, (deep: boolean, newestFirst: boolean) => Promise<unknown>>> = {
    everything: (deep, newestFirst) =>
      audit.list({ org, limit: PAGE, newestFirst, cursor: deep ? `s${middle}` : null }),
    "of types": (deep, newestFirst) =>
      audit.list({
        org,
        limit: PAGE,
        newestFirst,
        types: ["org.updated", "membership.updated"],
        cursor: deep ? `s${middle}` : null,
      }),
    "of an actor": (deep, newestFirst) =>
      audit.list({ org, limit: PAGE, newestFirst, actor, cursor: deep ? `s${middle}` : null }),
    "about an entity": (deep, newestFirst) =>
      audit.list({ org, limit: PAGE, newestFirst, entity: org, cursor: deep ? `s${middle}` : null }),
    "of a time": (deep, newestFirst) =>
      audit.list({
        org,
        limit: PAGE,
        newestFirst,
        from: new Date(began + 1_000_000),
        to: new Date(began + 99_000_000),
        cursor: deep ? `t${time}.${middle}` : null,
      }),
    "of an actor anywhere": (deep, newestFirst) =>
      audit.byActor(actor, { limit: PAGE, newestFirst, cursor: deep ? `a${time}.${org}.${middle}` : null }),
  };

  describe.each(Object.keys(queries))("%s", (name) => {
    test.each(MODES)("costs the same at the beginning and deep inside, in either direction, under %s", async (mode) => {
      const query = queries[name] as (typeof queries)[string];
      for (const newestFirst of [false, true]) {
        for (const deep of [false, true]) {
          const [statement, ...others] = await statementsOf(() => query(deep, newestFirst));
          expect(others).toEqual([]);
          const { scans, rows, pages } = await costOf(statement as Statement, mode);
          const cost = JSON.stringify({ name, deep, newestFirst, rows, pages });
          expect(
            scans.filter((table) => table !== "org"),
            cost,
          ).toEqual([]);
          expect(rows, cost).toBeLessThanOrEqual(8 * (PAGE + 2));
          expect(pages, cost).toBeLessThanOrEqual(200);
        }
      }
    });
  });

  test.each(MODES)("attribution of 200 is one query, and a few looks for each (E5), under %s", async (mode) => {
    const { rows } = await pool.query(`select ${uuid("mem", "n")} as id from generate_series(0, 199) n`);
    const ids = rows.map(({ id }) => idOf("mem", id));
    const [statement, ...others] = await statementsOf(async () => {
      expect((await audit.attribution(ids)).size).toBeGreaterThan(190);
    });
    expect(others).toEqual([]);
    const cost = await costOf(statement as Statement, mode);
    expect(cost.scans).toEqual([]);
    expect(cost.rows).toBeLessThanOrEqual(200 * 20);
  });
});
