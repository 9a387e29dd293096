import { IsolationError, isId, isTenancyError, type OrgId, type Role, TenantError, type UsrId } from "@tenantry/core";
import { type Abortable, unlessAborted } from "./aborting.ts";
import { type ActiveTenant, type Actor, ANONYMOUS, prove } from "./active-tenant.ts";
import { failureOf, type Log, type Named, type Resolution } from "./composite.ts";
import type { TenantDirectory, TenantStanding } from "./directory.ts";
import { isReason } from "./reason.ts";
import type { RequestTenant } from "./request-tenant.ts";
import { type CheckedRequirement, checkedRequirement, type Requirement } from "./requirement.ts";
import type { TenantInfo } from "./tenant-info.ts";

/** How staff of the host's enter an organization in which they are no members. */
export interface OperatorRules {
  /** Whether this person may enter, and enter there. */
  readonly mayEnter: (operator: UsrId, orgId: OrgId) => boolean | Promise<boolean>;
  /** Writes down who enters and why, before they are let in: `recordedEntries(store)`. If it throws nobody is. */
  readonly recordEntry: (entry: OperatorEntry) => Promise<unknown>;
}

export interface OperatorEntry {
  readonly orgId: OrgId;
  readonly operator: UsrId;
  readonly reason: string;
}

export interface GuardOptions {
  readonly directory: Pick<TenantDirectory, "standing">;
  /** Of which claim `tokenMustName` speaks, and whether a slug in it counts. */
  readonly claim?: { readonly key: string; readonly accept: readonly ("id" | "slug")[] };
  /** Without them `enterAs` lets nobody in. */
  readonly operators?: OperatorRules;
  readonly log?: Log;
}

/** Proves that whoever sends a request may act in the tenant that it names. */
export class TenantGuard {
  readonly #directory: Pick<TenantDirectory, "standing">;
  readonly #claim: { readonly key: string; readonly accept: readonly ("id" | "slug")[] };
  readonly #operators: OperatorRules | null;
  readonly #log: Log;

  constructor({ directory, claim = { key: "tenant_id", accept: ["id"] }, operators, log = () => {} }: GuardOptions) {
    this.#directory = directory;
    this.#claim = claim;
    this.#operators = operators ?? null;
    this.#log = log;
  }

