import type { PlacementState } from "@tenantry/context";
import { ConfigError, encode, uuidOf } from "@tenantry/core";
import type { SqlQuery } from "./doctor/finding.ts";
import type { Row } from "./driver.ts";
import { isSchemaName, quoted } from "./identifier.ts";
import type { PlacementPatch, PlacementStore, StoredPlacement } from "./placement.ts";

const COLUMNS: Readonly<Record<keyof PlacementPatch, readonly [column: string, type: string]>> = {
  state: ["state", "text"],
  step: ["step", "text"],
  attempts: ["attempts", "int"],
  errorCode: ["error_code", "text"],
  name: ["name", "text"],
  sealedDsn: ["sealed_dsn", "text"],
  migratedTo: ["migrated_to", "text"],
  pausedUntil: ["paused_until", "timestamptz"],
};
const SHOWN = `org_id::text as org_id, strategy, state, step, attempts, error_code, name, sealed_dsn, migrated_to,
  to_char(paused_until at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as paused_until`;

/**
 * Placements on PostgreSQL, in the table that the migrations of the group `placement` make; leases go by the database's clock.
 */
export function sqlPlacements(
  query: SqlQuery,
  { schema = "tenancy" }: { readonly schema?: string } = {},
): PlacementStore {
  const table = `${checked(schema)}.placement`;
  const held = "p.leased_by = $2 and p.leased_until > clock_timestamp()";
  const one = async (text: string, values: readonly (string | null)[]): Promise<boolean> =>
    (await query(text, values)).length === 1;
  return {
    async get(orgId) {
      const [row] = await query(`select ${SHOWN} from ${table} where org_id = $1::uuid`, [uuidOf(orgId)]);
      return row === undefined ? null : decodePlacement(row);
    },
    async create(orgId, strategy) {
      const text = `insert into ${table} as p (org_id, strategy, state) values ($1::uuid, $2, 'pending')
on conflict (org_id) do update set strategy = p.strategy returning ${SHOWN}`;
      return decodePlacement((await query(text, [uuidOf(orgId), strategy]))[0] ?? {});
    },
    lease: (orgId, holder, seconds) =>
      one(
        `update ${table} p set leased_by = $2, leased_until = clock_timestamp() + make_interval(secs => $3::float8)
 where org_id = $1::uuid and (leased_by is null or leased_by = $2 or leased_until <= clock_timestamp()) returning 1 as done`,
        [uuidOf(orgId), holder, String(seconds)],
      ),
    patch(orgId, holder, patch) {
      const keys = Object.keys(patch) as (keyof PlacementPatch)[];
      const sets = keys.map((key, index) => `${COLUMNS[key][0]} = $${index + 3}::${COLUMNS[key][1]}`);
      const values = keys.map((key) => (patch[key] === null || patch[key] === undefined ? null : String(patch[key])));
      const text = `update ${table} p set ${sets.join(", ")} where p.org_id = $1::uuid and ${held} returning 1 as done`;
      return one(text, [uuidOf(orgId), holder, ...values]);
    },
    makeReady: (orgId, holder) =>
      // The row of the organization is locked, so whoever revokes it comes before or after.
      one(
        `with active as materialized (
  select id from ${checked(schema)}.org where id = $1::uuid and status = 'active' for share
)
update ${table} p set state = 'ready', step = null, attempts = 0, error_code = null
  from active where p.org_id = active.id and ${held} returning 1 as done`,
        [uuidOf(orgId), holder],
      ),
    async release(orgId, holder) {
      const text = `update ${table} set leased_by = null, leased_until = null where org_id = $1::uuid and leased_by = $2`;
      await query(text, [uuidOf(orgId), holder]);
    },
    pause: (orgId, untilSeconds) =>
      one(
        `update ${table} set paused_until = clock_timestamp() + make_interval(secs => $2::float8)
 where org_id = $1::uuid and state = 'ready' returning 1 as done`,
        [uuidOf(orgId), untilSeconds === null ? null : String(untilSeconds)],
      ),
    async leftovers(limit) {
      const text = `select p.org_id::text as org_id from ${table} p join ${checked(schema)}.org o on o.id = p.org_id
 where o.status = 'revoked' and p.state not in ('archived', 'removed') order by p.org_id limit $1::int`;
      return (await query(text, [String(limit)])).map((row) => encode("org", String(row["org_id"])));
    },
    async list() {
      return (await query(`select ${SHOWN} from ${table} order by org_id`, [])).map(decodePlacement);
    },
  };
}

function decodePlacement(row: Row): StoredPlacement {
  const text = (column: string): string | null => (typeof row[column] === "string" ? row[column] : null);
  return Object.freeze({
    orgId: encode("org", String(row["org_id"])),
    strategy: String(row["strategy"]),
    state: String(row["state"]) as PlacementState,
    step: text("step"),
    attempts: Number(row["attempts"]),
    errorCode: text("error_code"),
    name: text("name"),
    sealedDsn: text("sealed_dsn"),
    migratedTo: text("migrated_to"),
    pausedUntil: text("paused_until"),
  });
}

function checked(schema: string): string {
  if (!isSchemaName(schema)) {
    throw new ConfigError("config.invalid", { faults: [{ path: "schema", expected: "a name of a schema" }] });
  }
  return quoted(schema);
}
