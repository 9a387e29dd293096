import { Chance } from "@tenantry/conformance/history";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { breath, type Disturbance, disturbedWork } from "../src/disturbed-work.ts";
import { amount, noteFor, seed } from "../src/effort.ts";
import { openPostgresArena, type PostgresArena } from "../src/postgres-arena.ts";

// Too few connections, too little time, locks in the way, and strangers in the tables.

vi.setConfig({ testTimeout: 3_600_000 });

describe.each(["pg", "postgres.js"] as const)("%s", (driver) => {
  const [cancellations, strangers] = [amount(40, 2000), amount(20, 2500)];
  const [strict, apart] = [amount(400, 10_000), amount(500, 10_000)];
  const note = noteFor(driver, {
    "statements cancelled": cancellations,
    "rounds of a stranger who locks in the wrong order": strangers,
    "calls under repeatable read": strict,
    "calls under serializable": strict,
    "calls with clocks apart": apart,
  });
  const arenas: PostgresArena[] = [];
  let arena: PostgresArena;
  beforeAll(async () => {
    arena = await opened();
  });
  afterAll(async () => {
    await Promise.all(arenas.map((one) => one.close()));
  });

  async function opened(options: Partial<Parameters<typeof openPostgresArena>[1]> = {}): Promise<PostgresArena> {
    const made = await openPostgresArena(inject("databaseUrl"), { driver, ...options });
    arenas.push(made);
    return made;
  }

  async function disturbed(
    place: PostgresArena,
    disturbance: Disturbance,
    offset: number,
  ): Promise<ReadonlySet<string>> {
    const lines = await disturbedWork(place, disturbance, { chance: new Chance(seed + offset), note, seed });
    return new Set(lines.flatMap(({ code }) => (code === null ? [] : [code])));
  }

  /** Does something to a session that is at work, so often. */
  function toSessions(figure: string, wanted: number, statement: string): Disturbance {
    return {
      figure,
      async disturb() {
        let done = 0;
        while (done < wanted) {
          const { rowCount } = await arena.admin.query(
            `select ${statement} from pg_stat_activity
              where datname = current_database() and pid <> pg_backend_pid() and state = 'active' limit 1`,
          );
          done += rowCount ?? 0;
          await breath(2);
        }
        return done;
      },
    };
  }

  test("statements that are cancelled lose nothing", async () => {
    await disturbed(arena, toSessions("statements cancelled", cancellations, "pg_cancel_backend(pid)"), 1);
  });

  test("locks that strangers hold in the wrong order are outlasted, and no deadlock reaches a caller", async () => {
    const codes = await disturbed(
      arena,
      {
        figure: "rounds of a stranger who locks in the wrong order",
        async disturb() {
          for (let round = 0; round < strangers; round += 1) {
            await lockBackwards(arena);
          }
          return strangers;
        },
      },
      2,
    );
    expect([...codes].filter((code) => code.startsWith("internal") || code.startsWith("indeterminate"))).toEqual([]);
  });

  test.each(["repeatable read", "serializable"])(
    "%s as the default changes nothing that a caller sees",
    async (level) => {
      const place = await opened({
        prepare: (pool) =>
          pool.query(`alter database current set default_transaction_isolation = '${level}'`).catch(() => {}),
      });
      await place.admin.query(
        `do $$ begin execute format('alter database %I set default_transaction_isolation = %L', current_database(), '${level}'); end $$`,
      );
      const codes = await disturbed(
        place,
        {
          figure: `calls under ${level}`,
          disturb: null,
          workload: { calls: Math.ceil(strict / 8) },
        },
        3,
      );
      expect([...codes].filter((code) => code.startsWith("internal") || code.startsWith("indeterminate"))).toEqual([]);
    },
  );

  test("clocks that are twenty minutes apart break nothing", async () => {
    await disturbed(
      arena,
      {
        figure: "calls with clocks apart",
        disturb: null,
        workload: { calls: Math.ceil(apart / 8), skew: 20 * 60_000 },
      },
      4,
    );
  });
});

describe("pg", () => {
  const [crowd, rounds] = [amount(1280, 20_000), amount(5, 250)];
  const note = noteFor("pg", {
    "calls of 32 clients on two connections": crowd,
    "rounds of a lock held against a statement_timeout": rounds,
    "rounds of a lock held against a lock_timeout": rounds,
  });

  test("a pool with too few connections refuses, and what it refuses never happens", async () => {
    const small = await openPostgresArena(inject("databaseUrl"), {
      driver: "pg",
      connections: 1,
      config: { connectionTimeoutMillis: 15 },
    });
    const lines = await disturbedWork(
      small,
      {
        figure: "calls of 32 clients on two connections",
        disturb: null,
        workload: { clients: 32, calls: Math.ceil(crowd / 32) },
      },
      { chance: new Chance(seed + 5), note, seed },
    );
    expect(lines.some(({ code }) => code === "unavailable.pool_timeout")).toBe(true);
    await small.close();
  });

  test.each([
    ["statement_timeout", /^(unavailable\.timeout|conflict|precondition|forbidden|not_found)/],
    // A lock that is not granted is asked for again, and again: no caller hears of it in so short a time.
    ["lock_timeout", /^(unavailable\.contention|conflict|precondition|forbidden|not_found)/],
  ])(
    "a %s while somebody holds the organization ends as such at most, and nothing is written",
    async (setting, codes) => {
      const hasty = await openPostgresArena(inject("databaseUrl"), {
        driver: "pg",
        config: { options: `-c ${setting}=10ms` },
      });
      const lines = await disturbedWork(
        hasty,
        {
          figure: `rounds of a lock held against a ${setting}`,
          async disturb() {
            for (let round = 0; round < rounds; round += 1) {
              await holdEverything(hasty, 150);
            }
            return rounds;
          },
        },
        { chance: new Chance(seed + 6), note, seed },
      );
      expect(lines.flatMap(({ code }) => (code === null || codes.test(code) ? [] : [code]))).toEqual([]);
      await hasty.close();
    },
  );
});

/** A membership first and its organization after it: against the order in which commits lock. */
async function lockBackwards({ admin }: PostgresArena): Promise<void> {
  const client = await admin.connect();
  try {
    await client.query("begin");
    const { rows } = await client.query(
      "select org_id, id from arena_1.mem where status <> 'revoked' order by random() limit 1 for update skip locked",
    );
    await client.query("select pg_sleep(0.002)");
    await client.query("select from arena_1.org where id = $1 for update", [rows[0]?.org_id ?? null]);
  } catch (error) {
    // The stranger may be the victim; the next round comes.
    expect(error).toMatchObject({ code: "40P01" });
  } finally {
    await client.query("rollback");
    client.release();
  }
}

async function holdEverything({ admin }: PostgresArena, milliseconds: number): Promise<void> {
  const client = await admin.connect();
  await client.query("begin");
  await client.query("select from arena_1.org for update");
  await breath(milliseconds);
  await client.query("rollback");
  client.release();
  await breath(20);
}
