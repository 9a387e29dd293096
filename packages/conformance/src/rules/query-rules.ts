import type {
  InvId,
  ListInvitationsOptions,
  ListMembersOptions,
  MemId,
  OrgId,
  Page,
  PageOptions,
  Tuple,
  UsrId,
} from "@tenantry/core";
import { shownStatus } from "./invitation-rules.ts";
import { inOrg } from "./org-rules.ts";
import type { Rule } from "./ruling.ts";
import {
  byObject,
  hasLapsed,
  type InvitationRow,
  type MemberRow,
  type OrgState,
  order,
  seenMember,
  shownInvitation,
  shownMember,
} from "./world.ts";

export const getOrg: Rule<OrgId, { readonly org: OrgState }> = {
  input: ([orgId]) => orgId as OrgId,
  find: (world, orgId) => inOrg(world, orgId),
  decide: (_, __, { org }) => ({ answer: org.row }),
};

export const getMembership: Rule<MemId, { readonly org: OrgState; readonly member: MemberRow }> = {
  input: ([memId]) => memId as MemId,
  find: (world, memId) => world.member(memId),
  decide: (_, __, { member }, { now }) => ({ answer: shownMember(seenMember(member, now)) }),
};

export const getInvitation: Rule<InvId, { readonly org: OrgState; readonly invitation: InvitationRow }> = {
  input: ([invId]) => invId as InvId,
  find: (world, invId) => world.invitation(invId),
  decide: (_, __, { invitation }, { now }) => ({ answer: asSeen(invitation, now) }),
};

type Listing<Options> = Options & { readonly orgId: OrgId };

export const listMembers: Rule<Listing<ListMembersOptions>, { readonly org: OrgState }> = {
  input: ([orgId, options]) => ({ ...(options as ListMembersOptions), orgId: orgId as OrgId }),
  find: (world, { orgId }) => inOrg(world, orgId),
  decide(_, { status, role, total, ...options }, { org }, { now }) {
    const rows = [...org.members.values()]
      .map((row) => seenMember(row, now))
      .filter((row) => (status === undefined || row.status === status) && (role === undefined || row.role === role))
      .map(shownMember);
    return { answer: { ...page(rows, options), ...(total === true ? { total: rows.length } : {}) } };
  },
};

export const listInvitations: Rule<Listing<ListInvitationsOptions>, { readonly org: OrgState }> = {
  input: ([orgId, options]) => ({ ...(options as ListInvitationsOptions), orgId: orgId as OrgId }),
  find: (world, { orgId }) => inOrg(world, orgId),
  decide(_, { status, ...options }, { org }, { now }) {
    const rows = [...org.invitations.values()]
      .map((row) => asSeen(row, now))
      .filter((row) => status === undefined || row.status === status);
    return { answer: page(rows, options) };
  },
};

export const listTuplesForSubject: Rule<UsrId, { readonly org: null }> = {
  input: ([, usrId]) => usrId as UsrId,
  find: () => ({ org: null }),
  decide: (world, usrId, _, { now }) => ({
    answer: [...world.tuples.values()]
      .filter((tuple) => tuple.subjectId === usrId && !hasLapsed(tuple, now))
      .sort((a, b) => byObject(a, b) || order(a.relation, b.relation)),
  }),
};

export const listTuplesForObject: Rule<Partial<Tuple>, { readonly org: null }> = {
  input: ([objectType, objectId, relation]) => ({ objectType, objectId, relation }) as Partial<Tuple>,
  find: () => ({ org: null }),
  decide: (world, { objectType, objectId, relation }, _, { now }) => ({
    answer: [...world.tuples.values()]
      .filter((tuple) => !hasLapsed(tuple, now))
      .filter((tuple) => tuple.objectType === objectType && tuple.objectId === objectId)
      .filter((tuple) => relation === undefined || tuple.relation === relation)
      .sort((a, b) => order(a.relation, b.relation) || order(a.subjectId, b.subjectId)),
  }),
};

export function asSeen(invitation: InvitationRow, now: Date): ReturnType<typeof shownInvitation> {
  const status = shownStatus(invitation, now);
  const row = shownInvitation(invitation);
  return status === "expired" ? { ...row, status, terminalAt: row.expiresAt, terminalBy: null } : row;
}

export function page<R extends { readonly id: string }>(
  rows: readonly R[],
  { cursor, limit = 50 }: PageOptions,
): Page<R> {
  const rest = [...rows]
    .sort((a, b) => order(a.id, b.id))
    .filter(({ id }) => cursor === undefined || cursor === null || id > cursor);
  const data = rest.slice(0, limit);
  return { data, nextCursor: rest.length > limit ? (data.at(-1)?.id ?? null) : null };
}
