import { type Found, found, type Rejected } from "./decision.ts";
import { fields, optionalId } from "./input.ts";
import { limitArgument } from "./list-input.ts";
import type { Organization, OrgId } from "./model.ts";
import { noOrg } from "./org.ts";

// What the sweeps share: each is one look for what has lapsed, then a mutation for each organization. That something lapsed
// shows everywhere without it; a sweep writes it down, with an event.

const LARGEST_SWEEP = 200;

export interface SweepInput {
  /** Left out, all organizations are looked at. */
  readonly orgId?: OrgId | null;
  /** How many at most, 1 to 200. Default 200. */
  readonly limit?: number;
}

export interface SweepScope {
  readonly orgId: OrgId | null;
  readonly limit: number;
}

/** What has lapsed in one organization, earliest expiry first. */
export interface LapsedInOrg<Row> {
  readonly orgId: OrgId;
  readonly lapsed: readonly Row[];
}

/** What a sweep finds to do. */
export interface Lapsed<Row> {
  /** By organization, so that two sweeps in transactions of the host's wait for each other in one direction only. */
  readonly byOrg: readonly LapsedInOrg<Row>[];
  readonly more: boolean;
}

export function sweepScope(input: SweepInput = {}): SweepScope {
  const { orgId, limit } = fields(input, ["orgId", "limit"]);
  return { orgId: optionalId("org", orgId), limit: limitArgument(limit, LARGEST_SWEEP) };
}

/** What was found, of which one more was asked for than is swept. */
export function foundLapsed<Row extends { readonly orgId: OrgId }>(
  { orgId, limit }: SweepScope,
  rows: readonly Row[],
  org: Organization | null | undefined,
): Found<Lapsed<Row>> | Rejected<"not_found"> {
  if (orgId !== null && org === null) {
    return noOrg(orgId);
  }
  const swept = rows.slice(0, limit);
  const orgIds = [...new Set(swept.map((row) => row.orgId))].sort();
  const byOrg = orgIds.map((id) => ({ orgId: id, lapsed: swept.filter((row) => row.orgId === id) }));
  return found({ byOrg, more: rows.length > limit });
}

/** The first instant at which all of these have lapsed. */
export function afterAll(expiries: readonly Date[]): Date {
  return new Date(Math.max(...expiries.map((expiry) => expiry.getTime())) + 1);
}
