import type { OrgId, Tables, TenancyEvent } from "@tenantry/core";
import { differences } from "../differences.ts";
import { isEqual } from "../model/equality.ts";
import { type Call, carryOut, judge } from "../rules/judge.ts";
import { type Situation, settingsOf } from "../rules/ruling.ts";
import { World } from "../rules/world.ts";
import type { Line } from "./line.ts";
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
    return effects.length === version ? new OrgReplay(id, effects, timeline, idle).run(tables) : [];
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
    for (const [place, effect] of this.#effects.entries()) {
      const event = stored[place];
      const line = event === undefined ? null : performer(effect.lines, event);
      if (event === undefined || line === null) {
        // The caller died before anything could be written down that repeats the call.
        return unexplained;
      }
      const problem = this.#repeat(line, event);
      if (problem !== null) {
        return [...unexplained, problem];
      }
      unexplained.push(...this.#explain(effect.seq));
    }
    return [...unexplained, ...this.#explain(Number.POSITIVE_INFINITY), ...this.#differentRows(tables)];
  }

  /** Makes the recorded call. What is different, or `null`. */
  #repeat(line: Line, event: TenancyEvent): string | null {
    const call = callOf(line);
    const situation = situationOf(line);
    const what = `${this.#orgId} ${event.seq}, ${line.op} (call ${line.callId})`;
    const ruling = judge(this.#world, call, situation);
    if (!("apply" in ruling)) {
      return `${what}: took effect, and the rules say ${"refused" in ruling ? ruling.refused : "that nothing changes"}`;
    }
    const answer = carryOut(this.#world, call, ruling, situation);
    const made = this.#world.org(this.#orgId)?.events.at(-1);
    if (made === undefined || !isEqual(made, event)) {
      return `${what}: ${differences(event, made, "exact", "event").join("; ")}`;
    }
    if (line.outcome === "ok" && !isEqual(answer, line.result)) {
      return `${what}: ${differences(line.result, answer, "exact", "result").join("; ")}`;
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
    const isIdle = "answer" in ruling && isEqual(ruling.answer, line.result);
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

/** Of several calls with one key, the one that did it: it minted the ids of the event, or read its time. */
function performer(lines: readonly Line[], event: TenancyEvent): Line | null {
  const data = JSON.stringify(event.data);
  const able = lines.filter(({ completed, ids, outcome }) => completed !== null && ids !== null && outcome !== "fail");
  return (
    able.find(({ ids }) => ids?.some((id) => data.includes(id))) ??
    able.find(({ now }) => now.getTime() === event.at.getTime()) ??
    able[0] ??
    null
  );
}

function callOf({ op, args, options }: Line): Call {
  return { op, args, options };
}

function situationOf({ now, ids, options }: Line): Situation {
  const left = [...(ids ?? [])];
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
