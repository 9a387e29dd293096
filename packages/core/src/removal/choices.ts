import { lengthOf } from "../bulk/bulk-input.ts";
import { errorFor } from "../errors.ts";
import { idArgument } from "../id.ts";
import { fields, readFrom } from "../input.ts";
import type { OrgId, UsrId } from "../model.ts";
import { hasOwn } from "../own.ts";
import type { Successor } from "../read.ts";

const MOST_CHOICES = 1000;

/** What becomes of an organization whose only owner goes: a member becomes owner, or it ends. */
export type OwnerChoice =
  | { readonly orgId: OrgId; readonly transferTo: UsrId }
  | { readonly orgId: OrgId; readonly revoke: true };

export type Choice = { readonly transferTo: UsrId } | { readonly revoke: true };
/** By organization. */
export type Choices = ReadonlyMap<OrgId, Choice>;

export function choicesArgument(value: unknown): Choices {
  const length = value === undefined ? 0 : lengthOf(value, "choices");
  if (length > MOST_CHOICES) {
    throw errorFor("precondition.invalid_input", { key: "choices" });
  }
  const choices = new Map<OrgId, Choice>();
  for (let place = 0; place < length; place += 1) {
    const given = fields(
      readFrom(() => (value as readonly unknown[])[place]),
      ["orgId", "transferTo", "revoke"],
    );
    const orgId = idArgument("org", given.orgId);
    const choice = choiceOf(given.transferTo ?? undefined, given.revoke);
    if (choices.has(orgId)) {
      throw errorFor("precondition.invalid_input", { key: "choices" });
    }
    choices.set(orgId, choice);
  }
  return choices;
}

/** Exactly one of the two. */
function choiceOf(transferTo: unknown, revoke: unknown): Choice {
  if (transferTo !== undefined && revoke === undefined) {
    return { transferTo: idArgument("usr", transferTo, "transferTo") };
  }
  if (transferTo === undefined && revoke === true) {
    return { revoke };
  }
  throw errorFor("precondition.invalid_input", { key: "revoke" });
}

/** Whose memberships have to be known. */
export function successorsIn(choices: Iterable<readonly [OrgId, Choice | null]>): readonly Successor[] {
  return [...choices].flatMap(([orgId, choice]) =>
    choice !== null && hasOwn(choice, "transferTo") ? [{ orgId, usrId: choice.transferTo }] : [],
  );
}
