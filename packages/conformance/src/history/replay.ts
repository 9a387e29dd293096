import type { OrgId, Tables, TenancyEvent } from "@tenantry/core";
import { differences } from "../differences.ts";
import { isEqual } from "../model/equality.ts";
import { type Call, carryOut, foreseen, judge } from "../rules/judge.ts";
import { type Situation, settingsOf } from "../rules/ruling.ts";
import { World } from "../rules/world.ts";
import type { Line } from "./line.ts";
import { isInParts, partOf } from "./parts.ts";
import type { Effect, Timeline } from "./timeline.ts";

/** What came of repeating a history in the order of its events. */
export interface Replayed {
  /** Answers, rows and refusals that the rules do not explain. */
  readonly contradictions: readonly string[];
  /** Acknowledged calls that changed nothing, as the rules say of some moment between their beginning and their end. */
  readonly idle: ReadonlySet<number>;
}

/**
 * Repeats what happened, organization by organization, on the rules: every answer must be the recorded one, the events and
 * the rows at the end those of the tables. A refusal must be what the rules say at some version between the last one that
 * was acknowledged when the call began, and the last one that had been asked for when it ended.
 */
export function replay(timeline: Timeline, tables: Tables): Replayed {
  const idle = new Set<number>();
  const contradictions = tables.org.flatMap(({ id, version }) => {
    const effects = timeline.effects.get(id) ?? [];
    // Where somebody wrote who was not recorded, H03 and I17 tell.
    const told = effects.reduce((sum, { seq, last }) => sum + last - seq + 1, 0);
    return told === version ? new OrgReplay(id, effects, timeline, idle).run(tables) : [];
  });
  return { contradictions, idle };
}

/** A call without an effect, and between which versions it must be explained. */
interface Doubt {
  readonly line: Line;
  readonly from: number;
  readonly to: number;
}

const settings = settingsOf({});

class OrgReplay {
  readonly #orgId: OrgId;
  readonly #effects: readonly Effect[];
  readonly #idle: Set<number>;
  readonly #world = new World();
  /** Those that are not explained yet, by the first version that could explain them. */
  readonly #doubts: Doubt[];
  #open: Doubt[] = [];

  constructor(orgId: OrgId, effects: readonly Effect[], timeline: Timeline, idle: Set<number>) {
    this.#orgId = orgId;
    this.#effects = effects;
    this.#idle = idle;
    this.#doubts = timeline
      .withoutEffect(orgId)
      .map((line) => ({ line, ...timeline.windowOf(orgId, line) }))
      .sort((a, b) => b.from - a.from);
  }

  run(tables: Tables): readonly string[] {
    const stored = tables.evt.filter(({ orgId }) => orgId === this.#orgId);
    const unexplained = [...this.#explain(0)];
    for (const { seq, last, lines } of this.#effects) {
      const events = stored.slice(seq - 1, last);
      const line = performer(lines, events);
      if (line === null) {
        // The caller died before anything could be written down that repeats the call.
        return unexplained;
      }
      const problem = this.#repeat(line, events);
      if (problem !== null) {
        return [...unexplained, problem];
      }
      unexplained.push(...this.#explain(last));
    }
    return [...unexplained, ...this.#explain(Number.POSITIVE_INFINITY), ...this.#differentRows(tables)];
  }

  /** Makes the recorded call. What is different, or `null`. */
  #repeat(line: Line, events: readonly TenancyEvent[]): string | null {
    const call = callOf(line);
    const situation = situationOf(line, events);
    const what = `${this.#orgId} ${events[0]?.seq}, ${line.op} (call ${line.callId})`;
    const ruling = judge(this.#world, call, situation);
    if (!("apply" in ruling)) {
      return `${what}: took effect, and the rules say ${"refused" in ruling ? ruling.refused : "that nothing changes"}`;
    }
    const before = this.#world.org(this.#orgId)?.events.length ?? 0;
    const answer = partOf(line, carryOut(this.#world, call, ruling, situation));
    const made = this.#world.org(this.#orgId)?.events.slice(before);
    if (!isEqual(made, events)) {
      return `${what}: ${differences(events, made, "exact", "events").join("; ")}`;
    }
    const told = foreseen(line.op, line.result);
    if (line.outcome === "ok" && !isEqual(answer, told)) {
      return `${what}: ${differences(told, answer, "exact", "result").join("; ")}`;
    }
    return null;
  }

  /** Asks the rules about every open call at this version. Answers those whose time has passed. */
  #explain(version: number): readonly string[] {
    for (let next = this.#doubts.at(-1); next !== undefined && next.from <= version; next = this.#doubts.at(-1)) {
      this.#open.push(next);
      this.#doubts.pop();
    }
    const missed = this.#open.filter(({ to }) => to < version);
    this.#open = this.#open.filter((doubt) => doubt.to >= version && !this.#isExplained(doubt.line));
    return missed.map(
      ({ line, from, to }) =>
        `${line.op} (call ${line.callId}) on ${this.#orgId} ended with ${line.code ?? "an answer that wrote nothing"}, which nothing between ${from} and ${to} explains`,
    );
  }

  #isExplained(line: Line): boolean {
    const ruling = judge(this.#world, callOf(line), situationOf(line));
    if (line.outcome === "fail") {
      return "refused" in ruling && ruling.refused === line.code;
    }
    const isIdle = "answer" in ruling && isEqual(ruling.answer, foreseen(line.op, line.result));
    if (isIdle) {
      this.#idle.add(line.callId);
    }
    return isIdle;
  }

  #differentRows(tables: Tables): readonly string[] {
    const own = this.#world.tables();
    const ofThis = <R extends { readonly orgId: OrgId }>(rows: readonly R[]): readonly R[] =>
      rows.filter(({ orgId }) => orgId === this.#orgId);
    const pairs = [
      ["org", tables.org.filter(({ id }) => id === this.#orgId), own.org],
      ["mem", ofThis(tables.mem), own.mem],
      ["inv", ofThis(tables.inv), own.inv],
    ] as const;
    return pairs.flatMap(([table, stored, said]) =>
      isEqual(stored, said)
        ? []
        : [`${this.#orgId}: ${differences(stored, said, "exact", table).slice(0, 5).join("; ")}`],
    );
  }
}

/** Of several calls with one key, the one that did it: it minted the ids of the events, or read their time. */
function performer(lines: readonly Line[], events: readonly TenancyEvent[]): Line | null {
  const data = dataOf(events);
  const able = lines.filter(({ completed, ids, outcome }) => completed !== null && ids !== null && outcome !== "fail");
  return (
    able.find(({ ids }) => ids?.some((id) => data.includes(id))) ??
    able.find(({ now }) => events.some(({ at }) => now.getTime() === at.getTime())) ??
    able[0] ??
    null
  );
}

function dataOf(events: readonly TenancyEvent[]): string {
  return JSON.stringify(events.map(({ data }) => data));
}

function callOf({ op, args, options }: Line): Call {
  return { op, args, options };
}

function situationOf(line: Line, events: readonly TenancyEvent[] = []): Situation {
  const { now, ids, options } = line;
  const data = dataOf(events);
  // Of a call in several organizations those of this one alone.
  const left = (ids ?? []).filter((id) => !isInParts(line) || data.includes(id));
  return {
    now,
    settings,
    actor: options.actor ?? null,
    key: options.idempotencyKey ?? null,
    mint: <T extends string>(type: T) => {
      const place = left.findIndex((id) => id.startsWith(`${type}_`));
      return (place === -1 ? `${type}_` : left.splice(place, 1)[0]) as `${T}_${string}`;
    },
  };
}
