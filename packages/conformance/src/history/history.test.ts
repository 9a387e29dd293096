import { generate, type RemoveUserResult, type Tables } from "@tenantry/core";
import { beforeAll, describe, expect, test } from "vitest";
import { sharedMemory } from "../../test/shared-memory.ts";
import { Chance } from "../chance.ts";
import { brokenPromises } from "./check.ts";
import type { History, Line, Walk } from "./line.ts";
import { work } from "./workload.ts";

// The test of the checker: a history damaged by hand, one way each, and the promise that has to notice.

let history: History;
let tables: Tables;
beforeAll(async () => {
  const database = await sharedMemory()();
  const { lines, walks } = await work(
    (options) => database.connect(options),
    { clients: 6, calls: 250, orgs: 3 },
    new Chance(1),
  );
  history = { lines, walks, secrets: [] };
  tables = await database.tables();
});

const idsOf = (damaged: History, at: Tables): readonly string[] => brokenPromises(damaged, at).map(({ id }) => id);

test("nothing is broken in an undamaged history, in which much happened", () => {
  expect(brokenPromises(history, tables)).toEqual([]);
  expect(history.walks.length).toBeGreaterThan(5);
  const count = (isMeant: (line: Line) => boolean): number => history.lines.filter(isMeant).length;
  expect(count(({ outcome, kind }) => outcome === "ok" && kind === "write")).toBeGreaterThan(200);
  expect(count(({ outcome }) => outcome === "fail")).toBeGreaterThan(100);
  expect(count(({ seen }) => seen !== null)).toBeGreaterThan(30);
  for (const op of ["addMembers", "createInvitations", "changeRoles", "removeMembers", "removeUser", "plan"]) {
    expect(count((line) => line.outcome === "ok" && line.op === op)).toBeGreaterThan(0);
  }
});

test("a seed makes the same choices", async () => {
  const made = async (seed: number): Promise<readonly string[]> => {
    const { connect } = await sharedMemory()();
    const { lines } = await work(connect, { clients: 1, calls: 60, orgs: 1 }, new Chance(seed));
    return lines.map(({ op }) => op);
  };
  expect(await made(4)).toEqual(await made(4));
  expect(await made(4)).not.toEqual(await made(5));
});

/** The last line that is meant, changed. */
function changed(isMeant: (line: Line) => boolean, change: Partial<Line>): History {
  const place = history.lines.findLastIndex(isMeant);
  expect(place).not.toBe(-1);
  return { ...history, lines: history.lines.map((line, index) => (index === place ? { ...line, ...change } : line)) };
}

/** A call that nobody repeated. */
const isAlone = ({ key, scope }: Line): boolean =>
  history.lines.filter((line) => line.key === key && line.scope === scope).length === 1;
const isDone = (line: Line): boolean =>
  line.outcome === "ok" && tables.idem.some((row) => row.key === line.key && row.scope === line.scope) && isAlone(line);
const isRemoval = (line: Line): boolean =>
  line.op === "removeUser" &&
  line.outcome === "ok" &&
  (line.result as RemoveUserResult).done.length > 0 &&
  isAlone(line);
const isRefused = (line: Line): boolean => line.outcome === "fail" && line.orgId !== null && isAlone(line);

