import { isId, type PreTuple, type UsrId } from "@tenantry/core";
import { type ActiveTenant, type Actor, ANONYMOUS } from "./active-tenant.ts";
import { failureOf, type Log, type Resolution } from "./composite.ts";
import type { TenantDirectory, TenantStanding } from "./directory.ts";
import type { ResolutionInput } from "./resolution-input.ts";
import type { TenantInfo } from "./tenant-info.ts";

export interface RequestParts {
  readonly input: ResolutionInput;
  readonly resolution: Resolution;
  /** Who sends the request: the host knows. Asked at most once. */
  readonly identify: () => Actor | null | Promise<Actor | null>;
  readonly directory: Pick<TenantDirectory, "standing">;
  readonly requestId?: string | null;
  readonly log?: Log;
}

/** What is kept of one request while it is served: what it names, who sends it, and the live read of its guards. */
export class RequestTenant {
  readonly input: ResolutionInput;
  readonly resolution: Resolution;
  readonly requestId: string | null;
  readonly #parts: RequestParts;
  #actor: Promise<Actor> | null = null;
  readonly #standings = new Map<UsrId | null, Standings>();
  #active: ActiveTenant | null = null;

  constructor(parts: RequestParts) {
    this.#parts = parts;
    this.input = parts.input;
    this.resolution = parts.resolution;
    this.requestId = parts.requestId ?? null;
  }

  /** What the last guard proved; `null`: none has. */
  get active(): ActiveTenant | null {
    return this.#active;
  }

  /** @internal */
  bind(active: ActiveTenant): ActiveTenant {
    this.#active = active;
    return active;
  }

  /** @internal */
  actor(): Promise<Actor> {
    this.#actor ??= this.#identified();
    return this.#actor;
  }

  /** @internal Where the user stands with the tenant: one read, however many guards ask, unless one asks for more. */
  async standing(tenant: TenantInfo, usrId: UsrId | null, relation: PreTuple | null): Promise<TenantStanding> {
    const standings = this.#standings.get(usrId) ?? new Standings(this.#parts.directory, tenant, usrId);
    this.#standings.set(usrId, standings);
    try {
      return await standings.with(relation);
    } catch (error) {
      throw failureOf(error, "directory", this.log);
    }
  }

  /** @internal */
  get log(): Log {
    return this.#parts.log ?? (() => {});
  }

  async #identified(): Promise<Actor> {
    try {
      return decodeActor(await this.#parts.identify());
    } catch (error) {
      throw failureOf(error, "identify", this.log);
    }
  }
}

/** The live reads of one user in one tenant. */
class Standings {
  readonly #directory: Pick<TenantDirectory, "standing">;
  readonly #tenant: TenantInfo;
  readonly #usrId: UsrId | null;
  readonly #known = new Map<string, Promise<TenantStanding>>();

  constructor(directory: Pick<TenantDirectory, "standing">, tenant: TenantInfo, usrId: UsrId | null) {
    this.#directory = directory;
    this.#tenant = tenant;
    this.#usrId = usrId;
  }

  with(relation: PreTuple | null): Promise<TenantStanding> {
    const key = relation === null ? "" : JSON.stringify([relation.objectType, relation.objectId, relation.relation]);
    const known = this.#known.get(key);
    if (known !== undefined) {
      return known;
    }
    const tuples = relation === null ? [] : [relation];
    const asked = this.#directory.standing({ orgId: this.#tenant.id, usrId: this.#usrId, tuples });
    this.#known.set(key, asked);
    // A read with a tuple answers everything that one without says.
    if (!this.#known.has("")) {
      this.#known.set("", asked);
    }
    return asked;
  }
}

/** What the host says of a sender. Nobody is let in who is named badly. */
function decodeActor(answer: Actor | null): Actor {
  if (answer === null || answer === undefined) {
    return ANONYMOUS;
  }
  const { kind } = answer;
  const isSound =
    kind === "anonymous" ||
    (kind === "service" && typeof answer.id === "string" && answer.id !== "") ||
    ((kind === "user" || kind === "operator") && isId(answer.id, "usr"));
  if (!isSound) {
    throw new TypeError("identify() answers an actor or null");
  }
  return Object.freeze({ ...answer });
}
