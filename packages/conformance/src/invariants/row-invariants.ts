import { isId, STATUSES, type Tables } from "@tenantry/core";
import { groupedBy, type Invariant, isRole, isRoleTuple, repeated, tupleKey } from "./invariant.ts";

const lines = <R>(rows: readonly R[], line: (row: R) => string): string[] => rows.map(line);
const ids = (rows: readonly { readonly id: string }[]): string[] => lines(rows, ({ id }) => id);

/** What rows owe to each other. */
export const rowInvariants: readonly Invariant[] = [
  {
    id: "I01",
    name: "owner",
    rule: "an organization that is not revoked has an active owner without a time box",
    broken: ({ tables, membersOf }) =>
      ids(
        tables.org.filter(
          ({ id, status }) =>
            status !== "revoked" &&
            !(membersOf.get(id) ?? []).some(
              (member) => member.role === "owner" && member.status === "active" && member.expiresAt === null,
            ),
        ),
      ),
  },
  {
    id: "I02",
    name: "live",
    rule: "a user has at most one live membership in an organization",
    broken: ({ tables }) =>
      repeated(tables.mem, ({ status, orgId, usrId }) => (status === "revoked" ? null : `${orgId} ${usrId}`)),
  },
  {
    id: "I03",
    name: "tuple_of_member",
    rule: "an active membership has exactly one role tuple, with its time box",
    broken: ({ tables, tuples }) =>
      ids(
        tables.mem.filter(
          ({ status, usrId, role, orgId, expiresAt }) =>
            status === "active" &&
            !hasTuple(tuples.get(tupleKey(usrId, role, { objectType: "org", objectId: orgId })), expiresAt),
        ),
      ),
  },
  {
    id: "I04",
    name: "member_of_tuple",
    rule: "a role tuple has its active membership",
    *broken({ tables }) {
      const active = new Set(
        tables.mem
          .filter(({ status }) => status === "active")
          .map(({ usrId, role, orgId }) => tupleKey(usrId, role, { objectType: "org", objectId: orgId })),
      );
      for (const tuple of tables.tup.filter(isRoleTuple)) {
        const key = tupleKey(tuple.subjectId, tuple.relation, tuple);
        if (!active.has(key)) {
          yield key;
        }
      }
    },
  },
  {
    id: "I05",
    name: "closed_org_empty",
    rule: "a revoked organization has no live member, no invitation that was open when it ended, no tuple on it",
    *broken({ tables, membersOf }) {
      const closed = new Map(tables.org.filter(({ status }) => status === "revoked").map((org) => [org.id, org]));
      for (const org of closed.values()) {
        yield* ids((membersOf.get(org.id) ?? []).filter(({ status }) => status !== "revoked"));
      }
      for (const { id, orgId, status, expiresAt } of tables.inv) {
        const org = closed.get(orgId);
        if (org !== undefined && status === "pending" && expiresAt.getTime() >= org.updatedAt.getTime()) {
          yield id;
        }
      }
      for (const tuple of tables.tup) {
        if (tuple.objectType === "org" && closed.has(tuple.objectId as `org_${string}`)) {
          yield tupleKey(tuple.subjectId, tuple.relation, tuple);
        }
      }
    },
  },
  {
    id: "I06",
    name: "slug",
    rule: "a slug has one holder among the organizations that are not revoked",
    broken: ({ tables }) => repeated(tables.org, ({ status, slug }) => (status === "revoked" ? null : slug)),
  },
  {
    id: "I07",
    name: "tuple_key",
    rule: "the five fields of a tuple are its key",
    broken: ({ tables }) => repeated(tables.tup, (tuple) => tupleKey(tuple.subjectId, tuple.relation, tuple)),
  },
  {
    id: "I10",
    name: "chain_single",
    rule: "nothing is replaced twice",
    broken: ({ tables }) => repeated(tables.mem, ({ replaces }) => replaces),
  },
  {
    id: "I11",
    name: "chain_link",
    rule: "what is replaced is revoked, of the same organization, user and inviter, older, and ended before",
    broken: ({ tables, memberships }) =>
      ids(
        tables.mem.filter((row) => {
          if (row.replaces === null) {
            return false;
          }
          const former = memberships.get(row.replaces);
          return (
            former === undefined ||
            former.status !== "revoked" ||
            former.removedBy !== null ||
            former.orgId !== row.orgId ||
            former.usrId !== row.usrId ||
            former.invitedBy !== row.invitedBy ||
            former.createdAt.getTime() >= row.createdAt.getTime() ||
            former.updatedAt.getTime() > row.createdAt.getTime() ||
            row.invId !== null
          );
        }),
      ),
  },
  {
    id: "I12",
    name: "chain_acyclic",
    rule: "chains have no cycle",
    *broken({ tables, memberships }) {
      const rooted = new Set<string>();
      for (const row of tables.mem) {
        const path = new Set<string>();
        let place: Tables["mem"][number] | undefined = row;
        while (place !== undefined && !rooted.has(place.id) && !path.has(place.id)) {
          path.add(place.id);
          place = place.replaces === null ? undefined : memberships.get(place.replaces);
        }
        if (place !== undefined && path.has(place.id)) {
          yield row.id;
        } else {
          for (const id of path) {
            rooted.add(id);
          }
        }
      }
    },
  },
  {
    id: "I14",
    name: "invitation_fields",
    rule: "an invitation's fields fit its status",
    broken: ({ tables }) => ids(tables.inv.filter((row) => !fits(row))),
  },
  {
    id: "I15",
    name: "acceptance",
    rule: "an accepted invitation made exactly one membership, of its user, role, inviter and instant",
    *broken({ tables }) {
      const made = new Map<string, Tables["mem"][number][]>();
      for (const row of tables.mem) {
        if (row.invId !== null) {
          made.set(row.invId, [...(made.get(row.invId) ?? []), row]);
        }
      }
      for (const invitation of tables.inv) {
        const [first, ...others] = made.get(invitation.id) ?? [];
        made.delete(invitation.id);
        const isSound =
          invitation.status === "accepted"
            ? first !== undefined && others.length === 0 && isMadeBy(first, invitation)
            : first === undefined;
        if (!isSound) {
          yield invitation.id;
        }
      }
      yield* made.keys();
    },
  },
  {
    id: "I23",
    name: "time",
    rule: "time does not run backwards within a row, and no row belongs to two organizations or to none",
    *broken({ tables }) {
      const orgs = new Set(ids(tables.org));
      const invitations = new Map(tables.inv.map((row) => [row.id, row.orgId]));
      for (const { id, createdAt, updatedAt } of [...tables.org, ...tables.mem]) {
        if (updatedAt.getTime() < createdAt.getTime()) {
          yield id;
        }
      }
      for (const { id, orgId, invId } of tables.mem) {
        if (!orgs.has(orgId) || (invId !== null && invitations.get(invId) !== orgId)) {
          yield id;
        }
      }
    },
  },
  {
    id: "I24",
    name: "format",
    rule: "stored values obey the value rules",
    *broken({ tables }) {
      yield* ids(tables.org.filter((row) => !isId(row.id, "org") || !isSlug(row.slug) || !isStatus(row.status)));
      yield* ids(tables.mem.filter((row) => !isId(row.id, "mem") || !isRole(row.role) || !isStatus(row.status)));
      yield* ids(tables.inv.filter((row) => !isId(row.id, "inv") || !isRole(row.role)));
      for (const tuple of tables.tup) {
        const { relation, objectType, objectId } = tuple;
        const isShaped = /^[a-z_]{2,32}$/.test(relation) && /^[a-z][a-z0-9_]{1,31}$/.test(objectType);
        if (!isShaped || objectId.length < 1 || objectId.length > 256) {
          yield tupleKey(tuple.subjectId, relation, tuple);
        }
      }
    },
  },
  {
    id: "I27",
    name: "occupancy",
    rule: "where a store counts an organization's live memberships and pending invitations, the counts are right",
    *broken({ tables, membersOf }) {
      const offersOf = groupedBy(tables.inv, ({ orgId }) => orgId);
      for (const { orgId, members, invitations } of tables.counts ?? []) {
        const live = (membersOf.get(orgId) ?? []).filter(({ status }) => status !== "revoked");
        const open = (offersOf.get(orgId) ?? []).filter(({ status }) => status === "pending");
        if (members !== live.length || invitations !== open.length) {
          yield orgId;
        }
      }
    },
  },
];

