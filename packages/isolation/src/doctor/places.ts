import type { OrgId } from "@tenantry/core";
import { error, type Finding, type SqlQuery } from "./finding.ts";

/** A tenant with a place of its own, as its placement says. */
export interface PlacedTenant {
  readonly orgId: OrgId;
  readonly strategy: "schema" | "database";
  readonly state: string;
  /** What its schema, or its database, is called. */
  readonly name: string;
}

const TEXT = `select 'schema' as strategy, nspname::text as name from pg_namespace where nspname ~ '^t_[0-9a-f]{32}$' or nspname = any ($1::text[])
union all
select 'database', datname::text from pg_database where datname ~ '^t_[0-9a-f]{32}$' or datname = any ($1::text[])`;

/** Whether there is a place for each placement that is ready, and a placement for each place. */
export async function places(query: SqlQuery, placed: readonly PlacedTenant[]): Promise<readonly Finding[]> {
  const used = new Set(placed.map(({ strategy }) => strategy));
  const rows = await query(TEXT, [`{${placed.map(({ name }) => name).join(",")}}`]);
  // Databases are the server's: where none of ours ever was they are another application's.
  const ours = rows.filter(({ strategy }) => strategy === "schema" || used.has("database"));
  const there = new Set(ours.map(({ strategy, name }) => `${strategy} ${name}`));
  const known = new Set(placed.map(({ strategy, name }) => `${strategy} ${name}`));
  const findings: Finding[] = placed
    .filter(({ strategy, name, state }) => state === "ready" && !there.has(`${strategy} ${name}`))
    .map(({ orgId, strategy, name }) =>
      error("isolation.not_provisioned", `${strategy} ${name} of ${orgId}`, "restore it, or deprovision the tenant"),
    );
  for (const place of there) {
    if (!known.has(place)) {
      findings.push(
        error("isolation.not_provisioned", place, "no placement names it: provision its tenant, or drop it"),
      );
    }
  }
  return findings;
}
