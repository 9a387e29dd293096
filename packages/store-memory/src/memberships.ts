import {
  type InvId,
  type MemberFilter,
  type Membership,
  type MembershipExpectation,
  type MemId,
  type OrgId,
  type Read,
  ROLES,
  STATUSES,
  type UsrId,
} from "@tenantry/core";
import { Shelves } from "./ordered.ts";
import { byId, Conflict, compare, insistNew, later, page, type Undo } from "./rows.ts";

/** Memberships, with what a database would keep as indexes. A row is never changed, only replaced. */
export class Memberships {
  readonly rows: Map<MemId, Membership> = new Map();
  /** The invitations that made them. */
  readonly #invitations = new Map<MemId, InvId>();
  /** The same by whom they let in, and where. */
  readonly #invited = new Map<UsrId, Map<OrgId, InvId[]>>();
  readonly #live = new Map<OrgId, Map<UsrId, MemId>>();
  readonly #successors = new Map<MemId, MemId>();
  /** A shelf for each status and role. */
  readonly #ofOrg = new Shelves<OrgId, MemId>();
  /** A shelf for each status. */
  readonly #ofUser = new Shelves<UsrId, MemId>();

  get(memId: MemId | undefined): Membership | null {
    return (memId !== undefined && this.rows.get(memId)) || null;
  }

  invitationOf(memId: MemId): InvId | null {
    return this.#invitations.get(memId) ?? null;
  }

