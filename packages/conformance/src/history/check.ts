import { CODES, type Tables } from "@tenantry/core";
import { foldEvents } from "../invariants/fold.ts";
import { groupedBy, type Violation } from "../invariants/invariant.ts";
import { isEqual } from "../model/equality.ts";
import { type History, type Line, MAY_IDLE, saysIdle } from "./line.ts";
import { type Replayed, replay } from "./replay.ts";
import { type Effect, Timeline } from "./timeline.ts";

// What clients saw, held against what is stored: every check takes time linear in the history, because the events of an
// organization are a list of known order.

/** How many rows a violation names. */
const NAMED = 10;

/** What breaks the promises made to callers; empty when all is well. The tables are those at the end. */
export function brokenPromises(history: History, tables: Tables): readonly Violation[] {
  const timeline = new Timeline(history.lines, tables);
  const seen = { history, tables, timeline, replayed: replay(timeline, tables) };
  return promises.flatMap(({ id, name, rule, broken }) => {
    const rows = [...broken(seen)].slice(0, NAMED);
    return rows.length === 0 ? [] : [{ id, name, rule, rows }];
  });
}

interface Seen {
  readonly history: History;
  readonly tables: Tables;
  readonly timeline: Timeline;
  readonly replayed: Replayed;
}

interface Check {
  readonly id: string;
  readonly name: string;
  readonly rule: string;
  readonly broken: (seen: Seen) => Iterable<string>;
}

