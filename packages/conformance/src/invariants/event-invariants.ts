import type { TenancyEvent, UsrId } from "@tenantry/core";
import { groupedBy, type Invariant, isRoleTuple, repeated, tupleKey } from "./invariant.ts";

const eventKey = ({ orgId, seq }: { readonly orgId: string | null; readonly seq: number | null }): string =>
  `${orgId} ${seq}`;
const isAcceptance = (event: TenancyEvent): event is TenancyEvent<"invitation.accepted"> =>
  event.type === "invitation.accepted";

/** What can happen in an organization that was revoked. */
const AFTER_THE_END: readonly TenancyEvent["type"][] = [
  "invitation.expired",
  "grant.expired",
  "grants.removed",
  "tenant.provisioning_failed",
  "tenant.deprovisioned",
];

/** What rows and keys owe to the events. */
export const eventInvariants: readonly Invariant[] = [
  {
    id: "I08",
    name: "grant_source",
    rule: "a tuple that mirrors no membership was granted by an accepted invitation to this user",
    *broken({ tables }) {
      const granted = new Set(grants(tables.evt).map(({ key }) => key));
      for (const tuple of tables.tup) {
        const key = tupleKey(tuple.subjectId, tuple.relation, tuple);
        if (!isRoleTuple(tuple) && !granted.has(key)) {
          yield key;
        }
      }
    },
  },
  {
    id: "I09",
    name: "grant_kept",
    rule: "an accepted invitation left all its pre-tuples, but for those that lapsed, were taken since or on an organization that ended",
    *broken({ tables, told, tuples }) {
      const lapsed = new Set(lapsedGrants(tables.evt));
      const taken = takenBy(tables.evt);
      for (const { key, tuple, orgId, seq } of grants(tables.evt)) {
        const isGone = tuple.objectType === "org" && told.orgs.get(orgId)?.status === "revoked";
        // Of events of several organizations nobody knows which came first.
        const isTaken = taken.get(key)?.some((other) => other.orgId !== orgId || other.seq > seq) === true;
        if (!isGone && !isTaken && !lapsed.has(key) && !tuples.has(key)) {
          yield key;
        }
      }
    },
  },
  {
    id: "I16",
    name: "removal",
    rule: "removedBy is set by adminRemove alone",
    *broken({ tables }) {
      const removed = new Set(
        tables.evt.filter(({ type }) => type === "membership.removed").map(({ data }) => (data as RemovalData).memId),
      );
      const replaced = new Set(tables.mem.map(({ replaces }) => replaces));
      for (const { id, status, removedBy } of tables.mem) {
        if (removedBy !== null && (status !== "revoked" || replaced.has(id) || !removed.has(id))) {
          yield id;
        }
      }
    },
  },
  {
    id: "I17",
    name: "sequence",
    rule: "events are numbered 1 to the organization's version without a gap",
    *broken({ tables, eventsOf }) {
      const versions = new Map<string, number>(tables.org.map(({ id, version }) => [id, version]));
      for (const [id, version] of versions) {
        const numbers = (eventsOf.get(id) ?? []).map(({ seq }) => seq);
        if (numbers.length !== version || numbers.some((seq, place) => seq !== place + 1)) {
          yield `${id} is at version ${version} with the events ${numbers.join(", ")}`;
        }
      }
      for (const id of eventsOf.keys()) {
        if (!versions.has(id)) {
          yield `${id} has events and no row`;
        }
      }
    },
  },
  {
    id: "I18",
    name: "fold_memberships",
    rule: "memberships are what the events say",
    *broken({ tables, told }) {
      for (const row of tables.mem) {
        const said = told.memberships.get(row.id);
        const isSame =
          said !== undefined &&
          said.orgId === row.orgId &&
          said.usrId === row.usrId &&
          said.role === row.role &&
          said.status === row.status &&
          said.replaces === row.replaces &&
          said.removedBy === row.removedBy &&
          said.invId === row.invId &&
          said.expiresAt === (row.expiresAt?.toISOString() ?? null);
        if (!isSame) {
          yield row.id;
        }
      }
      const stored = new Set<string>(tables.mem.map(({ id }) => id));
      yield* [...told.memberships.keys()].filter((id) => !stored.has(id));
      yield* told.contradictions;
    },
  },
  {
    id: "I19",
    name: "fold_invitations",
    rule: "invitations are what the events say",
    *broken({ tables, told }) {
      for (const { id, orgId, status, expiresAt } of tables.inv) {
        const said = told.invitations.get(id);
        if (said?.orgId !== orgId || said.status !== status || said.expiresAt !== expiresAt.getTime()) {
          yield id;
        }
      }
      const stored = new Set<string>(tables.inv.map(({ id }) => id));
      yield* [...told.invitations.keys()].filter((id) => !stored.has(id));
    },
  },
  {
    id: "I20",
    name: "fold_orgs",
    rule: "status and slug of an organization are what the events say",
    broken: ({ tables, told }) =>
      tables.org
        .filter(({ id, status, slug }) => {
          const said = told.orgs.get(id);
          return said?.status !== status || said.slug !== slug;
        })
        .map(({ id }) => id),
  },
  {
    id: "I21",
    name: "end",
    rule: "nothing happens in a revoked organization but sweeps, that grants are taken, and what becomes of its place",
    *broken({ eventsOf }) {
      for (const events of eventsOf.values()) {
        const end = events.findIndex(({ type }) => type === "org.revoked");
        const after = end === -1 ? [] : events.slice(end + 1);
        yield* after.filter(({ type }) => !AFTER_THE_END.includes(type)).map(eventKey);
      }
    },
  },
  {
    id: "I22",
    name: "key",
    rule: "a key that is done stands for the first event of its call, one that is fenced for none, and a caller's has its row",
    *broken({ tables }) {
      const events = new Map(tables.evt.map((event) => [eventKey(event), event]));
      const done = new Set<string>();
      for (const row of tables.idem) {
        const event = events.get(eventKey(row));
        done.add(`${eventKey(row)} ${row.key}`);
        const isSound =
          row.state === "done"
            ? event !== undefined && (event.idempotencyKey ?? row.key) === row.key
            : row.state === "fenced" && row.orgId === null && row.seq === null;
        if (!isSound) {
          yield `${row.scope} ${row.key}`;
        }
      }
      const isStored = (event: TenancyEvent): boolean => {
        // The events of one call follow each other.
        let first = event;
        for (let seq = event.seq; first.idempotencyKey === event.idempotencyKey; seq -= 1) {
          if (done.has(`${eventKey(first)} ${event.idempotencyKey}`)) {
            return true;
          }
          const before = events.get(eventKey({ orgId: event.orgId, seq: seq - 1 }));
          if (before === undefined) {
            return false;
          }
          first = before;
        }
        return false;
      };
      const unstored = tables.evt.filter((event) => event.idempotencyKey !== null && !isStored(event));
      yield* unstored.map(eventKey);
      yield* repeated(tables.idem, (row) => (row.seq === null ? null : eventKey(row)));
    },
  },
  {
    id: "I25",
    name: "grant_gone",
    rule: "what was taken away is not held, unless it was granted again",
    *broken({ tables, tuples }) {
      const granted = groupedBy(grants(tables.evt), ({ key }) => key);
      for (const [key, takes] of takenBy(tables.evt)) {
        // Of events of several organizations nobody knows which came first.
        const isAgain = (take: TenancyEvent): boolean =>
          granted.get(key)?.some(({ orgId, seq }) => orgId !== take.orgId || seq > take.seq) === true;
        if (tuples.has(key) && !takes.every(isAgain)) {
          yield key;
        }
      }
    },
  },
  {
    id: "I26",
    name: "lapse",
    rule: "a membership that a sweep or a new one wrote down ended after its last instant",
    *broken({ tables, memberships }) {
      for (const id of writtenDown(tables.evt)) {
        const row = memberships.get(id);
        if (row !== undefined && (row.expiresAt === null || row.updatedAt <= row.expiresAt)) {
          yield id;
        }
      }
    },
  },
];

