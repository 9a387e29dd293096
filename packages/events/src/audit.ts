import {
  type AuditFilter,
  type AuditPlace,
  type EventType,
  errorFor,
  errorOf,
  isId,
  type OrgId,
  type Page,
  type PageOptions,
  type Read,
  StoreFault,
  type TenancyEvent,
  type UsrId,
} from "@tenantry/core";
import {
  eventTypesArgument,
  extensionOf,
  fields,
  flagArgument,
  found,
  idArgument,
  instantArgument,
  limitArgument,
  optionalId,
  type Query,
  reject,
} from "@tenantry/core/extend";
import { type Attribution, attributionOf } from "./attribution.ts";

export interface AuditQuery extends PageOptions {
  readonly org: OrgId;
  readonly actor?: UsrId;
  /**
   * Events about this: an `org_`, `mem_`, `inv_` or `usr_` id, or what {@link settingEntity} and {@link domainEntity} answer.
   * Of an organization itself those are about it that are of no member, invitation, setting or domain.
   */
  readonly entity?: string;
  readonly types?: readonly EventType[];
  /** At or after this instant. */
  readonly from?: Date;
  /** Before this instant. */
  readonly to?: Date;
  readonly newestFirst?: boolean;
}

export interface Audit {
  /**
   * Events of an organization in the order of `seq`. Where `from` or `to` is given, and no entity, by time and then by `seq`:
   * that differs only as far as the clocks did that wrote them. A page costs the same deep inside. Throws `not_found`,
   * `precondition.invalid_input`, `.invalid_date`, `.invalid_limit`, `.invalid_cursor`.
   */
  list(query: AuditQuery): Promise<Page<TenancyEvent>>;
  /** What somebody did anywhere, by time. For operators: it crosses organizations. */
  byActor(actor: UsrId, page?: PageOptions & { readonly newestFirst?: boolean }): Promise<Page<TenancyEvent>>;
  /**
   * Who made, changed and ended organizations, memberships, invitations, settings and domains: 1 to 200, one query. What no
   * event tells of is left out. After `prune` it reaches back as far as the events do.
   */
  attribution(entityIds: readonly string[]): Promise<ReadonlyMap<string, Attribution>>;
  /**
   * Deletes events from before an instant, of each organization the oldest first; keeps what is undelivered or was given up,
   * and whatever follows it. For a nightly job: it walks all organizations, in short statements.
   */
  prune(options: { readonly before: Date }): Promise<{ readonly removed: number }>;
}

/** What a setting of an organization is called in an audit. */
export function settingEntity(org: OrgId, key: string): string {
  return `setting:${org}:${key}`;
}

/** What a custom domain of an organization is called in an audit. */
export function domainEntity(org: OrgId, domain: string): string {
  return `domain:${org}:${domain}`;
}

const ORGS_AT_ONCE = 200;
const EVENTS_AT_ONCE = 1000;

/**
 * The audit of a store that keeps the group `audit`. Throws `ConfigError` `config.capability_missing` without the group,
 * `config.invalid` for what is no store.
 */
export function createAudit(store: object): Audit {
  const { ask, port, settings } = extensionOf(store, ["audit"]);
  const upkeep = port.audit;
  if (upkeep === undefined) {
    throw errorFor("config.capability_missing", { group: "audit" });
  }
  const keepsUndelivered = settings.groups.includes("relay");
  return {
    list: (query) => ask(auditTrail, query),
    byActor: (actor, page) => ask(eventsOfActor, actor, page),
    attribution: async (entityIds) => new Map(Object.entries(await ask(attribution, entityIds))),
    async prune(options) {
      const { before } = fields(options, ["before"]);
      const instant = instantArgument(before);
      let removed = 0;
      let after: OrgId | null = null;
      for (;;) {
        const asked: Parameters<typeof upkeep.prune>[0] = {
          before: instant,
          after,
          orgs: ORGS_AT_ONCE,
          take: EVENTS_AT_ONCE,
          keepsUndelivered,
        };
        const done: Awaited<ReturnType<typeof upkeep.prune>> = await told(() => upkeep.prune(asked));
        removed += done.removed;
        if (done.last === null) {
          return { removed };
        }
        // Those that may have more are looked at again.
        after = done.hasMore ? after : done.last;
      }
    },
  };
}

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof StoreFault ? errorOf(error) : error;
  }
}

interface Trail {
  readonly orgId: OrgId;
  readonly where: AuditFilter;
  readonly after: AuditPlace | null;
  readonly limit: number;
  readonly newestFirst: boolean;
}

const auditTrail: Query<
  readonly [AuditQuery],
  Trail,
  { readonly org: Read<"org">; readonly events: Read<"auditTrail"> },
  Page<TenancyEvent>
