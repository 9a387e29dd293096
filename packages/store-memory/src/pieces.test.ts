import { expect, test } from "vitest";
import { Pieces } from "./pieces.ts";

test("who has a text is among those who have its rarest piece, in order, behind a position", () => {
  const pieces = new Pieces<string>();
  pieces.exchange("3", [], ["acme", "acme-3"]);
  pieces.exchange("1", [], ["acme", "acme-1"]);
  pieces.exchange("2", [], ["ample"]);
  expect([...pieces.after("acme", null)]).toEqual(["1", "3"]);
  expect([...pieces.after("acme", "1")]).toEqual(["3"]);
  expect([...pieces.after("acme-3", null)]).toEqual(["3"]);
  expect([...pieces.after("m", null)]).toEqual(["1", "2", "3"]);
  expect([...pieces.after("acmes", null)]).toEqual([]);
});

test("whoever has other texts, or none, is found by those only", () => {
  const pieces = new Pieces<string>();
  pieces.exchange("1", [], ["acme"]);
  pieces.exchange("1", ["acme"], ["ample"]);
  expect([...pieces.after("acm", null)]).toEqual([]);
  expect([...pieces.after("ample", null)]).toEqual(["1"]);
  pieces.exchange("1", ["ample"], ["ample"]);
  expect([...pieces.after("ample", null)]).toEqual(["1"]);
  pieces.exchange("1", ["ample"], []);
  expect([...pieces.after("a", null)]).toEqual([]);
});
