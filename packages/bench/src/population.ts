import { generate, type OrgId, ROLES, STATUSES } from "@tenantry/core";
import type pg from "pg";
import { COUNTED } from "./seeds.ts";
import type { Person } from "./world.ts";

// Many rows, made by the database itself: as the operations would have left them, with their tuples and events.

/** A UUID of version 7 whose time is the number: ids ascend with it, as those of the library do. */
const id = (salt: string, number: string): string =>
  `(lpad(to_hex(1700000000000 + ${number}), 12, '0') || '70008' || substr(md5('${salt}' || ${number}), 1, 15))::uuid`;
const wire = (type: string, uuid: string): string => `'${type}_' || replace(${uuid}::text, '-', '')`;

/** The first owns the organization, one of a thousand is an admin, the others are members. */
const ROLE = "case when n = 1 then 'owner' when n % 1000 = 0 then 'admin' else 'member' end";

/** An organization of so many members. */
export async function populateMembers(
  pool: pg.Pool,
  members: number,
): Promise<{ readonly orgId: OrgId; readonly owner: Person }> {
  const orgId = generate("org");
  const uuid = `(substr('${orgId}', 5))::uuid`;
  const [memId, usrId] = [id(`mem${orgId}`, "n"), id(`usr${orgId}`, "n")];
  const each = `from generate_series(1::bigint, ${members}) as n`;
  await inTransaction(pool, [
    `insert into tenancy.org (id, status, version, created_at, updated_at)
     values (${uuid}, 'active', ${members}, now(), now())`,
    `insert into tenancy.mem (id, org_id, usr_id, role, status, created_at, updated_at)
     select ${memId}, ${uuid}, ${usrId}, ${ROLE}, 'active', now(), now() ${each}`,
    `insert into tenancy.tup (subject_type, subject_id, relation, object_type, object_id)
     select 'usr', ${wire("usr", usrId)}, ${ROLE}, 'org', '${orgId}' ${each}`,
    `insert into tenancy.evt (org_id, seq, type, at, data)
     select ${uuid}, n, case when n = 1 then 'org.created' else 'membership.added' end, now(),
       jsonb_build_object('memId', ${wire("mem", memId)}, 'usrId', ${wire("usr", usrId)}) ||
       case when n = 1 then '{"name": null, "slug": null}' else jsonb_build_object('role', ${ROLE}, 'invitedBy', null) end
     ${each}`,
    `${COUNTED} where o.id = ${uuid}`,
  ]);
  const { rows } = await pool.query<Person>(
    `select ${wire("mem", "id")} as "memId", ${wire("usr", "usr_id")} as "usrId"
       from tenancy.mem where org_id = ${uuid} and role = 'owner'`,
  );
  return { orgId, owner: rows[0] as Person };
}

/** So many organizations, each with the owner alone. */
export async function populateOrganizations(pool: pg.Pool, organizations: number): Promise<void> {
  const salt = generate("org");
  const [orgId, memId, usrId] = [id(`org${salt}`, "n"), id(`mem${salt}`, "n"), id(`usr${salt}`, "n")];
  const slug = `'o-' || n || '-' || substr('${salt}', 29)`;
  const each = `from generate_series(1::bigint, ${organizations}) as n`;
  await inTransaction(pool, [
    `insert into tenancy.org (id, status, name, slug, version, members, tally, created_at, updated_at)
     select ${orgId}, 'active', 'Organization ' || n, ${slug}, 1, 1, '{${ONE_OWNER.join()}}', now(), now() ${each}`,
    `insert into tenancy.mem (id, org_id, usr_id, role, status, created_at, updated_at)
     select ${memId}, ${orgId}, ${usrId}, 'owner', 'active', now(), now() ${each}`,
    `insert into tenancy.tup (subject_type, subject_id, relation, object_type, object_id)
     select 'usr', ${wire("usr", usrId)}, 'owner', 'org', ${wire("org", orgId)} ${each}`,
    `insert into tenancy.evt (org_id, seq, type, at, actor, data)
     select ${orgId}, 1, 'org.created', now(), ${usrId}, jsonb_build_object('name', 'Organization ' || n, 'slug', ${slug},
       'memId', ${wire("mem", memId)}, 'usrId', ${wire("usr", usrId)}) ${each}`,
  ]);
}

/** How many members there are of each status and role. */
const ONE_OWNER = STATUSES.flatMap((status) => ROLES.map((role) => (status === "active" && role === "owner" ? 1 : 0)));

async function inTransaction(pool: pg.Pool, statements: readonly string[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    for (const statement of statements) {
      await client.query(statement);
    }
    await client.query("commit");
  } finally {
    client.release();
  }
}
