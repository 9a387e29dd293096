import { errorFor } from "../errors.ts";
import { fields } from "../input.ts";
import type { TransferOwnershipInput } from "../membership/transfer-ownership.ts";
import type { Metadata, Organization, OrgId } from "../model.ts";
import type { RemoveUserInput } from "../removal/remove-user.ts";
import { ask, type Context } from "../run.ts";
import { planRemoveUser, type RemoveUserPlan } from "./plan-remove-user.ts";
import { planRevokeOrg, type RevokeOrgPlan } from "./plan-revoke-org.ts";
import { planTransferOwnership, type TransferOwnershipPlan } from "./plan-transfer-ownership.ts";

/** The operations that can be looked at before: what each takes, and what its plan shows. */
export interface Plans<O = Metadata, M = Metadata> {
  revokeOrg: { readonly takes: OrgId | Organization<O>; readonly shows: RevokeOrgPlan<O, M> };
  transferOwnership: { readonly takes: TransferOwnershipInput; readonly shows: TransferOwnershipPlan<O> };
  removeUser: { readonly takes: RemoveUserInput; readonly shows: RemoveUserPlan<O, M> };
}

/** An operation under its name. */
export type Planned<N extends keyof Plans, O = Metadata> = { readonly [K in N]: Plans<O>[K]["takes"] };

/** Shows what an operation would do, from one snapshot. */
export async function plan(context: Context, operation: unknown): Promise<Plans[keyof Plans]["shows"]> {
  const { settings } = context;
  const given = fields(operation, ["revokeOrg", "transferOwnership", "removeUser"]);
  const named = Object.entries(given).filter(([, value]) => value !== undefined);
  const [[name, value] = []] = named;
  if (named.length === 1 && name === "revokeOrg") {
    return ask(context, planRevokeOrg(settings), value as OrgId);
  }
  if (named.length === 1 && name === "transferOwnership") {
    return ask(context, planTransferOwnership(settings), value as TransferOwnershipInput);
  }
  if (named.length === 1 && name === "removeUser") {
    return ask(context, planRemoveUser(settings, context.within), value as RemoveUserInput);
  }
  throw errorFor("precondition.invalid_input", { key: null });
}
