import { describe, expect, test } from "vitest";
import { barChart, decades, lineChart, onLogScale, spreadOut } from "./chart.ts";

describe("the logarithmic scale", () => {
  test("has equal steps for equal factors", () => {
    expect([1, 10, 100].map((value) => onLogScale(value, 1, 100))).toEqual([0, 0.5, 1]);
  });

  test("ends at powers of ten that enclose all values", () => {
    expect(decades([0.3, 42])).toEqual([0.1, 1, 10, 100]);
    expect(decades([10, 100])).toEqual([10, 100]);
    expect(decades([5, 7])).toEqual([1, 10]);
    expect(decades([10])).toEqual([10, 100]);
  });
});

describe("labels", () => {
  test("that are too near are moved apart, in their order", () => {
    expect(spreadOut([10, 11, 100], 5)).toEqual([10, 15, 100]);
    expect(spreadOut([11, 10], 5)).toEqual([15, 10]);
  });

  test("that are far enough stay where they are", () => {
    expect(spreadOut([30, 10, 20], 10)).toEqual([30, 10, 20]);
  });
});

describe("a chart", () => {
  const bars = barChart({
    title: "Latency <by> operation",
    unit: "ms",
    labels: ["one", "two"],
    series: [
      { name: "A & B", values: [1, 10] },
      { name: "C", values: [100, null] },
    ],
  });

  test("has a bar for each value, twice as long for twice the decades, and none for what is not there", () => {
    const widths = [...bars.matchAll(/<rect x="230" [^>]*width="([\d.]+)" height="8"/g)].map(([, width]) =>
      Number(width),
    );
    expect(widths).toEqual([0, 630, 315]);
  });

  test("names its series, labels and units, as text that XML can hold", () => {
    for (const name of ["A &amp; B", "C", "one", "two", "ms, logarithmic", "Latency &lt;by&gt; operation"]) {
      expect(bars).toContain(`>${name}<`);
    }
  });

  test("of lines has a point for each value", () => {
    const lines = lineChart({
      title: "Cost against size",
      unit: "ms",
      along: "members",
      places: [10, 1000],
      series: [{ name: "flat", values: [1, 1] }],
    });
    const [, points = ""] = /points="([^"]*)"/.exec(lines) ?? [];
    const heights = points.split(" ").map((point) => point.split(",")[1]);
    expect(heights).toHaveLength(2);
    expect(heights[0]).toBe(heights[1]);
    expect(lines).toContain(">members, logarithmic<");
  });
});
