import { decodePlacement, placementJson } from "../groups/placement.ts";
import { orNull } from "../rows.ts";
import { orgId, type SqlReads } from "./sql-read.ts";

export const placementReads: SqlReads<"placement"> = {
  placement: (s, { of }, values) => ({
    sql: `select ${placementJson("p")} from ${s}.placement p where p.org_id = ${orgId(s, of, values)}`,
    decode: orNull(decodePlacement),
  }),
};
