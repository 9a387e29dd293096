import { type Change, existing } from "./change.ts";
import { accept, type Decision, type Found, found, noChange, type Rejected } from "./decision.ts";
import type { EventDraft } from "./event.ts";
import { fields, optionalId } from "./input.ts";
import type { Query } from "./list.ts";
import { limitArgument } from "./list-input.ts";
import type { Organization, OrgId } from "./model.ts";
import type { Environment, Mutation } from "./operation.ts";
import { noOrg } from "./org.ts";
import type { AnswersTo, Read } from "./read.ts";

// What the sweeps share: each is one look for what has lapsed, then a mutation for each organization. That something lapsed
// shows everywhere without it; a sweep writes it down, with an event.

const LARGEST_SWEEP = 200;

export interface SweepInput {
  /** Left out, all organizations are looked at. */
  readonly orgId?: OrgId | null | undefined;
  /** How many at most, 1 to 200. Default 200. */
  readonly limit?: number | undefined;
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

function sweepScope(input: SweepInput = {}): SweepScope {
  const { orgId, limit } = fields(input, ["orgId", "limit"]);
  return { orgId: optionalId("org", orgId), limit: limitArgument(limit, LARGEST_SWEEP) };
}

/** The questions that sweeps ask. */
export type LapsedRead = Read<"lapsedInvitations" | "lapsedMemberships" | "lapsedGrants">;
type LapsedReads<R extends LapsedRead> = { readonly lapsed: R };

/** What makes one sweep different from the others. */
export interface SweepKind<R extends LapsedRead, Row extends { readonly orgId: OrgId }, E> {
  /** As the method is called. */
  readonly name: "expireInvitations" | "expireMemberships" | "expireGrants";
  readonly ask: (of: Omit<LapsedRead, "read">) => R;
  /** The answer, which is rows. */
  readonly rows: (lapsed: AnswersTo<LapsedReads<R>>["lapsed"]) => readonly Row[];
  readonly expiryOf: (row: Row) => Date;
  readonly hasLapsed: (row: Row, now: Date) => boolean;
  /** What is answered of a row that was swept. */
  readonly named: (row: Row) => E;
  /** What it is to write it down. */
  readonly changes: (row: Row, now: Date) => readonly Change[];
  readonly event: (rows: readonly [Row, ...Row[]]) => EventDraft;
}

/** One look, and one organization's part. What the look found is assumed; if it is not true any more it is read again. */
export interface Sweep<R extends LapsedRead, Row extends { readonly orgId: OrgId }, E> {
  readonly find: Query<
    readonly [(SweepInput | undefined)?],
    SweepScope,
    LapsedReads<R> & { readonly org?: Read<"org"> },
    Lapsed<Row>
  >;
  readonly inOrg: Mutation<
    readonly [LapsedInOrg<Row>],
    LapsedInOrg<Row>,
    LapsedReads<R>,
    Pick<LapsedInOrg<Row>, "lapsed">,
    readonly E[],
    never
  >;
}

export function sweepOf<R extends LapsedRead, Row extends { readonly orgId: OrgId }, E>(
  kind: SweepKind<R, Row, E>,
): Sweep<R, Row, E> {
  const { name, ask, rows, expiryOf } = kind;
  return {
    find: {
      name,
      parse: sweepScope,
      reads: ({ orgId, limit }, now) => ({
        lapsed: ask({ orgId, before: now, take: limit + 1 }),
        ...(orgId === null ? {} : { org: { read: "org", of: { org: orgId } } }),
      }),
      answer: (scope, { lapsed, org }) => foundLapsed(scope, rows(lapsed), org),
    },
    inOrg: {
      name,
      mints: [],
      admitsVersion: false,
      parse: (_, lapsedInOrg) => lapsedInOrg,
      scope: ({ orgId }) => ({ org: orgId }),
      reads: ({ orgId, lapsed }) => ({
        lapsed: ask({ orgId, before: afterAll(lapsed.map(expiryOf)), take: lapsed.length }),
      }),
      find: (_, { lapsed }) => found({ lapsed: rows(lapsed) }),
      assume: ({ lapsed }) => ({ lapsed }),
      decide: ({ orgId }, { lapsed }, environment) => decideSweep(kind, { orgId, lapsed }, environment),
    },
  };
}

/** Write down what has lapsed, also in an organization that ended: nobody but the reader of events can tell. */
function decideSweep<R extends LapsedRead, Row extends { readonly orgId: OrgId }, E>(
  { hasLapsed, named, changes, event }: SweepKind<R, Row, E>,
  { orgId, lapsed }: LapsedInOrg<Row>,
  { now }: Environment,
): Decision<readonly E[]> {
  // The clock may have stepped back since the look.
  const [first, ...others] = lapsed.filter((row) => hasLapsed(row, now));
  if (first === undefined) {
    return noChange([]);
  }
  const ends = [first, ...others] as const;
  return accept(ends.map(named), {
    org: existing({ id: orgId }),
    at: now,
    actor: null,
    changes: ends.flatMap((row) => changes(row, now)),
    event: event(ends),
  });
}

/** What was found, of which one more was asked for than is swept. */
function foundLapsed<Row extends { readonly orgId: OrgId }>(
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
function afterAll(expiries: readonly Date[]): Date {
  return new Date(Math.max(...expiries.map((expiry) => expiry.getTime())) + 1);
}
