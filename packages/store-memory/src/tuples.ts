import type { Read, Tuple, UsrId } from "@tenantry/core";
import { compare, type Undo } from "./rows.ts";

/** Tuples, by subject and by object. */
export class Tuples {
  readonly #ofSubject = new Map<UsrId, Map<string, Tuple>>();
  readonly #ofObject = new Map<string, Map<string, Set<Tuple>>>();

  all(): readonly Tuple[] {
    return [...this.#ofSubject].sort(([a], [b]) => compare(a, b)).flatMap(([subject]) => this.ofSubject(subject));
  }

  ofSubject(usrId: UsrId): Tuple[] {
    return [...(this.#ofSubject.get(usrId)?.values() ?? [])].sort(
      (a, b) =>
        compare(a.objectType, b.objectType) || compare(a.objectId, b.objectId) || compare(a.relation, b.relation),
    );
  }

  ofObject({ objectType, objectId, relation }: Omit<Read<"tuplesOfObject">, "read">): Tuple[] {
    const relations = this.#ofObject.get(objectKey({ objectType, objectId }));
    const names = relation === null ? [...(relations?.keys() ?? [])].sort(compare) : [relation];
    return names.flatMap((name) => [...(relations?.get(name) ?? [])].sort((a, b) => compare(a.subjectId, b.subjectId)));
  }

  holdsAny({ usrId, relations, objectType, objectId }: Omit<Read<"anyTuple">, "read">): boolean {
    const own = this.#ofSubject.get(usrId);
    return relations.some((relation) => own?.has(grantKey({ relation, objectType, objectId })) === true);
  }

  /** One that exists stays as it is. */
  insert(tuple: Tuple, undo: Undo): void {
    const own = this.#ofSubject.get(tuple.subjectId);
    if (own?.has(grantKey(tuple)) !== true) {
      this.#add(tuple);
      undo.push(() => this.#remove(tuple));
    }
  }

  /** One that does not exist is no matter. */
  delete(tuple: Tuple, undo: Undo): void {
    const own = this.#ofSubject.get(tuple.subjectId)?.get(grantKey(tuple));
    if (own !== undefined) {
      this.#remove(own);
      undo.push(() => this.#add(own));
    }
  }

  #add(tuple: Tuple): void {
    const { subjectId, relation } = tuple;
    const own = this.#ofSubject.get(subjectId) ?? new Map<string, Tuple>();
    this.#ofSubject.set(subjectId, own.set(grantKey(tuple), tuple));
    const object = objectKey(tuple);
    const relations = this.#ofObject.get(object) ?? new Map<string, Set<Tuple>>();
    const subjects = relations.get(relation) ?? new Set<Tuple>();
    this.#ofObject.set(object, relations.set(relation, subjects.add(tuple)));
  }

  #remove(tuple: Tuple): void {
    this.#ofSubject.get(tuple.subjectId)?.delete(grantKey(tuple));
    this.#ofObject.get(objectKey(tuple))?.get(tuple.relation)?.delete(tuple);
  }
}

const objectKey = ({ objectType, objectId }: Pick<Tuple, "objectType" | "objectId">): string =>
  `${objectType} ${objectId}`;
const grantKey = (grant: Pick<Tuple, "relation" | "objectType" | "objectId">): string =>
  `${grant.relation} ${objectKey(grant)}`;
