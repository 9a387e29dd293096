import { idOf, type Suspension } from "@tenantry/core";
import { each, instant, type Json, optional, optionalInstant, orNull } from "../rows.ts";
import { atMost, list, orgId, type SqlReads } from "./sql-read.ts";

export const suspensionReads: SqlReads<"suspension" | "dueSuspensions"> = {
  suspension: (s, { of }, values) => ({
    sql: `select ${suspensionJson("u")} from ${s}.suspension u where u.org_id = ${orgId(s, of, values)}`,
    decode: orNull(decodeSuspension),
  }),

  dueSuspensions(s, { at, take }, values) {
    const rows = `(select u.* from ${s}.suspension u where u.due_at <= ${values.add(at, "timestamptz")}
      order by u.due_at, u.org_id limit ${atMost(take, values)}) u`;
    return { sql: list(suspensionJson("u"), rows, "u.due_at, u.org_id"), decode: each(decodeSuspension) };
  },
};

function suspensionJson(u: string): string {
  return `json_build_array(${u}.org_id, ${u}.kind, ${u}.reason, ${instant(`${u}.since`)}, ${instant(`${u}.due_at`)}, ${u}.requested_by)`;
}

type SuspensionRow = readonly [
  ...[orgId: string, kind: Suspension["kind"], reason: string | null],
  ...[since: number, dueAt: number | null, requestedBy: string | null],
];

function decodeSuspension(json: Json): Suspension {
  const [org, kind, reason, since, dueAt, requestedBy] = json as unknown as SuspensionRow;
  return {
    orgId: idOf("org", org),
    kind,
    reason,
    since: new Date(since),
    dueAt: optionalInstant(dueAt),
    requestedBy: optional("usr", requestedBy),
  };
}
