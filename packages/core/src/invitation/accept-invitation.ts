import { stillActive } from "../change.ts";
import { accept, type Decision, found, reject } from "../decision.ts";
import { errorFor } from "../errors.ts";
import { addressed, fields, optionalId, optionalIdentifier } from "../input.ts";
import { joined, refuseLive } from "../membership/add-member.ts";
import { authority } from "../membership/membership.ts";
import {
  type AcceptInvitationResult,
  type InvId,
  type Invitation,
  latest,
  type Membership,
  type Tuple,
  type UsrId,
} from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { type AuthorityFact, type OrgFact, PRESUMED_AUTHORITY, presumablyActive } from "../presumed.ts";
import type { Read } from "../read.ts";
import { closed, foundInvitation, hasElapsed, isOpen, refuseIdentifier, refuseInviter } from "./invitation.ts";

export interface AcceptInvitationInput {
  readonly invId: InvId | Invitation;
  /** The existing user who joins. Left out, a new `usr_` id is minted. */
  readonly asUsrId?: UsrId | null;
  /** From the authenticated session, never from the request body. Needed with `asUsrId`, not consulted without. */
  readonly acceptingIdentifier?: string | null;
}

interface Acceptance {
  readonly invId: InvId;
  readonly asUsrId: UsrId | null;
  readonly acceptingIdentifier: string | null;
  readonly held?: Invitation | undefined;
}

export interface AcceptInvitationFacts {
  readonly invitation: Invitation;
  readonly org: OrgFact;
  /** The live membership of `asUsrId` in the invitation's organization. */
  readonly live: Membership | null;
  /** The live membership of the person who issued the invitation. */
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
  },
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
      asUsrId: optionalId("usr", asUsrId),
      acceptingIdentifier: optionalIdentifier(acceptingIdentifier),
    };
    if (answer.asUsrId !== null && answer.acceptingIdentifier === null) {
      throw errorFor("precondition.identifier_binding_required", {});
    }
    return answer;
  },
  scope: ({ invId }) => ({ invitation: invId }),
  reads: ({ invId, asUsrId }) => ({
    invitation: { read: "invitation", invId },
    org: { read: "org", of: { invitation: invId } },
    live: { read: "liveMembership", of: { invitation: invId }, usrId: asUsrId },
    inviter: { read: "inviter", invId },
  }),
  find({ invId }, answers) {
    const both = foundInvitation(invId, answers);
    return both.ok ? found({ live: answers.live, inviter: answers.inviter, ...both.facts }) : both;
  },
  assume: ({ held }) =>
    held === undefined
      ? null
      : { invitation: held, org: presumablyActive(held.orgId), live: null, inviter: PRESUMED_AUTHORITY },
  decide: decideAcceptInvitation,
  concerns: ({ asUsrId }) => [{ usrId: asUsrId, role: null }],
};

/** Join by invitation: the membership, its tuple, every grant and the end of the invitation in one commit. */
export function decideAcceptInvitation(
  { asUsrId, acceptingIdentifier }: Pick<Acceptance, "asUsrId" | "acceptingIdentifier">,
  { invitation, org, live, inviter }: AcceptInvitationFacts,
  { now, ids, settings }: Environment<"mem" | "usr">,
): Decision<AcceptInvitationResult> {
  const { id: invId, role, invitedBy, preTuples } = invitation;
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
  const refusal = refuseLive(live) ?? (recheck ? refuseInviter(inviter, invitedBy, role) : null);
  if (refusal !== null) {
    return refusal;
  }
  const usrId = asUsrId ?? ids.usr;
  const at = latest(now, invitation.createdAt);
  const member = joined({ id: ids.mem, orgId: org.id, usrId, role, invitedBy }, at, invId);
  const accepted = closed(invitation, "accepted", at, usrId);
  const tuples = preTuples.map((grant): Tuple => ({ subjectType: "usr", subjectId: usrId, ...grant }));
  return accept(
    { invitation: accepted.row, membership: member.row, materializedTuples: tuples },
    {
      // What the decision rests on are single rows, each guarded by itself; a rival membership the database refuses.
      org: stillActive(org),
      at,
      actor: usrId,
      changes: [
        ...(recheck ? [authority(invitedBy, role)] : []),
        accepted.change,
        ...member.changes,
        ...tuples.map((tuple) => ({ op: "insertTuple", tuple }) as const),
      ],
      event: {
        type: "invitation.accepted",
        data: { invId, memId: member.row.id, usrId, role, invitedBy, minted: asUsrId === null, tuples: preTuples },
      },
    },
  );
}
