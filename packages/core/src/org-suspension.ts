import type { Change } from "./change.ts";
import { errorFor } from "./errors.ts";
import type { EventData } from "./event.ts";
import { SUSPENSION_KINDS, type Suspension, type SuspensionKind } from "./groups/suspension.ts";
import { heldEntity } from "./held.ts";
import { addressed, expirationArgument, fields } from "./input.ts";
import type { Metadata, Organization, OrgId, UsrId } from "./model.ts";
import type { Settings } from "./settings.ts";
import { isText } from "./text.ts";

// A store without the group `lifecycle` suspends as well, and keeps nothing of why.

/** An organization that is suspended, with why; everything but `orgId` needs a store that keeps the group `lifecycle`. */
export interface SuspendOrgInput<O = Metadata> {
  readonly orgId: OrgId | Organization<O>;
  /** Default: `suspended`. */
  readonly kind?: SuspensionKind | undefined;
  /** Text of at most 1,024 UTF-16 units without control characters. */
  readonly reason?: string | null | undefined;
  /** From when on it may be revoked, with the kind `deletion` and only then; not before now. */
  readonly dueAt?: Date | null | undefined;
}

/** What the caller says of a suspension, checked. Nothing that was not said is in it. */
export interface SaidOfSuspension {
  readonly kind?: SuspensionKind;
  readonly reason?: string;
  readonly dueAt?: Date;
}

export interface SuspendOrg extends SaidOfSuspension {
  readonly orgId: OrgId;
  readonly held?: Organization | undefined;
}

export function suspendOrgArgument(settings: Settings, value: unknown): SuspendOrg {
  const isInput = typeof value === "object" && value !== null && heldEntity(value) === undefined;
  if (!isInput || !namesOrg(value)) {
    const { id: orgId, held } = addressed("org", value);
    return { orgId, held };
  }
  const { orgId, kind, reason, dueAt } = fields(value, ["orgId", "kind", "reason", "dueAt"]);
  const { id, held } = addressed("org", orgId);
  const said: SaidOfSuspension = {
    ...(kind === undefined ? {} : { kind: kindArgument(kind) }),
    ...reasonArgument(reason),
    ...(dueAt === undefined || dueAt === null ? {} : { dueAt: expirationArgument(dueAt) }),
  };
  if ((said.kind === "deletion") !== (said.dueAt !== undefined)) {
    throw errorFor("precondition.invalid_input", { key: "dueAt" });
  }
  if (Object.keys(said).length > 0 && !settings.groups.includes("lifecycle")) {
    throw errorFor("config.capability_missing", { group: "lifecycle" });
  }
  return { orgId: id, held, ...said };
}

/** What refuses to be looked at is no input: it is an id, and a bad one. */
function namesOrg(value: object): boolean {
  try {
    return Object.hasOwn(value, "orgId");
  } catch {
    return false;
  }
}

function kindArgument(value: unknown): SuspensionKind {
  if (!(SUSPENSION_KINDS as readonly unknown[]).includes(value)) {
    throw errorFor("precondition.invalid_input", { key: "kind" });
  }
  return value as SuspensionKind;
}

/** Nothing, where there is none. */
export function reasonArgument(value: unknown): Pick<SaidOfSuspension, "reason"> {
  if (value === undefined || value === null) {
    return {};
  }
  if (!isText(value, REASON_UNITS)) {
    throw errorFor("precondition.invalid_input", { key: "reason" });
  }
  return { reason: value };
}

const REASON_UNITS = 1024;

/** The row of a suspension that begins. */
export function begunSuspension(
  orgId: OrgId,
  { kind = "suspended", reason = null, dueAt = null }: Partial<Pick<Suspension, "kind" | "reason" | "dueAt">>,
  since: Date,
  requestedBy: UsrId | null,
): Suspension {
  return { orgId, kind, reason, since, dueAt, requestedBy };
}

/** What the event says of it: what was said and nothing else. */
export function suspensionFacts({ kind, reason, dueAt }: SaidOfSuspension): EventData["org.suspended"] {
  return {
    ...(kind === undefined ? {} : { kind }),
    ...(reason === undefined ? {} : { reason }),
    ...(dueAt === undefined ? {} : { dueAt: dueAt.toISOString() }),
  };
}

/** The change that ends a suspension, where there is a row of it. */
export function suspensionEnded(orgId: OrgId, { groups }: Settings): readonly Change[] {
  return groups.includes("lifecycle") ? [{ op: "deleteSuspension", orgId }] : [];
}
