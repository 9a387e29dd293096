import { aftermath, type Ending, fencedOff, mutations, type Operation, tookEffect } from "@tenantry/conformance/faults";
import type { StoreRequest } from "@tenantry/conformance/races";
import { isTenancyError, type Resolution } from "@tenantry/core";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { caseOf } from "../../conformance/src/faults/cases.ts";
import { requestsOf } from "../../conformance/src/faults/sweep.ts";
import type { Driver } from "../src/driver.ts";
import { amount, isLong, noteFor, seed } from "../src/effort.ts";
import { openPostgresArena, type PostgresArena } from "../src/postgres-arena.ts";
import { type Bench, openBench, type WireStage } from "../src/wire/bench.ts";
import { type CutCase, cuts, heldCommit, heldSync } from "../src/wire/cuts.ts";

vi.setConfig({ testTimeout: 3_600_000 });

/** One of each kind of commit: an insert, an update, a link, a function, an invitation's end; again, what drivers do. */
const meant: Readonly<Record<"pg" | "postgres.js", readonly string[]>> = {
  pg: ["createOrg", "addMember", "changeRole", "revokeOrg", "acceptInvitation"],
  "postgres.js": ["changeRole", "revokeOrg"],
};
/** How often each of them is cut at each place, and how often each arrives late. */
const [ROUNDS, LATE_ROUNDS] = [amount(1, 8), amount(1, 6)];

describe.each(["pg", "postgres.js"] as const satisfies readonly Driver[])("%s", (driver) => {
  const some = isLong ? mutations : mutations.filter(({ name }) => meant[driver].includes(name));
  let arena: PostgresArena;
  let bench: Bench;
  /** What is assumed reads nothing, so that there is no read to be cut. */
  const requests = new Map<string, readonly StoreRequest["kind"][]>();
  const note = noteFor(driver, {
    "wire cuts": isLong ? `every operation at every place, ${ROUNDS} times with FIN and RST` : "some",
    "commits that arrived late": isLong ? `every operation, ${LATE_ROUNDS} times in four ways` : "some",
  });
  beforeAll(async () => {
    arena = await openPostgresArena(inject("databaseUrl"), { driver: "pg" });
    bench = await openBench(arena, driver);
    for (const operation of some) {
      requests.set(operation.name, await requestsOf(arena.open, caseOf(operation)));
    }
  });
  afterAll(async () => {
    await bench.close();
    await arena.close();
  });

  /** Of the drivers only pg gives up by itself. */
  const able = cuts.filter(({ needsDeadline }) => needsDeadline !== true || driver === "pg");

  async function cutOnce(
    operation: Operation,
    { cut, ends, needsDeadline }: CutCase,
    how: "fin" | "rst",
  ): Promise<Ending> {
    const stage = await bench.stage(operation, { hasDeadline: needsDeadline === true });
    bench.proxy.arm({ ...cut, how });
    const outcome = await stage.call();
    expect(bench.proxy.hasCut()).toBe(true);
    const ending = await aftermath(stage, outcome);
    expect(ends, operation.name).toContain(ending);
    await stage.close();
    return ending;
  }

  /** Counts what is unknown at first by what it is found to be. */
  async function noted(figure: string, run: (ended: (ending: Ending) => void) => Promise<void>): Promise<void> {
    const start = Date.now();
    const endings: Ending[] = [];
    await run((ending) => endings.push(ending));
    const count = (sought: Ending): number => endings.filter((ending) => ending === sought).length;
    note({
      figure,
      count: endings.length,
      seconds: (Date.now() - start) / 1000,
      seed,
      unknown: { committed: count("committed"), fenced: count("fenced"), open: 0 },
    });
  }

  describe.each(["fin", "rst"] as const)("a connection that ends with %s", (how) => {
    test.each(able.map((row) => [row.number, row.name, row] as const))("%s: cut %s", async (_, __, row) => {
      await noted("wire cuts", async (ended) => {
        const cuttable = some.filter(({ name }) => row.meets === null || requests.get(name)?.includes(row.meets));
        for (let round = 0; round < ROUNDS; round += 1) {
          for (const operation of cuttable) {
            ended(await cutOnce(operation, row, how));
          }
        }
      });
    });
  });

  const resolveOf = (outcome: Awaited<ReturnType<Awaited<ReturnType<Bench["stage"]>>["call"]>>) => {
    expect(outcome.ok).toBe(false);
    const error = outcome.ok ? null : outcome.error;
    expect(isTenancyError(error, "indeterminate.commit")).toBe(true);
    return (error as { readonly resolve: () => Promise<Resolution> }).resolve;
  };

  const late = some.filter(({ hasKey }) => hasKey);
  describe.each(late.map((operation) => [operation.name, operation] as const))("%s", (_, operation) => {
    /** Holds a commit back, as often as is asked for; answers what became of it. */
    const held = (cut: typeof heldCommit, how: "fin" | "rst", meet: Meeting): Promise<void> =>
      noted("commits that arrived late", async (ended) => {
        for (let round = 0; round < LATE_ROUNDS; round += 1) {
          const stage = await bench.stage(operation);
          bench.proxy.arm({ ...cut, how });
          const resolve = resolveOf(await stage.call());
          ended(await meet(stage, resolve));
          await stage.close();
        }
      });

    test("W7: a commit that arrives after it was fenced has no effect", () =>
      held(heldCommit, "rst", async (stage, resolve) => {
        expect(await resolve()).toEqual({ committed: false });
        await bench.proxy.held().release();
        expect(await resolve()).toEqual({ committed: false });
        await fencedOff(stage, "H04");
        return "fenced";
      }));

    test("W7: a commit that arrives before anybody asks has its effect", () =>
      held(heldCommit, "fin", async (stage, resolve) => {
        await bench.proxy.held().release();
        const resolution = await resolve();
        expect(resolution.committed).toBe(true);
        await tookEffect(stage, resolution.committed ? resolution.result : null, "H01");
        return "committed";
      }));

    test.each(["release", "drop"] as const)(
      "W8: a commit that waits for its Sync is open until that is there: %s",
      (end) =>
        held(heldSync, "rst", async (stage, resolve) => {
          await expect(resolve()).rejects.toMatchObject({ code: "unavailable.contention", retryable: true });
          await bench.proxy.held()[end]();
          const resolution = await resolve();
          expect(resolution.committed).toBe(end === "release");
          if (!resolution.committed) {
            await fencedOff(stage, "H04");
            return "fenced";
          }
          await tookEffect(stage, resolution.result, "H01");
          return "committed";
        }),
    );
  });
});

type Meeting = (stage: WireStage, resolve: () => Promise<Resolution>) => Promise<Ending>;
