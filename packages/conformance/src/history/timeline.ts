import type { OrgId, Tables } from "@tenantry/core";
import { isObject } from "../differences.ts";
import { groupedBy } from "../invariants/invariant.ts";
import { type Line, saysIdle } from "./line.ts";
import { isInParts, partsOf } from "./parts.ts";

/** What one call wrote, who asked for it, and when they began and heard of it. */
export interface Effect {
  /** Where its key lives, and the key. */
  readonly place: string;
  /** Of its first event, and of its last. */
  readonly seq: number;
  readonly last: number;
  readonly lines: readonly Line[];
  readonly invoked: number;
  /** When the first caller had it acknowledged; `Infinity`: none had. */
  readonly acked: number;
}

/** Which calls had which effects, in the order of the events. */
export class Timeline {
  /** Writes by the place of their key. */
  readonly writes: ReadonlyMap<string, readonly Line[]>;
  readonly keys: ReadonlyMap<string, Tables["idem"][number]>;
  /** By organization, ascending by `seq`. */
  readonly effects: ReadonlyMap<OrgId, readonly Effect[]>;
  readonly #linesOf: ReadonlyMap<string, readonly Line[]>;
  readonly #acked: ReadonlyMap<OrgId, Highest>;
  readonly #invoked: ReadonlyMap<OrgId, Highest>;

  readonly #orgOfMember: ReadonlyMap<string, OrgId>;

  constructor(lines: readonly Line[], tables: Tables) {
    this.#orgOfMember = new Map(tables.mem.map(({ id, orgId }) => [id, orgId]));
    const placed = lines
      .flatMap((line) => (isInParts(line) ? partsOf(line, tables.idem) : [line]))
      .filter(({ kind, scope }) => kind === "write" && scope !== null);
    this.writes = groupedBy(placed, placeOf);
    this.keys = new Map(tables.idem.map((row) => [`${row.scope} ${row.key}`, row]));
    this.effects = this.#effectsOf(lastEvents(tables));
    this.#linesOf = groupedBy(
      placed.filter((line) => line.orgId !== null && !isInParts(line)),
      ({ orgId }) => orgId ?? "",
    );
    const highest = (moment: (effect: Effect) => number): ReadonlyMap<OrgId, Highest> =>
      new Map([...this.effects].map(([orgId, list]) => [orgId, new Highest(list, moment)]));
    this.#acked = highest(({ acked }) => acked);
    this.#invoked = highest(({ invoked }) => invoked);
  }

  #effectsOf(last: ReadonlyMap<string, number>): ReadonlyMap<OrgId, readonly Effect[]> {
    const effects = new Map<OrgId, Effect[]>();
    for (const [place, lines] of this.writes) {
      const row = this.keys.get(place);
      if (row?.state !== "done" || row.orgId === null || row.seq === null) {
        continue;
      }
      const list = effects.get(row.orgId) ?? [];
      effects.set(row.orgId, list);
      const acknowledged = lines.filter((line) => line.outcome === "ok" && !saysIdle(line));
      list.push({
        place,
        seq: row.seq,
        last: last.get(`${row.orgId} ${row.key}`) ?? row.seq,
        lines,
        invoked: Math.min(...lines.map(({ invoked }) => invoked)),
        acked: Math.min(...acknowledged.map(({ completed }) => completed ?? Number.POSITIVE_INFINITY)),
      });
    }
    for (const list of effects.values()) {
      list.sort((a, b) => a.seq - b.seq);
    }
    return effects;
  }

  /** Calls that ended without an effect of theirs: refused by a rule, or acknowledged because nothing was to be done. */
  withoutEffect(orgId: OrgId): readonly Line[] {
    return (this.#linesOf.get(orgId) ?? []).filter((line) => {
      const state = this.keys.get(placeOf(line))?.state;
      if (line.outcome === "ok") {
        return state === undefined;
      }
      // What another organization holds or has is not looked at here; a fence belongs to no version.
      const isOfThis = line.code !== "conflict.org_slug" && state !== "fenced" && !this.#isAcross(orgId, line);
      return line.outcome === "fail" && isOfThis && !/^(unavailable|internal|null)/.test(`${line.code}`);
    });
  }

  /** Whether the call names memberships of another organization. */
  #isAcross(orgId: OrgId, { args: [input] }: Line): boolean {
    const { fromMemId, toMemId } = (isObject(input) ? input : {}) as Readonly<Record<string, string | undefined>>;
    return [fromMemId, toMemId].some((id) => id !== undefined && (this.#orgOfMember.get(id) ?? orgId) !== orgId);
  }

  /** The versions that a call may have seen. */
  windowOf(orgId: OrgId, { invoked, completed }: Line): { readonly from: number; readonly to: number } {
    return {
      from: this.#acked.get(orgId)?.before(invoked) ?? 0,
      to: this.#invoked.get(orgId)?.before(completed ?? Number.POSITIVE_INFINITY) ?? 0,
    };
  }
}

export function placeOf({ scope, key }: Line): string {
  return `${scope} ${key}`;
}

/** The number of the last event with each key, by organization and key: those of one call follow each other. */
function lastEvents({ evt }: Tables): ReadonlyMap<string, number> {
  return new Map(evt.map(({ orgId, idempotencyKey, seq }) => [`${orgId} ${idempotencyKey}`, seq]));
}

/** The highest `seq` of the effects before a moment. */
class Highest {
  readonly #moments: readonly number[];
  readonly #highest: readonly number[];

  constructor(effects: readonly Effect[], moment: (effect: Effect) => number) {
    const sorted = effects.map((effect) => ({ at: moment(effect), seq: effect.last })).sort((a, b) => a.at - b.at);
    this.#moments = sorted.map(({ at }) => at);
    let highest = 0;
    this.#highest = sorted.map(({ seq }) => {
      highest = Math.max(highest, seq);
      return highest;
    });
  }

  before(moment: number): number {
    let [low, high] = [0, this.#moments.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#moments[middle] ?? 0) < moment) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return this.#highest[low - 1] ?? 0;
  }
}
