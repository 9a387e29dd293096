import { found } from "../decision.ts";
import type { Query } from "../list.ts";
import {
  decideTransferOwnership,
  type TransferOwnershipInput,
  transferOwnership,
} from "../membership/transfer-ownership.ts";
import type { MemId, Metadata, Organization, Role, UsrId } from "../model.ts";
import type { Read } from "../read.ts";
import type { Refusal } from "../rejections.ts";
import { unwritten } from "../removal/remove-from-org.ts";
import type { Settings } from "../settings.ts";
import { refusalOf } from "./counted.ts";

/** Who would have another role. */
export interface TransferOwnershipPlan<O = Metadata> {
  readonly org: Organization<O>;
  /** What stands in the way. */
  readonly refusal: Refusal | null;
  /** Nobody where it would be refused. */
  readonly roles: readonly PlannedRole[];
}

export interface PlannedRole {
  /** The row that would end. */
  readonly memId: MemId;
  readonly usrId: UsrId;
  readonly from: Role;
  readonly to: Role;
}

export function planTransferOwnership(
  settings: Settings,
): Query<
  readonly [TransferOwnershipInput],
  TransferOwnershipInput,
  { readonly org: Read<"org">; readonly from: Read<"membership">; readonly to: Read<"membership"> },
  TransferOwnershipPlan
> {
  return {
    name: "plan",
    parse: (input) => transferOwnership.parse(settings, input),
    reads: (input, now) => transferOwnership.reads(input, settings, now),
    of: ({ orgId }) => ({ org: orgId }),
    concerns: (_, { from }) => [from].filter((row) => row !== null),
    answer(input, answers, now) {
      const known = transferOwnership.find(input, answers, now);
      if (!known.ok) {
        return known;
      }
      const { org, from, to } = known.facts;
      const decision = decideTransferOwnership(input, known.facts, unwritten(settings, now));
      const changes = decision.ok
        ? ([
            [from, decision.result.fromMembership],
            [to, decision.result.toMembership],
          ] as const)
        : [];
      const roles = changes.flatMap(([before, after]) =>
        before.role === after.role
          ? []
          : [{ memId: before.id, usrId: before.usrId, from: before.role, to: after.role }],
      );
      return found({ org, refusal: refusalOf(decision), roles });
    },
  };
}
