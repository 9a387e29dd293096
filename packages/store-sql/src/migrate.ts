import { GROUPS, type Group, InternalError, PreconditionError } from "@tenantry/core";
import type { Row, SqlExecutor } from "./executor.ts";
import { USERS_LINK_SUFFIX } from "./faults.ts";
import { migrations } from "./generated/migrations.ts";
import { identifier, schemaIdentifier } from "./identifier.ts";
import { SQLSTATE, serverError } from "./sqlstate.ts";
import { statement } from "./statement.ts";

import { Values } from "./values.ts";

/** Options of {@link migrate}. */
export interface MigrateOptions {
  /** As the store's option. Default `"tenancy"`. */
  readonly schema?: string;
  /**
   * The host's own users table, linked by foreign keys: a user id it lacks is then `precondition.unknown_user`. Its key
   * column holds the UUID of a `usr_` id. Names are `/^[a-z_][a-z0-9_]{0,62}$/`. Once linked it stays linked.
   */
  readonly users?: { readonly schema?: string; readonly table: string; readonly column: string };
  /** As the store's option: the tables of these groups besides the first ones. Those that were made once stay. Default: none. */
  readonly groups?: readonly Group[];
  /** Whether to answer the names that would be applied, and write nothing. Default `false`. */
  readonly dryRun?: boolean;
}

/** Columns that hold users of the host. An event's actor is history, and outlives the user. */
const USER_COLUMNS = [
  ["mem", "usr_id"],
  ["mem", "invited_by"],
  ["mem", "removed_by"],
  ["inv", "invited_by"],
  ["inv", "invited_user_id"],
  ["inv", "terminal_by"],
] as const;

/** The key of the advisory lock that migrations hold: nobody else's, as far as chance allows. */
const LOCK = "7311264029145310";

/**
 * Brings the tables up to date: creates the schema if it is missing and applies, in order, each migration that was not
 * applied yet, each in a transaction of its own under an advisory lock. Running it again, or several at once, does
 * nothing more. Answers the names of those that it applied.
 * Throws `PreconditionError` `precondition.invalid_input` for an option that is no identifier, `InternalError` where an
 * applied migration is not the one of this package; a database's own error passes through.
 */
export async function migrate(executor: SqlExecutor, options: MigrateOptions = {}): Promise<readonly string[]> {
  const schema = schemaIdentifier(options.schema === undefined ? "tenancy" : options.schema);
  const groups = groupsOption(options.groups);
  const link = options.users === undefined ? [] : usersLink(schema, options.users);
  if (options.dryRun === true) {
    return await pending(executor, schema, groups, link);
  }
  await executor.batch([
    `select pg_advisory_xact_lock(${LOCK})`,
    `create schema if not exists ${schema}`,
    `create table if not exists ${schema}.migration (name text primary key, checksum text not null, applied_at timestamptz not null default now())`,
  ]);
  const applied: string[] = [];
  for (const { name, sql } of migrationsOf(groups)) {
    const text = sql.replaceAll(/\btenancy\./g, `${schema}.`);
    if (await apply(executor, schema, name, checksum(sql), statementsOf(text))) {
      applied.push(name);
    }
  }
  for (const { constraint, text } of link) {
    if (await apply(executor, schema, `link ${constraint}`, checksum(text), [text])) {
      applied.push(`link ${constraint}`);
    }
  }
  return applied;
}

/**
 * The groups of which there are tables, in the order of `GROUPS`: what a store that knows no configuration can keep. Writes
 * nothing. Throws `PreconditionError` `precondition.invalid_input`; a database's own error passes through.
 */
export async function migratedGroups(
  executor: SqlExecutor,
  options: Pick<MigrateOptions, "schema"> = {},
): Promise<readonly Group[]> {
  const schema = schemaIdentifier(options.schema === undefined ? "tenancy" : options.schema);
  if (!(await isThere(executor, schema))) {
    return [];
  }
  const rows = await executor.run(statement(`select name from ${schema}.migration`, new Values(), false));
  const names = new Set(rows.map((row) => row["name"]));
  return GROUPS.filter((group) => migrations.some((each) => each.group === group && names.has(each.name)));
}

function migrationsOf(groups: readonly Group[]): typeof migrations {
  return migrations.filter(({ group }) => group === null || groups.includes(group));
}

