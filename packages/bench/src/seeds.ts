import { ROLES, STATUSES, uuidOf } from "@tenantry/core";
import type pg from "pg";
import { type World, type WorldKind, type WorldRows, worldRows } from "./world.ts";

/** An id of the library's as the UUID that the tables hold. */
const uuid = (column: string): string => `split_part(${column}, '_', 2)::uuid`;

const TABLES: readonly (readonly [table: keyof WorldRows, columns: string, types: string, values: string])[] = [
  [
    "org",
    "id, status, name, slug, version, created_at, updated_at",
    "id text, status text, version bigint, created_at timestamptz, updated_at timestamptz",
    `${uuid("id")}, status, null, null, version, created_at, updated_at`,
  ],
  [
    "mem",
    "id, org_id, usr_id, role, status, created_at, updated_at",
    "id text, org_id text, usr_id text, role text, status text, created_at timestamptz, updated_at timestamptz",
    `${uuid("id")}, ${uuid("org_id")}, ${uuid("usr_id")}, role, status, created_at, updated_at`,
  ],
  [
    "tup",
    "subject_type, subject_id, relation, object_type, object_id",
    "subject_id text, relation text, object_type text, object_id text",
    "'usr', subject_id, relation, object_type, object_id",
  ],
  [
    "inv",
    "id, org_id, identifier, canonical, role, status, pre_tuples, invited_by, created_at, expires_at",
    "id text, org_id text, identifier text, role text, status text, pre_tuples jsonb, invited_by text, created_at timestamptz, expires_at timestamptz",
    `${uuid("id")}, ${uuid("org_id")}, identifier, identifier, role, status, pre_tuples, ${uuid("invited_by")}, created_at, expires_at`,
  ],
  [
    "evt",
    "org_id, seq, type, at, actor, data",
    "org_id text, seq bigint, type text, at timestamptz, actor text, data jsonb",
    `${uuid("org_id")}, seq, type, at, ${uuid("actor")}, data`,
  ],
];

/** What an organization counts of its rows, where they were written without it: as the usual way does, too. */
export const COUNTED = `update tenancy.org o set
  members = (select count(*) from tenancy.mem m where m.org_id = o.id and m.status <> 'revoked'),
  invitations = (select count(*) from tenancy.inv i where i.org_id = o.id and i.status = 'pending'),
  tally = array(
    select count(m.id) from unnest('{${STATUSES.join()}}'::text[]) with ordinality as status(name, place)
      cross join unnest('{${ROLES.join()}}'::text[]) with ordinality as role(name, place)
      left join tenancy.mem m on m.org_id = o.id and m.status = status.name and m.role = role.name
     group by status.place, role.place order by status.place, role.place)`;

/** Worlds of one kind, put into the tables by one statement for each of them. */
export async function seedWorlds(pool: pg.Pool, count: number, kind: WorldKind): Promise<readonly World[]> {
  const { worlds, rows } = worldRows(count, kind, new Date());
  const client = await pool.connect();
  try {
    await client.query("begin");
    for (const [table, columns, types, values] of TABLES) {
      await client.query(
        `insert into tenancy.${table} (${columns}) select ${values} from json_to_recordset($1::json) as r(${types})`,
        [JSON.stringify(rows[table])],
      );
    }
    await client.query(`${COUNTED} where o.id = any ($1::uuid[])`, [worlds.map(({ orgId }) => uuidOf(orgId))]);
    await client.query("commit");
  } finally {
    client.release();
  }
  return worlds;
}