> = {
  name: "auditTrail",
  parse(query) {
    const given = fields(query, ["org", "actor", "entity", "types", "from", "to", "newestFirst", "cursor", "limit"]);
    const where: AuditFilter = {
      actor: optionalId("usr", given.actor, "actor"),
      entity: given.entity === undefined ? null : entityArgument(given.entity),
      types: eventTypesArgument(given.types),
      from: given.from === undefined ? null : instantArgument(given.from),
      to: given.to === undefined ? null : instantArgument(given.to),
    };
    return {
      orgId: idArgument("org", given.org, "org"),
      where,
      after: isByTime(where) ? timeCursor(given.cursor) : seqCursor(given.cursor),
      limit: limitArgument(given.limit),
      newestFirst: flagArgument(given.newestFirst, "newestFirst"),
    };
  },
  reads: ({ orgId, where, after, limit, newestFirst }) => ({
    org: { read: "org", of: { org: orgId } },
    events: { read: "auditTrail", orgId, where, after, take: limit + 1, newestFirst },
  }),
  answer({ orgId, where, limit }, { org, events }) {
    return org === null
      ? reject("not_found", { what: "organization", id: orgId })
      : found(
          pageOf(events, limit, isByTime(where) ? ({ at, seq }) => `t${at.getTime()}.${seq}` : ({ seq }) => `s${seq}`),
        );
  },
};

function isByTime({ entity, from, to }: AuditFilter): boolean {
  return entity === null && (from !== null || to !== null);
}

interface OfActor {
  readonly actor: UsrId;
  readonly after: Read<"eventsOfActor">["after"];
  readonly limit: number;
  readonly newestFirst: boolean;
}

const eventsOfActor: Query<
  readonly [UsrId, (PageOptions & { readonly newestFirst?: boolean })?],
  OfActor,
  { readonly events: Read<"eventsOfActor"> },
  Page<TenancyEvent>
> = {
  name: "eventsOfActor",
  parse(actor, page = {}) {
    const id = idArgument("usr", actor, "actor");
    const { cursor, limit, newestFirst } = fields(page, ["cursor", "limit", "newestFirst"]);
    return {
      actor: id,
      after: actorCursor(cursor),
      limit: limitArgument(limit),
      newestFirst: flagArgument(newestFirst, "newestFirst"),
    };
  },
  reads: ({ actor, after, limit, newestFirst }) => ({
    events: { read: "eventsOfActor", actor, after, take: limit + 1, newestFirst },
  }),
  answer: ({ limit }, { events }) =>
    found(pageOf(events, limit, ({ at, orgId, seq }) => `a${at.getTime()}.${orgId}.${seq}`)),
};

const MOST_ENTITIES = 200;

const attribution: Query<
  readonly [readonly string[]],
  readonly string[],
  { readonly histories: Read<"entityHistories"> },
  Readonly<Record<string, Attribution>>
> = {
  name: "attribution",
  parse(entityIds) {
    return [...new Set(listed(entityIds).map(entityArgument))];
  },
  reads: (entities) => ({ histories: { read: "entityHistories", entities } }),
  answer: (_, { histories }) =>
    found(Object.fromEntries(histories.map((history) => [history.entity, attributionOf(history)]))),
};

/** What a caller listed, holes included. A proxy may throw, and say anything of its length. */
function listed(value: unknown): readonly unknown[] {
  const copy = ((): readonly unknown[] => {
    try {
      return Array.isArray(value) && value.length <= MOST_ENTITIES ? Array.from<unknown>(value) : [];
    } catch {
      return [];
    }
  })();
  if (copy.length === 0) {
    throw errorFor("precondition.invalid_input", { key: "entityIds" });
  }
  return copy;
}

const NAMED = /^(?:setting|domain):(org_[0-9a-f]{32}):[\x21-\x7e]{1,253}$/;

function entityArgument(value: unknown): string {
  const isEntity =
    typeof value === "string" &&
    (NAMED.test(value) || (["org", "mem", "inv", "usr"] as const).some((type) => isId(value, type)));
  if (isEntity) {
    return value;
  }
  throw errorFor("precondition.invalid_input", { key: "entity" });
}

function pageOf(
  events: readonly TenancyEvent[],
  limit: number,
  cursorOf: (event: TenancyEvent) => string,
): Page<TenancyEvent> {
  const data = events.slice(0, limit);
  const last = events.length > limit ? data.at(-1) : undefined;
  return { data, nextCursor: last === undefined ? null : cursorOf(last) };
}

/** Nothing is longer than this: a time, an id and a number. */
const LONGEST = 80;

function cursorParts(form: RegExp, cursor: unknown): readonly string[] | null {
  if (cursor === undefined || cursor === null) {
    return null;
  }
  const parts = typeof cursor === "string" && cursor.length <= LONGEST ? form.exec(cursor) : null;
  if (parts === null) {
    throw errorFor("precondition.invalid_cursor", { value: "the cursor" });
  }
  return parts;
}

function seqCursor(cursor: unknown): AuditPlace | null {
  const parts = cursorParts(/^s(\d{1,15})$/, cursor);
  return parts === null ? null : { at: new Date(0), seq: Number(parts[1]) };
}

function timeCursor(cursor: unknown): AuditPlace | null {
  const parts = cursorParts(/^t(-?\d{1,15})\.(\d{1,15})$/, cursor);
  return parts === null ? null : { at: new Date(Number(parts[1])), seq: Number(parts[2]) };
}

function actorCursor(cursor: unknown): OfActor["after"] {
  const parts = cursorParts(/^a(-?\d{1,15})\.(org_[0-9a-f]{12}[1-8][0-9a-f]{19})\.(\d{1,15})$/, cursor);
  return parts === null ? null : { at: new Date(Number(parts[1])), orgId: parts[2] as OrgId, seq: Number(parts[3]) };
}
