import type { Row, SqlExecutor, Statement } from "@tenantry/store-sql";

/** An executor that is broken on purpose, for the tables of a schema. */
export type Broken = (executor: SqlExecutor, schema: string) => SqlExecutor;

/** Statements that are changed before they are sent. */
function rewritten(change: (text: string, schema: string) => string): Broken {
  return (executor, schema) => ({
    ...executor,
    run: (statement) => {
      const text = change(statement.text, schema);
      // Another text needs another name.
      return executor.run(text === statement.text ? statement : { ...statement, name: null, text });
    },
  });
}

/** A part of a commit that is sent behind it, as a statement and so a transaction of its own. */
function afterwards(name: string): Broken {
  return (executor, schema) => ({
    ...executor,
    async run(statement) {
      const cut = withoutPart(statement, name, schema);
      if (cut === null) {
        return executor.run(statement);
      }
      const rows = await executor.run(cut.commit);
      if (rows.length > 0) {
        await executor.run(cut.part);
      }
      return rows;
    },
  });
}

/** A commit in two statements. Each has all values, and mentions them, or the types of some are not known. */
function withoutPart(
  { text, values }: Statement,
  name: string,
  schema: string,
): { readonly commit: Statement; readonly part: Statement } | null {
  const [found, part] = new RegExp(`, (${name} as \\([\\s\\S]*?\\n\\))`).exec(text) ?? [];
  const org = /(?:where id = (\$\d+::uuid)|select (\$\d+::uuid) as org_id)/.exec(text);
  // The event of an ending has counts of another part.
  if (found === undefined || org === null || found.includes("from ended")) {
    return null;
  }
  const mentioned = `coalesce(${values.map((_, place) => `$${place + 1}::text`).join(", ")}, '') is not null`;
  const committed = `go as (select id as org_id, version - 1 as before, version as last from ${schema}.org
    where id = ${org[1] ?? org[2]})`;
  return {
    commit: { name: null, text: `${text.replace(found, "")} where ${mentioned}`, values },
    part: { name: null, text: `with ${committed}, ${part}\nselect 1 where ${mentioned}`, values },
  };
}

const VERSION = / and version = (\$\d+::bigint)/;

export const countsOwners: Broken = rewritten((text, schema) =>
  text.replace(
    VERSION,
    ` and $1 is not null and (select count(*) from ${schema}.mem m
       where m.org_id = org.id and m.role = 'owner' and m.status = 'active') > 1`,
  ),
);

export const cascadesAtOnce: Broken = rewritten((text, s) => {
  const call = /[\w".]+\.end_everything\(go\.org_id, (\$\d+::text), (\$\d+::timestamptz),\s+(\$\d+::uuid)\) e/;
  const [found, org, at, by] = call.exec(text) ?? [];
  if (found === undefined) {
    return text;
  }
  const ended = `ended_mem as (
  update ${s}.mem set status = 'revoked', updated_at = greatest(updated_at, ${at}) from go
   where mem.org_id = go.org_id and mem.status <> 'revoked' returning 1
), ended_inv as (
  update ${s}.inv set status = 'revoked', terminal_at = greatest(created_at, ${at}), terminal_by = ${by} from go
   where inv.org_id = go.org_id and inv.status = 'pending' and inv.expires_at >= ${at} returning 1
), dropped as (
  delete from ${s}.tup using go where object_type = 'org' and object_id = ${org} returning 1
)`;
  const counts = `(select (select count(*) from ended_mem) as memberships, (select count(*) from ended_inv) as invitations,
    (select count(*) from dropped) as tuples) e`;
  // It waits for the organization, whatever that is by then: the snapshot is older than the wait.
  return text
    .replace(VERSION, " and $1 is not null")
    .replace(found, counts)
    .replace("ended as materialized", `${ended}, ended as materialized`);
});

export const tuplesAfterwards: Broken = afterwards("added_tup");

export const eventsAfterwards: Broken = afterwards("recorded");

export const keysAfterwards: Broken = afterwards("keyed");

export const numbersFromSequence: Broken = rewritten((text, schema) =>
  text.replace(/version \+ (\$\d+::bigint) as last/, `nextval('${schema}.numbers') + 0 * $1 as last`),
);

export const insertsOrNot: Broken = rewritten((text) =>
  text.replace(/(added_mem as \([\s\S]*?)\n\)/, "$1\n  on conflict do nothing\n)"),
);

export const keyBeforeGuard: Broken = rewritten((text) =>
  text.replace(/go\.org_id, go\.before \+ r\.place, r\.result\s+from go, /, "gen_random_uuid(), 1, r.result from "),
);

export const roleInPlace: Broken = (executor, s) => ({
  ...executor,
  async run(statement): Promise<readonly Row[]> {
    const rows = await executor.run(statement);
    if (statement.text.includes("added_mem as (")) {
      const text = `with gone as (delete from ${s}.mem where replaces is not null returning replaces, role)
        update ${s}.mem set role = gone.role, status = 'active' from gone where mem.id = gone.replaces`;
      await executor.run({ name: null, text, values: [] });
    }
    return rows;
  },
});

const CASCADE = (s: string, members: string, invitations: string): string => `
create or replace function ${s}.end_everything(org uuid, org_wire text, moment timestamptz, ender uuid)
returns table (memberships bigint, invitations bigint, tuples bigint) language sql volatile
set search_path = pg_catalog, pg_temp as $$
  with ended_mem as (
    update ${s}.mem set status = 'revoked', updated_at = greatest(updated_at, $3) where org_id = $1 and ${members} returning 1
  ), ended_inv as (
    update ${s}.inv set status = 'revoked', terminal_at = greatest(created_at, $3), terminal_by = $4
     where org_id = $1 and status = 'pending' and ${invitations} returning 1
  ), dropped_tup as (
    delete from ${s}.tup where object_type = 'org' and object_id = $2 returning 1
  )
  select (select count(*) from ended_mem), (select count(*) from ended_inv), (select count(*) from dropped_tup)
$$`;

/** Functions of the schema that end too little. */
export const forgetsSuspended = (s: string): string => CASCADE(s, "status = 'active'", "expires_at >= $3");
export const forgetsInvitations = (s: string): string => CASCADE(s, "status <> 'revoked'", "false");
