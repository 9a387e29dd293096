import { quoted } from "../identifier.ts";
import type { Scope } from "../table-declaration.ts";

export type Command = "all" | "select" | "insert" | "update" | "delete";

/** A policy of ours, as it is made and as the doctor expects to find it. */
export interface Policy {
  readonly name: string;
  readonly isPermissive: boolean;
  readonly command: Command;
  readonly role: "app" | "admin";
  readonly using: string | null;
  readonly check: string | null;
}

/**
 * The policies of a table. Permissive ones widen each other, so that one of the host's that says `true` would open the
 * table; the restrictive ones hold.
 */
export function policiesOf(scope: Scope, column: string, tenant: string): readonly Policy[] {
  const own = `${quoted(column)} = ${tenant}`;
  const everyones = `${quoted(column)} is null`;
  const app = { role: "app" } as const;
  const admin: Policy = {
    name: "tenantry_admin",
    isPermissive: true,
    command: "all",
    role: "admin",
    using: "true",
    check: "true",
  };
  switch (scope) {
    case "tenant":
      return [
        { ...app, name: "tenantry_access", isPermissive: true, command: "all", using: own, check: own },
        { ...app, name: "tenantry_boundary", isPermissive: false, command: "all", using: own, check: own },
        admin,
      ];
    case "both":
      return [
        { ...app, name: "tenantry_access", isPermissive: true, command: "all", using: own, check: own },
        { ...app, name: "tenantry_shared", isPermissive: true, command: "select", using: everyones, check: null },
        // To be read is another thing than to be written: a policy for all would let rows of everybody be removed.
        {
          ...app,
          name: "tenantry_boundary",
          isPermissive: false,
          command: "select",
          using: `${own} or ${everyones}`,
          check: null,
        },
        { ...app, name: "tenantry_boundary_insert", isPermissive: false, command: "insert", using: null, check: own },
        { ...app, name: "tenantry_boundary_update", isPermissive: false, command: "update", using: own, check: own },
        { ...app, name: "tenantry_boundary_delete", isPermissive: false, command: "delete", using: own, check: null },
        admin,
      ];
    case "shared":
    case "ignored":
      return [];
  }
}

/** Makes a policy anew. */
export function policyScript(
  table: string,
  { name, isPermissive, command, role, using, check }: Policy,
  roles: { readonly app: string; readonly admin: string },
): string {
  const parts = [
    `drop policy if exists ${name} on ${table};`,
    `create policy ${name} on ${table} as ${isPermissive ? "permissive" : "restrictive"} for ${command} to ${quoted(roles[role])}`,
  ];
  if (using !== null) {
    parts.push(`  using (${using})`);
  }
  if (check !== null) {
    parts.push(`  with check (${check})`);
  }
  return `${parts.join("\n")};`;
}
