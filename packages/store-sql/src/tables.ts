import { type Group, idOf, type KeyAddress, type Tables } from "@tenantry/core";
import type { SqlExecutor } from "./executor.ts";
import { decodePlacement, placementJson } from "./groups/placement.ts";
import { decodeSetting, settingJson } from "./groups/setting.ts";
import { schemaIdentifier } from "./identifier.ts";
import {
  decodeEvt,
  decodeInv,
  decodeMem,
  decodeOrg,
  decodeTup,
  each,
  evtJson,
  invJson,
  type Json,
  memJson,
  optional,
  orgJson,
  tupJson,
} from "./rows.ts";
import { statement } from "./statement.ts";

import { Values } from "./values.ts";

/**
 * Everything the tables hold, in one snapshot: for tests and for looking at small databases. Of groups those that are named,
 * as they were to `migrate`.
 */
export async function readTables(
  executor: SqlExecutor,
  options: { readonly schema?: string; readonly groups?: readonly Group[] } = {},
): Promise<Tables> {
  const s = schemaIdentifier(options.schema === undefined ? "tenancy" : options.schema);
  const all = (json: string, table: string, alias: string, order: string): string =>
    `(select coalesce(json_agg(${json} order by ${order}), '[]') from ${s}.${table} ${alias})`;
  const settings = options.groups?.includes("settings")
    ? `,
  'setting', ${all(`json_build_object('orgId', x.org_id, 'row', ${settingJson("x")})`, "setting", "x", "x.org_id, x.key")}`
    : "";
  const placements = options.groups?.includes("placement")
    ? `,
  'placement', ${all(placementJson("p"), "placement", "p", "p.org_id")}`
    : "";
  const text = `select json_build_object(
  'org', ${all(orgJson("o"), "org", "o", "o.id")},
  'mem', ${all(`json_build_object('row', ${memJson("m")}, 'invId', m.inv_id)`, "mem", "m", "m.id")},
  'inv', ${all(invJson("i"), "inv", "i", "i.id")},
  'tup', ${all(tupJson("t"), "tup", "t", "t.subject_id, t.object_type, t.object_id, t.relation")},
  'evt', ${all(evtJson("e"), "evt", "e", "e.org_id, e.seq")},
  'idem', ${all("json_build_object('scope', k.scope, 'key', k.key, 'state', k.state, 'orgId', k.org_id, 'seq', k.seq)", "idem", "k", "k.scope, k.key")},
  'counts', ${all("json_build_object('orgId', o.id, 'members', o.members, 'invitations', o.invitations)", "org", "o", "o.id")}${settings}${placements}
)::text as tables`;
  const [row] = await executor.run(statement(text, new Values(), false));
  const { org, mem, inv, tup, evt, idem, counts, setting, placement } = JSON.parse(
    row?.["tables"] as string,
  ) as Readonly<Record<keyof Tables, Json>>;
  return {
    org: each(decodeOrg)(org),
    mem: each(decodeMemWithInvitation)(mem),
    inv: each(decodeInv)(inv),
    tup: each(decodeTup)(tup),
    evt: each(decodeEvt)(evt),
    idem: each(decodeIdem)(idem),
    counts: each(decodeCount)(counts),
    ...(setting === undefined ? {} : { setting: each(decodeOwnSetting)(setting) }),
    ...(placement === undefined ? {} : { placement: each(decodeOwnPlacement)(placement) }),
  };
}

function decodeMemWithInvitation(json: Json): Tables["mem"][number] {
  const { row, invId } = json as { readonly row: Json; readonly invId: string | null };
  return { ...decodeMem(row), invId: optional("inv", invId) };
}

function decodeOwnSetting(json: Json): NonNullable<Tables["setting"]>[number] {
  const { orgId, row } = json as { readonly orgId: string; readonly row: Json };
  return { orgId: idOf("org", orgId), ...decodeSetting(row) };
}

function decodeOwnPlacement(json: Json): NonNullable<Tables["placement"]>[number] {
  const { heldBy: _, ...row } = decodePlacement(json);
  return row;
}

function decodeIdem(json: Json): Tables["idem"][number] {
  const row = json as unknown as KeyAddress &
    Pick<Tables["idem"][number], "state" | "seq"> & { readonly orgId: string | null };
  return { ...row, orgId: optional("org", row.orgId) };
}

function decodeCount(json: Json): NonNullable<Tables["counts"]>[number] {
  const row = json as unknown as Omit<NonNullable<Tables["counts"]>[number], "orgId"> & { readonly orgId: string };
  return { ...row, orgId: idOf("org", row.orgId) };
}
