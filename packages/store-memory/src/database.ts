import {
  type Answer,
  type AnswersTo,
  type AuditPort,
  type Capabilities,
  type Change,
  type Commit,
  type CommitOutcome,
  type Ended,
  hasOwn,
  type Joins as JoinsNow,
  type KeyAddress,
  type KeyScope,
  type KeyUse,
  type Occupancy,
  type Organization,
  type OrgFields,
  type OrgId,
  type OrgRef,
  type Plan,
  type Question,
  type Read,
  type StorePort,
  type Tables,
  type UsrId,
} from "@tenantry/core";
import { Audit } from "./audit.ts";
import { Domains } from "./domains.ts";
import { History } from "./history.ts";
import { Invitations } from "./invitations.ts";
import { Joins } from "./joins.ts";
import { Keys } from "./keys.ts";
import { hasLapsed } from "./lapsing.ts";
import { Memberships } from "./memberships.ts";
import { Organizations } from "./organizations.ts";
import { Placements } from "./placements.ts";
import { Relays } from "./relay.ts";
import { Conflict, compare, type Undo } from "./rows.ts";
import { Settings } from "./settings.ts";
import { grantsLeft, standings } from "./standings.ts";
import { Suspensions } from "./suspensions.ts";
import { Tuples } from "./tuples.ts";

/** The rows of a store, as a port: what several stores share, or what a test puts something in front of. */
export class InMemoryDatabase implements StorePort {
  readonly capabilities: Capabilities = {
    concurrentSessions: false,
    usersLink: false,
    hostTransactions: false,
    groups: ["placement", "domains", "settings", "lifecycle", "relay", "audit"],
  };
  readonly isRemote = false;

