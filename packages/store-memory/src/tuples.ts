import type { LapsedGrant, OrgId, Read, Tuple, UsrId } from "@tenantry/core";
import { endOf, hasLapsed, Lapsing } from "./lapsing.ts";
import { Ordered } from "./ordered.ts";
import { ascending, byObject, Conflict, compare, page, type Undo } from "./rows.ts";

/** A tuple, and of a grant that ends by itself the organization whose invitation gave it for so long. */
interface Row {
  readonly tuple: Tuple;
  readonly grantedBy: OrgId | null;
}

/** Subjects by object and relation. */
type OfObject = Map<string, Map<string, Ordered<UsrId>>>;

/** What tells a tuple of a subject apart from its others. */
type Key = Pick<Tuple, "subjectId" | "relation" | "objectType" | "objectId">;

/** Tuples, by subject and by object. */
export class Tuples {
  readonly #ofSubject = new Map<UsrId, Map<string, Row>>();
  /** Who has it, by relation; and who had it, of what has lapsed. */
  readonly #ofObject: OfObject = new Map();
  readonly #lapsedOfObject: OfObject = new Map();
  /** Grants that end by themselves. */
  readonly #lapsing = new Lapsing<Row>();
  /** Whatever does. */
  readonly #ending = new Lapsing<Row>();

  all(): readonly Tuple[] {
    return [...this.#ofSubject].sort(([a], [b]) => compare(a, b)).flatMap(([, rows]) => inOrder(rows.values()));
  }

  ofSubject({ usrId, at }: Omit<Read<"tuplesOfSubject">, "read">): Tuple[] {
    return inOrder(this.#ofSubject.get(usrId)?.values() ?? []).filter((tuple) => !hasLapsed(tuple, at));
  }

  /** One that holds at an instant. */
  get(key: Key, at: Date): Tuple | null {
    const held = this.#held(key);
    return held === undefined || hasLapsed(held.tuple, at) ? null : held.tuple;
  }

  /** Everything that a subject holds on an object at an instant. */
  held(usrId: UsrId, object: Pick<Tuple, "objectType" | "objectId">, at: Date): Tuple[] {
    this.#reach(at);
    return [...(this.#ofObject.get(objectKey(object))?.keys() ?? [])].flatMap(
      (relation) => this.get({ subjectId: usrId, relation, ...object }, at) ?? [],
    );
  }

  ofObject({ relation, at, take, ...object }: Omit<Read<"tuplesOfObject">, "read">): Tuple[] {
    const tuple = (row: Row): Tuple => row.tuple;
    this.#reach(at);
    return page(this.#rowsOf(this.#ofObject, object, relation), take ?? Infinity, tuple);
  }

  count({ at, most, ...object }: Omit<Read<"tupleCount">, "read">): number {
    return this.ofObject({ ...object, relation: null, at, take: most }).length;
  }

  holdsAny({ usrId, relations, objectType, objectId, at }: Omit<Read<"anyTuple">, "read">): boolean {
    const own = this.#ofSubject.get(usrId);
    return relations.some((relation) => {
      const row = own?.get(grantKey({ relation, objectType, objectId }));
      return row !== undefined && !hasLapsed(row.tuple, at);
    });
  }

  lapsed({ orgId, before, take }: Read<"lapsedGrants">): LapsedGrant[] {
    return page(
      this.#lapsing.before(orgId, before),
      take,
      ({ tuple, grantedBy }) => ({ orgId: grantedBy, tuple }) as LapsedGrant,
    );
  }

  /** One that exists takes the time box of this one. */
  insert(tuple: Tuple, undo: Undo): void {
    this.#replace(this.#held(tuple), { tuple, grantedBy: null }, undo);
  }

  /** One that exists keeps the later of both ends. */
  grant(tuple: Tuple, orgId: OrgId, undo: Undo): void {
    const held = this.#held(tuple);
    if (held === undefined || endOf(held.tuple.expiresAt) < endOf(tuple.expiresAt)) {
      this.#replace(held, { tuple, grantedBy: tuple.expiresAt === null ? null : orgId }, undo);
    }
  }

  /** One that does not exist is no matter. */
  delete(tuple: Tuple, undo: Undo): void {
    const held = this.#held(tuple);
    if (held !== undefined) {
      this.#replace(held, undefined, undo);
    }
  }

  /** It must still end when it did, and for the same organization. */
  endGrant(tuple: Tuple, orgId: OrgId, undo: Undo): void {
    const held = this.#held(tuple);
    if (held?.grantedBy !== orgId || endOf(held.tuple.expiresAt) !== endOf(tuple.expiresAt)) {
      throw new Conflict(null);
    }
    this.#replace(held, undefined, undo);
  }

  /** Deletes all of an organization, and answers how many had not lapsed. */
  endAll(orgId: OrgId, at: Date, undo: Undo): number {
    const object = { objectType: "org", objectId: orgId };
    const rows = [this.#ofObject, this.#lapsedOfObject].flatMap((lists) => [...this.#rowsOf(lists, object, null)]);
    for (const row of rows) {
      this.#replace(row, undefined, undo);
    }
    return rows.filter(({ tuple }) => !hasLapsed(tuple, at)).length;
  }

  #held(key: Key): Row | undefined {
    return this.#ofSubject.get(key.subjectId)?.get(grantKey(key));
  }

  /** What lapses is on lists of its own from then on. */
  #reach(at: Date): void {
    this.#ending.reach(at, { take: (row) => this.#unlist(row), put: (row) => this.#list(row) });
  }

  /** By relation and subject. */
  *#rowsOf(
    lists: OfObject,
    { objectType, objectId }: Pick<Tuple, "objectType" | "objectId">,
    relation: string | null,
  ): Generator<Row> {
    const relations = lists.get(objectKey({ objectType, objectId }));
    const names = relation === null ? [...(relations?.keys() ?? [])].sort(compare) : [relation];
    for (const name of names) {
      for (const subjectId of relations?.get(name)?.after(null) ?? []) {
        yield this.#held({ subjectId, relation: name, objectType, objectId }) as Row;
      }
    }
  }

  #listsOf({ tuple }: Row): OfObject {
    return this.#ending.isOver(tuple) ? this.#lapsedOfObject : this.#ofObject;
  }

  #list(row: Row): void {
    const { tuple } = row;
    const lists = this.#listsOf(row);
    const object = objectKey(tuple);
    const relations = lists.get(object) ?? new Map<string, Ordered<UsrId>>();
    const subjects = relations.get(tuple.relation);
    if (subjects === undefined) {
      lists.set(object, relations.set(tuple.relation, new Ordered(tuple.subjectId)));
    } else {
      subjects.add(tuple.subjectId);
    }
  }

