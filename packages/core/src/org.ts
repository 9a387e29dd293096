import { type Change, unchanged } from "./change.ts";
import { accept, type Decision, type Found, found, noChange, type Rejected, reject } from "./decision.ts";
import { errorFor } from "./errors.ts";
import type { EventData, EventDraft } from "./event.ts";
import { placementBegun } from "./groups/placement.ts";
import { requireGroups } from "./groups-input.ts";
import { idArgument } from "./id.ts";
import { addressed, fields, nameArgument, slugArgument } from "./input.ts";
import { joinOf } from "./limits.ts";
import {
  changedKeys,
  judge,
  type MetadataInput,
  type MetadataPatch,
  metadataArgument,
  newMetadata,
} from "./metadata.ts";
import {
  type CreateOrgResult,
  hasPassed,
  latest,
  type Membership,
  type Metadata,
  type Organization,
  type OrgId,
  roleTuple,
  type UsrId,
} from "./model.ts";
import type { Environment, Mutation } from "./operation.ts";
import {
  begunSuspension,
  type SuspendOrg,
  type SuspendOrgInput,
  suspendOrgArgument,
  suspensionEnded,
  suspensionFacts,
} from "./org-suspension.ts";
import type { Joins, Read } from "./read.ts";
import type { Settings } from "./settings.ts";
import { canBecome, ORG_TRANSITIONS } from "./states.ts";

export interface CreateOrgInput<O = Metadata, M = Metadata> {
  readonly creator: UsrId;
  readonly name?: string | null | undefined;
  readonly slug?: string | null | undefined;
  readonly metadata?: MetadataInput<O> | undefined;
  /** That of the creator's membership. */
  readonly membershipMetadata?: MetadataInput<M> | undefined;
  /**
   * Where its rows will be; needs a store that keeps the group `placement`. One that is `pending` can be used by nobody before
   * its place was made; `ready` is what has nothing to make.
   */
  readonly placement?: NewPlacement | undefined;
}

/** A strategy is a name of 1 to 64 characters, as `row`, `schema` or `database`. */
export interface NewPlacement {
  readonly strategy: string;
  readonly state: "pending" | "ready";
}

interface NewOrg {
  readonly creator: UsrId;
  readonly name: string | null;
  readonly slug: string | null;
  readonly metadata: Metadata;
  readonly membershipMetadata: Metadata;
  readonly placement?: NewPlacement | undefined;
}

export interface CreateOrgFacts {
  readonly slugHolder: OrgId | null;
  /** In how many organizations the creator is, where there is a limit. */
  readonly joins?: Joins | undefined;
}

export const createOrg: Mutation<
  readonly [UsrId | CreateOrgInput],
  NewOrg,
  { readonly slugHolder: Read<"slugHolder">; readonly joins?: Read<"joins"> },
  CreateOrgFacts,
  CreateOrgResult,
  "org" | "mem"
> = {
  name: "createOrg",
  mints: ["org", "mem"],
  admitsVersion: false,
  parse(settings, input) {
    const { creator, name, slug, metadata, membershipMetadata, placement } = fields(
      typeof input === "string" ? { creator: input } : input,
      ["creator", "name", "slug", "metadata", "membershipMetadata", "placement"],
    );
    const { organization, membership } = settings.metadata;
    return {
      creator: idArgument("usr", creator, "creator"),
      name: nameArgument(name ?? null),
      slug: slugArgument(slug ?? null, settings.isReserved),
      metadata: newMetadata(metadata, "metadata", organization),
      membershipMetadata: newMetadata(membershipMetadata, "membershipMetadata", membership),
      ...(placement === undefined ? {} : { placement: placementArgument(placement, settings) }),
    };
  },
  scope: ({ creator }) => ({ creator }),
  reads: ({ creator, slug }, { limits }, at) => ({
    slugHolder: { read: "slugHolder", slug },
    ...(limits.organizationsPerUser === null ? {} : { joins: { read: "joins", usrId: creator, at } }),
  }),
  find: (_, answers) => found(answers),
  assume: (_, { limits }) => (limits.organizationsPerUser === null ? { slugHolder: null } : null),
  decide: decideCreateOrg,
  concerns: ({ creator }) => [{ usrId: creator, role: null }],
};

/** Found an organization: it, its first owner and the owner's tuple begin in the same instant. */
export function decideCreateOrg(
  { creator, name, slug, metadata, membershipMetadata, placement }: NewOrg,
  { slugHolder, joins }: CreateOrgFacts,
  { now, ids, settings }: Environment<"org" | "mem">,
): Decision<CreateOrgResult> {
  if (slug !== null && slugHolder !== null) {
    return reject("conflict.org_slug", { slug });
  }
  const join = joinOf(creator, settings, joins);
  if (!join.ok) {
    return join;
  }
  const times = { createdAt: now, updatedAt: now };
  const org: Organization = { id: ids.org, status: "active", name, slug, version: 1, ...times, metadata };
  const ownerMembership: Membership = {
    id: ids.mem,
    usrId: creator,
    orgId: org.id,
    role: "owner",
    status: "active",
    replaces: null,
    invitedBy: null,
    removedBy: null,
    ...times,
    expiresAt: null,
    metadata: membershipMetadata,
  };
  return accept(
    { org, ownerMembership },
    {
      org: { is: "new", id: org.id },
      at: now,
      actor: creator,
      changes: [
        { op: "insertOrg", row: org },
        { op: "insertMembership", row: ownerMembership, invId: null },
        { op: "insertTuple", tuple: roleTuple(ownerMembership) },
        ...join.facts,
        ...(placement === undefined
          ? []
          : [{ op: "insertPlacement", row: placementBegun(org.id, placement) } as const]),
      ],
      event: { type: "org.created", data: { name, slug, memId: ownerMembership.id, usrId: creator } },
    },
  );
}

