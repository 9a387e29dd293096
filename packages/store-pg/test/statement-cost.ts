import { pgExecutor, type SqlExecutor, type Statement } from "@tenantry/store-sql";
import type pg from "pg";

interface PlanNode {
  readonly "Node Type": string;
  readonly "Index Name"?: string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Shared Hit Blocks": number;
  readonly "Shared Read Blocks": number;
  readonly Plans?: readonly PlanNode[];
}

export interface Cost {
  readonly scans: readonly string[];
  readonly indexes: readonly string[];
  /** Rows read from tables, those included that a condition then threw away. */
  readonly rows: number;
  /** Pages of tables and indexes that were looked at. */
  readonly pages: number;
}

/** An executor that writes down what it sends. */
export function recordingExecutor(pool: pg.Pool, sent: Statement[]): SqlExecutor {
  const executor = pgExecutor(pool);
  return {
    ...executor,
    run(statement) {
      sent.push(statement);
      return executor.run(statement);
    },
  };
}

export const MODES = ["force_custom_plan", "force_generic_plan"] as const;

export type PlanMode = (typeof MODES)[number];

/** What a statement costs when it is executed as a prepared one. */
export async function costOf(pool: pg.Pool, statement: Statement, mode: PlanMode): Promise<Cost> {
  await pool.query(`set plan_cache_mode = ${mode}`);
  const { rows } = await prepared(pool, statement, (execution) =>
    pool.query(`explain (analyze, buffers, format json) ${execution}`),
  );
  const flat = (node: PlanNode): readonly PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flat)];
  const top: PlanNode = rows[0]["QUERY PLAN"][0].Plan;
  const reading = flat(top).filter((node) => node["Relation Name"] !== undefined && node["Node Type"].includes("Scan"));
  return {
    scans: reading.filter((node) => node["Node Type"] === "Seq Scan").map((node) => String(node["Relation Name"])),
    indexes: flat(top).flatMap((node) => node["Index Name"] ?? []),
    rows: reading.reduce((sum, node) => sum + node["Actual Loops"] * rowsOf(node), 0),
    pages: top["Shared Hit Blocks"] + top["Shared Read Blocks"],
  };
}

function rowsOf(node: PlanNode): number {
  return node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0);
}

/** Whether PostgreSQL goes on making a plan for each execution: it does where that looks cheaper than one for all values. */
export async function isPlannedAgain(pool: pg.Pool, statement: Statement): Promise<boolean> {
  await pool.query("set plan_cache_mode = auto");
  return prepared(pool, statement, async (execution) => {
    for (let count = 0; count < 7; count += 1) {
      await pool.query(execution);
    }
    const { rows } = await pool.query("select generic_plans from pg_prepared_statements where name = 'examined'");
    return Number(rows[0].generic_plans) === 0;
  });
}

async function prepared<R>(
  pool: pg.Pool,
  { text, values }: Statement,
  work: (execution: string) => Promise<R>,
): Promise<R> {
  await pool.query(`prepare examined as ${text}`);
  const literals = values.map((value) => (value === null ? "null" : `'${value.replaceAll("'", "''")}'`));
  const result = await work(literals.length === 0 ? "execute examined" : `execute examined (${literals.join(", ")})`);
  await pool.query("deallocate examined");
  return result;
}
