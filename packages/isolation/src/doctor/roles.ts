import { type Check, error, type Finding } from "./finding.ts";
import { OWNED, ownedValues } from "./relations.ts";

/** What the application's role may become, transitively. */
const TEXT = `with recursive ${OWNED}, may as (
  select oid from pg_roles where rolname = $3
  union
  select m.roleid from pg_auth_members m join may on m.member = may.oid
)
select r.rolname::text as name, r.rolsuper as super, r.rolbypassrls as bypass, r.rolcreaterole as create,
       r.rolname = $4 as admin,
       exists (select from pg_class c join owned o on o.oid = c.oid where c.relowner = r.oid) as owns
  from pg_roles r
  join may on may.oid = r.oid
 order by 1`;

const FAULTS = {
  super: "make it no superuser: alter role … nosuperuser",
  bypass: "take BYPASSRLS away: alter role … nobypassrls",
  create: "take CREATEROLE away: alter role … nocreaterole",
  admin: "revoke the admin role from the application's",
  owns: "let another role own the tenant tables",
} as const;

export const roles: Check = async (query, tables) => {
  const { appRole, adminRole } = tables;
  const rows = await query(TEXT, [...ownedValues(tables), appRole, adminRole]);
  if (rows.length === 0) {
    return [error("isolation.unsafe_role", appRole, "create the role that the tables are declared for")];
  }
  return rows.flatMap((row): Finding[] =>
    Object.entries(FAULTS)
      .filter(([fault]) => row[fault] === true)
      .map(([, remedy]) => error("isolation.unsafe_role", String(row["name"]), remedy)),
  );
};
