import { type StoredSetting, uuidOf } from "@tenantry/core";
import { type Json, optional } from "../rows.ts";
import { columns, type Identifier, rows, type Sql, sql } from "../sql.ts";
import type { Changes } from "../verdict.ts";

// The group `settings`: the rows of its table and how a commit writes them. Whoever writes one holds the organization's lock
// and expects its version, so that rows need neither locks nor expectations of their own.

const SETTING = columns(
  "key text, value jsonb, sealed boolean, bytes integer, seq bigint, updated_at timestamptz, updated_by uuid",
);
const KEY = columns("key text");

export function settingJson(x: string): string {
  return `json_build_array(${x}.key, ${x}.value::text, ${x}.sealed, ${x}.bytes, ${x}.seq,
    (date_part('epoch', ${x}.updated_at) * 1000)::bigint, ${x}.updated_by)`;
}

type SettingRow = readonly [
  ...[key: string, json: string, isSealed: boolean, bytes: number, seq: number],
  ...[updatedAt: number, updatedBy: string | null],
];

export function decodeSetting(json: Json): StoredSetting {
  const [key, value, isSealed, bytes, seq, updatedAt, updatedBy] = json as unknown as SettingRow;
  return {
    key,
    json: value,
    isSealed,
    bytes,
    seq,
    updatedAt: new Date(updatedAt),
    updatedBy: optional("usr", updatedBy),
  };
}

export function settingWrites(s: Identifier, changes: Changes): readonly Sql[] {
  const parts: Sql[] = [];
  const puts = changes("putSetting").map(({ row }) => ({
    key: row.key,
    value: row.json,
    sealed: row.isSealed,
    bytes: row.bytes,
    seq: row.seq,
    updated_at: row.updatedAt,
    updated_by: row.updatedBy === null ? null : uuidOf(row.updatedBy),
  }));
  if (puts.length > 0) {
    parts.push(sql`put_setting as (
  insert into ${s}.setting as x (org_id, key, value, sealed, bytes, seq, updated_at, updated_by)
  select go.org_id, r.key, r.value, r.sealed, r.bytes, r.seq, r.updated_at, r.updated_by
    from go, ${rows(puts, SETTING, (row) => row)}
  on conflict on constraint setting_key_once do update
     set value = excluded.value, sealed = excluded.sealed, bytes = excluded.bytes, seq = excluded.seq,
         updated_at = excluded.updated_at, updated_by = excluded.updated_by
)`);
  }
  const deletes = changes("deleteSetting").map(({ key }) => ({ key }));
  if (deletes.length > 0) {
    parts.push(sql`dropped_setting as (
  delete from ${s}.setting x using go, ${rows(deletes, KEY, (row) => row)}
   where x.org_id = go.org_id and x.key = r.key
)`);
  }
  return parts;
}
