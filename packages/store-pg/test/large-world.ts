import { idOf, type OrgId, ROLES, type UsrId } from "@tenantry/core";
import type pg from "pg";

// A database as it is after years, made by statements of SQL: one organization with a hundred thousand members,
// invitations and events, among ten thousand others, one person who was in all of them, one address that all invited.

export const MEMBERS = 100_000;
export const ORGS = 10_000;
/** The identifier that every organization invited once. */
export const EVERYBODY = "everybody@example.com";

/** The instant of the first row. Each further one is a second later, and of members five minutes. */
export const BEGAN: Date = new Date("2024-01-01T00:00:00.000Z");
const STEP = 300;

/** When a member began. */
export function memberBegan(n: number): Date {
  return new Date(BEGAN.getTime() + n * STEP * 1000);
}

/** In each of the lists that something lapses in so many have, or fewer. */
export const LAPSED = 40;

export interface LargeWorld {
  readonly org: OrgId;
  /** A member of every organization, one row each. */
  readonly everywhere: UsrId;
  /** The actor of one event in a hundred. */
  readonly actor: UsrId;
}

/** The UUID of the `n`th row of a kind, of version 7: of the time that it is from, as those made by `generate` are. */
const uuid = (kind: string, n: string): string =>
  `(lpad(to_hex(${BEGAN.getTime()} + (${n})::bigint * ${kind === "mem" ? 1000 * STEP : 1000}), 12, '0') || '7' || substr(md5('${kind}' || (${n})), 1, 3) || '8' || substr(md5('${kind}' || (${n})), 4, 15))::uuid`;

const at = (n: string): string => `timestamptz '${BEGAN.toISOString()}' + (${n}) * interval '1 second'`;

const STATUS = "case when n % 10 < 6 then 'active' when n % 10 = 6 then 'suspended' else 'revoked' end";
/** Ten editors in all. */
const ROLE = `case when n % ${MEMBERS / 10} = 5 then 'editor' when n % 100 = 1 then 'admin' when n % 7 = 0 then 'guest' else 'member' end`;
/** A few of those that are pending have lapsed, and no sweep has written them down yet. */
const INVITED =
  "case n % 5 when 0 then 'accepted' when 1 then 'declined' when 2 then 'revoked' when 3 then 'expired' else 'pending' end";

