import {
  type InvId,
  type LapsedMembership,
  type MemberFilter,
  type Membership,
  type MembershipExpectation,
  type MemId,
  type OrgId,
  type Read,
  ROLES,
  STATUSES,
  type Status,
  type Stock,
  type StoredMemberFilter,
  type UsrId,
} from "@tenantry/core";
import { endOf, hasLapsed, isStoredAsAny, Lapsing } from "./lapsing.ts";
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
  /** A shelf for each status and role, with a time box and without. */
  readonly #ofOrg = new Shelves<OrgId, MemId>();
  /** A shelf for each status, with a time box and without. */
  readonly #ofUser = new Shelves<UsrId, MemId>();
  /** Live ones. */
  readonly #lapsing = new Lapsing<Membership>();

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
      const shelves = LIVE.flatMap((status) => BOXES.map((box) => ofUserShelf(status, box)));
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

  ofOrg(
    { orgId, after, take }: Pick<Read<"members">, "orgId" | "after" | "take">,
    where: MemberFilter,
    admits: (row: Membership) => boolean = (row) => isStoredAsAny(row, where.anyOf),
  ): Membership[] {
    const shelves = shelvesOf(where).map(({ number }) => number);
    return page(this.#ofOrg.after(orgId, shelves, after), take, this.#row, admits);
  }

  /** Only where a filter tells time boxes apart they are looked at one by one. */
  count({ orgId, where, most }: Read<"memberCount">): number {
    const shelves = shelvesOf(where);
    const numbers = (mixed: boolean): number[] =>
      shelves.flatMap(({ number, isMixed }) => (isMixed === mixed ? [number] : []));
    const limit = most ?? Infinity;
    const mixed = this.#ofOrg.after(orgId, numbers(true), null);
    const boxed = page(mixed, limit, this.#row, (row) => isStoredAsAny(row, where.anyOf));
    return Math.min(limit, this.#ofOrg.size(orgId, numbers(false)) + boxed.length);
  }

  ofUser({ usrId, anyOf, after, take }: Read<"membershipsOf">): Membership[] {
    const shelves = STATUSES.flatMap((status) => shelvesAs(status, anyOf).map((shelf) => ofUserShelf(status, shelf)));
    return page(this.#ofUser.after(usrId, shelves, after), take, this.#row, (row) => isStoredAsAny(row, anyOf));
  }

  /** In how many organizations a user is. */
  organizationsOf(usrId: UsrId, at: Date): number {
    const [lasting, boxed] = [false, true].map((isBoxed) => LIVE.map((status) => ofUserShelf(status, { isBoxed }))) as [
      number[],
      number[],
    ];
    const rows = Array.from(this.#ofUser.after(usrId, boxed, null), this.#row);
    return this.#ofUser.size(usrId, lasting) + rows.filter((row) => !hasLapsed(row, at)).length;
  }

  lapsed({ orgId, before, take }: Read<"lapsedMemberships">): LapsedMembership[] {
    return page(this.#lapsing.before(orgId, before), take, (row) => row as LapsedMembership);
  }

  /** How many are stored as live. */
  liveCount(orgId: OrgId): number {
    return this.#live.get(orgId)?.size ?? 0;
  }

  stock(orgId: OrgId, at: Date): Stock {
    return { stored: this.liveCount(orgId), lapsed: this.#lapsing.countBefore(orgId, at) };
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
    this.#ofOrg.put(row.orgId, ofOrgShelf(row, boxOf(row)), row.id);
    this.#ofUser.put(row.usrId, ofUserShelf(row.status, boxOf(row)), row.id);
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
    this.#ofOrg.take(row.orgId, ofOrgShelf(row, boxOf(row)), row.id);
    this.#ofUser.take(row.usrId, ofUserShelf(row.status, boxOf(row)), row.id);
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
    const [from, to] = [ofOrgShelf(before, boxOf(before)), ofOrgShelf(after, boxOf(after))];
    if (from !== to) {
      this.#ofOrg.take(orgId, from, id);
      this.#ofOrg.put(orgId, to, id);
      this.#ofUser.take(usrId, ofUserShelf(before.status, boxOf(before)), id);
      this.#ofUser.put(usrId, ofUserShelf(after.status, boxOf(after)), id);
    }
    const [wasLive, isLive] = [before.status !== "revoked", after.status !== "revoked"];
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

/** Whether a membership has a time box. */
interface Box {
  readonly isBoxed: boolean;
}

const BOXES: readonly Box[] = [{ isBoxed: false }, { isBoxed: true }];
const LIVE = ["active", "suspended"] as const;
const LASTING_OWNERS = ofOrgShelf({ status: "active", role: "owner" }, { isBoxed: false });

const boxOf = ({ expiresAt }: Membership): Box => ({ isBoxed: expiresAt !== null });

function ofUserShelf(status: Status, { isBoxed }: Box): number {
  return STATUSES.indexOf(status) * 2 + Number(isBoxed);
}

function ofOrgShelf({ status, role }: Pick<Membership, "status" | "role">, box: Box): number {
  return ofUserShelf(status, box) * ROLES.length + ROLES.indexOf(role);
}

/** The shelves of a status that have something of what is looked for, and whether they may have something else, too. */
function shelvesAs(
  status: Status,
  anyOf: readonly StoredMemberFilter[],
): readonly (Box & { readonly isMixed: boolean })[] {
  const own = anyOf.filter((filter) => filter.status === status);
  const isAll =
    anyOf.length === 0 || own.some(({ expiresBefore, expiresFrom }) => expiresBefore === null && expiresFrom === null);
  return BOXES.flatMap(({ isBoxed }) =>
    isAll || own.some(({ expiresBefore }) => isBoxed || expiresBefore === null)
      ? [{ isBoxed, isMixed: isBoxed && !isAll }]
      : [],
  );
}

function shelvesOf({ anyOf, role }: MemberFilter): readonly { readonly number: number; readonly isMixed: boolean }[] {
  return STATUSES.flatMap((status) =>
    shelvesAs(status, anyOf).flatMap(({ isMixed, ...box }) =>
      (role === null ? ROLES : [role]).map((role) => ({ number: ofOrgShelf({ status, role }, box), isMixed })),
    ),
  );
}

/** When a membership that has lapsed ended: the next instant. */
function afterEnd({ expiresAt }: Membership): Date {
  return new Date(endOf(expiresAt) + 1);
}
