import type { Answer, Plan, Question, Read } from "@tenantry/core";
import { auditReads } from "./groups/audit.ts";
import { domainReads } from "./reads/domains.ts";
import { eventReads } from "./reads/events.ts";
import { invitationReads } from "./reads/invitations.ts";
import { keyReads } from "./reads/keys.ts";
import { membershipReads } from "./reads/memberships.ts";
import { orgReads } from "./reads/orgs.ts";
import { placementReads } from "./reads/placements.ts";
import { settingReads } from "./reads/settings.ts";
import type { SqlRead, SqlReads } from "./reads/sql-read.ts";
import { standingReads } from "./reads/standings.ts";
import { suspensionReads } from "./reads/suspensions.ts";
import { tupleReads } from "./reads/tuples.ts";
import type { Json } from "./rows.ts";
import { Values } from "./values.ts";

/** All reads of a plan as one statement: one snapshot, one round trip, one row with one column of JSON. */
export function planSql(
  schema: string,
  plan: Plan,
): {
  readonly text: string;
  readonly values: Values;
  readonly decode: (json: Readonly<Record<string, Json>>) => Record<string, Answer<Question>>;
} {
  const values = new Values();
  const reads = Object.entries(plan).map(([name, read]) => ({ name, ...readSql(schema, read, values) }));
  // The names are those of the core's plans, never a caller's.
  const columns = reads.map(({ name, sql }) => `'${name}', (${sql})`);
  return {
    text: `select json_build_object(${columns.join(",\n  ")})::text as answers`,
    values,
    decode: (json) => Object.fromEntries(reads.map(({ name, decode }) => [name, decode(json[name] as Json)])),
  };
}

const questions: SqlReads<Question> = {
  ...orgReads,
  ...membershipReads,
  ...standingReads,
  ...invitationReads,
  ...tupleReads,
  ...eventReads,
  ...keyReads,
  ...placementReads,
  ...settingReads,
  ...domainReads,
  ...suspensionReads,
  ...auditReads,
};

function readSql<Q extends Question>(s: string, read: Read<Q>, values: Values): SqlRead {
  return questions[read.read](s, read, values);
}
