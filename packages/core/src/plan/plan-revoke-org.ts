import { type Found, found, type Rejected } from "../decision.ts";
import { storedAs } from "../list/memberships.ts";
import type { Query } from "../list.ts";
import type { Invitation, Membership, Metadata, Organization, OrgId, Status, Tuple } from "../model.ts";
import { decideRevokeOrg, noOrg, revokeOrg } from "../org.ts";
import type { Read } from "../read.ts";
import type { Refusal } from "../rejections.ts";
import { unwritten } from "../removal/remove-from-org.ts";
import type { Settings } from "../settings.ts";
import { type Counted, counted, EXAMPLES, MOST_COUNTED, refusalOf } from "./counted.ts";

/** What would end with an organization. */
export interface RevokeOrgPlan<O = Metadata, M = Metadata> {
  readonly org: Organization<O>;
  /** What stands in the way. */
  readonly refusal: Refusal | null;
  /** The slug that would be free. */
  readonly slug: string | null;
  /** Memberships that would end, by id. */
  readonly active: Counted<Membership<M>>;
  readonly suspended: Counted<Membership<M>>;
  /** Open invitations that would be withdrawn, by id. */
  readonly invitations: Counted<Invitation<M>>;
  /** Tuples on the organization, by relation and subject. */
  readonly tuples: Counted<Tuple>;
}

type RevokeOrgReads = {
  readonly org: Read<"org">;
  readonly activeCount: Read<"memberCount">;
  readonly active: Read<"members">;
  readonly suspendedCount: Read<"memberCount">;
  readonly suspended: Read<"members">;
  readonly invitationCount: Read<"invitationCount">;
  readonly invitations: Read<"invitations">;
  readonly tupleCount: Read<"tupleCount">;
  readonly tuples: Read<"tuplesOfObject">;
};

export function planRevokeOrg(
  settings: Settings,
): Query<readonly [OrgId | Organization], { readonly orgId: OrgId }, RevokeOrgReads, RevokeOrgPlan> {
  return {
    name: "plan",
    parse: (org) => ({ orgId: revokeOrg.parse(settings, org).orgId }),
    reads({ orgId }, now) {
      const most = MOST_COUNTED + 1;
      const live = (status: Status) => ({ orgId, where: { anyOf: storedAs(status, now), role: null } });
      const open = { orgId, anyOf: [{ status: "pending", expiresBefore: null, expiresFrom: now }] } as const;
      const object = { objectType: "org", objectId: orgId, at: now };
      return {
        org: { read: "org", of: { org: orgId } },
        activeCount: { read: "memberCount", ...live("active"), most },
        active: { read: "members", ...live("active"), after: null, take: EXAMPLES },
        suspendedCount: { read: "memberCount", ...live("suspended"), most },
        suspended: { read: "members", ...live("suspended"), after: null, take: EXAMPLES },
        invitationCount: { read: "invitationCount", ...open, most },
        invitations: { read: "invitations", ...open, after: null, take: EXAMPLES },
        tupleCount: { read: "tupleCount", ...object, most },
        tuples: { read: "tuplesOfObject", ...object, relation: null, take: EXAMPLES },
      };
    },
    of: ({ orgId }) => ({ org: orgId }),
    answer({ orgId }, { org, ...answers }, now): Found<RevokeOrgPlan> | Rejected<"not_found"> {
      if (org === null) {
        return noOrg(orgId);
      }
      const refusal = refusalOf(decideRevokeOrg({ orgId }, { org }, unwritten(settings, now)));
      return found({
        org,
        refusal,
        slug: refusal === null ? org.slug : null,
        active: counted(answers.activeCount, answers.active),
        suspended: counted(answers.suspendedCount, answers.suspended),
        invitations: counted(answers.invitationCount, answers.invitations),
        tuples: counted(answers.tupleCount, answers.tuples),
      });
    },
  };
}