  readonly #orgs = new Organizations();
  readonly #memberships = new Memberships();
  readonly #invitations = new Invitations();
  readonly #tuples = new Tuples();
  readonly #history = new History();
  readonly #keys = new Keys();
  readonly #joins = new Joins();
  readonly #settings = new Settings();
  readonly #domains = new Domains();
  readonly #suspensions = new Suspensions();
  readonly #holdings = {
    orgs: this.#orgs,
    memberships: this.#memberships,
    invitations: this.#invitations,
    tuples: this.#tuples,
  };

  readonly relay: Relays;
  readonly placement: Placements;
  readonly #audit = new Audit({
    behind: (orgId, seq) => this.#history.behind(orgId, seq),
    fresh: () => this.#history.fresh(),
  });

  /** `clock`: the database's, by which relays wait. Default: the system's. */
  constructor({ clock = () => new Date() }: { readonly clock?: () => Date } = {}) {
    this.placement = new Placements({
      now: () => clock().getTime(),
      isRevoked: (orgId) => this.#orgs.get(orgId)?.status === "revoked",
    });
    this.relay = new Relays({
      now: () => new Date(clock()),
      orgs: () => this.#orgs.rows.keys(),
      version: (orgId) => this.#orgs.get(orgId)?.version ?? null,
      event: (orgId, seq) => this.#history.event(orgId, seq),
    });
  }

  // ── load ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  async load<P extends Plan>(plan: P): Promise<AnswersTo<P>> {
    const answers: Record<string, Answer<Question>> = {};
    for (const [name, read] of Object.entries(plan)) {
      answers[name] = this.#answer(read);
    }
    return answers as AnswersTo<P>;
  }

  #answer(read: Read): Answer<Question> {
    switch (read.read) {
      case "org":
        return this.#org(read.of);
      case "slugHolder":
        return this.#orgs.slugHolder(read.slug);
      case "orgBySlug":
        return this.#orgs.get(this.#orgs.slugHolder(read.slug) ?? undefined);
      case "orgs":
        return this.#orgs.list(read);
      case "membership":
        return this.#memberships.get(read.memId);
      case "liveMembership": {
        const org = this.#org(read.of);
        return org === null || read.usrId === null ? null : this.#memberships.live(org.id, read.usrId);
      }
      case "liveMembers":
        return this.#memberships.liveAmong(read);
      case "memberships":
        return this.#memberships.among(read);
      case "inviter": {
        const invitation = this.#invitations.get(read.invId);
        return invitation && this.#memberships.live(invitation.orgId, invitation.invitedBy);
      }
      case "owners": {
        const org = this.#org(read.of);
        return org === null ? [] : this.#memberships.owners(org.id, read.take);
      }
      case "otherLiveMembership": {
        const row = this.#memberships.get(read.memId);
        const live = row && this.#memberships.live(row.orgId, row.usrId);
        return live !== null && live.id !== read.memId;
      }
      case "invitation":
        return this.#invitations.get(read.invId);
      case "pendingInvitations":
        return this.#invitations.pending(read);
      case "pendingInvitationsTo":
        return this.#invitations.pendingTo(read);
      case "members":
        return this.#memberships.ofOrg(read);
      case "memberCount":
        return this.#memberships.count(read);
      case "memberStock": {
        const org = this.#org(read.of);
        return org === null ? NO_STOCK : this.#memberships.stock(org.id, read.at);
      }
      case "invitationStock": {
        const org = this.#org(read.of);
        return org === null ? NO_STOCK : this.#invitations.stock(org.id, read.at);
      }
      case "joins":
        return read.usrId === null ? { organizations: 0, joins: 0 } : this.#joinsOf(read.usrId, read.at);
      case "joinsOf":
        return read.usrIds.map((usrId) => ({ usrId, ...this.#joinsOf(usrId, read.at) }));
      case "membershipsOf":
        return this.#memberships.ofUser(read).map((row) => this.#withOrg(row));
      case "chain":
        return this.#memberships.chain(read.memId);
      case "membersAt":
        return this.#memberships
          .at(read)
          .map((membership) => ({ membership, pause: this.#history.lastPause(membership.id, read.at) }));
      case "invitations":
        return this.#invitations.ofOrg(read);
      case "invitationCount":
        return this.#invitations.count(read);
      case "invitationsFor":
        return this.#invitations.for(read).map((row) => this.#withOrg(row));
      case "lapsedInvitations":
        return this.#invitations.lapsed(read);
      case "sentInvitations":
        return this.#invitations.sent(read);
      case "lapsedMemberships":
        return this.#memberships.lapsed(read);
      case "lapsedGrants":
        return this.#tuples.lapsed(read);
      case "anyTuple":
        return this.#tuples.holdsAny(read);
      case "tuplesOfSubject":
        return this.#tuples.ofSubject(read);
      case "tuplesOfObject":
        return this.#tuples.ofObject(read);
      case "tupleCount":
        return this.#tuples.count(read);
      case "standings":
        return standings(this.#holdings, read);
      case "grantsLeft":
        return grantsLeft(this.#holdings, read);
      case "events":
        return this.#history.list(read);
      case "keyUse": {
        const scope = this.#scope(read.scope);
        return scope === null ? null : this.#keys.use({ scope, key: read.key });
      }
      case "placement": {
        const org = this.#org(read.of);
        return org === null ? null : this.placement.get(org.id);
      }
      case "settings":
        return this.#settings.list(read);
      case "settingStock":
        return this.#settings.stock(read);
      case "suspension": {
        const org = this.#org(read.of);
        return org === null ? null : this.#suspensions.get(org.id);
      }
      case "dueSuspensions":
        return this.#suspensions.due(read);
      case "domain":
        return this.#domains.get(read.orgId, read.domain);
      case "domains":
        return this.#domains.list(read);
      case "orgByDomain":
        return this.#orgs.get(this.#domains.holder(read.domain));
      case "auditTrail":
        return this.#audit.trail(read);
      case "eventsOfActor":
        return this.#audit.ofActor(read);
      case "entityHistories":
        return this.#audit.histories(read);
    }
  }

  #org(of: OrgRef): Organization | null {
    return this.#orgs.get(this.#orgIdOf(of));
  }

  #orgIdOf(of: OrgRef): OrgId | undefined {
    if (hasOwn(of, "org")) {
      return of.org;
    }
    if (hasOwn(of, "slug")) {
      return this.#orgs.slugHolder(of.slug) ?? undefined;
    }
    if (hasOwn(of, "domain")) {
      return this.#domains.holder(of.domain);
    }
    return hasOwn(of, "membership")
      ? this.#memberships.get(of.membership)?.orgId
      : this.#invitations.get(of.invitation)?.orgId;
  }

  #withOrg<R extends { readonly orgId: OrgId }>(row: R): R & { readonly org: Organization } {
    return { org: this.#orgs.get(row.orgId) as Organization, ...row };
  }

  #joinsOf(usrId: UsrId, at: Date): JoinsNow {
    return { organizations: this.#memberships.organizationsOf(usrId, at), joins: this.#joins.of(usrId) };
  }

  #scope(scope: KeyScope): KeyAddress["scope"] | null {
    return hasOwn(scope, "creator") ? scope.creator : (this.#org(scope)?.id ?? null);
  }

  // ── commit ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async commit(commit: Commit): Promise<CommitOutcome> {
    // Nothing here awaits, so nobody sees the changes until all of them are made, or none.
    const undo: Undo = [];
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

  async settle(address: KeyAddress): Promise<KeyUse> {
    return this.#keys.settle(address);
  }

  /** Checks what is expected of the organization and advances its version, which is the number of the last event. */
  #advance({ org: guard, events }: Commit, undo: Undo): number {
    if (guard.is === "new") {
      return events.length;
    }
    const org = this.#orgs.get(guard.id);
    if (
      org === null ||
      (guard.status !== null && org.status !== guard.status) ||
      (guard.version !== null && org.version !== guard.version) ||
      !this.#hasRoom(org.id, guard.room) ||
      !hasFields(org, guard.fields)
    ) {
      throw new Conflict(null);
    }
    const version = org.version + events.length;
    this.#orgs.advance(org, version, undo);
    return version;
  }

  #hasRoom(orgId: OrgId, { members = Infinity, invitations = Infinity }: Partial<Occupancy> = {}): boolean {
    return this.#memberships.liveCount(orgId) <= members && this.#invitations.open(orgId) <= invitations;
  }

  #apply(change: Exclude<Change, { op: "endEverything" }>, orgId: OrgId, undo: Undo): void {
    switch (change.op) {
      case "insertOrg":
        return this.#orgs.insert(change.row, undo);
      case "updateOrg": {
        const { version } = this.#orgs.get(orgId) as Organization;
        return this.#orgs.update({ ...change.row, version }, undo);
      }
      case "insertMembership":
        return this.#memberships.insert(change.row, change.invId, undo);
      case "updateMembership":
        return this.#memberships.update(change.row, change.expect, undo);
      case "expectMembership":
        this.#memberships.expected(change.memId, change.expect);
        return;
      case "expectMember": {
        const row = this.#memberships.live(orgId, change.usrId);
        if (row?.status !== "active" || !change.roles.includes(row.role) || hasLapsed(row, change.at)) {
          throw new Conflict(null);
        }
        return;
      }
      case "insertInvitation":
        return this.#invitations.insert(change.row, change.canonical, undo);
      case "updateInvitation":
        return this.#invitations.update(change.row, change.expect, undo);
      case "insertTuple":
        return this.#tuples.insert(change.tuple, undo);
      case "grantTuple":
        return this.#tuples.grant(change.tuple, orgId, undo);
      case "deleteTuple":
        return this.#tuples.delete(change.tuple, undo);
      case "endGrant":
        return this.#tuples.endGrant(change.tuple, orgId, undo);
      case "countJoin":
        return this.#joins.count(change, undo);
      case "insertPlacement":
        return this.placement.insert(change.row, undo);
      case "updatePlacement":
        return this.placement.update(change, undo);
      case "putSetting":
        return this.#settings.put(orgId, change.row, undo);
      case "deleteSetting":
        return this.#settings.delete(orgId, change.key, undo);
      case "putSuspension":
        return this.#suspensions.put(change.row, undo);
      case "deleteSuspension":
        return this.#suspensions.delete(change.orgId, undo);
      case "insertDomain":
      case "updateDomain":
        return this.#domains.put(change.row, undo);
      case "deleteDomain":
        return this.#domains.delete(change.orgId, change.domain, undo);
      case "deleteDomains":
        return this.#domains.deleteAll(change.orgId, undo);
      case "announce":
      case "trace":
        // About the commit's events.
        return;
    }
  }

  #endEverything({ orgId, at, by }: Extract<Change, { op: "endEverything" }>, undo: Undo): Ended {
    const memberships = this.#memberships.endAll(orgId, at, undo);
    const invitations = this.#invitations.endAll(orgId, at, by, undo);
    return { memberships, invitations, tuples: this.#tuples.endAll(orgId, at, undo) };
  }

  /** The events and the uses of keys: part of the commit like every row. */
  #record({ org, changes, events, keys }: Commit, last: number, ended: Ended | undefined, undo: Undo): void {
    const first = last - events.length + 1;
    const isAnnounced = changes.some(({ op }) => op === "announce");
    for (const claim of keys) {
      this.#keys.claim(claim, org.id, first + claim.event, undo);
    }
    for (const [place, event] of events.entries()) {
      this.#history.record(org.id, first + place, event, ended, undo);
      if (isAnnounced) {
        this.relay.announce(org.id, first + place, undo);
      }
    }
  }

  readonly audit: AuditPort = {
    prune: async ({ before, after, orgs, take, keepsUndelivered }) => {
      const known = [...this.#orgs.rows.keys()].sort(compare).filter((orgId) => after === null || orgId > after);
      const looked = known.slice(0, orgs);
      const removed = looked.map((orgId) => {
        const kept = keepsUndelivered ? this.relay.firstKept(orgId) : Infinity;
        return this.#history.prune(orgId, take, ({ at, seq }) => at < before && seq < kept);
      });
      this.#audit.forget();
      this.#history.refresh();
      const last = looked.at(-1) ?? null;
      return { removed: removed.reduce((a, b) => a + b, 0), last, hasMore: removed.includes(take) };
    },
  };

  /** All rows and events as they are now. Treat them as read-only: they are the database's own. */
  tables(): Tables {
    const sorted = <R extends { readonly id: string }>(rows: ReadonlyMap<string, R>): R[] =>
      [...rows.values()].sort((a, b) => compare(a.id, b.id));
    return {
      org: sorted(this.#orgs.rows),
      mem: sorted(this.#memberships.rows).map((row) => ({ invId: this.#memberships.invitationOf(row.id), ...row })),
      inv: sorted(this.#invitations.rows),
      tup: this.#tuples.all(),
      evt: this.#history.all(),
      idem: this.#keys.all(),
      setting: this.#settings.all(),
      placement: this.placement.all(),
    };
  }
}

const NO_STOCK = { stored: 0, lapsed: 0 };

function hasFields({ name, slug, updatedAt }: Organization, fields: OrgFields = { name, slug, updatedAt }): boolean {
  return name === fields.name && slug === fields.slug && updatedAt.getTime() === fields.updatedAt.getTime();
}
