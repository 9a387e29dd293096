import type { Parked, Place } from "@tenantry/conformance/races";
import { uuidOf } from "@tenantry/core";
import pg from "pg";

/** Holds a lock in a transaction that writes nothing. */
export async function park(url: string, admin: pg.Pool, schema: string, place: Place): Promise<Parked> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("begin");
  const { text, values } = hold(schema, place);
  await client.query(text, values);
  return {
    async waiting() {
      const { rows } = await admin.query(
        "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return rows[0].n;
    },
    async release() {
      await client.query("rollback");
      await client.end();
    },
  };
}

function hold(s: string, place: Place): { readonly text: string; readonly values: unknown[] } {
  switch (place.at) {
    case "org":
      return { text: `select from ${s}.org where id = $1 for update`, values: [uuidOf(place.id)] };
    case "invitation":
      return { text: `select from ${s}.inv where id = $1 for update`, values: [uuidOf(place.id)] };
    case "membership":
      return { text: `select from ${s}.mem where id = $1 for update`, values: [uuidOf(place.id)] };
    case "slug":
      return {
        text: `insert into ${s}.org (id, status, slug, version, created_at, updated_at)
          values (gen_random_uuid(), 'active', $1, 1, now(), now())`,
        values: [place.slug],
      };
    case "tuple": {
      const { subjectType, subjectId, relation, objectType, objectId } = place.tuple;
      return {
        text: `insert into ${s}.tup (subject_type, subject_id, relation, object_type, object_id) values ($1, $2, $3, $4, $5)
          on conflict do nothing`,
        values: [subjectType, subjectId, relation, objectType, objectId],
      };
    }
    case "key":
      return {
        text: `insert into ${s}.idem (scope, key, state) values ($1, $2, 'fenced')`,
        values: [place.scope, place.key],
      };
  }
}
