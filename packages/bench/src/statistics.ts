/** A middle value and the quartiles around it: half of all values lie between `low` and `high`. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** The value below which a part of the values lies, 0 to 1; between two values in proportion. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (below === undefined || above === undefined) {
    throw new RangeError("There is no quantile of nothing.");
  }
  return below + (above - below) * (place - Math.floor(place));
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/**
 * How many times as much as others, from what both measured in the same rounds: whatever else the machine did in a round
 * it did to both, so the quotient of each round is taken before the middle of all.
 */
export function ratio(ours: readonly number[], theirs: readonly number[]): Spread {
  return spreadOf(ours.slice(0, theirs.length).map((value, round) => value / (theirs[round] ?? Number.NaN)));
}
