import type { MemId, MutationOptions, OrgId, UsrId } from "@tenantry/core";

/** What may be accepted and change nothing. */
export const MAY_IDLE: readonly string[] = [
  "updateOrg",
  "changeRole",
  "addMembers",
  "createInvitations",
  "changeRoles",
  "removeMembers",
  "removeUser",
];

/** Whether an answer says that nothing was done: then the key is unused, and a repeat may do something. */
export function saysIdle({ outcome, result, op }: Pick<Line, "outcome" | "result" | "op">): boolean {
  return outcome === "ok" && REPORTING.includes(op) && (result as { readonly done: number }).done === 0;
}

const REPORTING: readonly string[] = ["addMembers", "createInvitations", "changeRoles", "removeMembers"];

/** One call, as its caller saw it. */
export interface Line {
  readonly callId: number;
  readonly kind: "write" | "read";
  readonly op: string;
  /** The arguments without the second one of mutations, and that. */
  readonly args: readonly unknown[];
  readonly options: MutationOptions;
  /** The organization that the call is about; `null` where there is none, or none that was known. */
  readonly orgId: OrgId | null;
  /** Where the key of a write lives; `null` where that is not known. */
  readonly scope: OrgId | UsrId | null;
  /** Every write has one. */
  readonly key: string | null;
  /** Equal for equal calls. */
  readonly fingerprint: string;
  /** Places in the one order of all beginnings and ends; `completed` is `null` where the caller never heard an answer. */
  readonly invoked: number;
  readonly completed: number | null;
  /**
   * `ok`: acknowledged. `fail`: refused with an error that promises that nothing was written. `unknown`: the caller cannot
   * know, because the connection or the caller died.
   */
  readonly outcome: "ok" | "fail" | "unknown";
  readonly result: unknown;
  readonly code: string | null;
  /** The text, the stack and the JSON of the error. */
  readonly error: string | null;
  /** What an unknown outcome was found to be. */
  readonly resolved: "committed" | "fenced" | null;
  /** The organization's version that a read saw. */
  readonly seen: number | null;
  /** What the store's clock said, and which ids it minted, so that the call can be repeated elsewhere. */
  readonly now: Date;
  /** `null` where several calls at a time took ids from one source, so that nobody can tell. */
  readonly ids: readonly string[] | null;
}

/** A walk over the pages of a list of members. */
export interface Walk {
  readonly orgId: OrgId;
  /** The organization's version when it began. */
  readonly beganSeq: number;
  readonly ids: readonly MemId[];
}

export interface History {
  readonly lines: readonly Line[];
  readonly walks: readonly Walk[];
  /** Texts that no error may hold: identifiers, names, keys. */
  readonly secrets: readonly string[];
}
