import type { EventDraft, Organization, OrgId, PlacementPatch, Read, StoredPlacement } from "@tenantry/core";
import {
  accept,
  type Decision,
  type Environment,
  existing,
  found,
  foundOrg,
  idArgument,
  type Mutation,
  noChange,
  type Query,
  reject,
  stillActive,
  unchanged,
} from "@tenantry/core/extend";
import {
  type Held,
  type Placement,
  type PlacementEnd,
  type PlacementPause,
  type ProvisioningFailure,
  shown,
} from "./placement.ts";

// What a place becomes, as changes of its organization. Each expects the state in which the placement was read and, where
// somebody works on it, the lease: a worker whose lease has ended changes nothing.

interface OfPlace {
  readonly orgId: OrgId;
  /** `null`: whoever works on it, or nobody. */
  readonly holder: string | null;
}
interface Facts {
  readonly org: Organization;
  readonly placement: StoredPlacement | null;
}
type PlacePlan = { readonly org: Read<"org">; readonly placement: Read<"placement"> };
type PlaceMutation<Args extends readonly unknown[], Input extends OfPlace> = Mutation<
  Args,
  Input,
  PlacePlan,
  Facts,
  Placement,
  never
>;

const byPlace = {
  mints: [],
  admitsVersion: true,
  scope: ({ orgId }: OfPlace) => ({ org: orgId }),
  reads: ({ orgId }: OfPlace): PlacePlan => ({
    org: { read: "org", of: { org: orgId } },
    placement: { read: "placement", of: { org: orgId } },
  }),
  find(
    { orgId }: OfPlace,
    { org, placement }: { readonly org: Organization | null; readonly placement: StoredPlacement | null },
  ) {
    const facts = foundOrg(orgId, org);
    return facts.ok ? found({ org: facts.facts.org, placement }) : facts;
  },
} as const;

const heldArgument = ({ orgId, holder }: Held): Held => ({ orgId: idArgument("org", orgId), holder });

export const provisioned: PlaceMutation<[Held], Held> = {
  ...byPlace,
  name: "provisioned",
  parse: (_, held) => heldArgument(held),
  decide({ holder }, { org, placement }, environment) {
    if (placement?.heldBy !== holder) {
      return reject("isolation.busy", {});
    }
    if (org.status !== "active" || placement.state !== "pending") {
      return reject("isolation.not_provisioned", {});
    }
    const set = { state: "ready", step: null, attempts: 0, errorCode: null } as const;
    const event = { type: "tenant.provisioned", data: { strategy: placement.strategy } } as const;
    // Whoever revokes it comes before this, or after.
    return changed(placement, set, { org: stillActive(org), holder, event }, environment);
  },
};

export const failed: PlaceMutation<[Held, ProvisioningFailure], Held & ProvisioningFailure> = {
  ...byPlace,
  name: "failed",
  parse: (_, held, { step, code, attempts }) => ({ ...heldArgument(held), step, code, attempts }),
  decide({ holder, step, code, attempts }, { org, placement }, environment) {
    if (placement?.heldBy !== holder || placement.state !== "pending") {
      return reject("isolation.busy", {});
    }
    const set = { state: "failed", step, attempts, errorCode: code } as const;
    const event = { type: "tenant.provisioning_failed", data: { step, code } } as const;
    return changed(placement, set, { org: existing(org), holder, event }, environment);
  },
};

export const deprovisioned: PlaceMutation<[Held, PlacementEnd], Held & PlacementEnd> = {
  ...byPlace,
  name: "deprovisioned",
  parse: (_, held, { policy, archivedAs }) => ({ ...heldArgument(held), policy, archivedAs }),
  decide({ holder, policy, archivedAs }, { org, placement }, environment) {
    if (placement?.heldBy !== holder || placement.state !== "deprovisioning") {
      return reject("isolation.busy", {});
    }
    const isGone = policy === "drop" || policy === "purge";
    const set: PlacementPatch = {
      state: isGone ? "removed" : "archived",
      step: null,
      errorCode: null,
      name: archivedAs,
      pausedUntil: null,
      ...(isGone ? { sealedDsn: null } : {}),
    };
    const event = { type: "tenant.deprovisioned", data: { policy } } as const;
    return changed(placement, set, { org: existing(org), holder, event }, environment);
  },
};

