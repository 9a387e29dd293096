import type { SettingStock } from "@tenantry/core";
import { decodeSetting, settingJson } from "../groups/setting.ts";
import { each } from "../rows.ts";
import { id, list, type SqlReads } from "./sql-read.ts";

export const settingReads: SqlReads<"settings" | "settingStock"> = {
  settings: (s, { orgId, keys }, values) => ({
    sql: list(
      settingJson("x"),
      `${s}.setting x where x.org_id = ${id(orgId, values)}${keys === null ? "" : ` and x.key = any (${values.add(keys, "text[]")})`}`,
      "x.key",
    ),
    decode: each(decodeSetting),
  }),

  settingStock: (s, { orgId, except }, values) => ({
    sql: `select json_build_object('keys', count(*), 'bytes', coalesce(sum(x.bytes), 0)) from ${s}.setting x
       where x.org_id = ${id(orgId, values)} and x.key <> all (${values.add(except, "text[]")})`,
    decode: (json) => json as unknown as SettingStock,
  }),
};
