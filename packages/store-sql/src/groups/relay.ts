import {
  type Change,
  type Commit,
  type DeadRef,
  type Held,
  idOf,
  type OrgId,
  type RelayPort,
  type Subscription,
  uuidOf,
} from "@tenantry/core";
import type { Row } from "../executor.ts";
import type { Json } from "../rows.ts";
import { type Identifier, type Sql, sql } from "../sql.ts";
import { type Request, statement } from "../statement.ts";
import { Values } from "../values.ts";
import type { Changes } from "../verdict.ts";

/** The outbox: a row for each event of the commit. */
export function announceWrites(s: Identifier, _commit: Commit, changes: Changes): readonly Sql[] {
  return changes("announce" satisfies Change["op"]).length === 0
    ? []
    : [
        sql`announced as (
  insert into ${s}.outbox (org_id, seq)
  select go.org_id, n from go, generate_series(go.before + 1, go.last) n
)`,
      ];
}

const millis = (column: string): string => `(date_part('epoch', ${column}) * 1000)::bigint`;

const subscriptionJson = (s: string): string =>
  `json_build_array(${s}.id, ${s}.relay, ${s}.org_id, ${s}.types, ${s}.starts, ${s}.endpoint, ${s}.revision, ${millis(`${s}.created_at`)},
    ${millis(`${s}.failing_since`)}, ${millis(`${s}.disabled_at`)}, ${s}.disabled_code)`;

type SubscriptionRow = readonly [
  ...[id: string, relay: string, orgId: string | null, types: Subscription["types"], from: Subscription["from"]],
  ...[endpoint: unknown, revision: number, createdAt: number],
  ...[failingSince: number | null, disabledAt: number | null, disabledCode: string | null],
];

function decodeSubscription(json: Json): Subscription {
  const [id, relay, orgId, types, from, endpoint, revision, createdAt, failingSince, disabledAt, code] =
    json as unknown as SubscriptionRow;
  return {
    id,
    relay,
    orgId: orgId === null ? null : idOf("org", orgId),
    types,
    from,
    endpoint,
    revision,
    createdAt: new Date(createdAt),
    failingSince: failingSince === null ? null : new Date(failingSince),
    disabled: disabledAt === null ? null : { at: new Date(disabledAt), code: code ?? "" },
  };
}

const jsonOf = (row: Row | undefined, column: string): Json => JSON.parse(row?.[column] ?? "null") as Json;

/**
 * The bookkeeping of relays. Each step is a statement and a transaction of its own. Whatever was in flight when a connection
 * died may be sent again: a step either states what is to be, or is made of a lease that the first one gave back.
 */
