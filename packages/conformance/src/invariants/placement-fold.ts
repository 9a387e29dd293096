import type { OrgId, StoredPlacement, TenancyEvent } from "@tenantry/core";

// What the events tell of the places of organizations. They tell what somebody outside has to hear of: how far a worker has come
// is in the row alone, and so is where a placement began.

/** `begun`: nothing was told of it yet. `gone`: it was taken down. */
type ToldState = "begun" | "failed" | "ready" | "gone";

export interface ToldPlacement {
  readonly state: ToldState;
  /** `null`: none was told. */
  readonly strategy: string | null;
  /** As events have instants. */
  readonly pausedUntil: string | null;
  readonly failure: { readonly step: string; readonly code: string } | null;
  /** What was done with the place that is gone. */
  readonly policy: string | null;
  /** The strategy of the place before the last move. */
  readonly before: string | null;
}

const BEGUN: ToldPlacement = {
  state: "begun",
  strategy: null,
  pausedUntil: null,
  failure: null,
  policy: null,
  before: null,
};

/** From which states an event can come. What a placement began with is not told, so it may have begun as ready. */
const COMES_FROM: { readonly [type: string]: readonly ToldState[] } = {
  "tenant.provisioned": ["begun", "failed"],
  "tenant.provisioning_failed": ["begun", "failed"],
  "tenant.deprovisioned": ["begun", "failed", "ready", "gone"],
  "tenant.paused": ["begun", "ready"],
  "tenant.resumed": ["begun", "ready"],
  "tenant.moved": ["begun", "ready"],
};

export interface ToldPlacements {
  readonly placements: ReadonlyMap<OrgId, ToldPlacement>;
  /** What could not have happened in this order. */
  readonly contradictions: readonly string[];
}

/** Events by organization and `seq`. */
export function foldPlacements(events: readonly TenancyEvent[]): ToldPlacements {
  const placements = new Map<OrgId, ToldPlacement>();
  const contradictions: string[] = [];
  for (const [place, event] of events.entries()) {
    const from = COMES_FROM[event.type];
    if (from === undefined) {
      continue;
    }
    const placement = placements.get(event.orgId) ?? BEGUN;
    const data = event.data as Readonly<Record<string, string>>;
    const isOpen = from.includes(placement.state) && fits(placement, event, data, events[place + 1]);
    if (!isOpen) {
      contradictions.push(`${event.orgId} ${event.seq}: ${event.type}, and it was ${placement.state}`);
    }
    placements.set(event.orgId, { ...placement, ...told(event.type, data) });
  }
  return { placements, contradictions };
}

/** What an event rests on besides the state. */
function fits(
  { pausedUntil, strategy }: ToldPlacement,
  { type, orgId, at }: TenancyEvent,
  { from }: Readonly<Record<string, string>>,
  next: TenancyEvent | undefined,
): boolean {
  if (type === "tenant.resumed") {
    return pausedUntil !== null;
  }
  if (type !== "tenant.moved") {
    return true;
  }
  // The exchange is made while nobody writes, and ends that in the same commit.
  const isPaused = pausedUntil !== null && Date.parse(pausedUntil) > at.getTime();
  return isPaused && next?.type === "tenant.resumed" && next.orgId === orgId && (strategy ?? from) === from;
}

function told(type: string, data: Readonly<Record<string, string>>): Partial<ToldPlacement> {
  switch (type) {
    case "tenant.provisioned":
      return { state: "ready", strategy: data["strategy"] ?? null, failure: null };
    case "tenant.provisioning_failed":
      return { state: "failed", failure: { step: data["step"] ?? "", code: data["code"] ?? "" } };
    case "tenant.deprovisioned":
      return { state: "gone", policy: data["policy"] ?? null, pausedUntil: null, failure: null };
    case "tenant.paused":
      return { state: "ready", pausedUntil: data["until"] ?? null };
    case "tenant.resumed":
      return { state: "ready", pausedUntil: null };
    default:
      return { state: "ready", strategy: data["to"] ?? null, before: data["from"] ?? null };
  }
}

/** In which states a row can be of which that was the last to be told: what is between two events is in the row alone. */
export function statesOf({ state, policy }: ToldPlacement): readonly StoredPlacement["state"][] {
  switch (state) {
    case "begun":
      return ["pending", "ready", "deprovisioning"];
    case "failed":
      return ["failed", "pending", "deprovisioning"];
    case "ready":
      return ["ready", "deprovisioning"];
    case "gone":
      return [policy === "drop" || policy === "purge" ? "removed" : "archived", "deprovisioning"];
  }
}
