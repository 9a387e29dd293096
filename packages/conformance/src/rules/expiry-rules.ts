import type { ExpireInvitationsInput, OrgId, ResendInvitationInput } from "@tenantry/core";
import { isOpen, type OfInvitation, refuseInviter, shownStatus } from "./invitation-rules.ts";
import { inOrg } from "./org-rules.ts";
import { type Applied, idFrom, type Rule, refused, type Situation } from "./ruling.ts";
import { type InvitationRow, latest, type OrgState, order, shownInvitation, type World } from "./world.ts";

type Resending = Omit<ResendInvitationInput, "invId"> & { readonly invId: InvitationRow["id"] };

export const resendInvitation: Rule<Resending, OfInvitation> = {
  input: ([input]) => {
    const { invId, adminUsrId, expiresAt } = input as ResendInvitationInput;
    return { invId: idFrom(invId), adminUsrId, expiresAt: new Date(expiresAt) };
  },
  find: (world, { invId }) => world.invitation(invId),
  decide(world, { adminUsrId, expiresAt }, { org, invitation }, { now, settings }) {
    const offer = { invitedBy: adminUsrId, role: invitation.role };
    const refusal = settings.inviterCheck === "any" ? null : refuseInviter(org, offer);
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

/** Every organization in which something is written down has an event of its own. */
export const expireInvitations: Rule<Sweep, { readonly org: OrgState | null }> = {
  input([input]) {
    const { orgId = null, limit = 200 } = (input ?? {}) as ExpireInvitationsInput;
    return { orgId, limit };
  },
  find: (world, { orgId }) => (orgId === null ? { org: null } : inOrg(world, orgId)),
  decide(world, { limit }, { org }, { now }) {
    const lapsed = [...(org === null ? world.orgs.values() : [org])]
      .flatMap(({ invitations }) => [...invitations.values()])
      .filter((row) => row.status === "pending" && shownStatus(row, now) === "expired")
      .sort((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime() || order(a.id, b.id));
    const swept = lapsed.slice(0, limit);
    const orgs = [...new Set(swept.map(({ orgId }) => orgId))].sort(order);
    const parts = orgs.map((orgId) => swept.filter((row) => row.orgId === orgId));
    const answer = { expired: parts.flat().map(({ id }) => id), more: lapsed.length > limit };
    const last = parts.pop();
    if (last === undefined) {
      return { answer };
    }
    return {
      apply(_, situation) {
        for (const part of parts) {
          const { org: of, at, event } = writtenDown(world, part, situation);
          world.record(of, { ...event, at, actor: situation.actor, idempotencyKey: null });
        }
        return { ...writtenDown(world, last, situation), result: () => answer };
      },
    };
  },
};

/** What lapsed in one organization is expired from now on. */
function writtenDown(world: World, rows: readonly InvitationRow[], { now }: Situation): Omit<Applied, "result"> {
  const [org] = rows.map(({ id }) => world.invitation(id)?.org);
  if (org === undefined) {
    throw new Error("nothing is to be written down");
  }
  for (const row of rows) {
    world.putInvitation(org, { ...row, status: "expired", terminalAt: row.expiresAt, terminalBy: null });
  }
  return {
    org,
    at: now,
    actor: null,
    event: { type: "invitation.expired", data: { invIds: rows.map(({ id }) => id) } },
  };
}
