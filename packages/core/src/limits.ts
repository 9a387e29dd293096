import { type Change, type ExistingOrg, gained, type OrgFields, stillActive } from "./change.ts";
import { type Found, found, type Rejected, reject } from "./decision.ts";
import { errorFor } from "./errors.ts";
import { consult, fields } from "./input.ts";
import { detached } from "./json.ts";
import type { Filled, Metadata, Organization, UsrId } from "./model.ts";
import type { OrgFact } from "./presumed.ts";
import type { Joins, Stock } from "./read.ts";

/** How many of something there may be: an integer from 0, or a function of a frozen copy that answers one, or `null` for any number. */
export type Limit<T> = number | ((of: T) => number | null);

/** How many of what there may be; `null`, or left out, is no limit. */
export interface Limits<O = Metadata> {
  /** Live members of an organization, when somebody is added or accepts. */
  readonly members?: Limit<Organization<O>> | null | undefined;
  /** Open invitations of an organization, when another one is made. */
  readonly pendingInvitations?: Limit<Organization<O>> | null | undefined;
  /** Live memberships of a user in all organizations, when they found one, are added or accept. */
  readonly organizationsPerUser?: Limit<UsrId> | null | undefined;
}

/** The settings, as far as they are limits. */
interface WithLimits {
  readonly limits: Filled<Limits>;
}

/** What limits an organization. */
const OF_ORG = {
  members: { counted: "members", code: "conflict.member_limit" },
  pendingInvitations: { counted: "invitations", code: "conflict.invitation_limit" },
} as const;

/** Checks the option of a store. */
export function limitsFrom(value: unknown): Filled<Limits> {
  const { members, pendingInvitations, organizationsPerUser } = fields(value ?? {}, [
    "members",
    "pendingInvitations",
    "organizationsPerUser",
  ]);
  return {
    members: limitFrom(members),
    pendingInvitations: limitFrom(pendingInvitations),
    organizationsPerUser: limitFrom(organizationsPerUser),
  };
}

function limitFrom<T>(value: unknown): Limit<T> | null {
  if (value === undefined || value === null) {
    return null;
  }
  if (typeof value === "function" || isCount(value)) {
    return value as Limit<T>;
  }
  throw errorFor("precondition.invalid_input", { key: "limits" });
}

/** Whether a limit can be kept without a look at what it is about: it is the same for all. */
export function isFixed(limit: Limit<never> | null): boolean {
  return typeof limit !== "function";
}

/**
 * Whether an organization has room for what a commit adds, and what is to be expected of it then: the commit looks at that
 * again, on the row that it has locked.
 */
export function roomFor(
  which: keyof typeof OF_ORG,
  { limits }: WithLimits,
  {
    org,
    stock,
    changes,
    passing = 0,
    base = stillActive(org),
  }: {
    readonly org: OrgFact;
    /** `undefined`: not looked at. */
    readonly stock: Stock | undefined;
    readonly changes: readonly Change[];
    /** How many lapsed ones the changes write down. */
    readonly passing?: number;
    /** What is expected of the organization anyway. */
    readonly base?: ExistingOrg;
  },
): Found<ExistingOrg> | Rejected {
  const limit = limits[which];
  if (limit === null) {
    return found(base);
  }
  const { counted, code } = OF_ORG[which];
  const most = numberOf(limit, org as Organization);
  const after = (stock?.stored ?? 0) + gained(changes)[counted];
  if (most === null || after <= most) {
    return found({
      ...base,
      ...(isFixed(limit) ? {} : { fields: fieldsOf(org as Organization) }),
      ...(most === null ? {} : { room: { [counted]: most - gained(changes)[counted] } }),
    });
  }
  // What has lapsed is no part of it. How much that is stays true while nobody writes: a sweep takes it away.
  return after - (stock?.lapsed ?? 0) + passing <= most
    ? found({ ...base, version: base.version ?? org.version })
    : reject(code, { orgId: org.id, limit: most });
}

/** What there is after these changes, which write down so many lapsed ones. */
export function stockAfter(
  which: keyof typeof OF_ORG,
  { stored, lapsed }: Stock,
  changes: readonly Change[],
  passing = 0,
): Stock {
  return { stored: stored + gained(changes)[OF_ORG[which].counted], lapsed: lapsed - passing };
}

/**
 * Whether a user may join one more organization. Their memberships have no row in common but the number of their joins: what
 * it may have risen to since the look is the room that there was.
 */
export function joinOf(
  usrId: UsrId,
  { limits: { organizationsPerUser: limit } }: WithLimits,
  joins: Joins | undefined,
): Found<readonly Change[]> | Rejected {
  if (limit === null || joins === undefined) {
    return found([]);
  }
  const most = numberOf(limit, usrId);
  if (most !== null && joins.organizations >= most) {
    return reject("conflict.organization_limit", { usrId, limit: most });
  }
  const atMost = most === null ? null : joins.joins + most - joins.organizations - 1;
  return found([{ op: "countJoin", usrId, first: joins.joins === 0, atMost }]);
}

function numberOf<T>(limit: Limit<T>, of: T): number | null {
  if (typeof limit === "number") {
    return limit;
  }
  return consult(() => {
    // A frozen copy: what the store has is not for a function to change.
    const most = (limit as (of: T) => unknown)(detached(of, false));
    if (most === null || isCount(most)) {
      return most;
    }
    throw new TypeError("a limit is an integer from 0, or null");
  });
}

function fieldsOf({ name, slug, updatedAt }: Organization): OrgFields {
  return { name, slug, updatedAt };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
