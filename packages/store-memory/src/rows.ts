import { StoreFault, type Tuple } from "@tenantry/core";

/** What takes back the changes of a commit, to be done in reverse. */
export type Undo = (() => void)[];

/** An expectation that no longer holds, or a unique rule that fired: whatever was applied is undone. */
export class Conflict extends Error {
  readonly constraint: string | null;

  constructor(constraint: string | null) {
    super();
    this.constraint = constraint;
  }
}

/** Ids are made by the caller: one that was used before is a defect. */
export function insistNew<K>(rows: ReadonlyMap<K, unknown>, id: K): void {
  if (rows.has(id)) {
    throw new StoreFault("bug", { cause: new Error("an id was used before") });
  }
}

/** The first rows that are admitted, at most so many. */
export function page<I, R>(
  ids: Iterable<I>,
  take: number,
  row: (id: I) => R,
  admits: (row: R) => boolean = () => true,
): R[] {
  const rows: R[] = [];
  for (const id of ids) {
    const next = row(id);
    if (admits(next) && rows.push(next) === take) {
      break;
    }
  }
  return rows;
}

/** Those that there are, by id. */
export function byId<R extends { readonly id: string }>(rows: readonly (R | null)[]): R[] {
  return rows.filter((row) => row !== null).sort((a, b) => compare(a.id, b.id));
}

export function later(a: Date, b: Date): Date {
  return b.getTime() > a.getTime() ? b : a;
}

/** The order of Unicode code points, which is not that of UTF-16 units: surrogates come before U+E000 there. */
export function compare(a: string, b: string): number {
  for (let place = 0; place < a.length && place < b.length; place += 1) {
    const [left, right] = [a.charCodeAt(place), b.charCodeAt(place)];
    if (left !== right) {
      const [isLeftSurrogate, isRightSurrogate] = [isSurrogate(left), isSurrogate(right)];
      return isLeftSurrogate === isRightSurrogate ? left - right : isLeftSurrogate ? 1 : -1;
    }
  }
  return a.length - b.length;
}

/** The order of what one subject holds. */
export function byObject(a: Tuple, b: Tuple): number {
  return compare(a.objectType, b.objectType) || compare(a.objectId, b.objectId) || compare(a.relation, b.relation);
}

/** A key that stands for a text: compared by UTF-16 units, keys are in the order of the texts' code points. */
export function ascending(text: string): string {
  return text.replace(/[\ud800-\uffff]/g, (unit) => {
    const code = unit.charCodeAt(0);
    return String.fromCharCode(isSurrogate(code) ? code + 0x2000 : code - 0x800);
  });
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
