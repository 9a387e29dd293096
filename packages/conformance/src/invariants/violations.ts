import type { Tables } from "@tenantry/core";
import { eventInvariants } from "./event-invariants.ts";
import { foldEvents } from "./fold.ts";
import { groupedBy, type Invariant, type Seen, tupleKey, type Violation } from "./invariant.ts";
import { placementInvariants } from "./placement-invariants.ts";
import { rowInvariants } from "./row-invariants.ts";

/** What must hold in every store at rest, as rules over its tables; `I13`, which needs two looks, is a {@link Watch}. */
export const invariants: readonly Invariant[] = [...rowInvariants, ...eventInvariants, ...placementInvariants].sort(
  (a, b) => (a.id < b.id ? -1 : 1),
);

/** How many rows a violation names. */
const NAMED = 10;

/** The invariants that do not hold, each with some of what breaks it; empty when all is well. Takes time linear in rows. */
export function brokenInvariants(tables: Tables): readonly Violation[] {
  const seen = look(tables);
  return invariants.flatMap(({ id, name, rule, broken }) => {
    const rows = [...broken(seen)].slice(0, NAMED);
    return rows.length === 0 ? [] : [{ id, name, rule, rows }];
  });
}

function look(tables: Tables): Seen {
  return {
    tables,
    told: foldEvents(tables.evt),
    membersOf: groupedBy(tables.mem, ({ orgId }) => orgId),
    memberships: new Map(tables.mem.map((row) => [row.id, row])),
    eventsOf: groupedBy(tables.evt, ({ orgId }) => orgId),
    tuples: new Map(tables.tup.map((tuple) => [tupleKey(tuple.subjectId, tuple.relation, tuple), tuple])),
  };
}

const FINAL = {
  id: "I13",
  name: "final",
  rule: "a row in a terminal state never changes and never disappears",
} as const;

/** Looks at a store again and again: a row in a terminal state never changes and never disappears. */
export class Watch {
  #final: ReadonlyMap<string, string> = new Map();

  /** The invariants that do not hold now, `I13` among them: compared with the look before. */
  broken(tables: Tables): readonly Violation[] {
    const before = this.#final;
    this.#final = finalRows(tables);
    const rows = [...before].filter(([id, row]) => this.#final.get(id) !== row).map(([id]) => id);
    const violations = brokenInvariants(tables);
    return rows.length === 0 ? violations : [...violations, { ...FINAL, rows: rows.slice(0, NAMED) }];
  }
}

/** Only the version of a revoked organization may still rise: sweeps write events there. */
function finalRows({ org, mem, inv }: Tables): ReadonlyMap<string, string> {
  return new Map([
    ...org
      .filter(({ status }) => status === "revoked")
      .map(({ version: _, ...row }): [string, string] => [row.id, JSON.stringify(row)]),
    ...mem.filter(({ status }) => status === "revoked").map((row): [string, string] => [row.id, JSON.stringify(row)]),
    ...inv.filter(({ status }) => status !== "pending").map((row): [string, string] => [row.id, JSON.stringify(row)]),
  ]);
}
