import { ConfigError, type ConfigFault } from "@tenantry/core";
import { isName, isSchemaName } from "./identifier.ts";

/** Whose the rows of a table are: one tenant's each, everybody's, both, or nothing of ours. */
export type Scope = "tenant" | "shared" | "both" | "ignored";

/** For which tenants a shared row is: those that a list names, or all where it names none. */
export interface VisibleTo {
  /** The list: a table of the same schema with the organization's column. */
  readonly table: string;
  /** The column of the list that names the row. */
  readonly key: string;
  /** The column of the row that it names. Default `id`. */
  readonly of?: string;
}

export interface TableOptions {
  readonly scope: Scope;
  readonly visibleTo?: VisibleTo;
}

export interface TableInput {
  /** The schema of the tables; with the strategy `schema` that of the shared ones. */
  readonly schema: string;
  /** The role of the application's connections. It owns nothing and bypasses nothing. */
  readonly appRole: string;
  /** The role of the pool for work on all tenants. */
  readonly adminRole: string;
  /** Default `org_id`. */
  readonly orgColumn?: string;
  /** `uuid`, the default, holds the id's UUID; `text` the id itself. */
  readonly orgType?: "uuid" | "text";
  readonly tables: Readonly<Record<string, Scope | TableOptions>>;
  /** `hmac`: policies believe a signed context only. Default `none`. */
  readonly proof?: "none" | "hmac";
  /** Our own tables: closed to the application's role, the default, or open for the own organization. */
  readonly ownTables?: "closed" | "rls";
  /** The schema of our own tables. Default `tenancy`. */
  readonly ownSchema?: string;
  /** The role of the store's connections, which keeps its access with `ownTables: "rls"`. Default: who runs the script. */
  readonly storeRole?: string;
}

/** A checked declaration, frozen. */
export interface TableDeclaration {
  readonly schema: string;
  readonly appRole: string;
  readonly adminRole: string;
  readonly orgColumn: string;
  readonly orgType: "uuid" | "text";
  /** In the order of their names. */
  readonly tables: Readonly<Record<string, { readonly scope: Scope; readonly visibleTo: Required<VisibleTo> | null }>>;
  readonly proof: "none" | "hmac";
  readonly ownTables: "closed" | "rls";
  readonly ownSchema: string;
  readonly storeRole: string | null;
}

const KEYS = [
  "schema",
  "appRole",
  "adminRole",
  "orgColumn",
  "orgType",
  "tables",
  "proof",
  "ownTables",
  "ownSchema",
  "storeRole",
];
const SCOPES: readonly unknown[] = ["tenant", "shared", "both", "ignored"];
const A_NAME = "a name of a-z, 0-9 and _, of at most 63 characters";

/** Checks what tables there are. Throws `ConfigError` `config.invalid`, with every fault by its path. */
export function defineTables(input: TableInput): TableDeclaration {
  const faults: ConfigFault[] = [];
  const fault = (path: string, expected: string): void => {
    faults.push({ path, expected });
  };
  const given = typeof input === "object" && input !== null ? input : ({} as Partial<TableInput>);
  const {
    schema,
    appRole,
    adminRole,
    orgColumn = "org_id",
    orgType = "uuid",
    tables,
    proof = "none",
    ownTables = "closed",
    ownSchema = "tenancy",
    storeRole,
  } = given;
  for (const key of Object.keys(given).filter((own) => !KEYS.includes(own))) {
    fault(key, `one of ${KEYS.join(", ")}`);
  }
  for (const [path, name] of Object.entries({ appRole, adminRole, orgColumn, storeRole: storeRole ?? "none" })) {
    if (!isName(name) || name === "public") {
      fault(path, A_NAME);
    }
  }
  // The strategy `row` may well have its tables in `public`.
  if (schema !== "public" && !isSchemaName(schema)) {
    fault("schema", A_NAME);
  }
  if (!isSchemaName(ownSchema) || ownSchema === schema) {
    fault("ownSchema", "a schema of its own");
  }
  if (appRole === adminRole) {
    fault("adminRole", "another role than the application's");
  }
  oneOf("orgType", orgType, ["uuid", "text"], fault);
  oneOf("proof", proof, ["none", "hmac"], fault);
  oneOf("ownTables", ownTables, ["closed", "rls"], fault);
  const declared = checkedTables(tables, fault);
  if (faults.length > 0) {
    throw new ConfigError("config.invalid", { faults: Object.freeze(faults) });
  }
  return Object.freeze({
    ...(given as TableInput),
    orgColumn,
    orgType,
    proof,
    ownTables,
    ownSchema,
    storeRole: storeRole ?? null,
    tables: declared,
  });
}

type Fault = (path: string, expected: string) => void;

function checkedTables(tables: TableInput["tables"] | undefined, fault: Fault): TableDeclaration["tables"] {
  if (typeof tables !== "object" || tables === null || Array.isArray(tables)) {
    fault("tables", "an object of tables and their scopes");
    return {};
  }
  const declared: Record<string, TableDeclaration["tables"][string]> = {};
  for (const name of Object.keys(tables).sort()) {
    const path = `tables.${name}`;
    if (!isName(name)) {
      fault("tables", A_NAME);
      continue;
    }
    const own = tables[name];
    const { scope, visibleTo, ...others } = (typeof own === "string" ? { scope: own } : (own ?? {})) as TableOptions;
    if (!SCOPES.includes(scope) || Object.keys(others).length > 0) {
      fault(path, '"tenant", "shared", "both", "ignored", or { scope, visibleTo }');
      continue;
    }
    if (visibleTo === undefined) {
      declared[name] = Object.freeze({ scope, visibleTo: null });
      continue;
    }
    const { table, key, of = "id" } = visibleTo ?? {};
    const list = isName(table) && Object.hasOwn(tables, table) ? tables[table] : undefined;
    if (scope !== "shared" || !isName(key) || !isName(of) || list === undefined) {
      fault(`${path}.visibleTo`, "of a shared table: a declared table and the name of its column");
      continue;
    }
    declared[name] = Object.freeze({ scope, visibleTo: Object.freeze({ table, key, of }) });
  }
  return Object.freeze(declared);
}

function oneOf(path: string, value: unknown, values: readonly string[], fault: Fault): void {
  if (typeof value !== "string" || !values.includes(value)) {
    fault(path, values.map((one) => `"${one}"`).join(" or "));
  }
}

/** Whether rows of the scope belong to one tenant. */
export function isOwned(scope: Scope): boolean {
  return scope === "tenant" || scope === "both";
}

/** What the column of an organization holds. */
export function orgValue(orgType: "uuid" | "text", uuid: string): string {
  return orgType === "uuid" ? uuid : `org_${uuid.replaceAll("-", "")}`;
}
