import { SETTING } from "../entrance.ts";
import { quoted } from "../identifier.ts";
import type { TableDeclaration } from "../table-declaration.ts";

/** The function that believes a signed context only, with the server's own `sha256`. */
export function proofScript({ ownSchema, appRole, adminRole }: TableDeclaration): string {
  const schema = quoted(ownSchema);
  return `create schema if not exists ${schema};
create table if not exists ${schema}.proof_key (
  id text constraint proof_key_id_unique primary key,
  inner_block bytea not null,
  outer_block bytea not null
);
revoke all on ${schema}.proof_key from public, ${quoted(appRole)}, ${quoted(adminRole)};
create or replace function ${schema}.current_org() returns uuid
  language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $tenantry$${proofBody(ownSchema)}$tenantry$;
revoke all on function ${schema}.current_org() from public;
grant execute on function ${schema}.current_org() to ${quoted(appRole)}, ${quoted(adminRole)};
grant usage on schema ${schema} to ${quoted(appRole)}, ${quoted(adminRole)};`;
}

/** What the function is made of: also what the doctor expects to find. */
export function proofBody(ownSchema: string): string {
  const schema = quoted(ownSchema);
  return `
declare
  context constant text := current_setting('${SETTING}', true);
  parts text[];
begin
  if context is null or context !~ '^[A-Za-z0-9_-]{1,32}[.][0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}[.][0-9]{1,12}[.][0-9a-f]{64}$' then
    return null;
  end if;
  parts := string_to_array(context, '.');
  if parts[3]::bigint <= extract(epoch from statement_timestamp()) then
    return null;
  end if;
  return (
    select parts[2]::uuid
      from ${schema}.proof_key k
     where k.id = parts[1]
       and sha256(k.outer_block || sha256(k.inner_block || convert_to(array_to_string(parts[1:3], '.'), 'UTF8'))) = decode(parts[4], 'hex')
  );
end
`;
}