function placementArgument(value: unknown, { groups }: Settings): NewPlacement {
  const { strategy, state } = fields(value, ["strategy", "state"]);
  if (typeof strategy !== "string" || !STRATEGY.test(strategy) || (state !== "pending" && state !== "ready")) {
    throw errorFor("precondition.invalid_input", { key: "placement" });
  }
  requireGroups(["placement"], groups);
  return { strategy, state };
}

const STRATEGY = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

export interface UpdateOrgInput<O = Metadata> {
  readonly orgId: OrgId | Organization<O>;
  /** Absent or `undefined` leaves it as it is; `null` clears it. */
  readonly name?: string | null | undefined;
  /** Absent or `undefined` leaves it as it is; `null` clears it. */
  readonly slug?: string | null | undefined;
  /** Merged key by key: what is left out stays, `null` removes. */
  readonly metadata?: MetadataPatch<O> | undefined;
}

interface OrgUpdate {
  readonly orgId: OrgId;
  readonly name: string | null | undefined;
  readonly slug: string | null | undefined;
  readonly metadata: Metadata | undefined;
  readonly held?: Organization | undefined;
}

export interface UpdateOrgFacts {
  readonly org: Organization;
  readonly slugHolder: OrgId | null;
}

export const updateOrg: Mutation<
  readonly [UpdateOrgInput],
  OrgUpdate,
  { readonly org: Read<"org">; readonly slugHolder: Read<"slugHolder"> },
  UpdateOrgFacts,
  Organization,
  never
> = {
  name: "updateOrg",
  mints: [],
  admitsVersion: true,
  parse(settings, input) {
    const { orgId, name, slug, metadata } = fields(input, ["orgId", "name", "slug", "metadata"]);
    const { id, held } = addressed("org", orgId);
    return {
      orgId: id,
      held,
      name: name === undefined ? undefined : nameArgument(name),
      slug: slug === undefined ? undefined : slugArgument(slug, settings.isReserved),
      metadata: metadataArgument(metadata, "metadata"),
    };
  },
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId, slug }) => ({
    org: { read: "org", of: { org: orgId } },
    slugHolder: { read: "slugHolder", slug: slug ?? null },
  }),
  find: ({ orgId }, { org, slugHolder }) => (org === null ? noOrg(orgId) : found({ org, slugHolder })),
  assume: ({ held }) => (held === undefined ? null : { org: held, slugHolder: null }),
  decide: decideUpdateOrg,
};

/** Change name, slug or metadata, also of a suspended organization. What equals the stored value is no change. */
export function decideUpdateOrg(
  { name, slug, metadata: patch }: Pick<OrgUpdate, "name" | "slug" | "metadata">,
  { org, slugHolder }: UpdateOrgFacts,
  { now, settings }: Environment,
): Decision<Organization> {
  if (org.status === "revoked") {
    return reject("conflict.already_terminal", { orgId: org.id, status: org.status });
  }
  if (typeof slug === "string" && slugHolder !== null && slugHolder !== org.id) {
    return reject("conflict.org_slug", { slug });
  }
  const judged =
    patch === undefined
      ? ({ ok: true, metadata: org.metadata } as const)
      : judge(org.metadata, patch, "metadata", settings.metadata.organization);
  if (!judged.ok) {
    return reject("precondition.invalid_metadata", judged.details, judged.hidden);
  }
  const { metadata } = judged;
  const to = { name: name === undefined ? org.name : name, slug: slug === undefined ? org.slug : slug, metadata };
  const keys = changedKeys(org.metadata, metadata);
  const changes: EventData["org.updated"]["changes"] = {
    ...(to.name === org.name ? {} : { name: { from: org.name, to: to.name } }),
    ...(to.slug === org.slug ? {} : { slug: { from: org.slug, to: to.slug } }),
    ...(keys.length === 0 ? {} : { metadata: keys }),
  };
  if (Object.keys(changes).length === 0) {
    return noChange(org);
  }
  // No two states of metadata have one time: a limit that was made of the one is not kept by the other.
  const at = keys.length === 0 ? now : latest(now, new Date(org.updatedAt.getTime() + 1));
  return rewritten(org, to, at, { type: "org.updated", data: { changes } });
}

type OneOrg = readonly [OrgId | Organization];
interface OrgIdInput {
  readonly orgId: OrgId;
  readonly held?: Organization | undefined;
}
export interface OrgFacts {
  readonly org: Organization;
}
type OrgMutation = Mutation<OneOrg, OrgIdInput, { readonly org: Read<"org"> }, OrgFacts, Organization, never>;

