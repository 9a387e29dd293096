// For packages that add operations to stores: what an operation is made of, and the loop that runs it.
export { existing, stillActive, unchanged } from "./change.ts";
export {
  type Accepted,
  accept,
  type Decision,
  type Found,
  found,
  noChange,
  type Rejected,
  reject,
} from "./decision.ts";
export { type Extension, extensionOf } from "./extension.ts";
export { GROUPS, type Group } from "./groups.ts";
export { idArgument } from "./id.ts";
export { fields, type MutationOptions, optionalId } from "./input.ts";
export { detached } from "./json.ts";
export { getOrg, getOrgBySlug } from "./list/orgs.ts";
export { standing } from "./list/standing.ts";
export { page, type Query } from "./list.ts";
export { eventTypesArgument, flagArgument, instantArgument, limitArgument } from "./list-input.ts";
export type { Environment, FreshIds, Mutation, MutationPlan } from "./operation.ts";
export {
  createOrg,
  decideRevokeOrg,
  decideSuspendOrg,
  foundOrg,
  reinstateOrg,
  revokeOrg,
  suspendOrg,
  updateOrg,
} from "./org.ts";
export { begunSuspension, reasonArgument } from "./org-suspension.ts";
export type { Settings } from "./settings.ts";
export { mint } from "./sources.ts";
export { isText } from "./text.ts";
