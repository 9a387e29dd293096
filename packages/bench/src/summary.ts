import type { Score } from "./contest.ts";
import { quantile, ratio, type Spread, spreadOf } from "./statistics.ts";
import type { Turn } from "./turn.ts";

/** What one contender came to. */
export interface Result {
  readonly contender: string;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Calls per second. */
  readonly throughput: Spread;
  /** Microseconds of this process, and of the database server, for each call. */
  readonly clientCpu: number;
  readonly serverCpu: number | null;
  /** How many times the throughput of this contender the store has that is compared with it. */
  readonly against: { readonly store: string; readonly throughput: Spread; readonly latency: Spread } | null;
}

/** Which store a contender is compared with: the one on the same driver, else the one on `pg`. */
export function rivalOf(contender: string): string {
  const [, driver] = /^floor, (.*)$/.exec(contender) ?? [];
  return `Tenantry, ${driver ?? "pg"}`;
}

export function summarize(score: Score): readonly Result[] {
  return [...score].map(([contender, turns]) => resultOf(contender, turns, score));
}

function resultOf(contender: string, turns: readonly Turn[], score: Score): Result {
  const latencies = turns.flatMap((turn) => turn.latencies);
  const store = rivalOf(contender);
  const own = score.get(store);
  return {
    contender,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    throughput: spreadOf(turns.map(({ throughput }) => throughput)),
    clientCpu: quantile(
      turns.map(({ clientCpu }) => clientCpu),
      0.5,
    ),
    serverCpu: middleOfKnown(turns.map(({ serverCpu }) => serverCpu)),
    against:
      own === undefined || store === contender
        ? null
        : {
            store,
            throughput: ratio(
              own.map(({ throughput }) => throughput),
              turns.map(({ throughput }) => throughput),
            ),
            // Theirs over ours: more is better, as with throughput.
            latency: ratio(turns.map(middleLatency), own.map(middleLatency)),
          },
  };
}

function middleLatency({ latencies }: Turn): number {
  return quantile(latencies, 0.5);
}

function middleOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : quantile(known, 0.5);
}

/** Three digits that count: what is measured is not known any better. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