export const paused: PlaceMutation<[OrgId, PlacementPause], OfPlace & PlacementPause> = {
  ...byPlace,
  name: "paused",
  parse: (_, orgId, { seconds, holder }) => ({ orgId: idArgument("org", orgId), seconds, holder }),
  decide({ seconds, holder }, facts, environment) {
    const usable = inUse(facts, holder);
    if (!usable.ok) {
      return usable;
    }
    const pausedUntil = new Date(environment.now.getTime() + seconds * 1000);
    const event = { type: "tenant.paused", data: { until: pausedUntil.toISOString() } } as const;
    return changed(usable.facts, { pausedUntil }, { org: unchanged(facts.org), holder, event }, environment);
  },
};

export const resumed: PlaceMutation<[OrgId, string | null], OfPlace> = {
  ...byPlace,
  name: "resumed",
  parse: (_, orgId, holder) => ({ orgId: idArgument("org", orgId), holder }),
  decide({ holder }, facts, environment) {
    const usable = inUse(facts, holder);
    if (!usable.ok) {
      // Nobody writes to what has ended, and a move of it is given up all the same.
      return usable.code === "conflict.already_terminal" && facts.placement !== null
        ? noChange(shown(facts.placement))
        : usable;
    }
    if (usable.facts.pausedUntil === null) {
      return noChange(shown(usable.facts));
    }
    const event = { type: "tenant.resumed", data: {} } as const;
    return changed(usable.facts, { pausedUntil: null }, { org: unchanged(facts.org), holder, event }, environment);
  },
};

export const moved: PlaceMutation<[Held], Held> = {
  ...byPlace,
  name: "moved",
  parse: (_, held) => heldArgument(held),
  decide({ orgId, holder }, facts, environment) {
    const usable = inUse(facts, holder);
    if (!usable.ok) {
      return usable;
    }
    const { strategy, sealedDsn, migratedTo, pausedUntil, move } = usable.facts;
    // Writes came in again, and what was copied is not all.
    if (move === null || pausedUntil === null || pausedUntil <= environment.now) {
      return reject("isolation.move_failed", { orgId, stage: "switch" });
    }
    const before = { strategy, sealedDsn, migratedTo };
    const set: PlacementPatch = {
      strategy: move.strategy,
      sealedDsn: move.sealedDsn,
      migratedTo: move.migratedTo,
      pausedUntil: null,
      move: { ...move, ...before, stage: "drop", step: null, attempts: 0, until: null },
    };
    const event = { type: "tenant.moved", data: { from: strategy, to: move.strategy } } as const;
    const resumption = { at: environment.now, actor: null, event: { type: "tenant.resumed", data: {} } } as const;
    return changed(usable.facts, set, { org: unchanged(facts.org), holder, event, further: [resumption] }, environment);
  },
};

/** A place that tenants use, and that nobody else moves. */
function inUse({ org, placement }: Facts, holder: string | null) {
  if (org.status === "revoked") {
    return reject("conflict.already_terminal", { orgId: org.id, status: org.status });
  }
  if (placement?.state !== "ready") {
    return reject("isolation.not_provisioned", {});
  }
  const isOthers = holder === null ? placement.move !== null && placement.heldBy !== null : placement.heldBy !== holder;
  return isOthers ? reject("isolation.busy", {}) : found(placement);
}

interface Wanted extends Pick<NonNullable<Accepted["write"]>, "org" | "further"> {
  readonly holder: string | null;
  readonly event: EventDraft;
}
type Accepted = Extract<Decision<Placement>, { readonly ok: true }>;

/** The placement with some of it changed: it must be in the state in which it was read, and held by who works on it. */
function changed(
  placement: StoredPlacement,
  set: PlacementPatch,
  { holder, ...wanted }: Wanted,
  { now }: Environment,
): Accepted {
  const { orgId, state } = placement;
  return accept(shown({ ...placement, ...set }), {
    ...wanted,
    at: now,
    actor: null,
    changes: [{ op: "updatePlacement", orgId, set, expect: { state, holder } }],
  });
}

export const getPlacement: Query<
  readonly [OrgId],
  OrgId,
  { readonly placement: Read<"placement"> },
  { readonly placement: StoredPlacement | null }
> = {
  name: "getPlacement",
  parse: (orgId) => idArgument("org", orgId),
  reads: (orgId) => ({ placement: { read: "placement", of: { org: orgId } } }),
  answer: (_, { placement }) => found({ placement }),
};

/** The same of an organization that has to be there. */
export const getOrgPlaced: Query<readonly [OrgId], OrgId, PlacePlan, { readonly org: Organization }> = {
  name: "getOrgPlaced",
  parse: (orgId) => idArgument("org", orgId),
  reads: (orgId) => byPlace.reads({ orgId, holder: null }),
  answer: (orgId, { org }) => foundOrg(orgId, org),
};