interface RemovalData {
  readonly memId: string;
  readonly removedBy: UsrId;
}

interface Grant {
  readonly key: string;
  readonly tuple: TenancyEvent<"invitation.accepted">["data"]["tuples"][number];
  readonly orgId: TenancyEvent["orgId"];
  readonly seq: number;
}

function grants(events: readonly TenancyEvent[]): readonly Grant[] {
  return events
    .filter(isAcceptance)
    .flatMap(({ orgId, seq, data }) =>
      data.tuples.map((tuple) => ({ key: tupleKey(data.usrId, tuple.relation, tuple), tuple, orgId, seq })),
    );
}

function lapsedGrants(events: readonly TenancyEvent[]): readonly string[] {
  return events
    .filter((event): event is TenancyEvent<"grant.expired"> => event.type === "grant.expired")
    .flatMap(({ data }) => data.tuples.map((tuple) => tupleKey(tuple.usrId, tuple.relation, tuple)));
}

/** The memberships of which an event says that they had lapsed. */
function writtenDown(events: readonly TenancyEvent[]): readonly string[] {
  return events.flatMap((event) => {
    if (event.type === "membership.expired") {
      return (event as TenancyEvent<"membership.expired">).data.memberships.map(({ memId }) => memId);
    }
    const { expired = null } = event.data as { readonly expired?: string | null };
    return expired === null ? [] : [expired];
  });
}

/** Where each grant was taken away. */
function takenBy(events: readonly TenancyEvent[]): ReadonlyMap<string, readonly TenancyEvent[]> {
  const taken = new Map<string, TenancyEvent[]>();
  for (const event of events) {
    if (event.type !== "grants.removed") {
      continue;
    }
    const { usrId, tuples } = event.data as TenancyEvent<"grants.removed">["data"];
    for (const tuple of tuples) {
      const key = tupleKey(usrId, tuple.relation, tuple);
      taken.set(key, [...(taken.get(key) ?? []), event]);
    }
  }
  return taken;
}
