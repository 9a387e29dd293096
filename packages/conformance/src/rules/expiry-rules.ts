import type { EventType, ExpireInvitationsInput, OrgId, ResendInvitationInput, Tuple } from "@tenantry/core";
import { tupleKey } from "../invariants/invariant.ts";
import { isOpen, type OfInvitation, refuseInviter, refuseShortOffer, shownStatus } from "./invitation-rules.ts";
import { textOf } from "./membership-rules.ts";
import { inOrg } from "./org-rules.ts";
import { type Applied, idFrom, type Rule, type Ruling, refused } from "./ruling.ts";
import {
  byObject,
  hasLapsed,
  type InvitationRow,
  latest,
  type OrgState,
  order,
  shownInvitation,
  type World,
  writtenDown,
} from "./world.ts";

type Resending = Omit<ResendInvitationInput, "invId"> & { readonly invId: InvitationRow["id"] };

export const resendInvitation: Rule<Resending, OfInvitation> = {
  input: ([input]) => {
    const { invId, adminUsrId, expiresAt } = input as ResendInvitationInput;
    return { invId: idFrom(invId), adminUsrId, expiresAt: new Date(expiresAt) };
  },
  find: (world, { invId }) => world.invitation(invId),
  decide(world, { adminUsrId, expiresAt }, { org, invitation }, { now, settings }) {
    const offer = { invitedBy: adminUsrId, role: invitation.role };
    const refusal = settings.inviterCheck === "any" ? null : refuseInviter(org, offer, now);
    if (refusal !== null) {
      return refusal;
    }
    if (!isOpen(invitation, now)) {
      return refused("conflict.invitation_not_pending");
    }
    if (org.row.status !== "active") {
      return refused("precondition.org_not_active");
    }
    if (expiresAt <= latest(now, invitation.createdAt)) {
      return refused("precondition.past_expiration");
    }
    const short = refuseShortOffer(invitation, expiresAt);
    if (short !== null) {
      return refused(short);
    }
    return {
      apply() {
        const row = { ...invitation, expiresAt };
        world.putInvitation(org, row);
        const [from, to] = [invitation.expiresAt.toISOString(), expiresAt.toISOString()];
        const data = { invId: row.id, from, to, adminUsrId };
        const result = (): unknown => shownInvitation(row);
        return { org, at: now, actor: adminUsrId, event: { type: "invitation.resent", data }, result };
      },
    };
  },
};

interface Sweep {
  readonly orgId: OrgId | null;
  readonly limit: number;
}

const sweep = {
  input([input]: readonly unknown[]): Sweep {
    const { orgId = null, limit = 200 } = (input ?? {}) as ExpireInvitationsInput;
    return { orgId, limit };
  },
  find: (world: World, { orgId }: Sweep) => (orgId === null ? { org: null } : inOrg(world, orgId)),
};

/** Something that lapsed, and what it is to write it down. */
interface Lapsed {
  readonly org: OrgState;
  readonly expiresAt: Date;
  /** What it is called in the answer. */
  readonly named: unknown;
  /** What an event says of it. */
  readonly told: unknown;
  readonly writeDown: () => void;
}

export const expireInvitations: Rule<Sweep, { readonly org: OrgState | null }> = {
  ...sweep,
  decide(world, { limit }, { org }, { now }) {
    const lapsed = inOrgs(world, org)
      .flatMap((of) => [...of.invitations.values()].map((row) => ({ of, row })))
      .filter(({ row }) => row.status === "pending" && shownStatus(row, now) === "expired")
      .sort((a, b) => byExpiry(a.row, b.row) || order(a.row.id, b.row.id))
      .map(({ of, row }): Lapsed => {
        const end: InvitationRow = { ...row, status: "expired", terminalAt: row.expiresAt, terminalBy: null };
        const writeDown = (): void => world.putInvitation(of, end);
        return { org: of, expiresAt: row.expiresAt, named: row.id, told: row.id, writeDown };
      });
    return swept(lapsed, limit, { now, type: "invitation.expired", key: "invIds" });
  },
};

export const expireMemberships: Rule<Sweep, { readonly org: OrgState | null }> = {
  ...sweep,
  decide(world, { limit }, { org }, { now }) {
    const lapsed = inOrgs(world, org)
      .flatMap((of) => [...of.members.values()].map((row) => ({ of, row })))
      .filter(({ row }) => row.status !== "revoked" && hasLapsed(row, now))
      .sort((a, b) => byExpiry(a.row, b.row) || order(a.row.id, b.row.id))
      .map(({ of, row }): Lapsed => {
        const { id: memId, usrId, role, status: from, expiresAt } = row;
        const told = { memId, usrId, role, from, expiresAt: textOf(expiresAt) };
        const writeDown = (): void => world.putMember(of, writtenDown(row));
        return { org: of, expiresAt: expiresAt as Date, named: memId, told, writeDown };
      });
    return swept(lapsed, limit, { now, type: "membership.expired", key: "memberships" });
  },
};

export const expireGrants: Rule<Sweep, { readonly org: OrgState | null }> = {
  ...sweep,
  decide(world, { limit }, { org }, { now }) {
    const lapsed = [...world.granters]
      .map(([key, orgId]) => ({ key, of: world.org(orgId) as OrgState, tuple: world.tuples.get(key) as Tuple }))
      .filter(({ of, tuple }) => (org ?? of) === of && hasLapsed(tuple, now))
      .sort(
        ({ tuple: a }, { tuple: b }) =>
          byExpiry(a, b) || order(a.subjectId, b.subjectId) || byObject(a, b) || order(a.relation, b.relation),
      )
      .map(({ of, tuple }): Lapsed => {
        const { subjectType: _, subjectId: usrId, expiresAt, ...grant } = tuple;
        const key = tupleKey(usrId, grant.relation, grant);
        const writeDown = (): void => {
          world.tuples.delete(key);
          world.granters.delete(key);
        };
        const told = { ...grant, usrId, expiresAt: textOf(expiresAt) };
        return { org: of, expiresAt: expiresAt as Date, named: tuple, told, writeDown };
      });
    return swept(lapsed, limit, { now, type: "grant.expired", key: "tuples" });
  },
};

function inOrgs(world: World, org: OrgState | null): readonly OrgState[] {
  return org === null ? [...world.orgs.values()] : [org];
}

function byExpiry(a: { readonly expiresAt: Date | null }, b: { readonly expiresAt: Date | null }): number {
  return (a.expiresAt?.getTime() ?? 0) - (b.expiresAt?.getTime() ?? 0);
}

/** Every organization in which something is written down has an event of its own. */
function swept(
  lapsed: readonly Lapsed[],
  limit: number,
  { now, type, key }: { readonly now: Date; readonly type: EventType; readonly key: string },
): Ruling {
  const found = lapsed.slice(0, limit);
  const orgs = [...new Set(found.map(({ org }) => org))].sort((a, b) => order(a.row.id, b.row.id));
  const parts = orgs.map((org) => ({ org, rows: found.filter((one) => one.org === org) }));
  const answer = { expired: parts.flatMap(({ rows }) => rows.map(({ named }) => named)), more: lapsed.length > limit };
  const last = parts.pop();
  if (last === undefined) {
    return { answer };
  }
  const write = ({ org, rows }: typeof last): Applied => {
    for (const { writeDown } of rows) {
      writeDown();
    }
    const event = { type, data: { [key]: rows.map(({ told }) => told) } };
    return { org, at: now, actor: null, event, result: () => answer };
  };
  return { apply: () => ({ others: parts.map(write), ...write(last) }) };
}
