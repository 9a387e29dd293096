import { accept, type Decision, found, reject } from "../decision.ts";
import { errorFor } from "../errors.ts";
import { addressed, fields, optionalId, optionalIdentifier } from "../input.ts";
import {
  admitted,
  type JoinFacts,
  joined,
  type LimitReads,
  limitReads,
  needsLook,
  refuseLive,
} from "../membership/add-member.ts";
import { authority } from "../membership/membership.ts";
import {
  type AcceptInvitationResult,
  type InvId,
  type Invitation,
  latest,
  type Metadata,
  type Tuple,
  type UsrId,
} from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { type AuthorityFact, type OrgFact, PRESUMED_AUTHORITY, presumablyActive } from "../presumed.ts";
import type { Read } from "../read.ts";
import {
  closed,
  foundInvitation,
  grantFacts,
  hasElapsed,
  isOpen,
  refuseIdentifier,
  refuseInviter,
} from "./invitation.ts";

export interface AcceptInvitationInput<M = Metadata> {
  readonly invId: InvId | Invitation<M>;
  /** The existing user who joins. Left out, a new `usr_` id is minted. */
  readonly asUsrId?: UsrId | null | undefined;
  /** From the authenticated session, never from the request body. Needed with `asUsrId`, not consulted without. */
  readonly acceptingIdentifier?: string | null | undefined;
}

interface Acceptance {
  readonly invId: InvId;
  readonly asUsrId: UsrId | null;
  readonly acceptingIdentifier: string | null;
  readonly held?: Invitation | undefined;
}

export interface AcceptInvitationFacts extends JoinFacts {
  readonly invitation: Invitation;
  readonly org: OrgFact;
  /** The membership, stored as live, of the person who issued the invitation. */
  readonly inviter: AuthorityFact | null;
}

export const acceptInvitation: Mutation<
  readonly [AcceptInvitationInput],
  Acceptance,
  {
    readonly invitation: Read<"invitation">;
    readonly org: Read<"org">;
    readonly live: Read<"liveMembership">;
    readonly inviter: Read<"inviter">;
  } & LimitReads,
  AcceptInvitationFacts,
  AcceptInvitationResult,
  "mem" | "usr"
> = {
  name: "acceptInvitation",
  mints: ["mem", "usr"],
  admitsVersion: true,
  parse(_, input) {
    const { invId, asUsrId, acceptingIdentifier } = fields(input, ["invId", "asUsrId", "acceptingIdentifier"]);
    const { id, held } = addressed("inv", invId);
    const answer = {
      invId: id,
      held,
      asUsrId: optionalId("usr", asUsrId, "asUsrId"),
      acceptingIdentifier: optionalIdentifier(acceptingIdentifier),
    };
    if (answer.asUsrId !== null && answer.acceptingIdentifier === null) {
      throw errorFor("precondition.identifier_binding_required", {});
    }
    return answer;
  },
  scope: ({ invId }) => ({ invitation: invId }),
  reads: ({ invId, asUsrId }, settings, now) => ({
    invitation: { read: "invitation", invId },
    org: { read: "org", of: { invitation: invId } },
    live: { read: "liveMembership", of: { invitation: invId }, usrId: asUsrId },
    inviter: { read: "inviter", invId },
    ...limitReads(settings, { invitation: invId }, asUsrId, now),
  }),
  find({ invId }, answers) {
    const { live, inviter, members, joins } = answers;
    const both = foundInvitation(invId, answers);
    return both.ok ? found({ live, inviter, members, joins, ...both.facts }) : both;
  },
  assume: ({ held }, settings) =>
    held === undefined || needsLook(settings)
      ? null
      : { invitation: held, org: presumablyActive(held.orgId), live: null, inviter: PRESUMED_AUTHORITY },
  decide: decideAcceptInvitation,
  concerns: ({ asUsrId }) => [{ usrId: asUsrId, role: null }],
};

/** Join by invitation: the membership, its tuple, every grant and the end of the invitation in one commit. */
export function decideAcceptInvitation(
  { asUsrId, acceptingIdentifier }: Pick<Acceptance, "asUsrId" | "acceptingIdentifier">,
  { invitation, org, live, inviter, ...limited }: AcceptInvitationFacts,
  { now, ids, settings }: Environment<"mem" | "usr">,
): Decision<AcceptInvitationResult> {
  const { id: invId, role, invitedBy, preTuples, membershipExpiresAt, membershipMetadata } = invitation;
  const mismatch =
    asUsrId === null || acceptingIdentifier === null
      ? null
      : refuseIdentifier(invitation, acceptingIdentifier, settings);
  if (mismatch !== null) {
    return mismatch;
  }
  if (invitation.status === "expired" || hasElapsed(invitation, now)) {
    return reject("conflict.invitation_expired", { invId });
  }
  if (!isOpen(invitation, now, "accepted")) {
    return reject("conflict.invitation_not_pending", { invId });
  }
  if (org.status !== "active") {
    return reject("precondition.org_not_active", { orgId: org.id });
  }
  const recheck = settings.recheckInviter && settings.inviterCheck === "authority";
  const refusal = refuseLive(live, now) ?? (recheck ? refuseInviter(inviter, invitedBy, role, now) : null);
  if (refusal !== null) {
    return refusal;
  }
  const usrId = asUsrId ?? ids.usr;
  const at = latest(now, invitation.createdAt);
  const box = { expiresAt: membershipExpiresAt, metadata: membershipMetadata };
  const member = joined({ id: ids.mem, orgId: org.id, usrId, role, invitedBy, ...box }, at, invId, live);
  const admission = admitted(settings, { org, live, ...limited }, usrId, member.changes);
  if (!admission.ok) {
    return admission;
  }
  const accepted = closed(invitation, "accepted", at, usrId);
  const tuples = preTuples.map((grant): Tuple => ({ subjectType: "usr", subjectId: usrId, ...grant }));
  return accept(
    { invitation: accepted.row, membership: member.row, materializedTuples: tuples },
    {
      // What else the decision rests on are single rows, each guarded by itself.
      org: admission.facts.org,
      at,
      actor: usrId,
      changes: [
        ...(recheck ? [authority(invitedBy, role, now)] : []),
        accepted.change,
        ...member.changes,
        ...tuples.map((tuple) => ({ op: "grantTuple", tuple }) as const),
        ...admission.facts.changes,
      ],
      event: {
        type: "invitation.accepted",
        data: {
          invId,
          memId: member.row.id,
          usrId,
          role,
          invitedBy,
          minted: asUsrId === null,
          tuples: grantFacts(preTuples),
          ...member.arrival,
        },
      },
    },
  );
}
