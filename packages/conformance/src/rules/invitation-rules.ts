import type {
  AcceptInvitationInput,
  Code,
  CreateInvitationInput,
  InvId,
  InvitationStatus,
  Metadata,
  OrgId,
  RevokeInvitationInput,
  Tuple,
  UsrId,
} from "@tenantry/core";
import { isRole } from "../invariants/invariant.ts";
import { refuseJoin } from "./limit-rules.ts";
import { copyOf, hasAuthority, joined, rank, refuseMember, textOf } from "./membership-rules.ts";
import { fresh } from "./metadata-rules.ts";
import { inOrg } from "./org-rules.ts";
import { type Filled, idFrom, type Rule, type Ruling, refused, type Settings, type Situation } from "./ruling.ts";
import {
  type InvitationRow,
  latest,
  liveMember,
  type OrgState,
  shownInvitation,
  shownMember,
  type World,
} from "./world.ts";

export interface OfInvitation {
  readonly org: OrgState;
  readonly invitation: InvitationRow;
}
type Offer = Pick<CreateInvitationInput, "orgId" | "identifier" | "role" | "invitedBy" | "expiresAt"> &
  Offered & { readonly membershipMetadata: Metadata };
type Offered = Pick<InvitationRow, "preTuples" | "membershipExpiresAt">;

export const createInvitation: Rule<Offer, { readonly org: OrgState }> = {
  input([input]) {
    const given = input as CreateInvitationInput;
    const { orgId, identifier, role, invitedBy, expiresAt, preTuples = [], membershipExpiresAt = null } = given;
    return {
      ...{ orgId, identifier, role, invitedBy, expiresAt: new Date(expiresAt) },
      preTuples: preTuples.map(({ expiresAt: end = null, ...grant }) => ({ ...grant, expiresAt: copyOf(end) })),
      membershipExpiresAt: copyOf(membershipExpiresAt),
      membershipMetadata: fresh(given.membershipMetadata),
    };
  },
  refuse: (offer) => refuseGrants(offer.orgId, offer.preTuples) ?? refuseShortOffer(offer, offer.expiresAt),
  find: (world, { orgId }) => inOrg(world, orgId),
  decide(world, offer, { org }, { now, settings, mint }) {
    const { identifier, role, invitedBy, expiresAt, preTuples, membershipExpiresAt } = offer;
    if (org.row.status !== "active") {
      return refused("precondition.org_not_active");
    }
    if (expiresAt.getTime() <= now.getTime()) {
      return refused("precondition.past_expiration");
    }
    const refusal = settings.inviterCheck === "any" ? null : refuseInviter(org, offer, now);
    if (refusal !== null) {
      return refusal;
    }
    const canonical = settings.canonical(identifier) ?? identifier;
    const pending = [...org.invitations.values()]
      .filter((other) => other.canonical === canonical && isOpen(other, now))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    if (settings.reinvite === "reject" && pending.length > 0) {
      return refused("conflict.duplicate_invitation");
    }
    const replaced = settings.reinvite === "replace" ? pending : [];
    const open = [...org.invitations.values()].filter((other) => isOpen(other, now));
    if (open.length - replaced.length >= settings.limits.pendingInvitations) {
      return refused("conflict.invitation_limit");
    }
    return {
      apply() {
        for (const former of replaced) {
          close(world, org, former, { status: "revoked", by: invitedBy, now });
        }
        const row: InvitationRow = {
          ...offer,
          id: mint("inv"),
          canonical,
          status: "pending",
          invitedUserId: null,
          createdAt: now,
          terminalAt: null,
          terminalBy: null,
        };
        world.putInvitation(org, row);
        const data = {
          invId: row.id,
          role,
          invitedBy,
          expiresAt: expiresAt.toISOString(),
          preTuples: told(preTuples),
          membershipExpiresAt: textOf(membershipExpiresAt),
          replaced: replaced.map(({ id }) => id),
        };
        const result = (): unknown => shownInvitation(row);
        return { org, at: now, actor: invitedBy, event: { type: "invitation.created", data }, result };
      },
    };
  },
};