/** What {@link migrate} would apply. Nothing is locked: what others apply meanwhile may be among it. */
async function pending(
  executor: SqlExecutor,
  schema: string,
  groups: readonly Group[],
  link: readonly { readonly constraint: string; readonly text: string }[],
): Promise<readonly string[]> {
  const all = [
    ...migrationsOf(groups).map(({ name, sql }) => ({ name, sum: checksum(sql) })),
    ...link.map(({ constraint, text }) => ({ name: `link ${constraint}`, sum: checksum(text) })),
  ];
  if (!(await isThere(executor, schema))) {
    return all.map(({ name }) => name);
  }
  const names: string[] = [];
  for (const { name, sum } of all) {
    if (!(await isApplied(executor, schema, name, sum))) {
      names.push(name);
    }
  }
  return names;
}

/** Whether anything was ever applied. A question about a table that is missing would end a transaction of the host's. */
async function isThere(executor: SqlExecutor, schema: string): Promise<boolean> {
  const values = new Values();
  const text = `select to_regclass(${values.add(`${schema}.migration`, "text")})::text as name`;
  const [row] = await executor.run(statement(text, values, false));
  return row?.["name"] !== null;
}

function groupsOption(value: readonly Group[] | undefined): readonly Group[] {
  const groups = value ?? [];
  if (!Array.isArray(groups) || groups.some((group) => !GROUPS.includes(group))) {
    throw new PreconditionError("precondition.invalid_input", { key: "groups" });
  }
  return groups;
}

/** Whether the migration was applied now. One that somebody else applies meanwhile is seen by its name. */
async function apply(
  executor: SqlExecutor,
  schema: string,
  name: string,
  sum: string,
  texts: readonly string[],
): Promise<boolean> {
  if (await isApplied(executor, schema, name, sum)) {
    return false;
  }
  try {
    await executor.batch([
      `select pg_advisory_xact_lock(${LOCK})`,
      `insert into ${schema}.migration (name, checksum) values ('${name}', '${sum}')`,
      ...texts,
    ]);
    return true;
  } catch (error) {
    if (serverError(error)?.code === SQLSTATE.uniqueViolation && (await isApplied(executor, schema, name, sum))) {
      return false;
    }
    throw error;
  }
}

async function isApplied(executor: SqlExecutor, schema: string, name: string, sum: string): Promise<boolean> {
  const values = new Values();
  const text = `select checksum from ${schema}.migration where name = ${values.add(name, "text")}`;
  const [row]: readonly Row[] = await executor.run(statement(text, values, false));
  if (row !== undefined && row["checksum"] !== sum) {
    throw new InternalError(
      "internal.unexpected",
      {},
      { cause: new Error(`migration ${name} was changed after it was applied`) },
    );
  }
  return row !== undefined;
}

function usersLink(
  schema: string,
  users: NonNullable<MigrateOptions["users"]>,
): readonly { constraint: string; text: string }[] {
  if (typeof users !== "object") {
    throw new PreconditionError("precondition.invalid_input", { key: "users" });
  }
  const table = `${identifier(users.schema ?? "public", "users.schema")}.${identifier(users.table, "users.table")}`;
  const column = identifier(users.column, "users.column");
  return USER_COLUMNS.map(([own, field]) => {
    const constraint = `${own}_${field}${USERS_LINK_SUFFIX}`;
    const text = `alter table ${schema}.${own} add constraint ${constraint} foreign key (${field}) references ${table} (${column})`;
    return { constraint, text };
  });
}

/** The statements of a migration: parted by a semicolon at the end of a line, outside of a function's body. */
function statementsOf(sql: string): readonly string[] {
  const statements: string[] = [];
  let open = "";
  for (const line of sql.split("\n")) {
    open += `${line}\n`;
    const inBody = open.split("$$").length % 2 === 0;
    if (!inBody && line.trimEnd().endsWith(";")) {
      statements.push(open.trim());
      open = "";
    }
  }
  return open.trim() === "" ? statements : [...statements, open.trim()];
}

/** Tells an applied migration from a changed one; not a defence against anybody. */
function checksum(sql: string): string {
  let sum = 0;
  for (let place = 0; place < sql.length; place += 1) {
    sum = (Math.imul(sum, 31) + sql.charCodeAt(place)) | 0;
  }
  return `${sql.length}-${(sum >>> 0).toString(16)}`;
}