const byOrgId = {
  mints: [],
  admitsVersion: true,
  parse(_: Settings, org: OrgId | Organization): OrgIdInput {
    const { id: orgId, held } = addressed("org", org);
    return { orgId, held };
  },
  scope: ({ orgId }: OrgIdInput) => ({ org: orgId }),
  reads: ({ orgId }: OrgIdInput) => ({ org: { read: "org", of: { org: orgId } } as const }),
  find: ({ orgId }: OrgIdInput, { org }: { readonly org: Organization | null }) => foundOrg(orgId, org),
  assume: ({ held }: OrgIdInput) => (held === undefined ? null : { org: held }),
} as const;

export const suspendOrg: Mutation<
  readonly [OrgId | Organization | SuspendOrgInput],
  SuspendOrg,
  { readonly org: Read<"org"> },
  OrgFacts,
  Organization,
  never
> = { ...byOrgId, name: "suspendOrg", parse: suspendOrgArgument, decide: decideSuspendOrg };
export const reinstateOrg: OrgMutation = { ...byOrgId, name: "reinstateOrg", decide: decideReinstateOrg };
export const revokeOrg: OrgMutation = { ...byOrgId, name: "revokeOrg", decide: decideRevokeOrg };

/** Suspend an active organization. Memberships, tuples and invitations stay, so that reinstating restores all of it. */
export function decideSuspendOrg(
  { kind, reason, dueAt }: Pick<SuspendOrg, "orgId" | "kind" | "reason" | "dueAt">,
  { org }: OrgFacts,
  { now, actor, settings }: Environment,
): Decision<Organization> {
  if (!canBecome(ORG_TRANSITIONS, org.status, "suspended")) {
    return reject("conflict.already_terminal", { orgId: org.id, status: org.status });
  }
  const said = {
    ...(kind === undefined ? {} : { kind }),
    ...(reason === undefined ? {} : { reason }),
    ...(dueAt === undefined ? {} : { dueAt }),
  };
  const since = latest(now, org.updatedAt);
  if (dueAt !== undefined && hasPassed(dueAt, since)) {
    return reject("precondition.past_expiration", { expiresAt: dueAt.toISOString() });
  }
  const row = begunSuspension(org.id, said, since, actor);
  const event = { type: "org.suspended", data: suspensionFacts(said) } as const;
  const kept: readonly Change[] = settings.groups.includes("lifecycle") ? [{ op: "putSuspension", row }] : [];
  return rewritten(org, { status: "suspended" }, now, event, kept);
}

/** Reinstate a suspended organization. */
export function decideReinstateOrg(
  _: Pick<OrgIdInput, "orgId">,
  { org }: OrgFacts,
  { now, settings }: Environment,
): Decision<Organization> {
  if (!canBecome(ORG_TRANSITIONS, org.status, "active")) {
    return reject("precondition.invalid_transition", { id: org.id, status: org.status });
  }
  const event = { type: "org.reinstated", data: {} } as const;
  return rewritten(org, { status: "active" }, now, event, suspensionEnded(org.id, settings));
}

/** End an organization and everything live in it. The row keeps its slug for audit but no longer holds it. */
export function decideRevokeOrg(
  _: Pick<OrgIdInput, "orgId">,
  { org }: OrgFacts,
  { now, actor, settings }: Environment,
): Decision<Organization> {
  if (!canBecome(ORG_TRANSITIONS, org.status, "revoked")) {
    return reject("conflict.already_terminal", { orgId: org.id, status: org.status });
  }
  const event = { type: "org.revoked", data: { from: org.status, slug: org.slug } } as const;
  return rewritten(org, { status: "revoked" }, now, event, [
    { op: "endEverything", orgId: org.id, at: now, by: actor },
    ...suspensionEnded(org.id, settings),
    // Like the slug: what nobody can use any more must not bar others.
    ...(settings.groups.includes("domains") ? [{ op: "deleteDomains", orgId: org.id } as const] : []),
  ]);
}

/** The addressed organization, or that there is none. */
export function foundOrg(orgId: OrgId, org: Organization | null): Found<OrgFacts> | Rejected<"not_found"> {
  return org === null ? noOrg(orgId) : found({ org });
}

/** `id` may be the slug by which it was looked for. */
export function noOrg(id: string): Rejected<"not_found"> {
  return reject("not_found", { what: "organization", id });
}

/** The organization with some fields changed. It must be as it was read: the answer shows its version and its fields. */
function rewritten(
  org: Organization,
  patch: Partial<Pick<Organization, "name" | "slug" | "status" | "metadata">>,
  now: Date,
  event: EventDraft,
  further: readonly Change[] = [],
): Decision<Organization> {
  const row: Organization = { ...org, ...patch, version: org.version + 1, updatedAt: latest(now, org.updatedAt) };
  return accept(row, {
    org: unchanged(org),
    at: now,
    actor: null,
    changes: [{ op: "updateOrg", row }, ...further],
    event,
  });
}
