import type {
  EventType,
  InvId,
  Invitation,
  Membership,
  MemId,
  Organization,
  OrgId,
  Tables,
  TenancyEvent,
  Tuple,
  UsrId,
} from "@tenantry/core";
import { tupleKey } from "../invariants/invariant.ts";

export type MemberRow = Tables["mem"][number];
export type InvitationRow = Invitation & { readonly canonical: string };

/** An organization with everything in it. Rows are replaced, never changed. */
export interface OrgState {
  row: Organization;
  readonly members: Map<MemId, MemberRow>;
  readonly invitations: Map<InvId, InvitationRow>;
  readonly events: TenancyEvent[];
}

/** What a key was used for; `null` once it was fenced. */
export interface KeyUse {
  readonly operation: string;
  readonly input: string;
  readonly result: unknown;
  readonly orgId: OrgId;
  readonly seq: number;
}

/** Where the use of a key is found: in an organization, or with whoever creates one. */
export function keyAddress(scope: OrgId | UsrId, key: string): string {
  return `${scope} ${key}`;
}

/** Everything there is, in the plainest form: maps of rows, and no index but to find a row's organization. */
export class World {
  readonly orgs: Map<OrgId, OrgState> = new Map();
  readonly tuples: Map<string, Tuple> = new Map();
  /** Of grants that end by themselves: the organizations whose invitations gave them. */
  readonly granters: Map<string, OrgId> = new Map();
  readonly keys: Map<string, KeyUse | null> = new Map();
  readonly #orgOfMember = new Map<MemId, OrgId>();
  readonly #orgOfInvitation = new Map<InvId, OrgId>();

  org(orgId: OrgId): OrgState | null {
    return this.orgs.get(orgId) ?? null;
  }

