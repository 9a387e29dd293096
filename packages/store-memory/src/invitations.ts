import {
  INVITATION_STATUSES,
  type InvId,
  type Invitation,
  type InvitationExpectation,
  type OrgId,
  type PendingInvitation,
  type Read,
  type SentInvitation,
  type Stock,
  type StoredInvitationFilter,
  type UsrId,
} from "@tenantry/core";
import { hasLapsed, instantOf, isStoredAsAny, Lapsing } from "./lapsing.ts";
import { Shelves } from "./ordered.ts";
import { Conflict, compare, insistNew, later, page, type Undo } from "./rows.ts";

/** Invitations, with what a database would keep as indexes. A row is never changed, only replaced. */
export class Invitations {
  readonly rows: Map<InvId, Invitation> = new Map();
  /** Their identifiers in the form in which they are compared. */
  readonly #canonicals = new Map<InvId, string>();
  /** A shelf for each status, and for what has lapsed, by organization, by identifier, and by both. */
  readonly #ofOrg = new Shelves<OrgId, InvId>();
  readonly #for = new Shelves<string, InvId>();
  readonly #within = new Shelves<string, InvId>();
  /** Pending ones. */
  readonly #lapsing = new Lapsing<Invitation>();
  /** Pending ones by whoever issued them, and where. */
  readonly #sent = new Shelves<string, InvId>();

  get(invId: InvId): Invitation | null {
    return this.rows.get(invId) ?? null;
  }

  pending({ orgId, canonical }: Omit<Read<"pendingInvitations">, "read">): Invitation[] {
    return canonical === null ? [] : Array.from(this.#within.after(withinKey(orgId, canonical), OPEN, null), this.#row);
  }

  pendingTo({ orgId, canonicals }: Read<"pendingInvitationsTo">): PendingInvitation[] {
    return canonicals
      .flatMap((canonical) => this.pending({ orgId, canonical }).map((invitation) => ({ canonical, invitation })))
      .sort((a, b) => compare(a.invitation.id, b.invitation.id));
  }

  ofOrg({ orgId, anyOf, after, take }: Omit<Read<"invitations">, "read">): Invitation[] {
    return page(this.#ofOrg.after(orgId, this.#shelvesOf(anyOf), after), take, this.#row, (row) =>
      isStoredAsAny(row, anyOf),
    );
  }

  for({ canonical, anyOf, after, take }: Read<"invitationsFor">): Invitation[] {
    return page(this.#for.after(canonical, this.#shelvesOf(anyOf), after), take, this.#row, (row) =>
      isStoredAsAny(row, anyOf),
    );
  }

  count({ orgId, anyOf, most }: Read<"invitationCount">): number {
    return this.ofOrg({ orgId, anyOf, after: null, take: most }).length;
  }

  sent({ usrId, orgId, expiresFrom, take }: Read<"sentInvitations">): SentInvitation[] {
    const key = orgId === null ? usrId : withinKey(orgId, usrId);
    return page(this.#sent.after(key, [0], null), take, this.#row, (row) => row.expiresAt >= expiresFrom).map(
      ({ id, orgId }) => ({ invId: id, orgId }),
    );
  }

  lapsed({ orgId, before, take }: Read<"lapsedInvitations">): Invitation[] {
    return page(this.#lapsing.before(orgId, before), take, (row) => row);
  }

  /** How many are stored as pending. */
  open(orgId: OrgId): number {
    return this.#ofOrg.size(orgId, OPEN);
  }

  stock(orgId: OrgId, at: Date): Stock {
    this.#reach(at);
    return { stored: this.open(orgId), lapsed: this.#ofOrg.size(orgId, [LAPSED]) };
  }

  insert(row: Invitation, canonical: string, undo: Undo): void {
    insistNew(this.rows, row.id);
    this.#canonicals.set(row.id, canonical);
    this.#replace(undefined, row, undo);
    undo.push(() => this.#canonicals.delete(row.id));
  }

  update(row: Invitation, expect: InvitationExpectation, undo: Undo): void {
    const before = this.rows.get(row.id);
    if (before?.status !== expect.status || before.expiresAt.getTime() !== expect.expiresAt.getTime()) {
      throw new Conflict(null);
    }
    const { status, invitedUserId, expiresAt, terminalAt, terminalBy } = row;
    this.#replace(before, { ...before, status, invitedUserId, expiresAt, terminalAt, terminalBy }, undo);
  }

  /** Ends every pending one that has not lapsed, and answers how many. */
  endAll(orgId: OrgId, at: Date, by: UsrId | null, undo: Undo): number {
    const open = Array.from(this.#ofOrg.after(orgId, OPEN, null), this.#row).filter((row) => !hasLapsed(row, at));
    for (const row of open) {
      const terminalAt = later(at, row.createdAt);
      this.#replace(row, { ...row, status: "revoked", terminalAt, terminalBy: by }, undo);
    }
    return open.length;
  }

  readonly #row = (invId: InvId): Invitation => this.rows.get(invId) as Invitation;

  /** The shelves that have something of what is looked for. */
  #shelvesOf(anyOf: readonly StoredInvitationFilter[]): readonly number[] {
    const instant = instantOf(anyOf);
    if (instant !== null) {
      this.#reach(instant);
    }
    return INVITATION_STATUSES.flatMap((status, shelf) => {
      const own = anyOf.filter((filter) => filter.status === status);
      if (status !== "pending") {
        return anyOf.length === 0 || own.length > 0 ? [shelf] : [];
      }
      const isAll = anyOf.length === 0 || (own.length > 0 && instant === null);
      return OPEN.filter(
        (one) =>
          isAll ||
          own.some(({ expiresBefore, expiresFrom }) =>
            one === LAPSED ? expiresFrom === null : expiresBefore === null,
          ),
      );
    });
  }

  /** What lapses lies on shelves of its own from then on. */
  #reach(at: Date): void {
    const canonical = (row: Invitation): string => this.#canonicals.get(row.id) as string;
    this.#lapsing.reach(at, {
      take: (row) => this.#unshelve(row, canonical(row)),
      put: (row) => this.#shelve(row, canonical(row)),
    });
  }

  #shelve(row: Invitation, canonical: string): void {
    const { id, orgId } = row;
    this.#ofOrg.put(orgId, this.#shelfOf(row), id);
    this.#for.put(canonical, this.#shelfOf(row), id);
    this.#within.put(withinKey(orgId, canonical), this.#shelfOf(row), id);
  }

