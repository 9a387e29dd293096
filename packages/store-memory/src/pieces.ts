import { Ordered } from "./ordered.ts";

/** Something with the texts by a part of which it is found. */
export interface Named<V extends string> {
  readonly id: V;
  readonly texts: readonly string[];
}

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

  /** Nothing is done where the texts are the same. */
  exchange(before: Named<V> | null, after: Named<V> | null): void {
    if (before === null || after === null || before.texts.join("\u0000") !== after.texts.join("\u0000")) {
      this.#take(before);
      this.#put(after);
    }
  }

  #take(named: Named<V> | null): void {
    if (named !== null) {
      for (const piece of allOf(named)) {
        this.#ids.get(piece)?.delete(named.id);
      }
    }
  }

  #put(named: Named<V> | null): void {
    if (named !== null) {
      for (const piece of allOf(named)) {
        const ids = this.#ids.get(piece);
        if (ids === undefined) {
          this.#ids.set(piece, new Ordered(named.id));
        } else {
          ids.add(named.id);
        }
      }
    }
  }
}

function allOf({ texts }: Named<string>): ReadonlySet<string> {
  return new Set(texts.flatMap((text) => [1, 2, LONGEST].flatMap((length) => piecesOf(text, length))));
}

/** In UTF-16 units: here half a character is as good as a whole one. */
function piecesOf(text: string, length: number): readonly string[] {
  return Array.from({ length: Math.max(0, text.length - length + 1) }, (_, first) => text.slice(first, first + length));
}
