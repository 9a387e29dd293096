import { isTenancyError } from "@tenantry/core";
import { expect, test } from "vitest";
import { generatePolicies } from "./policies/generate-policies.ts";
import { defineTables, type TableInput } from "./table-declaration.ts";

const good: TableInput = { schema: "app", appRole: "app_user", adminRole: "app_admin", tables: { invoices: "tenant" } };

test("a declaration has defaults, is frozen, and is in the order of its names", () => {
  const tables = defineTables({ ...good, tables: { b: "tenant", a: "shared" } });
  expect(tables).toMatchObject({ orgColumn: "org_id", orgType: "uuid", proof: "none", ownTables: "closed" });
  expect(Object.keys(tables.tables)).toEqual(["a", "b"]);
  expect(Object.isFrozen(tables) && Object.isFrozen(tables.tables)).toBe(true);
  const other = defineTables({ ...good, tables: { a: "shared", b: "tenant" } });
  expect(generatePolicies(tables)).toBe(generatePolicies(other));
});

test.each<[string, unknown, string]>([
  ["nothing", undefined, "schema"],
  ["an unknown key", { ...good, orgcolumn: "x" }, "orgcolumn"],
  ["a schema of the system", { ...good, schema: "pg_catalog" }, "schema"],
  ["a role with a quote", { ...good, appRole: 'a"b' }, "appRole"],
  ["everybody as a role", { ...good, appRole: "public" }, "appRole"],
  ["one role for both", { ...good, adminRole: "app_user" }, "adminRole"],
  ["a column with a space", { ...good, orgColumn: "org id" }, "orgColumn"],
  ["another type", { ...good, orgType: "int" }, "orgType"],
  ["another proof", { ...good, proof: "jwt" }, "proof"],
  ["our own schema", { ...good, ownSchema: "app" }, "ownSchema"],
  ["another scope", { ...good, tables: { invoices: "tenants" } }, "tables.invoices"],
  ["a scope of everybody's prototype", { ...good, tables: { invoices: "constructor" } }, "tables.invoices"],
  ["a table with a quote", { ...good, tables: { 'a"b': "tenant" } }, "tables"],
  ["a list of tables", { ...good, tables: ["invoices"] }, "tables"],
  [
    "a list that is not declared",
    { ...good, tables: { t: { scope: "shared", visibleTo: { table: "l", key: "k" } } } },
    "tables.t.visibleTo",
  ],
  [
    "a list for a tenant's rows",
    { ...good, tables: { l: "tenant", t: { scope: "tenant", visibleTo: { table: "l", key: "k" } } } },
    "tables.t.visibleTo",
  ],
  ["an unknown key of a table", { ...good, tables: { t: { scope: "shared", visible: 1 } } }, "tables.t"],
])("%s is refused by its path", (_, input, path) => {
  try {
    defineTables(input as TableInput);
    expect.unreachable();
  } catch (error) {
    if (!isTenancyError(error, "config.invalid")) {
      throw error;
    }
    expect(error.details.faults.map((fault) => fault.path)).toContain(path);
  }
});
