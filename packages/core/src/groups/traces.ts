import { isId } from "../id.ts";
import type { OrgId } from "../model.ts";

/**
 * What an event did to what it is about: changed it, ended it, changed it so that an end is taken back, or did nothing to it
 * and names it.
 */
export const DEEDS = ["touched", "ended", "restored", "named"] as const;
export type Deed = (typeof DEEDS)[number];

/** What an event is about: an id of an organization, membership, invitation or user, or a name made of an organization's. */
export interface Trace {
  readonly entity: string;
  readonly deed: Deed;
}

/** An event of any type, of later versions too. */
interface AnyEvent {
  readonly type: string;
  readonly data: unknown;
}
type Facts = Readonly<Record<string, unknown>>;

/**
 * What an event is about, each once: `org_…`, `mem_…`, `inv_…`, `usr_…`, and of what has no id of its own `setting:<org>:<key>`
 * and `domain:<org>:<domain>`. Events of an organization's own (`org.*`, `tenant.*`) are about the organization.
 */
export function tracesOf(orgId: OrgId, { type, data }: AnyEvent): readonly Trace[] {
  const facts = (data ?? {}) as Facts;
  const [category = ""] = type.split(".");
  const traces = new Map<string, Deed>();
  // What a setting says is the host's.
  for (const entity of category === "setting" ? [] : named(facts)) {
    traces.set(entity, "named");
  }
  const mark: Mark = (deed, ...entities) => {
    for (const entity of entities) {
      if (typeof entity === "string") {
        traces.set(entity, deed);
      }
    }
  };
  switch (category) {
    case "org":
      mark("touched", facts["memId"]);
      mark(deedToOrg(type, facts), orgId);
      break;
    case "tenant":
    case "operator":
      mark("named", orgId);
      break;
    case "setting":
      for (const { key, to } of [facts, ...rowsOf(facts["also"])]) {
        mark(to === null ? "ended" : "restored", `setting:${orgId}:${String(key)}`);
      }
      break;
    case "domain":
      mark(DOMAIN_DEEDS[type] ?? "named", `domain:${orgId}:${String(facts["domain"])}`);
      break;
    default:
      markMembers(type, facts, mark);
  }
  return [...traces].map(([entity, deed]) => ({ entity, deed }));
}

const DOMAIN_DEEDS: Readonly<Record<string, Deed>> = {
  "domain.added": "restored",
  "domain.verified": "touched",
  "domain.removed": "ended",
};

function deedToOrg(type: string, { kind }: Facts): Deed {
  switch (type) {
    case "org.revoked":
    case "org.deletion_scheduled":
      return "ended";
    case "org.suspended":
      return kind === "deletion" ? "ended" : "touched";
    case "org.reinstated":
      return "restored";
    default:
      return "touched";
  }
}

type Mark = (deed: Deed, ...entities: readonly unknown[]) => void;

/** A role that changes ends a membership and begins the next one. */
function markMembers(type: string, facts: Facts, mark: Mark): void {
  const { memId, invId, replaces } = facts;
  switch (type) {
    case "membership.left":
      mark("ended", memId);
      markLink(facts["transfer"], mark);
      return;
    case "membership.removed":
      mark("ended", memId);
      return;
    case "membership.expired":
      mark("ended", ...rowsOf(facts["memberships"]).map((row) => row["memId"]));
      return;
    case "ownership.transferred":
      markLink(facts["from"], mark);
      markLink(facts["to"], mark);
      return;
    case "invitation.created":
      mark("touched", invId);
      mark("ended", ...listOf(facts["replaced"]));
      return;
    case "invitation.revoked":
      mark("ended", invId);
      return;
    case "invitation.expired":
      mark("ended", ...listOf(facts["invIds"]));
      return;
    default:
      mark("touched", memId, invId);
      // A membership that had lapsed, whose end was written down in passing.
      mark("ended", replaces, facts["expired"]);
  }
}

/** Who was an owner already keeps their membership as it was. */
function markLink(link: unknown, mark: Mark): void {
  const { memId, replaces } = (link ?? {}) as Facts;
  if (typeof replaces === "string") {
    mark("touched", memId);
    mark("ended", replaces);
  }
}

function rowsOf(value: unknown): readonly Facts[] {
  return listOf(value) as readonly Facts[];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Values of the host's: whatever looks like an id there is none of ours. */
const VALUES = ["changes", "from", "to", "reason"];

/** The ids that an event names, wherever they stand in it. */
function* named(value: unknown): Generator<string> {
  if (typeof value === "string") {
    if (ENTITY_TYPES.some((type) => isId(value, type))) {
      yield value;
    }
  } else if (Array.isArray(value)) {
    for (const item of value) {
      yield* named(item);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [key, own] of Object.entries(value)) {
      if (typeof own === "object" || !VALUES.includes(key)) {
        yield* key === "changes" ? [] : named(own);
      }
    }
  }
}

const ENTITY_TYPES = ["org", "mem", "inv", "usr"] as const;
