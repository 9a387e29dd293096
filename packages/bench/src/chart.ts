// Charts as text. Colours are those of Okabe and Ito, which people who do not tell red from green tell apart.

const COLOURS = ["#0072b2", "#56b4e9", "#999999", "#e69f00", "#f0c36d", "#cc79a7", "#009e73", "#d55e00", "#000000"];
const FONT = 'font-family="ui-sans-serif, system-ui, sans-serif"';

/** A value on a logarithmic scale, as a part of the way from `low` to `high`. */
export function onLogScale(value: number, low: number, high: number): number {
  return (Math.log10(value) - Math.log10(low)) / (Math.log10(high) - Math.log10(low));
}

/** The powers of ten that enclose the values, and those between. */
export function decades(values: readonly number[]): readonly number[] {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: last - first + 1 }, (_, place) => 10 ** (first + place));
}

export interface Series {
  readonly name: string;
  /** `null` where there is none. */
  readonly values: readonly (number | null)[];
}

export interface Chart {
  readonly title: string;
  /** What the axis of values says, with its unit. */
  readonly unit: string;
  readonly labels: readonly string[];
  readonly series: readonly Series[];
}

/** Bars that lie, one group for each label: labels are words, and words are read from left to right. */
export function barChart({ title, unit, labels, series }: Chart): string {
  const [left, right, top] = [230, 40, 90];
  const [width, bar, gap] = [900, 9, 12];
  const group = series.length * bar + gap;
  const height = top + labels.length * group + 50;
  const ticks = decades(series.flatMap(({ values }) => values.filter((value) => value !== null)));
  const [low, high] = [ticks[0] as number, ticks.at(-1) as number];
  const x = (value: number): number => left + onLogScale(value, low, high) * (width - left - right);
  const bottom = top + labels.length * group;
  const body = [
    ...ticks.map(
      (tick) => line(x(tick), top - 5, x(tick), bottom) + text(x(tick), bottom + 18, number(tick), "middle"),
    ),
    text(left + (width - left - right) / 2, bottom + 38, `${unit}, logarithmic`, "middle"),
    ...labels.flatMap((label, row) => [
      text(left - 10, top + row * group + (group - gap) / 2 + 4, label, "end"),
      ...series.map(({ name, values }, place) => {
        const value = values[row];
        const y = top + row * group + place * bar;
        return value === null || value === undefined
          ? ""
          : `<rect x="${left}" y="${y}" width="${round(x(value) - left)}" height="${bar - 1}" fill="${colour(place)}"><title>${escaped(`${label}, ${name}: ${number(value)}`)}</title></rect>`;
      }),
    ]),
  ];
  return drawing(width, height, title, legend(series, left), body);
}

export interface Lines extends Omit<Chart, "labels"> {
  /** What the axis of places says. */
  readonly along: string;
  readonly places: readonly number[];
}

/** Lines over places on a scale, both logarithmic: what is flat costs the same at any size. */
export function lineChart({ title, unit, along, places, series }: Lines): string {
  const [left, right, top, width, plot] = [80, 260, 60, 900, 420];
  const height = top + plot + 60;
  const known = series.flatMap(({ values }) => values.filter((value) => value !== null));
  const [across, up] = [decades(places), decades(known)];
  const x = (value: number): number =>
    left + onLogScale(value, across[0] as number, across.at(-1) as number) * (width - left - right);
  const y = (value: number): number => top + plot - onLogScale(value, up[0] as number, up.at(-1) as number) * plot;
  const ends = spreadOut(
    series.map(({ values }) => y(values.findLast((value) => value !== null) ?? (up[0] as number))),
    13,
  );
  const body = [
    ...across.map(
      (tick) => line(x(tick), top, x(tick), top + plot) + text(x(tick), top + plot + 18, number(tick), "middle"),
    ),
    ...up.map((tick) => line(left, y(tick), width - right, y(tick)) + text(left - 8, y(tick) + 4, number(tick), "end")),
    text(left + (width - left - right) / 2, top + plot + 42, `${along}, logarithmic`, "middle"),
    `<text x="20" y="${top + plot / 2}" font-size="12" text-anchor="middle" transform="rotate(-90 20 ${top + plot / 2})">${escaped(`${unit}, logarithmic`)}</text>`,
    ...series.flatMap(({ name, values }, place) => {
      const points = values.flatMap((value, index) =>
        value === null ? [] : [`${round(x(places[index] as number))},${round(y(value))}`],
      );
      return [
        `<polyline points="${points.join(" ")}" fill="none" stroke="${colour(place)}" stroke-width="2"><title>${escaped(name)}</title></polyline>`,
        ...points.map(
          (point) => `<circle cx="${point.split(",")[0]}" cy="${point.split(",")[1]}" r="3" fill="${colour(place)}"/>`,
        ),
        `<text x="${width - right + 10}" y="${round((ends[place] ?? 0) + 4)}" font-size="12" fill="${colour(place)}">${escaped(name)}</text>`,
      ];
    }),
  ];
  return drawing(width, height, title, "", body);
}

/** Positions at least so far apart, in the order that they have. */
export function spreadOut(positions: readonly number[], apart: number): readonly number[] {
  const order = positions.map((position, place) => ({ position, place })).sort((a, b) => a.position - b.position);
  const spread = [...positions];
  let last = Number.NEGATIVE_INFINITY;
  for (const { position, place } of order) {
    last = Math.max(position, last + apart);
    spread[place] = last;
  }
  return spread;
}

function drawing(width: number, height: number, title: string, key: string, body: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ${FONT}>`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="20" y="28" font-size="16" font-weight="600">${escaped(title)}</text>`,
    key,
    ...body.filter((element) => element !== ""),
    "</svg>",
    "",
  ].join("\n");
}

function legend(series: readonly Series[], left: number): string {
  let x = 20;
  return series
    .map(({ name }, place) => {
      const entry = `<rect x="${x}" y="44" width="12" height="12" fill="${colour(place)}"/>${text(x + 17, 54, name, "start")}`;
      x += 30 + name.length * 6.6 + Math.min(0, left);
      return entry;
    })
    .join("");
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="#dddddd"/>`;
}

function text(x: number, y: number, content: string, anchor: "start" | "middle" | "end"): string {
  return `<text x="${round(x)}" y="${round(y)}" font-size="12" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function colour(place: number): string {
  return COLOURS[place % COLOURS.length] as string;
}

function number(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
