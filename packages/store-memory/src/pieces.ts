import { Ordered } from "./ordered.ts";

/** A piece has at most so many characters. */
const LONGEST = 3;

/** Ids by what texts are made of: every one, two and three characters that follow each other. */
export class Pieces<V extends string> {
  readonly #ids = new Map<string, Ordered<V>>();

  /** Behind a position, those that have the rarest piece of a text: whoever has the text is among them. */
  after(text: string, position: V | null): Iterable<V> {
    const length = Math.min(text.length, LONGEST);
    const ids = piecesOf(text, length).map((piece) => this.#ids.get(piece));
    const rarest = ids.reduce((least, some) => ((some?.size ?? 0) < (least?.size ?? 0) ? some : least), ids[0]);
    return rarest?.after(position) ?? [];
  }

  /** What has an id had some texts, and has others. Nothing is done for the pieces that stay. */
  exchange(id: V, before: readonly string[], after: readonly string[]): void {
    const [had, has] = [allOf(before), allOf(after)];
    for (const piece of had) {
      if (!has.has(piece)) {
        this.#ids.get(piece)?.delete(id);
      }
    }
    for (const piece of has) {
      if (!had.has(piece)) {
        this.#put(piece, id);
      }
    }
  }

  #put(piece: string, id: V): void {
    const ids = this.#ids.get(piece);
    if (ids === undefined) {
      this.#ids.set(piece, new Ordered(id));
    } else {
      ids.add(id);
    }
  }
}

function allOf(texts: readonly string[]): ReadonlySet<string> {
  const pieces = new Set<string>();
  for (const text of texts) {
    for (let length = 1; length <= LONGEST; length += 1) {
      for (const piece of piecesOf(text, length)) {
        pieces.add(piece);
      }
    }
  }
  return pieces;
}

/** In UTF-16 units: here half a character is as good as a whole one. */
function piecesOf(text: string, length: number): readonly string[] {
  const pieces: string[] = [];
  for (let first = 0; first + length <= text.length; first += 1) {
    pieces.push(text.slice(first, first + length));
  }
  return pieces;
}