  #unlist(row: Row): void {
    this.#listsOf(row).get(objectKey(row.tuple))?.get(row.tuple.relation)?.delete(row.tuple.subjectId);
  }

  #replace(before: Row | undefined, after: Row | undefined, undo: Undo): void {
    this.#exchange(before, after);
    undo.push(() => this.#exchange(after, before));
  }

  #exchange(before: Row | undefined, after: Row | undefined): void {
    if (before !== undefined) {
      const { tuple, grantedBy } = before;
      this.#ofSubject.get(tuple.subjectId)?.delete(grantKey(tuple));
      this.#unlist(before);
      this.#ending.take(null, tuple.expiresAt, momentKey(tuple));
      if (grantedBy !== null) {
        this.#lapsing.take(grantedBy, tuple.expiresAt, momentKey(tuple));
      }
    }
    if (after !== undefined) {
      const { tuple, grantedBy } = after;
      const own = this.#ofSubject.get(tuple.subjectId) ?? new Map<string, Row>();
      this.#ofSubject.set(tuple.subjectId, own.set(grantKey(tuple), after));
      this.#list(after);
      this.#ending.put(null, tuple.expiresAt, momentKey(tuple), after);
      if (grantedBy !== null) {
        this.#lapsing.put(grantedBy, tuple.expiresAt, momentKey(tuple), after);
      }
    }
  }
}

/** The tuples of one subject by object and relation. */
function inOrder(rows: Iterable<Row>): Tuple[] {
  return Array.from(rows, ({ tuple }) => tuple).sort(byObject);
}

const objectKey = ({ objectType, objectId }: Pick<Tuple, "objectType" | "objectId">): string =>
  `${objectType} ${objectId}`;
const grantKey = (grant: Pick<Tuple, "relation" | "objectType" | "objectId">): string =>
  `${grant.relation} ${objectKey(grant)}`;
/** In the order of the key of tuples: no part of one contains the character between them. */
const momentKey = ({ subjectId, objectType, objectId, relation }: Tuple): string =>
  ascending([subjectId, objectType, objectId, relation].join("\u0000"));
