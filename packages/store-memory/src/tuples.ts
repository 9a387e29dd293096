import type { Read, Tuple, UsrId } from "@tenantry/core";
import { Ordered } from "./ordered.ts";
import { byObject, compare, type Undo } from "./rows.ts";

/** Tuples, by subject and by object. */
export class Tuples {
  readonly #ofSubject = new Map<UsrId, Map<string, Tuple>>();
  /** Who has it, by relation. */
  readonly #ofObject = new Map<string, Map<string, Ordered<UsrId>>>();

  all(): readonly Tuple[] {
    return [...this.#ofSubject].sort(([a], [b]) => compare(a, b)).flatMap(([subject]) => this.ofSubject(subject));
  }

  ofSubject(usrId: UsrId): Tuple[] {
    return [...(this.#ofSubject.get(usrId)?.values() ?? [])].sort(byObject);
  }

  get(tuple: Tuple): Tuple | null {
    return this.#ofSubject.get(tuple.subjectId)?.get(grantKey(tuple)) ?? null;
  }

  /** Everything that a subject holds on an object. */
  held(usrId: UsrId, object: Pick<Tuple, "objectType" | "objectId">): Tuple[] {
    return [...(this.#ofObject.get(objectKey(object))?.keys() ?? [])].flatMap(
      (relation) => this.get({ subjectType: "usr", subjectId: usrId, relation, ...object }) ?? [],
    );
  }

  ofObject({ objectType, objectId, relation, take }: Omit<Read<"tuplesOfObject">, "read">): Tuple[] {
    const relations = this.#ofObject.get(objectKey({ objectType, objectId }));
    const names = relation === null ? [...(relations?.keys() ?? [])].sort(compare) : [relation];
    const tuples: Tuple[] = [];
    for (const name of names) {
      for (const subjectId of relations?.get(name)?.after(null) ?? []) {
        if (tuples.length === take) {
          return tuples;
        }
        tuples.push(this.get({ subjectType: "usr", subjectId, relation: name, objectType, objectId }) as Tuple);
      }
    }
    return tuples;
  }

  count({ most, ...object }: Omit<Read<"tupleCount">, "read">): number {
    const subjects = [...(this.#ofObject.get(objectKey(object))?.values() ?? [])];
    return Math.min(
      most,
      subjects.reduce((sum, { size }) => sum + size, 0),
    );
  }

  holdsAny({ usrId, relations, objectType, objectId }: Omit<Read<"anyTuple">, "read">): boolean {
    const own = this.#ofSubject.get(usrId);
    return relations.some((relation) => own?.has(grantKey({ relation, objectType, objectId })) === true);
  }

  /** One that exists stays as it is. */
  insert(tuple: Tuple, undo: Undo): void {
    if (this.get(tuple) === null) {
      this.#add(tuple);
      undo.push(() => this.#remove(tuple));
    }
  }

  /** One that does not exist is no matter. */
  delete(tuple: Tuple, undo: Undo): void {
    const own = this.get(tuple);
    if (own !== null) {
      this.#remove(own);
      undo.push(() => this.#add(own));
    }
  }

  #add(tuple: Tuple): void {
    const { subjectId, relation } = tuple;
    const own = this.#ofSubject.get(subjectId) ?? new Map<string, Tuple>();
    this.#ofSubject.set(subjectId, own.set(grantKey(tuple), tuple));
    const object = objectKey(tuple);
    const relations = this.#ofObject.get(object) ?? new Map<string, Ordered<UsrId>>();
    const subjects = relations.get(relation);
    if (subjects === undefined) {
      this.#ofObject.set(object, relations.set(relation, new Ordered(subjectId)));
    } else {
      subjects.add(subjectId);
    }
  }

  #remove(tuple: Tuple): void {
    this.#ofSubject.get(tuple.subjectId)?.delete(grantKey(tuple));
    this.#ofObject.get(objectKey(tuple))?.get(tuple.relation)?.delete(tuple.subjectId);
  }
}

const objectKey = ({ objectType, objectId }: Pick<Tuple, "objectType" | "objectId">): string =>
  `${objectType} ${objectId}`;
const grantKey = (grant: Pick<Tuple, "relation" | "objectType" | "objectId">): string =>
  `${grant.relation} ${objectKey(grant)}`;