const statements: readonly string[] = [
  `insert into tenancy.org (id, status, name, slug, version, created_at, updated_at)
   select ${uuid("org", "n")}, case when n % 100 = 7 then 'revoked' when n % 10 = 3 then 'suspended' else 'active' end,
     'Organization ' || n, 'org-' || n, case when n = 0 then ${2 * MEMBERS} else 1 end, ${at("n")}, ${at("n")}
     from generate_series(0, ${ORGS - 1}) n`,
  // The members of the large one, each ended one some days after it began.
  `insert into tenancy.mem (id, org_id, usr_id, role, status, created_at, updated_at)
   select ${uuid("mem", "n")}, ${uuid("org", "0")}, ${uuid("usr", "n")}, ${ROLE}, ${STATUS}, ${at(`n * ${STEP}`)},
     ${at(`n * ${STEP} + 1 + (n % 97) * 86400`)}
     from generate_series(1, ${MEMBERS}) n`,
  `insert into tenancy.mem (id, org_id, usr_id, role, status, created_at, updated_at)
   select ${uuid("own", "n")}, ${uuid("org", "n")}, ${uuid("usr", "0")}, 'owner',
     case when n % 1000 = 999 then 'suspended' when n % 10 = 0 then 'active' else 'revoked' end, ${at("n")}, ${at("n")}
     from generate_series(0, ${ORGS - 1}) n`,
  `insert into tenancy.inv (id, org_id, identifier, canonical, role, status, pre_tuples, invited_by, invited_user_id, created_at, expires_at, terminal_at, terminal_by)
   select i.id, i.org_id, i.address, i.address, 'member', i.status, '[]', ${uuid("usr", "0")},
     case when i.status = 'accepted' then ${uuid("usr", "0")} end, i.made, i.ends,
     case i.status when 'pending' then null when 'expired' then i.ends else i.made end,
     case when i.status = 'accepted' then ${uuid("usr", "0")} end
     from (
       select ${uuid("inv", "n")} as id, ${uuid("org", "0")} as org_id, 'person' || n || '@example.com' as address,
         ${INVITED} as status, ${at("n")} as made,
         case when ${INVITED} <> 'pending' or n % ${MEMBERS / 20} = 4 then ${at("n")} + interval '7 days'
              else timestamptz '2100-01-01' + n * interval '1 second' end as ends
         from generate_series(1, ${MEMBERS}) n
       union all
       select ${uuid("for", "n")}, ${uuid("org", "n")}, '${EVERYBODY}', ${INVITED}, ${at("n")},
         case when ${INVITED} <> 'pending' or n % ${ORGS / 20} = 4 then ${at("n")} + interval '7 days' else timestamptz '2100-01-01' end
         from generate_series(0, ${ORGS - 1}) n
     ) i`,
  // One in ten has a time box; that of a few has lapsed and is swept by nobody.
  `update tenancy.mem set expires_at = case when right(id::text, 1) = 'f' then created_at + interval '1 day' else timestamptz '2100-01-01' end
    where org_id = ${uuid("org", "0")} and status <> 'revoked' and role <> 'owner' and created_at in (select ${at(`n * ${STEP}`)} from generate_series(2, ${MEMBERS}, 10) n)
      and (right(id::text, 1) <> 'f' or created_at < ${at(`5000 * ${STEP}`)})`,
  `insert into tenancy.tup (subject_type, subject_id, relation, object_type, object_id, expires_at)
   select 'usr', 'usr_' || replace(m.usr_id::text, '-', ''), m.role, 'org', 'org_' || replace(m.org_id::text, '-', ''), m.expires_at
     from tenancy.mem m where m.status = 'active'`,
  // Two for each member: that it was added, and that it was suspended or reinstated a while later.
  `insert into tenancy.evt (org_id, seq, type, at, actor, data)
   select ${uuid("org", "0")}, n,
     case when n <= ${MEMBERS} then case when n % ${MEMBERS / 5} = 9 then 'org.updated' else 'membership.added' end
          when n % 10 = 6 then 'membership.suspended' when n % 10 = 7 then 'membership.reinstated' else 'membership.role_changed' end,
     ${at("n")}, case when n % 100 = 3 then ${uuid("usr", "3")} else ${uuid("usr", "0")} end,
     jsonb_build_object('memId', 'mem_' || replace(${uuid("mem", `n % ${MEMBERS}`)}::text, '-', ''))
     from generate_series(1, ${2 * MEMBERS}) n`,
  // Grants that have lapsed, among as many that have not.
  `insert into tenancy.tup (subject_type, subject_id, relation, object_type, object_id, expires_at, granted_by)
   select 'usr', 'usr_' || replace(${uuid("usr", "n")}::text, '-', ''), 'viewer', 'doc', n::text,
     case when n % 100 = 0 then ${at("n")} else timestamptz '2100-01-01' end, ${uuid("org", "0")}
     from generate_series(1, ${MEMBERS}) n`,
  `update tenancy.org o set members = (select count(*) from tenancy.mem m where m.org_id = o.id and m.status <> 'revoked'),
     tally = array(select count(m.id) from unnest(array['active', 'suspended', 'revoked']) with ordinality s(status, place)
       cross join unnest(array[${ROLES.map((role) => `'${role}'`)}]) with ordinality r(role, place)
       left join tenancy.mem m on m.org_id = o.id and m.status = s.status and m.role = r.role
       group by s.place, r.place order by s.place, r.place),
     invitations = (select count(*) from tenancy.inv i where i.org_id = o.id and i.status = 'pending')`,
  // Everybody joined under a limit of their own once.
  `insert into tenancy.joins (usr_id, number) select ${uuid("usr", "n")}, 1 from generate_series(0, ${MEMBERS}) n`,
  "vacuum analyze tenancy.joins, tenancy.org, tenancy.mem, tenancy.inv, tenancy.tup, tenancy.evt",
];

export async function makeLargeWorld(pool: pg.Pool): Promise<LargeWorld> {
  for (const statement of statements) {
    await pool.query(statement);
  }
  const { rows } = await pool.query(
    `select ${uuid("org", "0")} as org, ${uuid("usr", "0")} as everywhere, ${uuid("usr", "3")} as actor`,
  );
  const [{ org, everywhere, actor }] = rows;
  return { org: idOf("org", org), everywhere: idOf("usr", everywhere), actor: idOf("usr", actor) };
}
