import { found } from "../decision.ts";
import type { EventFilter, EventsPage, EventType } from "../event.ts";
import { idArgument } from "../id.ts";
import { fields, optionalId } from "../input.ts";
import { page, type Query } from "../list.ts";
import {
  cursorArgument,
  eventTypesArgument,
  instantArgument,
  limitArgument,
  type PageOptions,
  positionArgument,
} from "../list-input.ts";
import { effectiveMembership, noMembership } from "../membership/membership.ts";
import type { Membership, MembershipAsOf, MemId, OrgId, Page, UsrId } from "../model.ts";
import { foundOrg } from "../org.ts";
import type { MembershipThen, Read } from "../read.ts";

export const membershipHistory: Query<
  readonly [MemId],
  MemId,
  { readonly chain: Read<"chain"> },
  readonly Membership[]
> = {
  name: "membershipHistory",
  parse: (memId) => idArgument("mem", memId),
  reads: (memId) => ({ chain: { read: "chain", memId } }),
  answer: (memId, { chain }, now) =>
    chain.length === 0 ? noMembership(memId) : found(chain.map((link) => effectiveMembership(link, now))),
  of: (memId) => ({ membership: memId }),
  concerns: (_, { chain }) => chain,
};

interface MembersThenPage {
  readonly orgId: OrgId;
  readonly at: Date;
  readonly cursor: MemId | null;
  readonly limit: number;
}

export const membersAsOf: Query<
  readonly [OrgId, Date, (PageOptions | undefined)?],
  MembersThenPage,
  { readonly org: Read<"org">; readonly members: Read<"membersAt"> },
  Page<MembershipAsOf>
> = {
  name: "membersAsOf",
  parse(orgId, at, options = {}) {
    const id = idArgument("org", orgId);
    const instant = instantArgument(at);
    const { cursor, limit } = fields(options, ["cursor", "limit"]);
    return { orgId: id, at: instant, cursor: cursorArgument("mem", cursor), limit: limitArgument(limit) };
  },
  reads: ({ orgId, at, cursor, limit }) => ({
    org: { read: "org", of: { org: orgId } },
    members: { read: "membersAt", orgId, at, after: cursor, take: limit + 1 },
  }),
  answer({ orgId, limit }, { org, members }) {
    const known = foundOrg(orgId, org);
    return known.ok ? found(page(members.map(asOf), limit)) : known;
  },
  of: ({ orgId }) => ({ org: orgId }),
};

/** What a membership was then. Its row tells how long it lived and in which role, the events tell when it was paused. */
function asOf({ membership, pause }: MembershipThen): MembershipAsOf {
  const { id, usrId, orgId, role, replaces, invitedBy, createdAt } = membership;
  const status = pause === "membership.suspended" ? "suspended" : "active";
  return { id, usrId, orgId, role, status, replaces, invitedBy, createdAt };
}

export interface ListEventsOptions {
  /** Events behind this `seq`: the `lastSeq` of the part before. Default 0, the beginning. */
  readonly after?: number | undefined;
  /** 1 to 200. Default 50. */
  readonly limit?: number | undefined;
  /** Events of these types only. At least one, and no more than there are. */
  readonly types?: readonly EventType[] | undefined;
  /** Events of this actor only. */
  readonly actor?: UsrId | null | undefined;
}

interface EventsAfter {
  readonly orgId: OrgId;
  readonly after: number;
  readonly limit: number;
  readonly where: EventFilter;
}

export const listEvents: Query<
  readonly [OrgId, (ListEventsOptions | undefined)?],
  EventsAfter,
  { readonly org: Read<"org">; readonly events: Read<"events"> },
  EventsPage
> = {
  name: "listEvents",
  parse(orgId, options = {}) {
    const id = idArgument("org", orgId);
    const { after, limit, types, actor } = fields(options, ["after", "limit", "types", "actor"]);
    // An id, so it comes before the other values.
    const by = optionalId("usr", actor, "actor");
    return {
      orgId: id,
      after: positionArgument(after),
      limit: limitArgument(limit),
      where: { types: eventTypesArgument(types), actor: by },
    };
  },
  reads: ({ orgId, after, limit, where }) => ({
    org: { read: "org", of: { org: orgId } },
    events: { read: "events", orgId, where, after, take: limit + 1 },
  }),
  answer({ orgId, after, limit }, { org, events }) {
    const known = foundOrg(orgId, org);
    if (!known.ok) {
      return known;
    }
    const data = events.slice(0, limit);
    const last = events.length > limit ? data.at(-1) : undefined;
    // Where nothing follows everything up to the newest event was looked at, whatever the filters let through.
    const lastSeq = last?.seq ?? Math.max(after, known.facts.org.version);
    return found({ data, lastSeq, hasMore: last !== undefined });
  },
  of: ({ orgId }) => ({ org: orgId }),
};
