import {
  type Answer,
  type AnswersTo,
  type Capabilities,
  type Change,
  type Commit,
  type CommitOutcome,
  type Ended,
  type EventFilter,
  hasOwn,
  type InvId,
  type Invitation,
  type KeyAddress,
  type KeyScope,
  type KeyUse,
  type MemberFilter,
  type Membership,
  type MembershipExpectation,
  type MembershipThen,
  type MemId,
  type Organization,
  type OrgFilter,
  type OrgId,
  type OrgRef,
  type Plan,
  type Question,
  type Read,
  type Standing,
  type StoredInvitationFilter,
  StoreFault,
  type StorePort,
  type Tables,
  Tenancy,
  type TenancyEvent,
  type TenancyOptions,
  type Tuple,
  type UsrId,
} from "@tenantry/core";

/**
 * Tenancy in the memory of this process: for tests, examples and as the reference for what a store does. Everything is
 * gone with the object. The rules are the core's; this file holds rows, answers questions about them and applies changes.
 */
export class InMemoryTenancyStore extends Tenancy {
  readonly #database: Database;

  /** Throws `PreconditionError` `precondition.invalid_input` for an unknown option or value. */
  constructor(options: TenancyOptions = {}) {
    const database = new Database();
    super(database, options);
    this.#database = database;
  }

  /** All rows and events as they are now. Treat them as read-only: they are the store's own. */
  tables(): Tables {
    return this.#database.tables();
  }
}

type MembershipRow = Tables["mem"][number];
type InvitationRow = Invitation & { readonly canonical: string };
type KeyRow = Tables["idem"][number] & { readonly use: KeyUse };

/** An expectation that no longer holds, or a unique rule that fired: whatever was applied is undone. */
class Conflict extends Error {
  readonly constraint: string | null;

  constructor(constraint: string | null) {
    super();
    this.constraint = constraint;
  }
}

class Database implements StorePort {
  readonly capabilities: Capabilities = {
    concurrentSessions: false,
    usersLink: false,
    hostTransactions: false,
  };
  readonly isRemote = false;

  // Rows by their keys. A row is never changed, only replaced.
  readonly #orgs = new Map<OrgId, Organization>();
  readonly #members = new Map<MemId, MembershipRow>();
  readonly #invitations = new Map<InvId, InvitationRow>();
  readonly #tuples = new Map<string, Tuple>();
  readonly #events = new Map<OrgId, TenancyEvent[]>();
  readonly #keys = new Map<string, KeyRow>();

  // What a database would keep as indexes, so that no answer depends on how many rows there are.
  readonly #slugs = new Map<string, OrgId>();
  readonly #all = new Groups<"orgs", OrgId>();
  readonly #live = new Map<string, MemId>();
  readonly #owners = new Groups<OrgId, MemId>();
  readonly #membersOf = new Groups<OrgId, MemId>();
  readonly #membershipsOf = new Groups<UsrId, MemId>();
  readonly #successors = new Map<MemId, MemId>();
  readonly #invitationsOf = new Groups<OrgId, InvId>();
  readonly #invitationsFor = new Groups<string, InvId>();
  readonly #pending = new Groups<string, InvId>();
  readonly #unanswered = new Groups<"invitations", InvId>();
  readonly #tuplesOfSubject = new Groups<UsrId, string>();
  readonly #tuplesOfObject = new Groups<string, string>();