  member(memId: MemId): { readonly org: OrgState; readonly member: MemberRow } | null {
    const org = this.orgs.get(this.#orgOfMember.get(memId) ?? "org_");
    const member = org?.members.get(memId);
    return org === undefined || member === undefined ? null : { org, member };
  }

  invitation(invId: InvId): { readonly org: OrgState; readonly invitation: InvitationRow } | null {
    const org = this.orgs.get(this.#orgOfInvitation.get(invId) ?? "org_");
    const invitation = org?.invitations.get(invId);
    return org === undefined || invitation === undefined ? null : { org, invitation };
  }

  /** The organization, not revoked, that has the slug. */
  holder(slug: string): OrgState | null {
    for (const org of this.orgs.values()) {
      if (org.row.slug === slug && org.row.status !== "revoked") {
        return org;
      }
    }
    return null;
  }

  putOrg(row: Organization): OrgState {
    const org = this.orgs.get(row.id) ?? { row, members: new Map(), invitations: new Map(), events: [] };
    org.row = row;
    this.orgs.set(row.id, org);
    return org;
  }

  /** The role tuple follows the status: it exists exactly while the membership is active. */
  putMember(org: OrgState, row: MemberRow): void {
    org.members.set(row.id, row);
    this.#orgOfMember.set(row.id, org.row.id);
    const tuple: Tuple = {
      subjectType: "usr",
      subjectId: row.usrId,
      relation: row.role,
      objectType: "org",
      objectId: row.orgId,
      expiresAt: row.expiresAt,
    };
    const key = tupleKey(row.usrId, row.role, tuple);
    if (row.status === "active") {
      this.tuples.set(key, tuple);
    } else {
      this.tuples.delete(key);
    }
  }

  putInvitation(org: OrgState, row: InvitationRow): void {
    org.invitations.set(row.id, row);
    this.#orgOfInvitation.set(row.id, org.row.id);
  }

  /** What is held for longer stays as it is. */
  grant(tuple: Tuple, orgId: OrgId): void {
    const key = tupleKey(tuple.subjectId, tuple.relation, tuple);
    const held = this.tuples.get(key);
    if (
      held !== undefined &&
      (held.expiresAt === null || (tuple.expiresAt !== null && held.expiresAt >= tuple.expiresAt))
    ) {
      return;
    }
    this.tuples.set(key, tuple);
    if (tuple.expiresAt === null) {
      this.granters.delete(key);
    } else {
      this.granters.set(key, orgId);
    }
  }

  /** The version rises with the event, whose number it is. */
  record(
    org: OrgState,
    event: {
      readonly type: EventType;
      readonly data: object;
      readonly at: Date;
      readonly actor: UsrId | null;
      readonly idempotencyKey: string | null;
    },
  ): number {
    const seq = org.events.length + 1;
    org.row = { ...org.row, version: seq };
    org.events.push({ ...event, orgId: org.row.id, seq } as TenancyEvent);
    return seq;
  }

  /** The tuple is gone, whoever gave it. */
  drop(tuple: Tuple): void {
    const key = tupleKey(tuple.subjectId, tuple.relation, tuple);
    this.tuples.delete(key);
    this.granters.delete(key);
  }

  /** Another world in which everything is as it is here. */
  copy(): World {
    const world = new World();
    for (const { row, members, invitations, events } of this.orgs.values()) {
      const org = { row, members: new Map(members), invitations: new Map(invitations), events: [...events] };
      world.orgs.set(row.id, org);
    }
    for (const [own, others] of [
      [world.tuples, this.tuples],
      [world.granters, this.granters],
      [world.keys, this.keys],
      [world.#orgOfMember, this.#orgOfMember],
      [world.#orgOfInvitation, this.#orgOfInvitation],
    ] as readonly (readonly [Map<unknown, unknown>, Map<unknown, unknown>])[]) {
      for (const [key, value] of others) {
        own.set(key, value);
      }
    }
    return world;
  }

  tables(): Omit<Tables, "idem"> {
    const orgs = [...this.orgs.values()].sort((a, b) => order(a.row.id, b.row.id));
    const sorted = <R extends { readonly id: string }>(rows: R[]): R[] => rows.sort((a, b) => order(a.id, b.id));
    return {
      org: orgs.map(({ row }) => row),
      mem: sorted(orgs.flatMap(({ members }) => [...members.values()])),
      inv: sorted(orgs.flatMap(({ invitations }) => [...invitations.values()])).map(({ canonical: _, ...row }) => row),
      tup: [...this.tuples.values()].sort(
        (a, b) => order(a.subjectId, b.subjectId) || byObject(a, b) || order(a.relation, b.relation),
      ),
      evt: orgs.flatMap(({ events }) => events),
    };
  }
}

export function byObject(a: Tuple, b: Tuple): number {
  return order(a.objectType, b.objectType) || order(a.objectId, b.objectId);
}

/** By Unicode code point: UTF-16 units would put surrogates before U+E000. */
export function order(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let place = 0; place < length; place += 1) {
    if (a.charCodeAt(place) !== b.charCodeAt(place)) {
      return (a.codePointAt(place) ?? 0) - (b.codePointAt(place) ?? 0);
    }
  }
  return a.length - b.length;
}

/** Its last instant is behind. */
export function hasLapsed({ expiresAt }: { readonly expiresAt: Date | null }, now: Date): boolean {
  return expiresAt !== null && expiresAt.getTime() < now.getTime();
}

/** The membership as everybody sees it: what lapsed ended a millisecond after its last instant. */
export function seenMember(row: MemberRow, now: Date): MemberRow {
  return row.status !== "revoked" && hasLapsed(row, now) ? writtenDown(row) : row;
}

/** The end of a membership that lapsed. */
export function writtenDown(row: MemberRow): MemberRow {
  const end = new Date((row.expiresAt?.getTime() ?? 0) + 1);
  return { ...row, status: "revoked", updatedAt: latest(end, row.updatedAt) };
}

/** The membership of a user that is stored as live. */
export function storedMember({ members }: OrgState, usrId: UsrId): MemberRow | null {
  for (const row of members.values()) {
    if (row.usrId === usrId && row.status !== "revoked") {
      return row;
    }
  }
  return null;
}

/** The live membership of a user. */
export function liveMember(org: OrgState, usrId: UsrId, now: Date): MemberRow | null {
  const row = storedMember(org, usrId);
  return row === null || hasLapsed(row, now) ? null : row;
}

/** Active owners without a time box: one of them is always there. */
export function lastingOwners({ members }: OrgState): readonly MemberRow[] {
  return [...members.values()].filter(
    ({ role, status, expiresAt }) => role === "owner" && status === "active" && expiresAt === null,
  );
}

/** The row as the API shows it. */
export function shownMember({ invId: _, ...membership }: MemberRow): Membership {
  return membership;
}

export function shownInvitation({ canonical: _, ...invitation }: InvitationRow): Invitation {
  return invitation;
}

export function latest(...instants: readonly Date[]): Date {
  return new Date(Math.max(...instants.map((instant) => instant.getTime())));
}