const promises: readonly Check[] = [
  {
    id: "H01",
    name: "durable",
    rule: "what was acknowledged is there; equal keys gave equal results, for one input only",
    *broken({ timeline: { writes, keys }, replayed }) {
      for (const [place, lines] of writes) {
        const acknowledged = lines.filter(({ outcome }) => outcome === "ok");
        const [first] = acknowledged;
        if (first === undefined) {
          continue;
        }
        // What changes nothing writes nothing, and its key stays unused.
        const isThere =
          keys.get(place)?.state === "done" ||
          acknowledged.every(
            (line) => replayed.idle.has(line.callId) || (line.ids === null && MAY_IDLE.includes(line.op)),
          );
        if (!isThere) {
          yield `${place} was acknowledged (${first.op}), and is not there`;
        }
        if (acknowledged.some(({ fingerprint }) => fingerprint !== first.fingerprint)) {
          yield `${place} was acknowledged for two inputs`;
        }
        const effective = acknowledged.filter((line) => !saysIdle(line));
        if (
          keys.get(place)?.state === "done" &&
          effective.some(({ result }) => !isEqual(result, effective[0]?.result))
        ) {
          yield `${place} gave two results`;
        }
      }
    },
  },
  {
    id: "H02",
    name: "ghost",
    rule: "what was refused never happens, not even late",
    *broken({ timeline: { writes, keys } }) {
      for (const [place, lines] of writes) {
        if (lines.every(({ outcome }) => outcome === "fail") && keys.get(place)?.state === "done") {
          yield `${place} was refused with ${lines.map(({ code }) => code).join(", ")}, and happened`;
        }
      }
    },
  },
  {
    id: "H03",
    name: "once",
    rule: "every event belongs to a call",
    *broken({ tables, timeline: { effects } }) {
      const known = new Set(
        [...effects].flatMap(([orgId, list]) =>
          list.flatMap((effect) => numbersOf(effect).map((seq) => `${orgId} ${seq}`)),
        ),
      );
      for (const { orgId, seq, type } of tables.evt) {
        if ((type as string) !== "invitation.expired" && !known.has(`${orgId} ${seq}`)) {
          yield `${orgId} ${seq}, ${type}`;
        }
      }
    },
  },
  {
    id: "H04",
    name: "unknown",
    rule: "every unknown outcome was resolved, and the answer is the truth for ever",
    *broken({ history: { lines }, timeline: { keys } }) {
      // Where the key lives is not known of what was never found.
      for (const line of lines.filter(({ outcome, scope }) => outcome === "unknown" && scope !== null)) {
        const { resolved, scope, key, op } = line;
        const state = keys.get(`${scope} ${key}`)?.state ?? "unused";
        const expected = resolved === "committed" ? "done" : resolved;
        if (state !== expected && !(resolved === "fenced" && standsForAnother(line, lines))) {
          yield `${scope} ${key} (${op}) was found ${resolved ?? "to be open"}, and is ${state}`;
        }
      }
    },
  },
  {
    id: "H05",
    name: "order",
    rule: "of two calls of which one ended before the other began, the first has the smaller seq",
    *broken({ timeline: { effects } }) {
      for (const list of effects.values()) {
        // From the last one back: has one with a higher number been acknowledged before this one began?
        let earliest = Number.POSITIVE_INFINITY;
        for (const { place, seq, invoked, acked } of [...list].reverse()) {
          if (earliest < invoked) {
            yield `${place} (${seq}) began after one with a higher number had ended`;
          }
          earliest = Math.min(earliest, acked);
        }
      }
    },
  },
  {
    id: "H06",
    name: "fresh",
    rule: "a read sees every write that was acknowledged before it began",
    *broken({ history, timeline: { effects } }) {
      const acked = new Map<string, readonly number[]>();
      for (const [orgId, list] of effects) {
        acked.set(orgId, earliestAfter(list));
      }
      for (const { kind, outcome, orgId, seen, invoked, callId } of history.lines) {
        if (kind === "read" && outcome === "ok" && seen !== null && orgId !== null) {
          const missed = acked.get(orgId)?.[seen] ?? Number.POSITIVE_INFINITY;
          if (missed < invoked) {
            yield `call ${callId} saw version ${seen} of ${orgId}, when a later one had been acknowledged`;
          }
        }
      }
    },
  },
  {
    id: "H07",
    name: "pages",
    rule: "a walk over pages answers every membership that was there when it began, each once",
    *broken({ history, tables }) {
      const made = [...foldEvents(tables.evt).memberships.values()];
      const madeIn = groupedBy(made, ({ orgId }) => orgId);
      for (const { orgId, beganSeq, ids } of history.walks) {
        const walked = new Set(ids);
        if (walked.size < ids.length) {
          yield `a walk over ${orgId} answered a member twice`;
        }
        const missed = (madeIn.get(orgId) ?? []).find(({ seq, memId }) => seq <= beganSeq && !walked.has(memId));
        if (missed !== undefined) {
          yield `a walk over ${orgId} that began at ${beganSeq} missed ${missed.memId} of ${missed.seq}`;
        }
      }
    },
  },
  {
    id: "H08",
    name: "typed",
    rule: "every error has a code of the core's, and no error tells a secret",
    *broken({ history }) {
      for (const { outcome, code, error, callId, op } of history.lines) {
        if (outcome !== "ok" && error !== null) {
          if (code === null || !(CODES as readonly string[]).includes(code)) {
            yield `call ${callId} (${op}) ended with ${error.slice(0, 200)}`;
          }
          yield* history.secrets
            .filter((secret) => error.includes(secret))
            .map((secret) => `call ${callId} tells ${secret}`);
        }
      }
    },
  },
  {
    id: "H14",
    name: "explained",
    rule: "repeated in the order of the events every call answers the same; every refusal is what the rules say at its time",
    broken: ({ replayed }) => replayed.contradictions,
  },
];

/** The numbers of all its events. */
function numbersOf({ seq, last }: Effect): readonly number[] {
  return Array.from({ length: last - seq + 1 }, (_, place) => seq + place);
}

/** For each version the moment at which the first write behind it was acknowledged. */
function earliestAfter(list: readonly Effect[]): readonly number[] {
  const highest = list.at(-1)?.last ?? 0;
  const moments: number[] = Array(highest + 1).fill(Number.POSITIVE_INFINITY);
  for (const { last, acked } of [...list].reverse()) {
    for (let version = last - 1; version >= 0 && (moments[version] ?? 0) > acked; version -= 1) {
      moments[version] = acked;
    }
  }
  return moments;
}

/** Whether the call's key was used for another one, so that it could not take effect itself. */
function standsForAnother({ scope, key, fingerprint }: Line, lines: readonly Line[]): boolean {
  return lines.some(
    (line) =>
      line.scope === scope &&
      line.key === key &&
      line.fingerprint !== fingerprint &&
      (line.outcome === "ok" || line.resolved === "committed"),
  );
}
