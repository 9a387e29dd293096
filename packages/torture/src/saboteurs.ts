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
function afterwards(part: string, rest: (schema: string) => string): Broken {
  return (executor, schema) => ({
    ...executor,
    async run(statement) {
      const cut = withoutPart(statement, part);
      if (cut === null) {
        return executor.run(statement);
      }
      const rows = await executor.run(cut.statement);
      if (rows.length > 0) {
        await executor.run({ name: null, text: rest(schema), values: [cut.value, ...cut.org] });
      }
      return rows;
    },
  });
}

interface Cut {
  readonly statement: Statement;
  /** The rows that the part would have written, and the organization that they belong to. */
  readonly value: string | null;
  readonly org: readonly (string | null)[];
}

function withoutPart({ text, values }: Statement, part: string): Cut | null {
  const found = new RegExp(
    `, ${part} as \\([\\s\\S]*?json_to_recordset\\(\\$(\\d+)::text::json\\)[\\s\\S]*?\\n\\)`,
  ).exec(text);
  const org = /(?:where id = \$(\d+)::uuid|select \$(\d+)::uuid as org_id)/.exec(text);
  if (found === null || org === null) {
    return null;
  }
  const place = Number(found[1]);
  // Every value has to occur, or its type is not known.
  const left = text.replace(found[0], "").replace(/from go$/, `from go where $${place}::text is not null`);
  return {
    statement: { name: null, text: left, values },
    value: values[place - 1] ?? null,
    org: [values[Number(org[1] ?? org[2]) - 1] ?? null],
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
  const call =
    /ended as materialized \([\s\S]*?end_everything\(go\.org_id, (\$\d+::text), (\$\d+::timestamptz),\s+(\$\d+::uuid)\) e\n\)/;
  if (!call.test(text)) {
    return text;
  }
  // It waits for the organization, whatever that is by then: the snapshot is older than the wait.
  return text.replace(VERSION, " and $1 is not null").replace(
    call,
    `ended_mem as (
  update ${s}.mem set status = 'revoked', updated_at = greatest(updated_at, $2) from go
   where mem.org_id = go.org_id and mem.status <> 'revoked' returning 1
), ended_inv as (
  update ${s}.inv set status = 'revoked', terminal_at = greatest(created_at, $2), terminal_by = $3 from go
   where inv.org_id = go.org_id and inv.status = 'pending' and inv.expires_at >= $2 returning 1
), dropped as (
  delete from ${s}.tup using go where object_type = 'org' and object_id = $1 returning 1
), ended as materialized (
  select (select count(*) from ended_mem) as memberships, (select count(*) from ended_inv) as invitations,
         (select count(*) from dropped) as tuples
)`,
  );
});

export const tuplesAfterwards: Broken = afterwards(
  "granted_tup",
  (s) => `insert into ${s}.tup (subject_type, subject_id, relation, object_type, object_id)
    select r.* from json_to_recordset($1::text::json)
      as r(subject_type text, subject_id text, relation text, object_type text, object_id text)
     where $2::uuid is not null
    on conflict do nothing`,
);

export const eventsAfterwards: Broken = afterwards(
  "recorded",
  (s) => `insert into ${s}.evt (org_id, seq, type, at, actor, idempotency_key, data)
    select o.id, o.version, r.type, r.at, r.actor, r.key, r.data from ${s}.org o, json_to_recordset($1::text::json)
      as r(place bigint, type text, at timestamptz, actor uuid, key text, data jsonb)
     where o.id = $2::uuid`,
);

export const keysAfterwards: Broken = afterwards(
  "keyed",
  (s) => `insert into ${s}.idem (scope, key, state, operation, fingerprint, org_id, seq, result)
    select r.scope, r.key, 'done', r.operation, r.fingerprint, o.id, o.version, r.result
      from ${s}.org o, json_to_recordset($1::text::json)
        as r(scope text, key text, operation text, fingerprint uuid, place bigint, result json)
     where o.id = $2::uuid`,
);

export const numbersFromSequence: Broken = rewritten((text, schema) =>
  text.replace(/version \+ (\$\d+::bigint) as last/, `nextval('${schema}.numbers') + 0 * $1 as last`),
);

export const insertsOrNot: Broken = rewritten((text) =>
  text.replace(/(added_mem as \([\s\S]*?)\n\)/, "$1\n  on conflict do nothing\n)"),
);

export const keyBeforeGuard: Broken = rewritten((text) =>
  text.replace(
    /go\.org_id, go\.before \+ r\.place, r\.result\s+from go, json_to_recordset/,
    "gen_random_uuid(), 1, r.result from json_to_recordset",
  ),
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
