import { aftermath, fencedOff, mutations, type Operation, tookEffect } from "@tenantry/conformance/faults";
import { isTenancyError, type Resolution } from "@tenantry/core";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import type { Driver } from "../src/driver.ts";
import { openPostgresArena, type PostgresArena } from "../src/postgres-arena.ts";
import { type Bench, openBench } from "../src/wire/bench.ts";
import { type CutCase, cuts, heldCommit, heldSync } from "../src/wire/cuts.ts";

vi.setConfig({ testTimeout: 120_000 });

/** One of each kind of commit: an insert, an update, a link, a function, an invitation's end. */
const meant = ["createOrg", "addMember", "changeRole", "revokeOrg", "acceptInvitation"];
const some = mutations.filter(({ name }) => meant.includes(name));

describe.each(["pg", "postgres.js"] satisfies readonly Driver[])("%s", (driver) => {
  let arena: PostgresArena;
  let bench: Bench;
  beforeAll(async () => {
    arena = await openPostgresArena(inject("databaseUrl"), { driver: "pg" });
    bench = await openBench(arena, driver);
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
  ): Promise<void> {
    const stage = await bench.stage(operation, { hasDeadline: needsDeadline === true });
    bench.proxy.arm({ ...cut, how });
    const outcome = await stage.call();
    expect(bench.proxy.hasCut()).toBe(true);
    expect(ends).toContain(await aftermath(stage, outcome));
    await stage.close();
  }

  describe.each(["fin", "rst"] as const)("a connection that ends with %s", (how) => {
    test.each(able.map((row) => [row.number, row.name, row] as const))("%s: cut %s", async (_, __, row) => {
      for (const operation of some) {
        // What is assumed reads nothing, so that there is no read to be cut.
        if (row.cut.at === "connect" || row.number !== "W1" || !["createOrg", "addMember"].includes(operation.name)) {
          await cutOnce(operation, row, how);
        }
      }
    });
  });

  const resolveOf = (outcome: Awaited<ReturnType<Awaited<ReturnType<Bench["stage"]>>["call"]>>) => {
    expect(outcome.ok).toBe(false);
    const error = outcome.ok ? null : outcome.error;
    expect(isTenancyError(error, "indeterminate.commit")).toBe(true);
    return (error as { readonly resolve: () => Promise<Resolution> }).resolve;
  };

  describe.each(some.map((operation) => [operation.name, operation] as const))("%s", (_, operation) => {
    test("W7: a commit that arrives after it was fenced has no effect", async () => {
      const stage = await bench.stage(operation);
      bench.proxy.arm({ ...heldCommit, how: "rst" });
      const resolve = resolveOf(await stage.call());
      expect(await resolve()).toEqual({ committed: false });
      await bench.proxy.held().release();
      expect(await resolve()).toEqual({ committed: false });
      await fencedOff(stage, "H04");
      await stage.close();
    });

    test("W7: a commit that arrives before anybody asks has its effect", async () => {
      const stage = await bench.stage(operation);
      bench.proxy.arm({ ...heldCommit, how: "fin" });
      const resolve = resolveOf(await stage.call());
      await bench.proxy.held().release();
      const resolution = await resolve();
      expect(resolution.committed).toBe(true);
      await tookEffect(stage, resolution.committed ? resolution.result : null, "H01");
      await stage.close();
    });

    test.each(["release", "drop"] as const)(
      "W8: a commit that waits for its Sync is open until that is there: %s",
      async (end) => {
        const stage = await bench.stage(operation);
        bench.proxy.arm({ ...heldSync, how: "rst" });
        const resolve = resolveOf(await stage.call());
        await expect(resolve()).rejects.toMatchObject({ code: "unavailable.contention", retryable: true });
        await bench.proxy.held()[end]();
        const resolution = await resolve();
        expect(resolution.committed).toBe(end === "release");
        if (resolution.committed) {
          await tookEffect(stage, resolution.result, "H01");
        } else {
          await fencedOff(stage, "H04");
        }
        await stage.close();
      },
    );
  });
});