function hasTuple(tuple: Tables["tup"][number] | undefined, expiresAt: Date | null): boolean {
  return tuple !== undefined && tuple.expiresAt?.getTime() === expiresAt?.getTime();
}

function fits(row: Tables["inv"][number]): boolean {
  const { status, terminalAt, terminalBy, invitedUserId, createdAt, expiresAt, membershipExpiresAt } = row;
  const [created, expiry, end] = [createdAt.getTime(), expiresAt.getTime(), terminalAt?.getTime() ?? null];
  return (
    (status === "pending") === (end === null) &&
    (status === "accepted") === (invitedUserId !== null) &&
    expiry > created &&
    (membershipExpiresAt === null || membershipExpiresAt.getTime() > expiry) &&
    (end === null || end >= created) &&
    ((status !== "pending" && status !== "expired") || terminalBy === null) &&
    (status !== "expired" || end === expiry) &&
    (status !== "accepted" || (terminalBy === invitedUserId && end !== null && end <= expiry))
  );
}

function isMadeBy(membership: Tables["mem"][number], invitation: Tables["inv"][number]): boolean {
  return (
    membership.replaces === null &&
    membership.orgId === invitation.orgId &&
    membership.usrId === invitation.invitedUserId &&
    membership.role === invitation.role &&
    membership.invitedBy === invitation.invitedBy &&
    membership.createdAt.getTime() === invitation.terminalAt?.getTime()
  );
}

function isSlug(slug: string | null): boolean {
  return slug === null || /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(slug);
}

function isStatus(status: string): boolean {
  return (STATUSES as readonly string[]).includes(status);
}