  // ── load ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  async load<P extends Plan>(plan: P): Promise<AnswersTo<P>> {
    const answers = Object.entries(plan).map(([name, read]) => [name, this.#answer(read)]);
    return Object.fromEntries(answers) as AnswersTo<P>;
  }

  #answer(read: Read): Answer<Question> {
    switch (read.read) {
      case "org":
        return this.#org(read.of);
      case "slugHolder":
        return (read.slug !== null && this.#slugs.get(read.slug)) || null;
      case "orgBySlug": {
        const holder = read.slug === null ? undefined : this.#slugs.get(read.slug);
        return holder === undefined ? null : this.#org({ org: holder });
      }
      case "orgs":
        return this.#page(
          this.#all,
          "orgs",
          read,
          (id) => this.#org({ org: id }),
          (row) => isSought(row, read.where),
        );
      case "membership":
        return this.#membership(read.memId);
      case "liveMembership":
        return this.#liveMembership(this.#org(read.of), read.usrId);
      case "liveMembers": {
        const org = this.#org({ org: read.orgId });
        return byId(read.usrIds.map((usrId) => this.#liveMembership(org, usrId)));
      }
      case "memberships":
        return byId(read.memIds.map((memId) => this.#membership(memId))).filter(({ orgId }) => orgId === read.orgId);
      case "inviter": {
        const invitation = this.#invitations.get(read.invId);
        return invitation === undefined
          ? null
          : this.#liveMembership(this.#org({ org: invitation.orgId }), invitation.invitedBy);
      }
      case "owners":
        return this.#ownersOf(this.#org(read.of), read.take);
      case "otherLiveMembership": {
        const membership = this.#members.get(read.memId);
        const live = membership && this.#live.get(liveKey(membership));
        return live !== undefined && live !== read.memId;
      }
      case "invitation":
        return this.#invitation(read.invId);
      case "pendingInvitations":
        return read.canonical === null
          ? []
          : this.#pending
              .sorted(pendingKey(read.orgId, read.canonical))
              .map((id) => this.#invitation(id) as Invitation);
      case "pendingInvitationsTo":
        return read.canonicals
          .flatMap((canonical) =>
            this.#pending
              .sorted(pendingKey(read.orgId, canonical))
              .map((id) => ({ canonical, invitation: this.#invitation(id) as Invitation })),
          )
          .sort((a, b) => compare(a.invitation.id, b.invitation.id));
      case "members":
        return this.#page(
          this.#membersOf,
          read.orgId,
          read,
          (id) => this.#membership(id),
          (row) => matches(row, read.where),
        );
      case "memberCount":
        return upTo(
          read.most,
          this.#membersOf.sorted(read.orgId).filter((id) => matches(this.#members.get(id), read.where)).length,
        );
      case "membershipsOf":
        return this.#page(
          this.#membershipsOf,
          read.usrId,
          read,
          (id) => this.#membership(id),
          (row) => read.status === null || row.status === read.status,
        ).map((row) => ({ ...row, org: this.#orgs.get(row.orgId) as Organization }));
      case "chain":
        return this.#chain(read.memId);
      case "membersAt":
        return this.#page(
          this.#membersOf,
          read.orgId,
          read,
          (id) => this.#membership(id),
          (row) => isLiveAt(row, read.at),
        ).map((membership) => ({ membership, pause: this.#lastPause(membership, read.at) }));
      case "invitations":
        return this.#page(
          this.#invitationsOf,
          read.orgId,
          read,
          (id) => this.#invitation(id),
          (row) => isStoredAsAny(row, read.anyOf),
        );
      case "invitationCount":
        return upTo(
          read.most,
          this.#invitationsOf
            .sorted(read.orgId)
            .filter((id) => isStoredAsAny(this.#invitation(id) as Invitation, read.anyOf)).length,
        );
      case "invitationsFor":
        return this.#page(
          this.#invitationsFor,
          read.canonical,
          read,
          (id) => this.#invitation(id),
          (row) => isStoredAsAny(row, read.anyOf),
        ).map((row) => ({ ...row, org: this.#orgs.get(row.orgId) as Organization }));
      case "lapsedInvitations":
        return this.#unanswered
          .sorted("invitations")
          .map((id) => this.#invitation(id) as Invitation)
          .filter(({ orgId, expiresAt }) => (read.orgId ?? orgId) === orgId && expiresAt < read.before)
          .sort((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime())
          .slice(0, read.take);
      case "anyTuple":
        return read.relations.some((relation) =>
          this.#tuples.has(tupleKey({ ...read, subjectId: read.usrId, relation })),
        );
      case "tuplesOfSubject":
        return this.#tuplesAt(this.#tuplesOfSubject, read.usrId, bySubject);
      case "tuplesOfObject":
        return this.#tuplesAt(this.#tuplesOfObject, objectKey(read), byObject)
          .filter(({ relation }) => read.relation === null || relation === read.relation)
          .slice(0, read.take ?? undefined);
      case "tupleCount":
        return upTo(read.most, this.#tuplesOfObject.of(objectKey(read)).size);
      case "standings":
        return this.#page(
          this.#membershipsOf,
          read.usrId,
          read,
          (id) => this.#membership(id),
          ({ status, orgId }) => status !== "revoked" && (read.orgId ?? orgId) === orgId,
        ).map((membership) => this.#standing(membership, read));
      case "grantsLeft": {
        const orgs = new Set(this.#membershipsOf.sorted(read.usrId).map((id) => this.#membership(id)?.orgId as OrgId));
        return [...orgs]
          .filter((orgId) => (read.orgId ?? orgId) === orgId && !this.#live.has(liveKey({ ...read, orgId })))
          .sort(compare)
          .map((orgId) => ({ orgId, tuples: this.#granted(read.usrId, orgId).sort(bySubject) }))
          .filter(({ tuples }) => tuples.length > 0)
          .slice(0, read.take);
      }
      case "sentInvitations":
        return this.#unanswered
          .sorted("invitations")
          .map((id) => this.#invitation(id) as Invitation)
          .filter(({ invitedBy, expiresAt }) => invitedBy === read.usrId && expiresAt >= read.expiresFrom)
          .slice(0, read.take)
          .map(({ id, orgId }) => ({ invId: id, orgId }));
      case "events":
        // The event numbered n is at the place n - 1.
        return (this.#events.get(read.orgId) ?? [])
          .slice(read.after)
          .filter((event) => isAsked(event, read.where))
          .slice(0, read.take);
      case "keyUse": {
        const scope = this.#scope(read.scope);
        return scope === null ? null : (this.#keys.get(addressKey({ scope, key: read.key }))?.use ?? null);
      }
    }
  }

  #org(of: OrgRef): Organization | null {
    const orgId = this.#orgIdOf(of);
    return (orgId !== undefined && this.#orgs.get(orgId)) || null;
  }

  #orgIdOf(of: OrgRef): OrgId | undefined {
    if (hasOwn(of, "org")) {
      return of.org;
    }
    if (hasOwn(of, "slug")) {
      return of.slug === null ? undefined : this.#slugs.get(of.slug);
    }
    return hasOwn(of, "membership")
      ? this.#members.get(of.membership)?.orgId
      : this.#invitations.get(of.invitation)?.orgId;
  }

  #membership(memId: MemId): Membership | null {
    const row = this.#members.get(memId);
    if (row === undefined) {
      return null;
    }
    const { invId: _, ...membership } = row;
    return membership;
  }

  #liveMembership(org: Organization | null, usrId: UsrId | null): Membership | null {
    const memId = org !== null && usrId !== null ? this.#live.get(liveKey({ orgId: org.id, usrId })) : undefined;
    return memId === undefined ? null : this.#membership(memId);
  }

  #ownersOf(org: Organization | null, take: number): MemId[] {
    return org === null ? [] : this.#owners.sorted(org.id).slice(0, take);
  }

  #standing(membership: Membership, { successors, withGrants }: Read<"standings">): Standing {
    const { orgId, usrId, id } = membership;
    const org = this.#orgs.get(orgId) as Organization;
    const successor = successors.find((choice) => choice.orgId === orgId);
    const onOrg = [...this.#tuplesOfSubject.of(usrId)]
      .map((key) => this.#tuples.get(key) as Tuple)
      .filter(({ objectType, objectId }) => objectType === "org" && objectId === orgId);
    const tuples = new Set([...onOrg, ...(withGrants ? this.#granted(usrId, orgId) : [])]);
    return {
      membership,
      org,
      otherOwner: this.#owners.sorted(orgId).some((owner) => owner !== id),
      successor: successor === undefined ? null : this.#liveMembership(org, successor.usrId),
      tuples: [...tuples].sort(bySubject),
    };
  }

  /** What a user still holds of the grants of an organization's invitations. */
  #granted(usrId: UsrId, orgId: OrgId): Tuple[] {
    const keys = this.#membershipsOf
      .sorted(usrId)
      .map((id) => this.#members.get(id) as MembershipRow)
      .flatMap((row) => (row.orgId === orgId && row.invId !== null ? [this.#invitation(row.invId) as Invitation] : []))
      .flatMap(({ preTuples }) => preTuples.map((grant) => tupleKey({ ...grant, subjectId: usrId })));
    return [...new Set(keys)].flatMap((key) => this.#tuples.get(key) ?? []);
  }

  #invitation(invId: InvId): Invitation | null {
    const row = this.#invitations.get(invId);
    if (row === undefined) {
      return null;
    }
    const { canonical: _, ...invitation } = row;
    return invitation;
  }

  #chain(memId: MemId): Membership[] {
    let first = this.#members.get(memId);
    for (
      let older = first;
      older !== undefined;
      older = older.replaces ? this.#members.get(older.replaces) : undefined
    ) {
      first = older;
    }
    const chain: Membership[] = [];
    for (let id = first?.id; id !== undefined; id = this.#successors.get(id)) {
      chain.push(this.#membership(id) as Membership);
    }
    return chain;
  }

  #lastPause({ id, orgId }: Membership, at: Date): MembershipThen["pause"] {
    const events = this.#events.get(orgId) ?? [];
    for (let place = events.length - 1; place >= 0; place -= 1) {
      const event = events[place] as TenancyEvent;
      const isPause = event.type === "membership.suspended" || event.type === "membership.reinstated";
      if (isPause && event.data.memId === id && event.at <= at) {
        return event.type;
      }
    }
    return null;
  }

  #page<K, I extends string, R>(
    group: Groups<K, I>,
    key: K,
    { after, take }: { readonly after: I | null; readonly take: number },
    row: (id: I) => R | null,
    admits: (row: R) => boolean,
  ): R[] {
    const rows: R[] = [];
    for (const id of group.sortedAfter(key, after)) {
      const next = row(id);
      if (next !== null && admits(next) && rows.push(next) === take) {
        break;
      }
    }
    return rows;
  }

  #tuplesAt<K>(group: Groups<K, string>, key: K, order: (a: Tuple, b: Tuple) => number): Tuple[] {
    return [...group.of(key)].map((tuple) => this.#tuples.get(tuple) as Tuple).sort(order);
  }

  #scope(scope: KeyScope): KeyAddress["scope"] | null {
    return hasOwn(scope, "creator") ? scope.creator : (this.#org(scope)?.id ?? null);
  }

  // ── commit ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async commit(commit: Commit): Promise<CommitOutcome> {
    // Nothing here awaits, so nobody sees the changes until all of them are made, or none.
    const undo: (() => void)[] = [];
    try {
      const seq = this.#advance(commit, undo);
      let ended: Ended | undefined;
      for (const change of commit.changes) {
        if (change.op === "endEverything") {
          ended = this.#endEverything(change, undo);
        } else {
          this.#apply(change, commit.org.id, undo);
        }
      }
      this.#record(commit, seq, ended, undo);
      return { outcome: "committed", seq, ...(ended === undefined ? {} : { ended }) };
    } catch (error) {
      for (const step of undo.reverse()) {
        step();
      }
      if (error instanceof Conflict) {
        return { outcome: "conflict", constraint: error.constraint };
      }
      throw error;
    }
  }

  async settle({ scope, key }: KeyAddress): Promise<KeyUse> {
    const known = this.#keys.get(addressKey({ scope, key }));
    if (known !== undefined) {
      return known.use;
    }
    const use: KeyUse = { state: "fenced" };
    this.#keys.set(addressKey({ scope, key }), { scope, key, state: "fenced", orgId: null, seq: null, use });
    return use;
  }

  /** Checks what is expected of the organization and advances its version, which is the number of the last event. */
  #advance({ org: guard, events }: Commit, undo: (() => void)[]): number {
    if (guard.is === "new") {
      return events.length;
    }
    const org = this.#orgs.get(guard.id);
    if (
      org === undefined ||
      (guard.status !== null && org.status !== guard.status) ||
      (guard.version !== null && org.version !== guard.version)
    ) {
      throw new Conflict(null);
    }
    const version = org.version + events.length;
    put(this.#orgs, org.id, { ...org, version }, undo);
    return version;
  }

  #apply(change: Exclude<Change, { op: "endEverything" }>, orgId: OrgId, undo: (() => void)[]): void {
    switch (change.op) {
      case "insertOrg":
        this.#isNew(this.#orgs, change.row.id);
        return this.#putOrg(change.row, undo);
      case "updateOrg":
        return this.#putOrg({ ...change.row, version: (this.#orgs.get(change.row.id) as Organization).version }, undo);
      case "insertMembership":
        this.#isNew(this.#members, change.row.id);
        return this.#putMembership({ ...change.row, invId: change.invId }, undo);
      case "updateMembership": {
        const row = this.#expectMembership(change.row.id, change.expect);
        const { status, removedBy, updatedAt } = change.row;
        return this.#putMembership({ ...row, status, removedBy, updatedAt }, undo);
      }
      case "expectMembership":
        this.#expectMembership(change.memId, change.expect);
        return;
      case "expectMember": {
        const memId = this.#live.get(liveKey({ orgId, usrId: change.usrId }));
        const row = memId === undefined ? undefined : this.#members.get(memId);
        if (row?.status !== "active" || !change.roles.includes(row.role)) {
          throw new Conflict(null);
        }
        return;
      }
      case "insertInvitation":
        this.#isNew(this.#invitations, change.row.id);
        return this.#putInvitation({ ...change.row, canonical: change.canonical }, undo);
      case "updateInvitation": {
        const row = this.#invitations.get(change.row.id);
        if (row?.status !== change.expect.status || row.expiresAt.getTime() !== change.expect.expiresAt.getTime()) {
          throw new Conflict(null);
        }
        const { status, invitedUserId, expiresAt, terminalAt, terminalBy } = change.row;
        return this.#putInvitation({ ...row, status, invitedUserId, expiresAt, terminalAt, terminalBy }, undo);
      }
      case "insertTuple":
        return this.#putTuple(change.tuple, undo);
      case "deleteTuple":
        return this.#dropTuple(change.tuple, undo);
    }
  }

  #expectMembership(memId: MemId, expect: MembershipExpectation): MembershipRow {
    const row = this.#members.get(memId);
    if (row?.status !== expect.status || row.updatedAt.getTime() !== expect.updatedAt.getTime()) {
      throw new Conflict(null);
    }
    return row;
  }

  #endEverything({ orgId, at, by }: Extract<Change, { op: "endEverything" }>, undo: (() => void)[]): Ended {
    let [memberships, invitations, tuples] = [0, 0, 0];
    for (const id of this.#membersOf.sorted(orgId)) {
      const row = this.#members.get(id) as MembershipRow;
      if (row.status !== "revoked") {
        this.#putMembership({ ...row, status: "revoked", updatedAt: later(at, row.updatedAt) }, undo);
        memberships += 1;
      }
    }
    for (const id of this.#invitationsOf.sorted(orgId)) {
      const row = this.#invitations.get(id) as InvitationRow;
      if (row.status === "pending" && row.expiresAt.getTime() >= at.getTime()) {
        this.#putInvitation({ ...row, status: "revoked", terminalAt: later(at, row.createdAt), terminalBy: by }, undo);
        invitations += 1;
      }
    }
    for (const key of [...this.#tuplesOfObject.of(objectKey({ objectType: "org", objectId: orgId }))]) {
      this.#dropTuple(this.#tuples.get(key) as Tuple, undo);
      tuples += 1;
    }
    return { memberships, invitations, tuples };
  }

  /** The events and the uses of keys: part of the commit like every row. */
  #record({ org, events, keys }: Commit, last: number, ended: Ended | undefined, undo: (() => void)[]): void {
    const first = last - events.length + 1;
    for (const { event, scope, key, ...use } of keys) {
      const address = addressKey({ scope, key });
      if (this.#keys.has(address)) {
        throw new Conflict("idem_key_used_once");
      }
      const row: KeyRow = {
        scope,
        key,
        state: "done",
        orgId: org.id,
        seq: first + event,
        use: { state: "done", ...use },
      };
      put(this.#keys, address, row, undo);
    }
    const recorded = this.#events.get(org.id) ?? [];
    this.#events.set(org.id, recorded);
    for (const [place, { data, ...event }] of events.entries()) {
      const facts = event.type === "org.revoked" ? { ...data, ...ended } : data;
      recorded.push({ ...event, orgId: org.id, seq: first + place, data: facts } as TenancyEvent);
      undo.push(() => recorded.pop());
    }
  }

  // ── rows and their indexes ────────────────────────────────────────────────────────────────────────────────────────

  #isNew<K>(rows: Map<K, unknown>, id: K): void {
    if (rows.has(id)) {
      throw new StoreFault("bug", { cause: new Error("an id was used before") });
    }
  }

  #putOrg(row: Organization, undo: (() => void)[]): void {
    const before = this.#orgs.get(row.id);
    if (before?.slug && before.status !== "revoked") {
      drop(this.#slugs, before.slug, undo);
    }
    if (row.slug !== null && row.status !== "revoked") {
      if (this.#slugs.has(row.slug)) {
        throw new Conflict("org_slug_held_once");
      }
      put(this.#slugs, row.slug, row.id, undo);
    }
    this.#all.set("orgs", row.id, true, undo);
    put(this.#orgs, row.id, row, undo);
  }

  #putMembership(row: MembershipRow, undo: (() => void)[]): void {
    const before = this.#members.get(row.id);
    if (before !== undefined && before.status !== "revoked") {
      drop(this.#live, liveKey(before), undo);
    }
    if (row.status !== "revoked") {
      if (this.#live.has(liveKey(row))) {
        throw new Conflict("mem_one_live");
      }
      put(this.#live, liveKey(row), row.id, undo);
    }
    this.#owners.set(row.orgId, row.id, row.role === "owner" && row.status === "active", undo);
    this.#membersOf.set(row.orgId, row.id, true, undo);
    this.#membershipsOf.set(row.usrId, row.id, true, undo);
    if (row.replaces !== null) {
      put(this.#successors, row.replaces, row.id, undo);
    }
    put(this.#members, row.id, row, undo);
  }

  #putInvitation(row: InvitationRow, undo: (() => void)[]): void {
    this.#pending.set(pendingKey(row.orgId, row.canonical), row.id, row.status === "pending", undo);
    this.#unanswered.set("invitations", row.id, row.status === "pending", undo);
    this.#invitationsOf.set(row.orgId, row.id, true, undo);
    this.#invitationsFor.set(row.canonical, row.id, true, undo);
    put(this.#invitations, row.id, row, undo);
  }

  #putTuple(tuple: Tuple, undo: (() => void)[]): void {
    const key = tupleKey(tuple);
    this.#tuplesOfSubject.set(tuple.subjectId, key, true, undo);
    this.#tuplesOfObject.set(objectKey(tuple), key, true, undo);
    put(this.#tuples, key, tuple, undo);
  }

  #dropTuple(tuple: Tuple, undo: (() => void)[]): void {
    const key = tupleKey(tuple);
    this.#tuplesOfSubject.set(tuple.subjectId, key, false, undo);
    this.#tuplesOfObject.set(objectKey(tuple), key, false, undo);
    drop(this.#tuples, key, undo);
  }

  tables(): Tables {
    const sorted = <R extends { readonly id: string }>(rows: Iterable<R>): R[] =>
      [...rows].sort((a, b) => compare(a.id, b.id));
    return {
      org: sorted(this.#orgs.values()),
      mem: sorted(this.#members.values()),
      inv: sorted(this.#invitations.values()).map(({ canonical: _, ...row }) => row),
      tup: [...this.#tuples.values()].sort((a, b) => compare(a.subjectId, b.subjectId) || bySubject(a, b)),
      evt: [...this.#events].sort(([a], [b]) => compare(a, b)).flatMap(([, events]) => events),
      idem: [...this.#keys.values()]
        .sort((a, b) => compare(a.scope, b.scope) || compare(a.key, b.key))
        .map(({ use: _, ...row }) => row),
    };
  }
}

/** Sets of keys by what they belong to, in order on demand: ids ascend, so a new one almost always comes last. */
class Groups<K, V extends string> {
  readonly #members = new Map<K, Set<V>>();
  readonly #sorted = new Map<K, V[]>();

  of(key: K): ReadonlySet<V> {
    return this.#members.get(key) ?? new Set();
  }

  sorted(key: K): readonly V[] {
    const known = this.#sorted.get(key);
    if (known !== undefined) {
      return known;
    }
    const values = [...this.of(key)].sort(compare);
    this.#sorted.set(key, values);
    return values;
  }

  *sortedAfter(key: K, after: V | null): Iterable<V> {
    const values = this.sorted(key);
    for (let place = after === null ? 0 : firstAfter(values, after); place < values.length; place += 1) {
      yield values[place] as V;
    }
  }

  /** Makes the value belong or not belong to the group. */
  set(key: K, value: V, belongs: boolean, undo: (() => void)[]): void {
    if (this.of(key).has(value) === belongs) {
      return;
    }
    this.#change(key, value, belongs);
    undo.push(() => this.#change(key, value, !belongs));
  }

  #change(key: K, value: V, belongs: boolean): void {
    const group = this.#members.get(key) ?? new Set();
    if (belongs) {
      group.add(value);
    } else {
      group.delete(value);
    }
    this.#members.set(key, group);
    const values = this.#sorted.get(key);
    const last = values?.at(-1);
    if (belongs && values !== undefined && last !== undefined && compare(value, last) > 0) {
      values.push(value);
    } else if (!belongs && values !== undefined && last === value) {
      values.pop();
    } else {
      this.#sorted.delete(key);
    }
  }
}

function put<K, V>(rows: Map<K, V>, key: K, row: V, undo: (() => void)[]): void {
  const before = rows.get(key);
  rows.set(key, row);
  undo.push(() => {
    if (before === undefined) {
      rows.delete(key);
    } else {
      rows.set(key, before);
    }
  });
}

function drop<K, V>(rows: Map<K, V>, key: K, undo: (() => void)[]): void {
  const before = rows.get(key);
  if (before !== undefined) {
    rows.delete(key);
    undo.push(() => rows.set(key, before));
  }
}

/** Those that there are, by id. */
function byId<R extends { readonly id: string }>(rows: readonly (R | null)[]): R[] {
  return rows.filter((row) => row !== null).sort((a, b) => compare(a.id, b.id));
}

/** A number that is not counted further than this; `null` is how far it goes. */
function upTo(most: number | null, count: number): number {
  return most === null ? count : Math.min(most, count);
}

function matches(row: Membership | undefined, { status, role }: MemberFilter): boolean {
  return row !== undefined && (status === null || row.status === status) && (role === null || row.role === role);
}

function isSought({ status, name, slug }: Organization, where: OrgFilter): boolean {
  const { query } = where;
  const texts = [name, slug].filter((text) => text !== null).map(lowerAscii);
  return (
    (where.status === null || where.status === status) && (query === null || texts.some((text) => text.includes(query)))
  );
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function isLiveAt({ status, createdAt, updatedAt }: Membership, at: Date): boolean {
  return createdAt <= at && (status !== "revoked" || updatedAt > at);
}

function isAsked({ type, actor }: TenancyEvent, where: EventFilter): boolean {
  return (where.types?.includes(type) ?? true) && (where.actor === null || where.actor === actor);
}

/** No filter lets everything through. */
function isStoredAsAny(invitation: Invitation, anyOf: readonly StoredInvitationFilter[]): boolean {
  return anyOf.length === 0 || anyOf.some((filter) => isStoredAs(invitation, filter));
}

function isStoredAs({ status, expiresAt }: Invitation, filter: StoredInvitationFilter): boolean {
  return (
    status === filter.status &&
    (filter.expiresBefore === null || expiresAt.getTime() < filter.expiresBefore.getTime()) &&
    (filter.expiresFrom === null || expiresAt.getTime() >= filter.expiresFrom.getTime())
  );
}

function later(a: Date, b: Date): Date {
  return b.getTime() > a.getTime() ? b : a;
}

const liveKey = ({ orgId, usrId }: Pick<Membership, "orgId" | "usrId">): string => `${orgId} ${usrId}`;
const pendingKey = (orgId: OrgId, canonical: string): string => `${orgId} ${canonical}`;
const addressKey = ({ scope, key }: KeyAddress): string => `${scope} ${key}`;
const objectKey = ({ objectType, objectId }: Pick<Tuple, "objectType" | "objectId">): string =>
  `${objectType} ${objectId}`;
const tupleKey = (tuple: Pick<Tuple, "subjectId" | "relation" | "objectType" | "objectId">): string =>
  `${tuple.subjectId} ${tuple.relation} ${objectKey(tuple)}`;

function bySubject(a: Tuple, b: Tuple): number {
  return compare(a.objectType, b.objectType) || compare(a.objectId, b.objectId) || compare(a.relation, b.relation);
}

function byObject(a: Tuple, b: Tuple): number {
  return compare(a.relation, b.relation) || compare(a.subjectId, b.subjectId);
}

/** The order of Unicode code points, which is not that of UTF-16 units: surrogates come before U+E000 there. */
function compare(a: string, b: string): number {
  for (let place = 0; place < a.length && place < b.length; place += 1) {
    const [left, right] = [a.charCodeAt(place), b.charCodeAt(place)];
    if (left !== right) {
      const [isLeftSurrogate, isRightSurrogate] = [isSurrogate(left), isSurrogate(right)];
      return isLeftSurrogate === isRightSurrogate ? left - right : isLeftSurrogate ? 1 : -1;
    }
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/** The place of the first value behind `after` in an ascending list. */
function firstAfter<V extends string>(values: readonly V[], after: V): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as V) <= after) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
