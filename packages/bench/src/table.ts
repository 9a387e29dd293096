import type { Spread } from "./statistics.ts";

/** A table in Markdown. The first column is text, the others are numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, place) => (place === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

export function number(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

/** A middle value and the quartiles around it. */
export function spread(value: Spread | null | undefined): string {
  return value === null || value === undefined
    ? "–"
    : `${number(value.median)} (${number(value.low)}–${number(value.high)})`;
}
