import { describe, expect, test } from "vitest";
import { quantile, ratio, spreadOf } from "./statistics.ts";

describe("a quantile", () => {
  test("is a value where one is in its place", () => {
    expect([0, 0.5, 1].map((part) => quantile([3, 1, 2], part))).toEqual([1, 2, 3]);
  });

  test("lies between two values in proportion", () => {
    expect(quantile([0, 10], 0.25)).toBe(2.5);
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  });

  test("of one value is that value", () => {
    expect(quantile([7], 0.99)).toBe(7);
  });

  test("of nothing does not exist", () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });

  test("leaves the values as they were", () => {
    const values = [3, 1, 2];
    quantile(values, 0.5);
    expect(values).toEqual([3, 1, 2]);
  });
});

test("a spread is the median between the quartiles, whatever one outlier is", () => {
  expect(spreadOf([1, 2, 3, 4, 1000])).toEqual({ median: 3, low: 2, high: 4 });
});

describe("a ratio", () => {
  test("is taken round by round: what disturbs both in one round is no difference", () => {
    expect(ratio([20, 2, 20], [10, 1, 10])).toEqual({ median: 2, low: 2, high: 2 });
  });

  test("has the spread of the rounds, not of the values", () => {
    expect(ratio([1, 4, 9], [1, 2, 3])).toEqual({ median: 2, low: 1.5, high: 2.5 });
  });
});