describe("a history in which", () => {
  test("an acknowledged call is not there breaks H01", () => {
    const { key } = history.lines.findLast(isDone) as Line;
    const lost = { ...tables, idem: tables.idem.filter((row) => row.key !== key) };
    expect(idsOf(history, lost)).toContain("H01");
  });
  test("a key gave two results breaks H01", () => {
    const line = history.lines.findLast(isDone) as Line;
    expect(idsOf({ ...history, lines: [...history.lines, { ...line, result: {} }] }, tables)).toContain("H01");
  });
  test("a key was good for two inputs breaks H01", () => {
    const line = history.lines.findLast(isDone) as Line;
    expect(idsOf({ ...history, lines: [...history.lines, { ...line, fingerprint: "" }] }, tables)).toContain("H01");
  });
  test("a refused call happened breaks H02", () => {
    expect(idsOf(changed(isDone, { outcome: "fail", code: "unavailable.connection", error: "" }), tables)).toContain(
      "H02",
    );
  });
  test("an event belongs to nobody breaks H03", () => {
    const { callId } = history.lines.findLast(isDone) as Line;
    const others = history.lines.filter((line) => line.callId !== callId);
    expect(idsOf({ ...history, lines: others }, tables)).toContain("H03");
  });
  test("an event of many of one call belongs to nobody breaks H03", () => {
    const of = (line: Line): number =>
      tables.evt.filter(({ orgId, idempotencyKey }) => orgId === line.orgId && idempotencyKey === line.key).length;
    const line = history.lines.findLast((candidate) => isDone(candidate) && of(candidate) > 1) as Line;
    const last = tables.evt.findLast(
      ({ orgId, idempotencyKey }) => orgId === line.orgId && idempotencyKey === line.key,
    );
    const evt = tables.evt.map((event) => (event === last ? { ...event, idempotencyKey: "another" } : event));
    expect(idsOf(history, { ...tables, evt })).toContain("H03");
  });
  test("what a call says to have done in one of several organizations is not there breaks H01", () => {
    const line = history.lines.findLast(isRemoval) as Line;
    const idem = tables.idem.filter(({ key }) => key !== line.key);
    expect(idsOf(history, { ...tables, idem })).toContain("H01");
  });
  test("a call that was refused happened in one of several organizations breaks H02", () => {
    const damaged = changed(isRemoval, { outcome: "fail", code: "conflict.sole_owner", error: "", result: null });
    expect(idsOf(damaged, tables)).toContain("H02");
  });
  test("a call that failed has happened in one of several organizations breaks nothing", () => {
    const damaged = changed(isRemoval, { outcome: "fail", code: "unavailable.connection", error: "", result: null });
    expect(idsOf(damaged, tables)).toEqual([]);
  });
  test.each(["fenced", null] as const)("an outcome found %s is another one breaks H04", (resolved) => {
    expect(idsOf(changed(isDone, { outcome: "unknown", resolved }), tables)).toContain("H04");
  });
  test("a refused call is told as committed breaks H04", () => {
    expect(idsOf(changed(isRefused, { outcome: "unknown", resolved: "committed" }), tables)).toContain("H04");
  });
  test("an outcome found fenced whose key stands for another call breaks nothing", () => {
    const line = history.lines.findLast(isDone) as Line;
    const misuse: Line = { ...line, fingerprint: "another", outcome: "unknown", resolved: "fenced", result: null };
    expect(idsOf({ ...history, lines: [...history.lines, misuse] }, tables)).not.toContain("H04");
    expect(idsOf({ ...history, lines: [...history.lines, { ...misuse, resolved: null }] }, tables)).toContain("H04");
  });
  test("an outcome found fenced of what was never there breaks nothing", () => {
    expect(idsOf(changed(isRefused, { outcome: "unknown", resolved: "fenced", scope: null }), tables)).not.toContain(
      "H04",
    );
  });
  test("an unknown outcome was found as it is breaks nothing", () => {
    expect(idsOf(changed(isDone, { outcome: "unknown", resolved: "committed" }), tables)).toEqual([]);
  });
  test("a later call has the smaller number breaks H05", () => {
    expect(
      idsOf(
        changed((line) => isDone(line) && line.op !== "createOrg", { invoked: 1, completed: 2 }),
        tables,
      ),
    ).toContain("H05");
  });
  test("a read does not see what was acknowledged breaks H06", () => {
    expect(
      idsOf(
        changed(({ seen }) => seen !== null, { seen: 0 }),
        tables,
      ),
    ).toContain("H06");
  });
  test("a page repeats somebody breaks H07", () => {
    const [walk, ...others] = history.walks;
    const ids = [...(walk?.ids ?? []), walk?.ids[0] as never];
    expect(idsOf({ ...history, walks: [{ ...(walk as Walk), ids }, ...others] }, tables)).toContain("H07");
  });
  test("a page misses somebody breaks H07", () => {
    const [walk, ...others] = history.walks;
    const ids = walk?.ids.slice(1) ?? [];
    expect(idsOf({ ...history, walks: [{ ...(walk as Walk), ids }, ...others] }, tables)).toContain("H07");
  });
  test("an error has no code breaks H08", () => {
    expect(idsOf(changed(isRefused, { code: null }), tables)).toContain("H08");
  });
  test("an error tells a secret breaks H08", () => {
    const damaged = changed(isRefused, { error: "the key is c0ffee" });
    expect(idsOf({ ...damaged, secrets: ["c0ffee"] }, tables)).toContain("H08");
  });
  test("a refusal has no reason breaks H14", () => {
    expect(idsOf(changed(isRefused, { code: "precondition.scope_mismatch" }), tables)).toContain("H14");
  });
  test("an answer is not what the rules say breaks H14", () => {
    const { result } = history.lines.findLast((line) => isDone(line) && line.op === "addMember") as Line;
    const other = { ...(result as object), usrId: generate("usr") };
    expect(
      idsOf(
        changed((line) => isDone(line) && line.op === "addMember", { result: other }),
        tables,
      ),
    ).toContain("H14");
  });
  test("a row is not what the events and the rules say breaks H14", () => {
    const [first, ...others] = tables.mem;
    const damaged = { ...tables, mem: [{ ...(first as Tables["mem"][number]), updatedAt: new Date(0) }, ...others] };
    expect(idsOf(history, damaged)).toContain("H14");
  });
});