  /**
   * Throws a `TenantError`, or `IsolationError` `isolation.not_provisioned`, for the first of its checks that does not
   * hold; `ConfigError` for a requirement that makes no sense. One read, however many guards a request passes.
   */
  async require(
    request: RequestTenant,
    requirement: Requirement = {},
    { signal }: Abortable = {},
  ): Promise<ActiveTenant> {
    return unlessAborted({ signal }, () => this.#required(request, requirement));
  }

  async #required(request: RequestTenant, requirement: Requirement): Promise<ActiveTenant> {
    const required = checkedRequirement(requirement);
    const actor = required.user === "ignored" ? ANONYMOUS : await request.actor();
    const named = namedBy(request.resolution, actor);
    if (required.user === "required" && !isKnown(actor)) {
      throw new TenantError("tenant.unauthenticated", {});
    }
    if (required.tokenMustName && !this.#isNamedByToken(request, named.tenant)) {
      throw new TenantError("tenant.token_rejected", { reason: "tenant" });
    }
    const standing = await request.standing(named.tenant, userOf(actor), required.relation);
    const role = activeRole(standing);
    const org = admitted(standing, named, actor, required, role !== null);
    const active = prove({
      org,
      actor,
      membership: standing.membership === null || role === null ? null : { id: standing.membership.id, role },
      source: named.source,
      trust: named.trust,
      requestId: request.requestId,
    });
    if (!required.roles.every((roles) => role !== null && roles.includes(role) && standing.roles.includes(role))) {
      throw new TenantError("forbidden.role", {});
    }
    if (required.relation !== null && standing.tuples[0] !== true) {
      throw new TenantError("forbidden.relation", {});
    }
    if (required.authorize !== null && !(await this.#authorized(required, active, request))) {
      throw new TenantError("tenant.denied", {});
    }
    return request.bind(active);
  }

  /**
   * Lets staff into an organization without a membership, never into one that is not active. The entry is written down
   * first. Throws `tenant.denied`, `.inactive`, `isolation.not_provisioned`.
   */
  async enterAs(
    orgId: OrgId,
    { operator, reason }: { readonly operator: UsrId; readonly reason: string },
    { signal }: Abortable = {},
  ): Promise<ActiveTenant> {
    return unlessAborted({ signal }, () => this.#entered({ orgId, operator, reason }));
  }

  async #entered({ orgId, operator, reason }: OperatorEntry): Promise<ActiveTenant> {
    const isSound = isId(orgId, "org") && isId(operator, "usr") && isReason(reason);
    const rules = this.#operators;
    try {
      if (!isSound || rules === null || (await rules.mayEnter(operator, orgId)) !== true) {
        throw new TenantError("tenant.denied", {});
      }
      const { org } = await this.#directory.standing({ orgId, usrId: null, tuples: [] });
      if (org === null) {
        throw new TenantError("tenant.denied", {});
      }
      const usable = usableTenant(org);
      await rules.recordEntry({ orgId, operator, reason });
      const actor: Actor = { kind: "operator", id: operator, reason };
      return prove({ org: usable, actor, membership: null, source: "operator", trust: "verified", requestId: null });
    } catch (error) {
      throw failureOf(error, "operators", this.#log);
    }
  }

  #isNamedByToken({ input: { claims } }: RequestTenant, { id, slug }: TenantInfo): boolean {
    const { key, accept } = this.#claim;
    const value = claims !== null && Object.hasOwn(claims, key) ? claims[key] : null;
    return (accept.includes("id") && value === id) || (accept.includes("slug") && value !== null && value === slug);
  }

  async #authorized(
    { authorize }: CheckedRequirement,
    active: ActiveTenant,
    { input }: RequestTenant,
  ): Promise<boolean> {
    try {
      // What is no plain yes is no: a truthy promise of a promise, say.
      return (await authorize?.(active, input)) === true;
    } catch (error) {
      throw failureOf(error, "authorize", this.#log);
    }
  }
}

/** The tenant that a request names, though the cache may think that it cannot be used: the live read decides. */
function namedBy(resolution: Resolution, actor: Actor): Named {
  if (resolution.status === "none") {
    throw new TenantError("tenant.missing", {});
  }
  if (resolution.status === "failed" && resolution.tenant === undefined) {
    // To somebody known who belongs nowhere, what does not exist looks like what is not theirs.
    const isHidden = isTenancyError(resolution.error, "tenant.unresolved") && userOf(actor) !== null;
    throw isHidden ? new TenantError("tenant.denied", {}) : resolution.error;
  }
  return resolution;
}

/** The tenant as it is now, if this actor may be told so. */
function admitted(
  { org }: TenantStanding,
  { source, trust }: Named,
  actor: Actor,
  { user }: CheckedRequirement,
  isMember: boolean,
): TenantInfo {
  if (isMember && org !== null) {
    return usableTenant(org);
  }
  if (user === "required" && userOf(actor) !== null) {
    throw new TenantError("tenant.denied", {});
  }
  // Nobody's word but the client's: there has to be somebody behind it. Services say who they are by what they carry.
  if (trust === "claimed" || (actor.kind === "service" && trust !== "verified")) {
    throw new TenantError("tenant.unauthenticated", {});
  }
  const isOpen = org?.status === "active";
  if (isOpen && org.placement.state === "ready") {
    return org;
  }
  if (userOf(actor) !== null) {
    throw new TenantError("tenant.denied", {});
  }
  throw isOpen ? new IsolationError("isolation.not_provisioned", {}) : new TenantError("tenant.unresolved", { source });
}

function usableTenant(org: TenantInfo): TenantInfo {
  if (org.status !== "active") {
    throw new TenantError("tenant.inactive", {});
  }
  if (org.placement.state !== "ready") {
    throw new IsolationError("isolation.not_provisioned", {});
  }
  return org;
}

function activeRole({ membership }: TenantStanding): Role | null {
  return membership?.status === "active" ? membership.role : null;
}

function isKnown({ kind }: Actor): boolean {
  return kind !== "anonymous";
}

/** An operator who was not let in by `enterAs` is a user like others. */
function userOf(actor: Actor): UsrId | null {
  return (actor.kind === "user" || actor.kind === "operator") && isId(actor.id, "usr") ? actor.id : null;
}
