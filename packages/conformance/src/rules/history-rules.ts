import type {
  CheckInput,
  EventsPage,
  ListEventsOptions,
  ListInvitationsOptions,
  ListMembershipsOptions,
  ListOrgsOptions,
  MembershipAsOf,
  MemId,
  OrgId,
  PageOptions,
  UsrId,
} from "@tenantry/core";
import { tupleKey } from "../invariants/invariant.ts";
import { inOrg } from "./org-rules.ts";
import { asSeen, page } from "./query-rules.ts";
import { type Rule, refused } from "./ruling.ts";
import { hasLapsed, type MemberRow, type OrgState, seenMember, shownMember } from "./world.ts";

// Look-ups across organizations, and of the past.

const everywhere = (): { readonly org: null } => ({ org: null });

export const getOrgBySlug: Rule<string, { readonly org: OrgState }> = {
  input: ([slug]) => slug as string,
  find(world, slug) {
    const org = world.holder(slug);
    return org === null ? null : { org };
  },
  decide: (_, __, { org }) => ({ answer: org.row }),
};

export const listOrgs: Rule<ListOrgsOptions, { readonly org: null }> = {
  input: ([options]) => ({ ...(options as ListOrgsOptions | undefined) }),
  find: everywhere,
  decide(world, { status, query = "", ...options }) {
    const rows = [...world.orgs.values()]
      .map(({ row }) => row)
      .filter((row) => status === undefined || row.status === status)
      .filter(
        ({ name, slug }) => query === "" || [name, slug].some((text) => lower(text ?? "").includes(lower(query))),
      );
    return { answer: page(rows, options) };
  },
};

export const listMemberships: Rule<ListMembershipsOptions & { readonly usrId: UsrId }, { readonly org: null }> = {
  input: ([usrId, options]) => ({ ...(options as ListMembershipsOptions), usrId: usrId as UsrId }),
  find: everywhere,
  decide(world, { usrId, status, ...options }, _, { now }) {
    const rows = [...world.orgs.values()].flatMap(({ row: org, members }) =>
      [...members.values()]
        .map((row) => seenMember(row, now))
        .filter((row) => row.usrId === usrId && (status === undefined || row.status === status))
        .map((row) => ({ ...shownMember(row), org })),
    );
    return { answer: page(rows, options) };
  },
};

export const membershipHistory: Rule<MemId, { readonly org: OrgState; readonly member: MemberRow }> = {
  input: ([memId]) => memId as MemId,
  find: (world, memId) => world.member(memId),
  decide(_, __, { org, member }, { now }) {
    const links = [member];
    for (let older = member.replaces; older !== null; older = links[0]?.replaces ?? null) {
      links.unshift(org.members.get(older) as MemberRow);
    }
    const successor = (): MemberRow | undefined =>
      [...org.members.values()].find(({ replaces }) => replaces !== null && replaces === links.at(-1)?.id);
    for (let newer = successor(); newer !== undefined; newer = successor()) {
      links.push(newer);
    }
    return { answer: links.map((link) => shownMember(seenMember(link, now))) };
  },
};

type AsOf = PageOptions & { readonly orgId: OrgId; readonly at: Date };

export const membersAsOf: Rule<AsOf, { readonly org: OrgState }> = {
  input: ([orgId, at, options]) => ({ ...(options as PageOptions), orgId: orgId as OrgId, at: new Date(at as Date) }),
  find: (world, { orgId }) => inOrg(world, orgId),
  decide(_, { at, ...options }, { org }) {
    const rows = [...org.members.values()]
      .filter((row) => row.createdAt <= at && (row.status !== "revoked" || row.updatedAt > at) && !hasLapsed(row, at))
      .map((row) => then(org, row, at));
    return { answer: page(rows, options) };
  },
};

/** As it was at that instant. */
function then({ events }: OrgState, row: MemberRow, at: Date): MembershipAsOf {
  const { id, usrId, orgId, role, replaces, invitedBy, createdAt } = row;
  const pauses = events.filter(
    (event) =>
      (event.type === "membership.suspended" || event.type === "membership.reinstated") &&
      event.data.memId === id &&
      event.at <= at,
  );
  const status = pauses.at(-1)?.type === "membership.suspended" ? "suspended" : "active";
  return { id, usrId, orgId, role, status, replaces, invitedBy, createdAt };
}

type Addressed = ListInvitationsOptions & { readonly identifier: string };

export const listInvitationsFor: Rule<Addressed, { readonly org: null }> = {
  input: ([identifier, options]) => ({ ...(options as ListInvitationsOptions), identifier: identifier as string }),
  find: everywhere,
  decide(world, { identifier, status, ...options }, _, { now, settings }) {
    const canonical = settings.canonical(identifier);
    if (canonical === null) {
      return refused("precondition.invalid_identifier");
    }
    const rows = [...world.orgs.values()].flatMap(({ row: org, invitations }) =>
      [...invitations.values()]
        .filter((row) => row.canonical === canonical)
        .map((row) => ({ ...asSeen(row, now), org }))
        .filter((row) => status === undefined || row.status === status),
    );
    return { answer: page(rows, options) };
  },
};

export const check: Rule<CheckInput, { readonly org: null }> = {
  input: ([input]) => input as CheckInput,
  find: everywhere,
  decide(world, { subject, relation, relations = [], object, requireActiveOrg = false }, _, { now }) {
    const { type, id } = typeof object === "string" ? { type: "org", id: object } : object;
    const isHeld = [...relations, ...(relation === undefined ? [] : [relation])].some((name) => {
      const tuple = world.tuples.get(tupleKey(subject, name, { objectType: type, objectId: id }));
      return tuple !== undefined && !hasLapsed(tuple, now);
    });
    const isOpen = !requireActiveOrg || type !== "org" || world.org(id as OrgId)?.row.status === "active";
    return { answer: isHeld && isOpen };
  },
};

type EventsOf = ListEventsOptions & { readonly orgId: OrgId };

export const listEvents: Rule<EventsOf, { readonly org: OrgState }> = {
  input: ([orgId, options]) => ({ ...(options as ListEventsOptions), orgId: orgId as OrgId }),
  find: (world, { orgId }) => inOrg(world, orgId),
  decide(_, { after = 0, limit = 50, types, actor = null }, { org }) {
    const found = org.events.filter(
      (event) =>
        event.seq > after &&
        (types === undefined || types.includes(event.type)) &&
        (actor === null || event.actor === actor),
    );
    const data = found.slice(0, limit);
    const hasMore = found.length > limit;
    const lastSeq = hasMore ? (data.at(-1)?.seq ?? after) : Math.max(after, org.row.version);
    const answer: EventsPage = { data, lastSeq, hasMore };
    return { answer };
  },
};

/** ASCII letters alone. */
function lower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