  #unshelve(row: Invitation, canonical: string): void {
    const { id, orgId } = row;
    this.#ofOrg.take(orgId, this.#shelfOf(row), id);
    this.#for.take(canonical, this.#shelfOf(row), id);
    this.#within.take(withinKey(orgId, canonical), this.#shelfOf(row), id);
  }

  #shelfOf(row: Invitation): number {
    return row.status === "pending" && this.#lapsing.isOver(row) ? LAPSED : INVITATION_STATUSES.indexOf(row.status);
  }

  #replace(before: Invitation | undefined, after: Invitation, undo: Undo): void {
    const canonical = this.#canonicals.get(after.id) as string;
    this.#exchange(before, after, canonical);
    undo.push(() => this.#exchange(after, before, canonical));
  }

  #exchange(before: Invitation | undefined, after: Invitation | undefined, canonical: string): void {
    if (before !== undefined) {
      const { id, orgId, status } = before;
      this.#unshelve(before, canonical);
      if (status === "pending") {
        this.#lapsing.take(orgId, before.expiresAt, id);
        this.#sent.take(before.invitedBy, 0, id);
        this.#sent.take(withinKey(orgId, before.invitedBy), 0, id);
      }
      this.rows.delete(id);
    }
    if (after !== undefined) {
      const { id, orgId, status } = after;
      this.#shelve(after, canonical);
      if (status === "pending") {
        this.#lapsing.put(orgId, after.expiresAt, id, after);
        this.#sent.put(after.invitedBy, 0, id);
        this.#sent.put(withinKey(orgId, after.invitedBy), 0, id);
      }
      this.rows.set(id, after);
    }
  }
}

const PENDING = INVITATION_STATUSES.indexOf("pending");
const LAPSED = INVITATION_STATUSES.length;
/** Whatever is stored as pending. */
const OPEN: readonly number[] = [PENDING, LAPSED];

const withinKey = (orgId: OrgId, what: string): string => `${orgId} ${what}`;
