import type { Invariant } from "./invariant.ts";

// What must hold in the tables of the groups, at rest, where every store on the database kept the group from the beginning.

type Query = readonly [name: string, rule: string, query: string];

/** The groups whose tables have invariants of their own. */
const GROUPS_WITH_INVARIANTS = ["lifecycle", "domains", "settings", "relay", "audit"] as const;
type GroupWithInvariants = (typeof GROUPS_WITH_INVARIANTS)[number];

const OF_GROUPS: Readonly<Record<GroupWithInvariants, (s: string) => readonly Query[]>> = {
  lifecycle: (s) => [
    [
      "suspension",
      "there is a suspension exactly while an organization is suspended: none of one that is active, no date of one that ended",
      `select coalesce(u.org_id, o.id)::text as row from ${s}.suspension u
         full join (select * from ${s}.org where status = 'suspended') o on o.id = u.org_id where u.org_id is null or o.id is null`,
    ],
    [
      "fold_suspensions",
      "kind and date of a suspension are what the last event says, its beginning is when the organization was suspended",
      `select u.org_id::text as row from ${s}.suspension u
         left join lateral (select e.data from ${s}.evt e where e.org_id = u.org_id
            and e.type in ('org.suspended', 'org.deletion_scheduled') order by e.seq desc limit 1) last on true
         left join lateral (select e.at from ${s}.evt e where e.org_id = u.org_id
            and e.type = 'org.suspended' order by e.seq desc limit 1) begun on true
        where u.kind is distinct from coalesce(last.data->>'kind', 'suspended')
           or u.due_at is distinct from (last.data->>'dueAt')::timestamptz or u.since is distinct from begun.at`,
    ],
  ],
  domains: (s) => [
    [
      "domain_of_ended",
      "an organization that ended has no domain",
      `select d.domain as row from ${s}.domain d left join ${s}.org o on o.id = d.org_id where o.status is distinct from 'active'
          and o.status is distinct from 'suspended'`,
    ],
    [
      "domain_once",
      "a domain is proved by one organization at most",
      `select domain as row from ${s}.domain where state = 'verified' group by domain having count(*) > 1`,
    ],
    [
      "fold_domains",
      "domains are what the events say",
      `select coalesce(d.domain, t.domain) as row from ${s}.domain d full join (
         select * from (select distinct on (e.org_id, e.data->>'domain') e.org_id, e.data->>'domain' as domain, e.type
            from ${s}.evt e where e.type in ('domain.added', 'domain.verified', 'domain.removed')
           order by e.org_id, e.data->>'domain', e.seq desc) last
          where type <> 'domain.removed' and not exists (select from ${s}.evt r where r.org_id = last.org_id and r.type = 'org.revoked')
         ) t on t.org_id = d.org_id and t.domain = d.domain
        where d.domain is null or t.domain is null or (d.state = 'verified') <> (t.type = 'domain.verified')`,
    ],
  ],
  settings: (s) => [
    [
      "fold_settings",
      "a setting is there if the last event about it says so, under the number and the time of that event",
      `select coalesce(v.key, t.key) as row from ${s}.setting v full join (
         select * from (select distinct on (e.org_id, c->>'key') e.org_id, e.seq, e.at, c->>'key' as key, c->'to' as value
            from ${s}.evt e, lateral (select e.data as c union all select jsonb_array_elements(e.data->'also')) each
           where e.type in ('setting.changed', 'setting.unset') order by e.org_id, c->>'key', e.seq desc) last
          where value <> 'null'::jsonb
         ) t on t.org_id = v.org_id and t.key = v.key
        where v.key is null or t.key is null or v.seq <> t.seq or v.updated_at <> t.at`,
    ],
    [
      "setting_once",
      "a key has one value",
      `select key as row from ${s}.setting group by org_id, key having count(*) > 1`,
    ],
  ],
  relay: (s) => [
    [
      "outbox",
      "what waits to be discovered has happened",
      `select x.org_id::text as row from ${s}.outbox x left join ${s}.evt e on e.org_id = x.org_id and e.seq = x.seq where e.seq is null`,
    ],
    [
      "cursor",
      "a cursor is of a subscription, and neither behind its beginning nor before the organization's last event",
      `select c.subscription as row from ${s}.relay_cursor c
         left join ${s}.subscription u on u.id = c.subscription left join ${s}.org o on o.id = c.org_id
        where u.id is null or o.id is null or c.seq < 0 or c.seq > c.head or c.head > o.version`,
    ],
    [
      "dead",
      "what was given up had been discovered, and has a cursor",
      `select d.subscription as row from ${s}.relay_dead d
         left join ${s}.relay_cursor c on c.subscription = d.subscription and c.org_id = d.org_id
        where c.org_id is null or d.seq > c.head`,
    ],
  ],
  audit: (s) => [
    [
      "trace",
      "every event is about something, and what something is about has happened",
      `select coalesce(t.entity, e.org_id::text) as row from ${s}.evt e
         full join ${s}.evt_trace t on t.org_id = e.org_id and t.seq = e.seq where t.entity is null or e.seq is null`,
    ],
    [
      "trace_once",
      "an event did one thing to an entity",
      `select entity as row from ${s}.evt_trace group by entity, org_id, seq having count(*) > 1`,
    ],
  ],
};

/** The invariants over the tables of groups, of those that have some. */
export function groupInvariants(groups: readonly string[], schema = "tenancy"): readonly Invariant[] {
  return GROUPS_WITH_INVARIANTS.filter((group) => groups.includes(group)).flatMap((group) =>
    OF_GROUPS[group](`"${schema}"`).map(([name, rule, query]) => ({
      name,
      rule,
      violations: `select * from (${query}) broken limit 20`,
    })),
  );
}
