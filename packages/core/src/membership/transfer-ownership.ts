import { existing } from "../change.ts";
import { accept, type Decision, found, reject } from "../decision.ts";
import { idArgument } from "../id.ts";
import { fields } from "../input.ts";
import type { Membership, MemId, Organization, OrgId, TransferOwnershipResult } from "../model.ts";
import type { Environment, Mutation } from "../operation.ts";
import { noOrg } from "../org.ts";
import type { Read } from "../read.ts";
import { effectiveMembership, isActiveOwner, linkTime, noMembership, relinked } from "./membership.ts";
import { promoted } from "./self-leave.ts";

export interface TransferOwnershipInput {
  readonly orgId: OrgId;
  readonly fromMemId: MemId;
  readonly toMemId: MemId;
}

export interface TransferOwnershipFacts {
  readonly org: Organization;
  readonly from: Membership;
  readonly to: Membership;
}

export const transferOwnership: Mutation<
  readonly [TransferOwnershipInput],
  TransferOwnershipInput,
  { readonly org: Read<"org">; readonly from: Read<"membership">; readonly to: Read<"membership"> },
  TransferOwnershipFacts,
  TransferOwnershipResult,
  "mem" | "otherMem"
> = {
  name: "transferOwnership",
  mints: ["mem", "otherMem"],
  admitsVersion: true,
  parse(_, input) {
    const { orgId, fromMemId, toMemId } = fields(input, ["orgId", "fromMemId", "toMemId"]);
    return {
      orgId: idArgument("org", orgId),
      fromMemId: idArgument("mem", fromMemId, "fromMemId"),
      toMemId: idArgument("mem", toMemId, "toMemId"),
    };
  },
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId, fromMemId, toMemId }) => ({
    org: { read: "org", of: { org: orgId } },
    from: { read: "membership", memId: fromMemId },
    to: { read: "membership", memId: toMemId },
  }),
  find({ orgId, fromMemId, toMemId }, { org, from, to }) {
    if (org === null) {
      return noOrg(orgId);
    }
    if (from === null) {
      return noMembership(fromMemId);
    }
    return to === null ? noMembership(toMemId) : found({ org, from, to });
  },
  decide: decideTransferOwnership,
  // Who gives, gives of their own; who receives gets nothing that the giver has not.
  concerns: (_, { from }) => [from],
};

/** Hand ownership from one active member to another, who become `member` and `owner` in one commit. */
export function decideTransferOwnership(
  _: Partial<TransferOwnershipInput>,
  { org, ...stored }: TransferOwnershipFacts,
  { now, ids }: Environment<"mem" | "otherMem">,
): Decision<TransferOwnershipResult> {
  // Who is gone when the links would begin is gone.
  const at = linkTime(now, stored.from, stored.to);
  const [from, to] = [effectiveMembership(stored.from, at), effectiveMembership(stored.to, at)];
  if (from.status !== "active") {
    return reject("precondition.from_not_active", { memId: from.id, status: from.status });
  }
  if (to.status !== "active") {
    return reject("precondition.to_not_active", { memId: to.id, status: to.status });
  }
  if (from.orgId !== org.id || to.orgId !== org.id) {
    return reject("precondition.org_mismatch", { orgId: org.id });
  }
  if (!isActiveOwner(from)) {
    return reject("precondition.from_not_owner", { memId: from.id });
  }
  if (from.usrId === to.usrId) {
    return reject("precondition.self_transfer", { usrId: from.usrId });
  }
  if (to.expiresAt !== null) {
    return reject("precondition.to_time_boxed", { memId: to.id });
  }
  const receiver = promoted(to, ids.otherMem, now, from);
  const giver = relinked(from, "member", ids.mem, receiver.at);
  return accept(
    { fromMembership: giver.row, toMembership: receiver.row },
    {
      // The owners do not become fewer: both rows must be as they were read, and one of them stays or becomes owner.
      org: existing(org),
      at: receiver.at,
      actor: from.usrId,
      changes: [...giver.changes, ...receiver.changes],
      event: {
        type: "ownership.transferred",
        data: { from: { usrId: from.usrId, memId: giver.row.id, replaces: from.id }, to: receiver.transfer },
      },
    },
  );
}
