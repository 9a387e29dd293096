import { describe, expect, test } from "vitest";
import { firstFrom, Ordered, Shelves } from "./ordered.ts";

const word = (number: number): string => String(number).padStart(6, "0");

/** Numbers without an order that anybody would notice, each of a few thousand once. */
const scattered: readonly string[] = Array.from({ length: 5_000 }, (_, place) => word((place * 2_731) % 5_000));

function orderedOf([first = "", ...others]: readonly string[]): Ordered<string> {
  const ordered = new Ordered(first);
  for (const value of others) {
    ordered.add(value);
  }
  return ordered;
}

describe("what is ordered", () => {
  test.each([
    ["comes in order", scattered.toSorted()],
    ["comes in reverse", scattered.toSorted().reverse()],
    ["comes in no order", scattered],
  ])("%s is read in order, from anywhere", (_, values) => {
    const ordered = orderedOf(values);
    expect(ordered.size).toBe(values.length);
    expect([...ordered.after(null)]).toEqual(values.toSorted());
    for (const position of ["", word(0), word(511), word(512), word(2_500), `${word(2_500)}x`, word(4_999)]) {
      expect([...ordered.after(position)]).toEqual(values.toSorted().filter((value) => value > position));
    }
  });

  test("is there once, however often it was put there", () => {
    const ordered = orderedOf([...scattered, ...scattered]);
    expect(ordered.size).toBe(scattered.length);
    expect([...ordered.after(null)]).toHaveLength(scattered.length);
  });

  test("is gone when it was taken out, also if all is", () => {
    const ordered = orderedOf(scattered);
    const odd = scattered.filter((_, place) => place % 2 === 1);
    for (const value of [...odd, "not there"]) {
      ordered.delete(value);
    }
    const even = scattered.filter((_, place) => place % 2 === 0);
    expect([...ordered.after(null)]).toEqual(even.toSorted());
    for (const value of even) {
      ordered.delete(value);
    }
    expect([ordered.size, ...ordered.after(null)]).toEqual([0]);
    ordered.delete("nothing");
    ordered.add("again");
    expect([ordered.size, ...ordered.after(null)]).toEqual([1, "again"]);
  });
});

describe("shelves", () => {
  const shelves = new Shelves<string, string>();
  for (const [place, value] of scattered.slice(0, 90).entries()) {
    shelves.put(place < 80 ? "here" : "there", place % 3, value);
  }
  const on = (...numbers: readonly number[]): readonly string[] =>
    scattered.slice(0, 80).filter((_, place) => numbers.includes(place % 3));

  test("are read together in order, and nothing of others", () => {
    expect([...shelves.after("here", [2, 0], null)]).toEqual(on(0, 2).toSorted());
    expect([...shelves.after("here", [1], null)]).toEqual(on(1).toSorted());
    const middle = on(0, 1, 2).toSorted()[40] as string;
    expect([...shelves.after("here", [0, 1, 2], middle)]).toEqual(on(0, 1, 2).toSorted().slice(41));
  });

  test("that nothing was put on are empty", () => {
    expect([...shelves.after("nowhere", [0], null), ...shelves.after("here", [7], null)]).toEqual([]);
    shelves.take("nowhere", 0, "x");
    shelves.take("here", 7, "x");
    expect([shelves.size("here", [0, 1, 2]), shelves.size("here", []), shelves.size("nowhere", [0])]).toEqual([
      80, 0, 0,
    ]);
  });
});

test("the place of the first that is not less, among words and among numbers", () => {
  expect(["", "a", "b", "c", "d"].map((value) => firstFrom(["a", "c"], value))).toEqual([0, 0, 1, 1, 2]);
  expect([0, 1, 2, 5, 9].map((value) => firstFrom([1, 5], value))).toEqual([0, 0, 1, 1, 2]);
  expect(firstFrom([], 1)).toBe(0);
});