  live(orgId: OrgId, usrId: UsrId): Membership | null {
    return this.get(this.#live.get(orgId)?.get(usrId));
  }

  /** Those of these users who are in it. */
  liveAmong({ orgId, usrIds }: Read<"liveMembers">): Membership[] {
    return byId(usrIds.map((usrId) => this.live(orgId, usrId)));
  }

  among({ orgId, memIds }: Read<"memberships">): Membership[] {
    return byId(memIds.map((memId) => this.get(memId))).filter((row) => row.orgId === orgId);
  }

  /** The live ones of a user, in all organizations or in one. */
  liveOf({ usrId, orgId, after, take }: Omit<Read<"standings">, "read" | "successors" | "withGrants">): Membership[] {
    if (orgId === null) {
      return page(this.#ofUser.after(usrId, LIVE_STATUSES, after), take, this.#row);
    }
    return byId([this.live(orgId, usrId)]).filter(({ id }) => after === null || id > after);
  }

  /** The organizations in which memberships of a user began by an invitation, by id. */
  invitedTo(usrId: UsrId): OrgId[] {
    return [...(this.#invited.get(usrId)?.keys() ?? [])].sort(compare);
  }

  invitationsInto(orgId: OrgId, usrId: UsrId): readonly InvId[] {
    return this.#invited.get(usrId)?.get(orgId) ?? [];
  }

  owners(orgId: OrgId, take: number): MemId[] {
    return page(this.#ofOrg.after(orgId, [shelfOf({ status: "active", role: "owner" })], null), take, (id) => id);
  }

  ofOrg(
    { orgId, after, take }: Pick<Read<"members">, "orgId" | "after" | "take">,
    where: MemberFilter = { status: null, role: null },
    admits?: (row: Membership) => boolean,
  ): Membership[] {
    return page(this.#ofOrg.after(orgId, shelvesOf(where), after), take, this.#row, admits);
  }

  count({ orgId, where, most }: Read<"memberCount">): number {
    const count = this.#ofOrg.size(orgId, shelvesOf(where));
    return most === null ? count : Math.min(most, count);
  }

  ofUser({ usrId, status, after, take }: Read<"membershipsOf">): Membership[] {
    const shelves = STATUSES.flatMap((one, shelf) => (status === null || status === one ? [shelf] : []));
    return page(this.#ofUser.after(usrId, shelves, after), take, this.#row);
  }

  chain(memId: MemId): Membership[] {
    let first = this.rows.get(memId);
    for (let older = first; older !== undefined; older = this.get(older.replaces ?? undefined) ?? undefined) {
      first = older;
    }
    const chain: Membership[] = [];
    for (let id = first?.id; id !== undefined; id = this.#successors.get(id)) {
      chain.push(this.#row(id));
    }
    return chain;
  }

  expected(memId: MemId, expect: MembershipExpectation): Membership {
    const row = this.rows.get(memId);
    if (row?.status !== expect.status || row.updatedAt.getTime() !== expect.updatedAt.getTime()) {
      throw new Conflict(null);
    }
    return row;
  }

  insert(row: Membership, invId: InvId | null, undo: Undo): void {
    insistNew(this.rows, row.id);
    this.#replace(undefined, row, undo);
    if (invId !== null) {
      this.#invitations.set(row.id, invId);
      const invited = this.#invitedOf(row);
      invited.push(invId);
      undo.push(() => {
        this.#invitations.delete(row.id);
        invited.pop();
      });
    }
  }

  update({ id, status, removedBy, updatedAt }: Membership, expect: MembershipExpectation, undo: Undo): void {
    const before = this.expected(id, expect);
    this.#replace(before, { ...before, status, removedBy, updatedAt }, undo);
  }

  /** Ends every live one, and answers how many. */
  endAll(orgId: OrgId, at: Date, undo: Undo): number {
    const live = [...this.#ofOrg.after(orgId, LIVE, null)].map(this.#row);
    for (const row of live) {
      this.#replace(row, { ...row, status: "revoked", updatedAt: later(at, row.updatedAt) }, undo);
    }
    return live.length;
  }

  readonly #row = (memId: MemId): Membership => this.rows.get(memId) as Membership;

  #replace(before: Membership | undefined, after: Membership, undo: Undo): void {
    const isJoining = after.status !== "revoked" && (before === undefined || before.status === "revoked");
    if (isJoining && this.#live.get(after.orgId)?.has(after.usrId) === true) {
      throw new Conflict("mem_one_live");
    }
    this.#exchange(before, after);
    undo.push(() => this.#exchange(after, before));
  }

  #exchange(before: Membership | undefined, after: Membership | undefined): void {
    if (before !== undefined) {
      this.#ofOrg.take(before.orgId, shelfOf(before), before.id);
      this.#ofUser.take(before.usrId, STATUSES.indexOf(before.status), before.id);
      if (before.status !== "revoked") {
        this.#live.get(before.orgId)?.delete(before.usrId);
      }
      if (before.replaces !== null) {
        this.#successors.delete(before.replaces);
      }
      this.rows.delete(before.id);
    }
    if (after !== undefined) {
      this.#ofOrg.put(after.orgId, shelfOf(after), after.id);
      this.#ofUser.put(after.usrId, STATUSES.indexOf(after.status), after.id);
      if (after.status !== "revoked") {
        this.#liveIn(after.orgId).set(after.usrId, after.id);
      }
      if (after.replaces !== null) {
        this.#successors.set(after.replaces, after.id);
      }
      this.rows.set(after.id, after);
    }
  }

  #invitedOf({ usrId, orgId }: Membership): InvId[] {
    const orgs = this.#invited.get(usrId) ?? new Map<OrgId, InvId[]>();
    const invited = orgs.get(orgId) ?? [];
    this.#invited.set(usrId, orgs.set(orgId, invited));
    return invited;
  }

  #liveIn(orgId: OrgId): Map<UsrId, MemId> {
    let live = this.#live.get(orgId);
    if (live === undefined) {
      live = new Map();
      this.#live.set(orgId, live);
    }
    return live;
  }
}

function shelfOf({ status, role }: Pick<Membership, "status" | "role">): number {
  return STATUSES.indexOf(status) * ROLES.length + ROLES.indexOf(role);
}

function shelvesOf(where: MemberFilter): readonly number[] {
  return STATUSES.flatMap((status) =>
    ROLES.flatMap((role) =>
      (where.status ?? status) === status && (where.role ?? role) === role ? [shelfOf({ status, role })] : [],
    ),
  );
}

const LIVE_STATUSES = [STATUSES.indexOf("active"), STATUSES.indexOf("suspended")];
const LIVE = [...shelvesOf({ status: "active", role: null }), ...shelvesOf({ status: "suspended", role: null })];
