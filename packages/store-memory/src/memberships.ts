import {
  type InvId,
  type LapsedMembership,
  type Membership,
  type MembershipExpectation,
  type MemId,
  type OrgId,
  type Read,
  ROLES,
  type Role,
  STATUSES,
  type Status,
  type Stock,
  type StoredMemberFilter,
  type UsrId,
} from "@tenantry/core";
import { endOf, hasLapsed, instantOf, isStoredAsAny, Lapsing } from "./lapsing.ts";
import { Shelves } from "./ordered.ts";
import { Past } from "./past.ts";
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
  /** A shelf for each status and role, and time box. */
  readonly #ofOrg = new Shelves<OrgId, MemId>();
  /** A shelf for each status and time box. */
  readonly #ofUser = new Shelves<UsrId, MemId>();
  /** Live ones. */
  readonly #lapsing = new Lapsing<Membership>();
  readonly #past = new Past();

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

  /** Those of a user that are live at an instant, in all organizations or in one. */
  liveOf({
    usrId,
    orgId,
    at,
    after,
    take,
  }: Omit<Read<"standings">, "read" | "successors" | "withGrants">): Membership[] {
    const isLive = (row: Membership): boolean => !hasLapsed(row, at);
    if (orgId === null) {
      this.#reach(at);
      const shelves = LIVE.flatMap((status) => LASTING.map((box) => ofUserShelf(status, box)));
      return page(this.#ofUser.after(usrId, shelves, after), take, this.#row, isLive);
    }
    return byId([this.live(orgId, usrId)]).filter((row) => (after === null || row.id > after) && isLive(row));
  }

  /** The organizations in which memberships of a user began by an invitation, by id. */
  invitedTo(usrId: UsrId): OrgId[] {
    return [...(this.#invited.get(usrId)?.keys() ?? [])].sort(compare);
  }

  invitationsInto(orgId: OrgId, usrId: UsrId): readonly InvId[] {
    return this.#invited.get(usrId)?.get(orgId) ?? [];
  }

  owners(orgId: OrgId, take: number): MemId[] {
    return page(this.#ofOrg.after(orgId, [LASTING_OWNERS], null), take, (id) => id);
  }

  ofOrg({ orgId, where, after, take }: Omit<Read<"members">, "read">): Membership[] {
    const { anyOf, role } = where;
    const shelves = this.#shelvesOf(anyOf).flatMap(({ status, box }) => ofRoles(status, role, box));
    return page(this.#ofOrg.after(orgId, shelves, after), take, this.#row, (row) => isStoredAsAny(row, anyOf));
  }

  /** Those who were live at an instant. */
  at(read: Read<"membersAt">): Membership[] {
    const { orgId, at, after, take } = read;
    const shelves = LIVE.flatMap((status) => BOXES.flatMap((box) => ofRoles(status, null, box)));
    return page(this.#past.before(read, this.#ofOrg.after(orgId, shelves, after)), take, this.#row, (row) =>
      isLiveAt(row, at),
    );
  }

  /** Rows are looked at only where filters are about several instants. */
  count({ orgId, where, most }: Read<"memberCount">): number {
    const { anyOf, role } = where;
    const shelves = this.#shelvesOf(anyOf);
    if (shelves.some(({ isMixed }) => isMixed)) {
      return this.ofOrg({ orgId, where, after: null, take: most ?? Infinity }).length;
    }
    const numbers = shelves.flatMap(({ status, box }) => ofRoles(status, role, box));
    return Math.min(most ?? Infinity, this.#ofOrg.size(orgId, numbers));
  }

  ofUser({ usrId, anyOf, after, take }: Read<"membershipsOf">): Membership[] {
    const shelves = this.#shelvesOf(anyOf).map(({ status, box }) => ofUserShelf(status, box));
    return page(this.#ofUser.after(usrId, shelves, after), take, this.#row, (row) => isStoredAsAny(row, anyOf));
  }

  /** In how many organizations a user is. */
  organizationsOf(usrId: UsrId, at: Date): number {
    this.#reach(at);
    return this.#ofUser.size(
      usrId,
      LIVE.flatMap((status) => LASTING.map((box) => ofUserShelf(status, box))),
    );
  }

  lapsed({ orgId, before, take }: Read<"lapsedMemberships">): LapsedMembership[] {
    return page(this.#lapsing.before(orgId, before), take, (row) => row as LapsedMembership);
  }

  /** How many are stored as live. */
  liveCount(orgId: OrgId): number {
    return this.#live.get(orgId)?.size ?? 0;
  }

  stock(orgId: OrgId, at: Date): Stock {
    this.#reach(at);
    const lapsed = LIVE.flatMap((status) => ofRoles(status, null, LAPSED));
    return { stored: this.liveCount(orgId), lapsed: this.#ofOrg.size(orgId, lapsed) };
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

  update(row: Membership, expect: MembershipExpectation, undo: Undo): void {
    const before = this.expected(row.id, expect);
    const { status, removedBy, updatedAt, expiresAt, metadata } = row;
    this.#replace(before, { ...before, status, removedBy, updatedAt, expiresAt, metadata }, undo);
  }

  /** Ends every live one, and answers how many had not lapsed. */
  endAll(orgId: OrgId, at: Date, undo: Undo): number {
    let ended = 0;
    for (const memId of [...(this.#live.get(orgId)?.values() ?? [])]) {
      const row = this.#row(memId);
      const end = hasLapsed(row, at) ? afterEnd(row) : at;
      ended += end === at ? 1 : 0;
      this.#replace(row, { ...row, status: "revoked", updatedAt: later(end, row.updatedAt) }, undo);
    }
    return ended;
  }

  readonly #row = (memId: MemId): Membership => this.rows.get(memId) as Membership;

  /** The shelves that have something of what is looked for, and whether they may have something else, too. */
  #shelvesOf(anyOf: readonly StoredMemberFilter[]): readonly Shelf[] {
    const instant = instantOf(anyOf);
    if (instant !== null) {
      this.#reach(instant);
    }
    return STATUSES.flatMap((status) => {
      const own = anyOf.filter((filter) => filter.status === status);
      const isAll = anyOf.length === 0 || own.some((filter) => !isBounded(filter));
      const isMixed = !isAll && own.some((filter) => isBounded(filter) && (instant === null || status === "revoked"));
      const boxes = BOXES.filter(
        (box) => isAll || isMixed || own.some(({ expiresBefore }) => (expiresBefore === null) === (box !== LAPSED)),
      );
      return boxes.map((box) => ({ status, box, isMixed }));
    });
  }

  /** What lapses lies on shelves of its own from then on. */
  #reach(at: Date): void {
    this.#lapsing.reach(at, { take: (row) => this.#unshelve(row), put: (row) => this.#shelve(row) });
  }

  #shelve(row: Membership): void {
    this.#ofOrg.put(row.orgId, ofOrgShelf(row.status, row.role, this.#boxOf(row)), row.id);
    this.#ofUser.put(row.usrId, ofUserShelf(row.status, this.#boxOf(row)), row.id);
  }

  #unshelve(row: Membership): void {
    this.#ofOrg.take(row.orgId, ofOrgShelf(row.status, row.role, this.#boxOf(row)), row.id);
    this.#ofUser.take(row.usrId, ofUserShelf(row.status, this.#boxOf(row)), row.id);
  }

  /** Of one that has ended it makes no difference. */
  #boxOf(row: Membership): Box {
    if (row.status === "revoked" || row.expiresAt === null) {
      return UNBOXED;
    }
    return this.#lapsing.isOver(row) ? LAPSED : BOXED;
  }

  #replace(before: Membership | undefined, after: Membership, undo: Undo): void {
    const isJoining = after.status !== "revoked" && (before === undefined || before.status === "revoked");
    if (isJoining && this.#live.get(after.orgId)?.has(after.usrId) === true) {
      throw new Conflict("mem_one_live");
    }
    this.#exchange(before, after);
    undo.push(() => this.#exchange(after, before));
  }

  #exchange(before: Membership | undefined, after: Membership | undefined): void {
    if (before !== undefined && after !== undefined) {
      this.#change(before, after);
    } else if (before !== undefined) {
      this.#remove(before);
    } else if (after !== undefined) {
      this.#add(after);
    }
  }

  #add(row: Membership): void {
    this.#shelve(row);
    this.#past.put(row);
    if (row.status !== "revoked") {
      this.#liveIn(row.orgId).set(row.usrId, row.id);
      this.#lapsing.put(row.orgId, row.expiresAt, row.id, row);
    }
    if (row.replaces !== null) {
      this.#successors.set(row.replaces, row.id);
    }
    this.rows.set(row.id, row);
  }

  #remove(row: Membership): void {
    this.#unshelve(row);
    this.#past.take(row);
    if (row.status !== "revoked") {
      this.#live.get(row.orgId)?.delete(row.usrId);
      this.#lapsing.take(row.orgId, row.expiresAt, row.id);
    }
    if (row.replaces !== null) {
      this.#successors.delete(row.replaces);
    }
    this.rows.delete(row.id);
  }

  /** Whose it is, where, in which role and after which one never changes. To take out and put back costs several times as much. */
  #change(before: Membership, after: Membership): void {
    const { id, orgId, usrId } = after;
    if (before.status !== after.status || this.#boxOf(before) !== this.#boxOf(after)) {
      this.#unshelve(before);
      this.#shelve(after);
    }
    const [wasLive, isLive] = [before.status !== "revoked", after.status !== "revoked"];
    if (!wasLive || !isLive) {
      this.#past.take(before);
      this.#past.put(after);
    }
    if (wasLive && !isLive) {
      this.#live.get(orgId)?.delete(usrId);
    }
    if (isLive && !wasLive) {
      this.#liveIn(orgId).set(usrId, id);
    }
    if (wasLive) {
      this.#lapsing.take(orgId, before.expiresAt, id);
    }
    if (isLive) {
      this.#lapsing.put(orgId, after.expiresAt, id, after);
    }
    this.rows.set(id, after);
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

/** Time boxes: none, one that had not ended at the time that was reached, one that had. */
type Box = 0 | 1 | 2;
const [UNBOXED, BOXED, LAPSED] = [0, 1, 2] as const;
const LASTING: readonly Box[] = [UNBOXED, BOXED];
const BOXES: readonly Box[] = [UNBOXED, BOXED, LAPSED];

interface Shelf {
  readonly status: Status;
  readonly box: Box;
  readonly isMixed: boolean;
}

const LIVE = ["active", "suspended"] as const;
const LASTING_OWNERS = ofOrgShelf("active", "owner", UNBOXED);

function ofUserShelf(status: Status, box: Box): number {
  return STATUSES.indexOf(status) * 3 + box;
}

function ofOrgShelf(status: Status, role: Role, box: Box): number {
  return ofUserShelf(status, box) * ROLES.length + ROLES.indexOf(role);
}

function ofRoles(status: Status, role: Role | null, box: Box): readonly number[] {
  return (role === null ? ROLES : [role]).map((role) => ofOrgShelf(status, role, box));
}

function isBounded({ expiresBefore, expiresFrom }: StoredMemberFilter): boolean {
  return expiresBefore !== null || expiresFrom !== null;
}

/** Whether a membership had begun and not ended. */
function isLiveAt(row: Membership, at: Date): boolean {
  const { status, createdAt, updatedAt } = row;
  return createdAt <= at && (status !== "revoked" || updatedAt > at) && !hasLapsed(row, at);
}

/** When a membership that has lapsed ended: the next instant. */
function afterEnd({ expiresAt }: Membership): Date {
  return new Date(endOf(expiresAt) + 1);
}
