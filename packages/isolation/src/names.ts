import { IsolationError, isId, type OrgId, uuidOf } from "@tenantry/core";
import { isName, isSchemaName } from "./identifier.ts";

/** Names of schemas that were there before, by organization. */
export type NameMap = Readonly<Record<OrgId, string>>;

/** The name of a tenant's schema, of that schema's role, and of its database: from the id alone, so no two tenants have the same. */
export function tenantName(orgId: OrgId): string {
  return `t_${digits(orgId)}`;
}

/** The role that enters a tenant's database. While a tenant is moved that of its schema is there as well, perhaps on one server. */
export function tenantLogin(orgId: OrgId): string {
  return `${tenantName(orgId)}_login`;
}

/**
 * The roles of tenants' databases, as a host calls them. Throws `IsolationError` `isolation.invalid_name` for one that is not
 * `^[a-z_][a-z0-9_]{0,62}$` or could be another tenant's: each has the 32 digits of its id, with no other hexadecimal one beside them.
 */
export function tenantLogins(nameOf: (orgId: OrgId) => string = tenantLogin): (orgId: OrgId) => string {
  return (orgId) => {
    const name = nameOf(orgId);
    // Two of them do not fit into 63 characters.
    if (!isName(name) || !name.split(/[^0-9a-f]+/).includes(digits(orgId))) {
      throw new IsolationError("isolation.invalid_name", {});
    }
    return name;
  };
}

/** Where a schema or a database is put away; the time is in seconds. */
export function archivedName(orgId: OrgId, seconds: number): string {
  return `archived_${digits(orgId)}_${seconds}`;
}

/**
 * The names of tenants, with those of a map over those of their ids. Throws `IsolationError` `isolation.invalid_name` for a
 * mapped name that is not `^[a-z_][a-z0-9_]{0,62}$`, is used twice, is the system's, or is made from another id.
 */
export function tenantNames(map: NameMap = {}): (orgId: OrgId) => string {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const [orgId, name] of Object.entries(map)) {
    const isOthers = isSchemaName(name) && /^(t|archived)_[0-9a-f]{32}/.test(name) && name !== ownName(orgId);
    if (!isId(orgId, "org") || !isSchemaName(name) || taken.has(name) || isOthers) {
      throw new IsolationError("isolation.invalid_name", {});
    }
    names.set(orgId, name);
    taken.add(name);
  }
  return (orgId) => names.get(orgId) ?? tenantName(orgId);
}

function ownName(orgId: string): string | null {
  return isId(orgId, "org") ? tenantName(orgId) : null;
}

function digits(orgId: OrgId): string {
  return uuidOf(orgId).replaceAll("-", "");
}