type ById<Input> = Omit<Input, "invId"> & { readonly invId: InvId };
type Answering = Filled<ById<AcceptInvitationInput>>;
const byInvId = {
  input([input]: readonly unknown[]): Answering {
    const { invId, asUsrId = null, acceptingIdentifier = null } = input as AcceptInvitationInput;
    return { invId: idFrom(invId), asUsrId, acceptingIdentifier };
  },
  find: (world: World, { invId }: Pick<Answering, "invId">) => world.invitation(invId),
};

export const acceptInvitation: Rule<Answering, OfInvitation> = {
  ...byInvId,
  refuse: refuseUnbound,
  decide(world, { asUsrId, acceptingIdentifier }, { org, invitation }, situation) {
    const { now, settings, mint } = situation;
    const {
      id: invId,
      role,
      invitedBy,
      preTuples,
      membershipExpiresAt: expiresAt,
      membershipMetadata: metadata,
    } = invitation;
    if (asUsrId !== null && !isSame(settings, acceptingIdentifier, invitation)) {
      return refused("precondition.identifier_mismatch");
    }
    if (shownStatus(invitation, now) === "expired") {
      return refused("conflict.invitation_expired");
    }
    if (invitation.status !== "pending") {
      return refused("conflict.invitation_not_pending");
    }
    if (org.row.status !== "active") {
      return refused("precondition.org_not_active");
    }
    const isChecked = settings.recheckInviter && settings.inviterCheck === "authority";
    const refusal =
      (asUsrId === null ? null : refuseMember(org, asUsrId, now)) ??
      (isChecked ? refuseInviter(org, invitation, now) : null) ??
      refuseJoin(world, org, asUsrId, situation);
    return (
      refusal ?? {
        apply() {
          const at = latest(now, invitation.createdAt);
          const memId = mint("mem");
          const usrId = asUsrId ?? mint("usr");
          const who = { id: memId, usrId, role, invitedBy, invId, metadata, expiresAt };
          const { row: member, arrival } = joined(world, org, who, at);
          const row = close(world, org, invitation, { status: "accepted", by: usrId, now });
          const tuples = preTuples.map((grant): Tuple => ({ subjectType: "usr", subjectId: usrId, ...grant }));
          for (const tuple of tuples) {
            world.grant(tuple, org.row.id);
          }
          const minted = asUsrId === null;
          const data = { invId, memId, usrId, role, invitedBy, minted, tuples: told(preTuples), ...arrival };
          const result = {
            invitation: shownInvitation(row),
            membership: shownMember(member),
            materializedTuples: tuples,
          };
          return { org, at, actor: usrId, event: { type: "invitation.accepted", data }, result: () => result };
        },
      }
    );
  },
};

export const declineInvitation: Rule<Answering, OfInvitation> = {
  ...byInvId,
  refuse: (input, { declineBinding }) => (declineBinding === "required" ? refuseUnbound(input) : null),
  decide(world, { asUsrId, acceptingIdentifier }, { org, invitation }, situation) {
    if (acceptingIdentifier !== null && !isSame(situation.settings, acceptingIdentifier, invitation)) {
      return refused("precondition.identifier_mismatch");
    }
    // What had lapsed when the organization ended may be pending again: by a clock that stepped back.
    return isOpen(invitation, situation.now) && org.row.status !== "revoked"
      ? closed(world, org, invitation, situation, {
          status: "declined",
          by: asUsrId,
          event: { type: "invitation.declined", data: { invId: invitation.id, usrId: asUsrId } },
        })
      : refused("conflict.invitation_not_pending");
  },
};

