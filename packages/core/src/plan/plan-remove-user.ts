import { found } from "../decision.ts";
import type { Query } from "../list.ts";
import { isLastingOwner } from "../membership/membership.ts";
import type { Grant, InvId, Membership, Metadata, Organization, OrgId, Tuple, UsrId } from "../model.ts";
import { hasOwn } from "../own.ts";
import type { Read, SentInvitation, UserStanding } from "../read.ts";
import type { Refusal } from "../rejections.ts";
import { decideDeparture, isRole, type RemovedFrom, unwritten } from "../removal/remove-from-org.ts";
import {
  LOOK,
  LOOK_FOR_GRANTS,
  lookAt,
  type RemoveUserInput,
  removeUserArgument,
  type UserRemoval,
} from "../removal/remove-user.ts";
import type { Settings } from "../settings.ts";
import { type Counted, counted, EXAMPLES, MOST_COUNTED, refusalOf } from "./counted.ts";

/** What a user would lose, and where something stands in the way. */
export interface RemoveUserPlan<O = Metadata, M = Metadata> {
  /** By membership id, at most 1,000. */
  readonly organizations: readonly PlannedRemoval<O, M>[];
  /** Whether there are others. */
  readonly isMore: boolean;
  /** What organizations granted in which the user is no member any more, by organization, at most 200. */
  readonly grants: readonly { readonly orgId: OrgId; readonly tuples: readonly Grant[] }[];
  readonly isMoreGrants: boolean;
}

export interface PlannedRemoval<O = Metadata, M = Metadata> {
  readonly org: Organization<O>;
  readonly membership: Membership<M>;
  /** Whether no other active member is owner without a time box, and they are. */
  readonly isSoleOwner: boolean;
  /** `null` where it would be refused. */
  readonly how: Exclude<RemovedFrom["how"], "grants"> | null;
  /** What stands in the way. */
  readonly refusal: Refusal | null;
  /** Who would become owner. */
  readonly newOwner: UsrId | null;
  /** What would go besides the role. */
  readonly tuples: readonly Grant[];
  /** Open invitations that the user sent. They stay. */
  readonly invitations: Counted<InvId>;
}

export function planRemoveUser(
  settings: Settings,
  within: OrgId | null,
): Query<
  readonly [RemoveUserInput],
  UserRemoval,
  { readonly standings: Read<"standings">; readonly left: Read<"grantsLeft">; readonly sent: Read<"sentInvitations"> },
  RemoveUserPlan
> {
  return {
    name: "plan",
    parse: removeUserArgument,
    reads: (removal, now) => ({
      ...lookAt(removal, within, now, null, LOOK + 1, LOOK_FOR_GRANTS + 1),
      sent: {
        read: "sentInvitations",
        usrId: removal.usrId,
        orgId: within,
        expiresFrom: now,
        take: MOST_COUNTED + 1,
      },
    }),
    concerns: ({ usrId }) => [{ usrId, role: null }],
    answer: (removal, { standings, left, sent }, now) =>
      found({
        organizations: standings.slice(0, LOOK).map((standing) => planned(removal, standing, sent, settings, now)),
        isMore: standings.length > LOOK,
        grants: left.slice(0, LOOK_FOR_GRANTS).map(({ orgId, tuples }) => ({ orgId, tuples: tuples.map(grant) })),
        isMoreGrants: left.length > LOOK_FOR_GRANTS,
      }),
  };
}

function planned(
  { usrId, choices }: UserRemoval,
  standing: UserStanding,
  sent: readonly SentInvitation[],
  settings: Settings,
  now: Date,
): PlannedRemoval {
  const { org, membership, otherOwner, tuples } = standing;
  const choice = choices.get(org.id) ?? null;
  const decision = decideDeparture({ usrId, choice }, standing, unwritten(settings, now));
  const how = decision.ok ? (decision.result.how as PlannedRemoval["how"]) : null;
  const own = sent.filter(({ orgId }) => orgId === org.id).map(({ invId }) => invId);
  return {
    org,
    membership,
    isSoleOwner: isLastingOwner(membership) && !otherOwner,
    how,
    refusal: refusalOf(decision),
    newOwner: how === "transferred" && choice !== null && hasOwn(choice, "transferTo") ? choice.transferTo : null,
    tuples: tuples.filter((tuple) => !isRole(tuple)).map(grant),
    invitations: { ...counted(own.length, own.slice(0, EXAMPLES)), isMore: sent.length > MOST_COUNTED },
  };
}

function grant({ relation, objectType, objectId, expiresAt }: Tuple): Grant {
  return { relation, objectType, objectId, expiresAt };
}