export function sqlRelay(s: string, prepare: boolean, send: <T>(request: Request<T>) => Promise<T>): RelayPort {
  const ask = <T>(text: (values: Values) => string, decode: (rows: readonly Row[]) => T): Promise<T> => {
    const values = new Values();
    const written = text(values);
    return send({ statement: statement(written, values, prepare), decode });
  };
  const did = (text: (values: Values) => string): Promise<boolean> => ask(text, (rows) => rows.length > 0);
  const own = ({ subscription, orgId, holder }: Held, values: Values): string =>
    `c.org_id = ${org(orgId, values)} and c.subscription = ${values.add(subscription, "text")} and c.leased_by = ${values.add(uuidOf(holder), "uuid")}`;

  async function subscription(id: string): Promise<Subscription | null> {
    return ask(
      (values) =>
        `select ${subscriptionJson("n")}::text as json from ${s}.subscription n where n.id = ${values.add(id, "text")}`,
      ([row]) => (row === undefined ? null : decodeSubscription(jsonOf(row, "json"))),
    );
  }

  return {
    async subscribe(draft) {
      await did((values) => {
        const cells = [
          values.add(draft.id, "text"),
          values.add(draft.relay, "text"),
          values.add(draft.orgId === null ? null : uuidOf(draft.orgId), "uuid"),
          values.add(draft.types, "text[]"),
          values.add(draft.from, "text"),
          draft.from === "now" ? "true" : "false",
          values.add(draft.endpoint === null ? null : JSON.stringify(draft.endpoint), "jsonb"),
        ];
        // What was written before and waits to be discovered is none of its concern.
        return `with made as (
  insert into ${s}.subscription (id, relay, org_id, types, starts, begun, endpoint) values (${cells.join(", ")})
  on conflict on constraint subscription_id_unique do nothing
  returning id, relay, org_id, starts
), passed as (
  insert into ${s}.relay_cursor (org_id, subscription, relay, seq, head)
  select o.org_id, m.id, m.relay, max(o.seq), max(o.seq)
    from made m join ${s}.outbox o on m.org_id is null or o.org_id = m.org_id
   where m.starts = 'now'
   group by o.org_id, m.id, m.relay
)
select id from made`;
      });
      // Behind the subscription's own commit: whoever discovers an event from then on knows of it, and what was discovered
      // before is in the versions that are read here.
      await did((values) => {
        const id = values.add(draft.id, "text");
        return `with unbegun as materialized (
  select id, relay, org_id from ${s}.subscription where id = ${id} and not begun
), told as (
  insert into ${s}.relay_cursor as c (org_id, subscription, relay, seq, head, waiting_since)
  select o.id, n.id, n.relay, 0, o.version, o.created_at
    from unbegun n join ${s}.org o on n.org_id is null or o.id = n.org_id
   order by o.id
  on conflict on constraint relay_cursor_once do update set head = greatest(c.head, excluded.head)
), done as (
  update ${s}.subscription n set begun = true from unbegun u where n.id = u.id
)
select id from unbegun`;
      });
      const made = await subscription(draft.id);
      return made ?? { ...draft, revision: 1, createdAt: new Date(0), failingSince: null, disabled: null };
    },

    subscription,

    subscriptions({ relay, orgId, after, take }) {
      return ask(
        (values) => {
          const conditions = [
            `n.relay = ${values.add(relay, "text")}`,
            ...(orgId === null ? [] : [`n.org_id = ${org(orgId, values)}`]),
            ...(after === null ? [] : [`n.id > ${values.add(after, "text")}`]),
          ];
          return `select ${subscriptionJson("n")}::text as json from ${s}.subscription n
 where ${conditions.join(" and ")} order by n.id limit ${values.add(take, "int")}`;
        },
        (rows) => rows.map((row) => decodeSubscription(jsonOf(row, "json"))),
      );
    },

    change({ id, revision, types, endpoint }) {
      return did((values) => {
        const set = [
          ...(types === undefined ? [] : [`, types = ${values.add(types, "text[]")}`]),
          ...(endpoint === undefined ? [] : [`, endpoint = ${values.add(JSON.stringify(endpoint), "jsonb")}`]),
        ];
        // Whoever is at it goes by what was before.
        return `with changed as (
  update ${s}.subscription set revision = revision + 1${set.join("")}
   where id = ${values.add(id, "text")} and revision = ${values.add(revision, "bigint")} returning id
), given_back as (
  update ${s}.relay_cursor c set leased_by = null, due_at = now()
   where c.subscription in (select id from changed) and c.leased_by is not null
)
select id from changed`;
      });
    },

    disable(id, code) {
      return did((values) => {
        const name = values.add(id, "text");
        const [at, due, besides] =
          code === null
            ? ["null", "now()", butBlocked(s)]
            : ["coalesce(disabled_at, now())", "'infinity'::timestamptz", ""];
        return `with switched as (
  update ${s}.subscription set disabled_at = ${at}, disabled_code = ${values.add(code, "text")}, failing_since = null
   where id = ${name} returning id
), put_off as (
  update ${s}.relay_cursor c set due_at = ${due}, attempts = 0, leased_by = null
   where c.subscription in (select id from switched)${besides}
)
select id from switched`;
      });
    },

    unsubscribe(id) {
      return did((values) => {
        const name = values.add(id, "text");
        return `with forgotten as (
  delete from ${s}.relay_cursor where subscription = ${name}
), buried as (
  delete from ${s}.relay_dead where subscription = ${name}
)
delete from ${s}.subscription where id = ${name} returning id`;
      });
    },

    discover(take) {
      return ask(
        (values) => `with turn as materialized (
  select pg_try_advisory_xact_lock(hashtextextended(${values.add(`tenantry relay ${s}`, "text")}, 0)) as mine
), found as materialized (
  select org_id, seq, at from (
    select org_id, seq, at from ${s}.outbox
     where (select mine from turn)
     order by org_id, seq limit ${values.add(take, "int")}
       for update skip locked
  ) o limit 500
), taken as (
  delete from ${s}.outbox o using found f where o.org_id = f.org_id and o.seq = f.seq
), batch as materialized (
  select org_id, min(seq) as first, max(seq) as last, min(at) as since from found group by org_id
), concerned as materialized (
  select b.*, n.id, n.relay, n.starts, n.disabled_at from batch b join ${s}.subscription n on n.org_id = b.org_id
  union all
  select b.*, n.id, n.relay, n.starts, n.disabled_at from batch b cross join ${s}.subscription n where n.org_id is null
), raised as (
  insert into ${s}.relay_cursor as c (org_id, subscription, relay, seq, head, due_at, waiting_since)
  select org_id, id, relay, case starts when 'now' then first - 1 else 0 end, last,
         case when disabled_at is null then now() else 'infinity' end, since
    from concerned order by org_id, id
  on conflict on constraint relay_cursor_once do update
     set head = greatest(c.head, excluded.head),
         waiting_since = case when c.head > c.seq then c.waiting_since else excluded.waiting_since end
)
select count(*)::text as taken from found`,
        ([row]) => Number(row?.["taken"] ?? 0),
      );
    },

    lease({ relay, holder, seconds, take }) {
      return ask(
        (values) => {
          const [name, by] = [values.add(relay, "text"), values.add(uuidOf(holder), "uuid")];
          const [until, most] = [
            `now() + ${values.add(seconds, "float8")} * interval '1 second'`,
            values.add(take, "int"),
          ];
          // Of a limit that it does not see the planner supposes a tenth of the table, and reads all of what is joined.
          return `with due as materialized (
  select org_id, subscription from (
    select org_id, subscription from ${s}.relay_cursor
     where relay = ${name} and head > seq and due_at <= now()
     order by due_at limit ${most}
       for update skip locked
  ) d limit 100
), leased as (
  update ${s}.relay_cursor c set leased_by = ${by}, due_at = ${until}
    from due d where c.org_id = d.org_id and c.subscription = d.subscription
  returning c.org_id, c.subscription, c.seq, c.head, c.attempts
), again as materialized (
  select subscription, org_id, seq from (
    select x.subscription, x.org_id, x.seq from ${s}.relay_dead x
     where x.relay = ${name} and x.due_at <= now()
       and exists (select from ${s}.subscription n where n.id = x.subscription and n.disabled_at is null)
     order by x.due_at limit ${most}
       for update skip locked
  ) d limit 100
), taken as (
  update ${s}.relay_dead d set leased_by = ${by}, due_at = ${until}
    from again a where d.subscription = a.subscription and d.org_id = a.org_id and d.seq = a.seq
  returning d.org_id, d.subscription, d.seq, d.attempts
)
select json_build_array(${subscriptionJson("n")}, l.org_id, l.seq, l.head, l.attempts, l.is_again)::text as json
  from (
    select org_id, subscription, seq, head, attempts, false as is_again from leased
    union all
    select org_id, subscription, seq - 1, seq, attempts, true from taken
  ) l join ${s}.subscription n on n.id = l.subscription`;
        },
        (rows) =>
          rows.map((row) => {
            const [owner, orgId, seq, head, attempts, isAgain] = jsonOf(row, "json") as readonly Json[];
            return {
              subscription: decodeSubscription(owner ?? null),
              orgId: idOf("org", String(orgId)),
              seq: Number(seq),
              head: Number(head),
              attempts: Number(attempts),
              isAgain: isAgain === true,
            };
          }),
      );
    },

    advance({ seq, seconds, ...held }) {
      return did((values) => {
        const at = values.add(seq, "bigint");
        return `update ${s}.relay_cursor c set seq = ${at}, attempts = 0, ${goesOn(held.orgId, at, seconds, values)}
 where ${own(held, values)} returning c.seq`;
      });
    },

    fail({ seq, attempts, seconds, ...held }) {
      return did(
        (
          values,
        ) => `update ${s}.relay_cursor c set seq = ${values.add(seq, "bigint")}, attempts = ${values.add(attempts, "int")},
       leased_by = null, due_at = now() + ${values.add(seconds, "float8")} * interval '1 second'
 where ${own(held, values)} returning c.seq`,
      );
    },

    park({ seq, code, attempts, isBlocking, seconds, ...held }) {
      return did((values) => {
        const at = values.add(seq, "bigint");
        const set = isBlocking
          ? `seq = ${at} - 1, leased_by = null, due_at = 'infinity'`
          : `seq = ${at}, attempts = 0, ${goesOn(held.orgId, at, seconds, values)}`;
        return `with moved as (
  update ${s}.relay_cursor c set ${set}
   where ${own(held, values)} returning c.subscription, c.org_id, c.relay
)
insert into ${s}.relay_dead as d (subscription, org_id, seq, relay, code, attempts, blocks)
select m.subscription, m.org_id, ${at}, m.relay, ${values.add(code, "text")}, ${values.add(attempts, "int")},
       ${isBlocking ? "true" : "false"}
  from moved m
on conflict on constraint relay_dead_once do update
   set code = excluded.code, attempts = excluded.attempts, at = excluded.at, blocks = excluded.blocks, due_at = null, leased_by = null
returning d.seq`;
      });
    },

    settleAgain({ seq, code, ...held }) {
      return did((values) => {
        const mine = `${own(held, values)} and c.seq = ${values.add(seq, "bigint")}`;
        return code === null
          ? `delete from ${s}.relay_dead c where ${mine} returning c.seq`
          : `update ${s}.relay_dead c set code = ${values.add(code, "text")}, attempts = attempts + 1, at = now(), due_at = null, leased_by = null
 where ${mine} returning c.seq`;
      });
    },

    failing(id, isFailing) {
      return ask(
        (values) => {
          const since = isFailing ? "coalesce(failing_since, now())" : "null";
          return `update ${s}.subscription set failing_since = ${since}
 where id = ${values.add(id, "text")} returning ${millis("failing_since")}::text as since`;
        },
        ([row]) => {
          const since = row?.["since"] ?? null;
          return since === null ? null : new Date(Number(since));
        },
      );
    },

    seek({ subscription: id, orgId, seq }) {
      return did((values) => {
        const [name, at] = [values.add(id, "text"), values.add(seq, "bigint")];
        return `with cursor as materialized (
  select o.id as org_id, n.id as subscription, n.relay, least(${at}, o.version) as seq, o.version as head,
         case when n.disabled_at is null then now() else 'infinity' end as due_at
    from ${s}.org o, ${s}.subscription n
   where o.id = ${org(orgId, values)} and n.id = ${name} and (n.org_id is null or n.org_id = o.id)
), freed as (
  delete from ${s}.relay_dead d using cursor c where d.subscription = c.subscription and d.org_id = c.org_id and d.blocks
)
insert into ${s}.relay_cursor as c (org_id, subscription, relay, seq, head, due_at)
select org_id, subscription, relay, seq, head, due_at from cursor
on conflict on constraint relay_cursor_once do update
   set seq = excluded.seq, head = greatest(c.head, excluded.head), due_at = excluded.due_at, attempts = 0, leased_by = null,
       waiting_since = now()
returning c.seq`;
      });
    },

    redeliver(dead) {
      return did((values) => {
        const which = deadRow(dead, values);
        return `with freed as (
  delete from ${s}.relay_dead d where ${which} and d.blocks returning d.subscription, d.org_id
), resumed as (
  update ${s}.relay_cursor c set due_at = now(), attempts = 0, leased_by = null
    from freed f where c.org_id = f.org_id and c.subscription = f.subscription
), asked as (
  update ${s}.relay_dead d set due_at = coalesce(d.due_at, now()) where ${which} and not d.blocks returning d.subscription
)
select subscription from freed union all select subscription from asked`;
      });
    },

    discard(dead) {
      return did((values) => {
        const at = values.add(dead.seq, "bigint");
        return `with gone as (
  delete from ${s}.relay_dead d where ${deadRow(dead, values)} returning d.subscription, d.org_id, d.blocks
), resumed as (
  update ${s}.relay_cursor c set seq = greatest(c.seq, ${at}), due_at = now(), attempts = 0, leased_by = null, waiting_since = now()
    from gone g where g.blocks and c.org_id = g.org_id and c.subscription = g.subscription
)
select subscription from gone`;
      });
    },

    dead({ subscription: owner, after, take }) {
      return ask(
        (values) => {
          const behind =
            after === null
              ? ""
              : ` and (d.org_id, d.seq) > (${org(after.orgId, values)}, ${values.add(after.seq, "bigint")})`;
          return `select json_build_array(d.subscription, d.org_id, d.seq, d.code, d.attempts, ${millis("d.at")}, d.blocks)::text as json
  from ${s}.relay_dead d where d.subscription = ${values.add(owner, "text")}${behind}
 order by d.org_id, d.seq limit ${values.add(take, "int")}`;
        },
        (rows) =>
          rows.map((row) => {
            const [id, orgId, seq, code, attempts, at, isBlocking] = jsonOf(row, "json") as readonly Json[];
            return {
              subscription: String(id),
              orgId: idOf("org", String(orgId)),
              seq: Number(seq),
              code: String(code),
              attempts: Number(attempts),
              at: new Date(Number(at)),
              isBlocking: isBlocking === true,
            };
          }),
      );
    },

    lag(relay) {
      return ask(
        (values) => {
          const name = values.add(relay, "text");
          return `select ${millis("l.oldest")}::text as oldest, greatest(0, date_part('epoch', now() - l.oldest))::text as seconds,
       (select count(*) from ${s}.relay_dead d where d.relay = ${name})::text as parked,
       (select count(*) from ${s}.relay_dead d where d.relay = ${name} and d.blocks)::text as blocked
  from (select least((select min(o.at) from ${s}.outbox o),
                     (select c.waiting_since from ${s}.relay_cursor c where c.relay = ${name} and c.head > c.seq and c.due_at < 'infinity'
                       order by c.waiting_since limit 1)) as oldest) l`;
        },
        ([row]) => {
          const oldest = row?.["oldest"] ?? null;
          return {
            oldest: oldest === null ? null : new Date(Number(oldest)),
            seconds: Number(row?.["seconds"] ?? 0),
            parked: Number(row?.["parked"] ?? 0),
            blocked: Number(row?.["blocked"] ?? 0),
          };
        },
      );
    },
  };

  /** A lease that goes on, or is given back; then the next event waits since it happened. */
  function goesOn(orgId: OrgId, at: string, seconds: number | null, values: Values): string {
    return seconds === null
      ? `leased_by = null, due_at = now(),
       waiting_since = coalesce((select e.at from ${s}.evt e where e.org_id = ${org(orgId, values)} and e.seq = ${at} + 1), now())`
      : `due_at = now() + ${values.add(seconds, "float8")} * interval '1 second'`;
  }
}

/** What is blocked waits for what becomes of its event. */
const butBlocked = (s: string): string =>
  ` and not exists (select from ${s}.relay_dead d where d.subscription = c.subscription and d.org_id = c.org_id and d.blocks)`;

function org(orgId: OrgId, values: Values): string {
  return values.add(uuidOf(orgId), "uuid");
}

function deadRow({ subscription, orgId, seq }: DeadRef, values: Values): string {
  return `d.subscription = ${values.add(subscription, "text")} and d.org_id = ${org(orgId, values)} and d.seq = ${values.add(seq, "bigint")}`;
}
