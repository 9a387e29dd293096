import {
  idOf,
  type OrgId,
  type PlacementPatch,
  type PlacementPort,
  type StoredPlacement,
  uuidOf,
} from "@tenantry/core";
import type { Cell } from "../cell.ts";
import type { Row } from "../executor.ts";
import { instant, type Json, optionalInstant } from "../rows.ts";
import { columns, type Identifier, listed, rows, type Sql, sql, value } from "../sql.ts";
import { type Request, statement } from "../statement.ts";
import { Values } from "../values.ts";
import type { Changes } from "../verdict.ts";

// The group `placement`: its table, what a commit writes of it, and the bookkeeping of who makes places.

export function placementJson(p: string): string {
  return `json_build_array(${p}.org_id, ${p}.strategy, ${p}.state, ${p}.step, ${p}.attempts, ${p}.error_code, ${p}.name, ${p}.sealed_dsn,
    ${p}.migrated_to, ${instant(`${p}.paused_until`)}, ${p}.move, case when ${p}.leased_until > clock_timestamp() then ${p}.leased_by end)`;
}

type PlacementRow = readonly [
  ...[orgId: string, strategy: string, state: StoredPlacement["state"], step: string | null, attempts: number],
  ...[errorCode: string | null, name: string | null, sealedDsn: string | null, migratedTo: string | null],
  ...[pausedUntil: number | null, move: StoredPlacement["move"], heldBy: string | null],
];

export function decodePlacement(json: Json): StoredPlacement {
  const [org, strategy, state, step, attempts, errorCode, name, sealedDsn, migratedTo, pausedUntil, move, heldBy] =
    json as unknown as PlacementRow;
  return {
    orgId: idOf("org", org),
    ...{ strategy, state, step, attempts, errorCode, name, sealedDsn, migratedTo },
    pausedUntil: optionalInstant(pausedUntil),
    ...{ move, heldBy },
  };
}

const NEW = columns("strategy text, state text");

export function placementWrites(s: Identifier, changes: Changes): readonly Sql[] {
  const parts: Sql[] = [];
  const inserts = changes("insertPlacement").map(({ row: { strategy, state } }) => ({ strategy, state }));
  if (inserts.length > 0) {
    parts.push(sql`added_placement as (
  insert into ${s}.placement (org_id, strategy, state)
  select go.org_id, r.strategy, r.state from go, ${rows(inserts, NEW, (row) => row)}
)`);
  }
  for (const { set } of changes("updatePlacement")) {
    parts.push(sql`changed_placement as (
  update ${s}.placement p set ${listed(assigned(set))}
    from go
   where p.org_id = go.org_id
)`);
  }
  return parts;
}

type Field = keyof PlacementPatch;

const COLUMNS: { readonly [F in Field]-?: readonly [name: string, type: string] } = {
  strategy: ["strategy", "text"],
  state: ["state", "text"],
  step: ["step", "text"],
  attempts: ["attempts", "int"],
  errorCode: ["error_code", "text"],
  name: ["name", "text"],
  sealedDsn: ["sealed_dsn", "text"],
  migratedTo: ["migrated_to", "text"],
  pausedUntil: ["paused_until", "timestamptz"],
  move: ["move", "jsonb"],
};

/** The same text each time, so that statements of one shape are one. */
const ASSIGNMENTS = Object.fromEntries(
  Object.entries(COLUMNS).map(([field, [name]]) => [field, [`${name} = `, ""]]),
) as unknown as Readonly<Record<Field, readonly string[]>>;

function assigned(set: PlacementPatch): readonly Sql[] {
  return fieldsOf(set).map((field) => ({
    texts: ASSIGNMENTS[field],
    parts: [value(cellOf(set, field), COLUMNS[field][1])],
  }));
}

/** In one order, so that equal changes are one statement. */
function fieldsOf(set: PlacementPatch): readonly Field[] {
  return (Object.keys(COLUMNS) as Field[]).filter((field) => set[field] !== undefined);
}

function cellOf(set: PlacementPatch, field: Field): Cell {
  return set[field] as Cell;
}

/**
 * Who works on which placement, and how far they have come. Each step is a statement and a transaction of its own, and sent
 * again it does no harm: it states what is to be.
 */
export function sqlPlacements(
  s: string,
  prepare: boolean,
  send: <T>(request: Request<T>) => Promise<T>,
): PlacementPort {
  const ask = <T>(text: (values: Values) => string, decode: (rows: readonly Row[]) => T): Promise<T> => {
    const values = new Values();
    const written = text(values);
    return send({ statement: statement(written, values, prepare), decode });
  };
  const did = (text: (values: Values) => string): Promise<boolean> => ask(text, (answer) => answer.length > 0);
  const own = (orgId: OrgId, holder: string, values: Values): string =>
    `p.org_id = ${org(orgId, values)} and p.leased_by = ${values.add(holder, "text")} and p.leased_until > clock_timestamp()`;
  return {
    create: ({ orgId, strategy, state }) =>
      ask(
        // An update that changes nothing, so that the row that is there is answered.
        (values) => `insert into ${s}.placement as p (org_id, strategy, state)
values (${org(orgId, values)}, ${values.add(strategy, "text")}, ${values.add(state, "text")})
on conflict on constraint placement_one_per_org do update set strategy = p.strategy
returning ${placementJson("p")}::text as json`,
        ([row]) => decodePlacement(jsonOf(row)),
      ),
    lease: (orgId, holder, seconds) =>
      did((values) => {
        const who = values.add(holder, "text");
        return `update ${s}.placement p
   set leased_by = ${who}, leased_until = clock_timestamp() + make_interval(secs => ${values.add(seconds, "float8")})
 where p.org_id = ${org(orgId, values)} and (p.leased_by is null or p.leased_by = ${who} or p.leased_until <= clock_timestamp())
returning 1 as done`;
      }),
    record: (orgId, holder, set) =>
      did((values) => {
        const sets = fieldsOf(set).map((field) => {
          const [name, type] = COLUMNS[field];
          return `${name} = ${values.add(cellOf(set, field), type)}`;
        });
        return `update ${s}.placement p set ${sets.join(", ")} where ${own(orgId, holder, values)} returning 1 as done`;
      }),
    async release(orgId, holder) {
      await did(
        (values) => `update ${s}.placement p set leased_by = null, leased_until = null
 where p.org_id = ${org(orgId, values)} and p.leased_by = ${values.add(holder, "text")} returning 1 as done`,
      );
    },
    list: ({ after, take }) =>
      ask(
        (values) => `select ${placementJson("p")}::text as json from ${s}.placement p
 where ${after === null ? "true" : `p.org_id > ${org(after, values)}`} order by p.org_id limit ${values.add(take, "int")}`,
        (answer) => answer.map((row) => decodePlacement(jsonOf(row))),
      ),
    leftovers: (take) =>
      ask(
        (values) => `select p.org_id::text as id from ${s}.placement p join ${s}.org o on o.id = p.org_id
 where o.status = 'revoked' and p.state not in ('archived', 'removed') order by p.org_id limit ${values.add(take, "int")}`,
        (answer) => answer.map((row) => idOf("org", row["id"] as string)),
      ),
  };
}

function org(orgId: OrgId, values: Values): string {
  return values.add(uuidOf(orgId), "uuid");
}

function jsonOf(row: Row | undefined): Json {
  return JSON.parse(row?.["json"] ?? "null") as Json;
}