export const revokeInvitation: Rule<ById<RevokeInvitationInput>, OfInvitation> = {
  input: ([input]) => {
    const { invId, adminUsrId } = input as RevokeInvitationInput;
    return { invId: idFrom(invId), adminUsrId };
  },
  find: byInvId.find,
  decide(world, { adminUsrId }, { org, invitation }, situation) {
    if (!hasAuthority(liveMember(org, adminUsrId, situation.now))) {
      return refused("forbidden");
    }
    return isOpen(invitation, situation.now)
      ? closed(world, org, invitation, situation, {
          status: "revoked",
          by: adminUsrId,
          event: { type: "invitation.revoked", data: { invId: invitation.id, adminUsrId } },
        })
      : refused("conflict.invitation_not_pending");
  },
};

/** A user given without what binds them. */
function refuseUnbound({ asUsrId, acceptingIdentifier }: Omit<Answering, "invId">): Code | null {
  return asUsrId !== null && acceptingIdentifier === null ? "precondition.identifier_binding_required" : null;
}

/** What is offered outlasts the offer. */
export function refuseShortOffer({ preTuples, membershipExpiresAt }: Offered, expiresAt: Date): Code | null {
  const ends = [membershipExpiresAt, ...preTuples.map((grant) => grant.expiresAt)];
  return ends.some((end) => end !== null && end <= expiresAt) ? "precondition.short_time_box" : null;
}

/** Grants as events tell of them. */
function told(grants: Offered["preTuples"]): readonly object[] {
  return grants.map((grant) => ({ ...grant, expiresAt: textOf(grant.expiresAt) }));
}

function refuseGrants(orgId: OrgId, grants: Offered["preTuples"]): Code | null {
  const keys = new Set(grants.map(({ relation, objectType, objectId }) => `${relation} ${objectType} ${objectId}`));
  if (keys.size < grants.length) {
    return "precondition.duplicate_pre_tuple";
  }
  const onOrgs = grants.filter(({ objectType }) => objectType === "org");
  if (onOrgs.some(({ relation }) => isRole(relation))) {
    return "precondition.reserved_relation";
  }
  return onOrgs.some(({ objectId }) => objectId !== orgId) ? "precondition.foreign_org" : null;
}

/** As everybody sees it: what lapsed is expired. */
export function shownStatus({ status, expiresAt }: InvitationRow, now: Date): InvitationStatus {
  return status === "pending" && now.getTime() > expiresAt.getTime() ? "expired" : status;
}

export function isOpen(invitation: InvitationRow, now: Date): boolean {
  return shownStatus(invitation, now) === "pending";
}

function isSame({ canonical }: Settings, given: string | null, { identifier }: InvitationRow): boolean {
  const form = given === null ? null : canonical(given);
  return form !== null && form === canonical(identifier);
}

export function refuseInviter(
  org: OrgState,
  { invitedBy, role }: Pick<InvitationRow, "invitedBy" | "role">,
  now: Date,
): Ruling | null {
  const inviter = liveMember(org, invitedBy, now);
  if (!hasAuthority(inviter)) {
    return refused("forbidden");
  }
  return rank(inviter.role) < rank(role) ? refused("forbidden.role_hierarchy") : null;
}

function close(
  world: World,
  org: OrgState,
  invitation: InvitationRow,
  { status, by, now }: { readonly status: InvitationStatus; readonly by: UsrId | null; readonly now: Date },
): InvitationRow {
  const row: InvitationRow = {
    ...invitation,
    status,
    invitedUserId: status === "accepted" ? by : null,
    terminalAt: latest(now, invitation.createdAt),
    terminalBy: by,
  };
  world.putInvitation(org, row);
  return row;
}

function closed(
  world: World,
  org: OrgState,
  invitation: InvitationRow,
  { now }: Situation,
  end: {
    readonly status: "declined" | "revoked";
    readonly by: UsrId | null;
    readonly event: { readonly type: "invitation.declined" | "invitation.revoked"; readonly data: object };
  },
): Ruling {
  return {
    apply() {
      const row = close(world, org, invitation, { ...end, now });
      return { org, at: now, actor: end.by, event: end.event, result: () => shownInvitation(row) };
    },
  };
}
