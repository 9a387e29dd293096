import { IsolationError } from "@tenantry/core";
import { classification } from "./doctor/classification.ts";
import { connect } from "./doctor/connect.ts";
import type { Finding, SqlQuery } from "./doctor/finding.ts";
import { defaults, functions } from "./doctor/made.ts";
import { objects } from "./doctor/objects.ts";
import { type PlacedTenant, places } from "./doctor/places.ts";
import { forced, policies } from "./doctor/policies.ts";
import { references } from "./doctor/references.ts";
import { roles } from "./doctor/roles.ts";
import { server } from "./doctor/server.ts";
import type { TableDeclaration } from "./table-declaration.ts";

export type { Finding, FindingCode, SqlQuery } from "./doctor/finding.ts";
export type { PlacedTenant } from "./doctor/places.ts";

export interface DoctorOptions {
  readonly tables: TableDeclaration;
  /** Asks the database, as any role: the catalogue is everybody's. */
  readonly query: SqlQuery;
  /** What placements say, with the strategies `schema` and `database`: compared with what is there. */
  readonly placed?: readonly PlacedTenant[];
  /** With the strategy `schema`: whether each tenant has a role of its own. */
  readonly rolePerTenant?: boolean;
  readonly clock?: () => Date;
}

/** Looks at everything that keeps tenants apart. Reads the catalogue only. Errors come before warnings. */
export async function doctor(options: DoctorOptions): Promise<readonly Finding[]> {
  const { tables, query, placed, rolePerTenant = true, clock = () => new Date() } = options;
  const findings: Finding[] = [...(await roles(query, tables))];
  if (findings.some(({ object }) => object === tables.appRole) && !(await isThere(query, tables.appRole))) {
    // Whatever else there is to say is about that role.
    return findings;
  }
  for (const check of [forced, policies, functions, defaults, references, objects, classification]) {
    findings.push(...(await check(query, tables)));
  }
  const databases = placed?.filter(({ strategy }) => strategy === "database").map(({ name }) => name);
  findings.push(...(await connect(query, databases?.length ? databases : null)));
  if (placed !== undefined) {
    findings.push(...(await places(query, placed)));
  }
  findings.push(...(await server(query, clock)));
  if (!rolePerTenant) {
    const remedy = "turn rolePerTenant on: the path alone does not refuse a qualified name";
    findings.push({ code: "isolation.shared_role", severity: "warning", object: tables.appRole, remedy });
  }
  return [...findings.filter(isError), ...findings.filter((finding) => !isError(finding))];
}

/** For the start of a program: throws the first finding that is an error, as an `IsolationError` with its code. */
export async function assertSafe(options: DoctorOptions): Promise<void> {
  const first = (await doctor(options)).find(isError);
  if (first === undefined) {
    return;
  }
  switch (first.code) {
    case "isolation.policy_extra":
    case "isolation.missing_index":
    case "isolation.clock_skew":
    case "isolation.shared_role":
      return;
    case "isolation.not_provisioned":
      throw new IsolationError(first.code, {});
    default:
      throw new IsolationError(first.code, { object: first.object });
  }
}

async function isThere(query: SqlQuery, role: string): Promise<boolean> {
  return (await query("select 1 from pg_roles where rolname = $1", [role])).length > 0;
}

function isError({ severity }: Finding): boolean {
  return severity === "error";
}
