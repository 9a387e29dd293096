import { type Change, gained, type Occupancy, type OrgFields } from "./change.ts";
import type { Commit } from "./store.ts";

/** What a commit touches: the things it writes and those that must stay as they are meanwhile. */
interface Footprint {
  readonly writes: ReadonlySet<string>;
  readonly reads: ReadonlySet<string>;
}

/**
 * Commits that can be one: no two of them touch the same thing, at most the first one rests on the organization's version,
 * and there may be room for all. Then the order in which their changes are applied makes no difference to any of them.
 */
export class Compatible {
  readonly #writes = new Set<string>();
  readonly #reads = new Set<string>();
  readonly #gained = { members: 0, invitations: 0 };
  #fields: OrgFields | undefined;
  #isEmpty = true;
  /** Something was taken in beside which nothing else goes. */
  #isFull = false;

  /** Takes a commit in if it goes with all the others. */
  admit(commit: Commit): boolean {
    const footprint = footprintOf(commit);
    if (!this.#isEmpty && (this.#isFull || footprint === null || !this.#goesWith(commit, footprint))) {
      return false;
    }
    this.#isEmpty = false;
    this.#isFull = footprint === null;
    add(this.#gained, gained(commit.changes));
    this.#fields ??= fieldsOf(commit);
    for (const thing of footprint?.writes ?? []) {
      this.#writes.add(thing);
    }
    for (const thing of footprint?.reads ?? []) {
      this.#reads.add(thing);
    }
    return true;
  }

  #goesWith({ org }: Commit, { writes, reads }: Footprint): boolean {
    return (
      org.is === "existing" &&
      org.version === null &&
      COUNTED.every((counted) => (org.room?.[counted] ?? Infinity) >= this.#gained[counted]) &&
      isSame(org.fields, this.#fields) &&
      isDisjoint(writes, this.#writes) &&
      isDisjoint(writes, this.#reads) &&
      isDisjoint(reads, this.#writes)
    );
  }
}

const COUNTED = ["members", "invitations"] as const;

type Counts = { -readonly [C in keyof Occupancy]: Occupancy[C] };

function add(counts: Counts, more: Occupancy): void {
  for (const counted of COUNTED) {
    counts[counted] += more[counted];
  }
}

function fieldsOf({ org }: Commit): OrgFields | undefined {
  return org.is === "existing" ? org.fields : undefined;
}

/** Whether two expect the same of the organization's own fields, as far as both do. */
function isSame(some: OrgFields | undefined, others: OrgFields | undefined): boolean {
  return some === undefined || others === undefined || JSON.stringify(some) === JSON.stringify(others);
}

/** `null` where the organization itself or what changes once in months is touched: such a commit goes alone. */
function footprintOf({ changes, keys }: Commit): Footprint | null {
  const writes = new Set(keys.map(({ scope, key }) => `key ${scope} ${key}`));
  const reads = new Set<string>();
  for (const change of changes) {
    switch (change.op) {
      case "insertOrg":
      case "updateOrg":
      case "endEverything":
      case "putSuspension":
      case "deleteSuspension":
      case "insertDomain":
      case "updateDomain":
      case "deleteDomain":
      case "deleteDomains":
      case "insertPlacement":
      case "updatePlacement":
        return null;
      case "insertMembership":
      case "updateMembership":
        writes.add(change.row.id).add(change.row.usrId);
        break;
      case "expectMembership":
        reads.add(change.memId);
        break;
      case "expectMember":
        reads.add(change.usrId);
        break;
      case "insertInvitation":
      case "updateInvitation":
        writes.add(change.row.id);
        break;
      case "insertTuple":
      case "grantTuple":
      case "deleteTuple":
      case "endGrant":
        writes.add(tupleName(change));
        break;
      case "countJoin":
        writes.add(change.usrId);
        break;
      case "putSetting":
        writes.add(`setting ${change.row.key}`);
        break;
      case "deleteSetting":
        writes.add(`setting ${change.key}`);
        break;
      case "announce":
      case "trace":
        // About the commit's own events, whichever they are.
        break;
    }
  }
  return { writes, reads };
}

function tupleName({
  tuple,
}: Extract<Change, { readonly op: "insertTuple" | "grantTuple" | "deleteTuple" | "endGrant" }>): string {
  return JSON.stringify([tuple.subjectId, tuple.relation, tuple.objectType, tuple.objectId]);
}

function isDisjoint(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return [...some].every((thing) => !others.has(thing));
}

/** All of them as one: the same changes, events and keys, in their order. */
export function together(commits: readonly Commit[]): Commit {
  const statuses = commits.flatMap(({ org }) => (org.is === "existing" && org.status !== null ? [org.status] : []));
  const [fields] = commits.flatMap((commit) => fieldsOf(commit) ?? []);
  const room = roomForAll(commits);
  let events = 0;
  const keys = commits.flatMap((commit) => {
    const first = events;
    events += commit.events.length;
    return commit.keys.map((key) => ({ ...key, event: first + key.event }));
  });
  return {
    org: {
      ...(commits[0] as Commit).org,
      ...(statuses[0] === undefined ? {} : { status: statuses[0] }),
      ...(fields === undefined ? {} : { fields }),
      ...(room === undefined ? {} : { room }),
    },
    changes: commits.flatMap(({ changes }) => changes),
    events: commits.flatMap((commit) => commit.events),
    keys,
  };
}

/** How many there may be before all of them: for each, when those before it have added theirs. */
export function roomForAll(commits: readonly Pick<Commit, "org" | "changes">[]): Partial<Occupancy> | undefined {
  const before: Counts = { members: 0, invitations: 0 };
  let room: Partial<Counts> | undefined;
  for (const { org, changes } of commits) {
    for (const counted of COUNTED) {
      const own = org.is === "existing" ? org.room?.[counted] : undefined;
      if (own !== undefined) {
        room = { ...room, [counted]: Math.min(room?.[counted] ?? Infinity, own - before[counted]) };
      }
    }
    add(before, gained(changes));
  }
  return room;
}
