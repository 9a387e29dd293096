import { Chance } from "@tenantry/conformance/history";
import { type Cluster, startCluster } from "@tenantry/testkit";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { breath, disturbedWork } from "../src/disturbed-work.ts";
import { amount, isLong, noteFor, seed } from "../src/effort.ts";
import { openPostgresArena, type PostgresArena } from "../src/postgres-arena.ts";

// Dead processes, with durability on: what was acknowledged survives them. It says nothing of power or disks.

vi.setConfig({ testTimeout: 3_600_000 });

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ durable: true });
});
afterAll(() => cluster.stop());

describe.each(["pg", "postgres.js"] as const)("%s", (driver) => {
  let arena: PostgresArena;
  const [terminations, kills, crashes] = [amount(30, 1000), amount(3, 150), amount(1, 25)];
  const note = noteFor(driver, {
    "backends terminated": terminations,
    "backends killed -9": kills,
    "servers killed -9 or stopped at once": crashes,
  });
  beforeAll(async () => {
    arena = await openPostgresArena(cluster.url, { driver });
    await arena.admin.query("create extension amcheck");
  });
  afterAll(async () => {
    // No index points at what is not there, and the server never stopped over damage.
    await arena.admin.query(
      "select bt_index_check(indexrelid) from pg_index join pg_class c on c.oid = indexrelid where c.relam = 403",
    );
    expect(cluster.log()).not.toMatch(/PANIC|corrupt/);
    await arena.close();
  });

  /** The sessions at work, but for our own. */
  async function sessions(): Promise<readonly number[]> {
    const { rows } = await arena.admin.query(
      "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state = 'active'",
    );
    return rows.map(({ pid }) => pid);
  }

  test("sessions that are terminated lose nothing", async () => {
    const chance = new Chance(seed);
    await disturbedWork(
      arena,
      {
        figure: "backends terminated",
        async disturb() {
          let ended = 0;
          while (ended < terminations) {
            const pids = await sessions();
            if (pids.length > 0) {
              await arena.admin.query("select pg_terminate_backend($1)", [chance.of(pids)]);
              ended += 1;
            }
            await breath(chance.below(10));
          }
          return ended;
        },
      },
      { chance: chance.fork(), note, seed },
    );
  });

  test("sessions that are killed, so that the server starts afresh, lose nothing", async () => {
    const chance = new Chance(seed + 1);
    await disturbedWork(
      arena,
      {
        figure: "backends killed -9",
        async disturb() {
          let killed = 0;
          while (killed < kills) {
            const pids = await sessions().catch(() => []);
            if (pids.length > 0 && kill(chance.of(pids))) {
              killed += 1;
            }
            await breath(chance.below(200));
          }
          return killed;
        },
      },
      { chance: chance.fork(), note, seed },
    );
  });

  // To a driver it is what sessions are that are killed, for longer.
  test.skipIf(driver !== "pg" && !isLong)(
    "a server that is killed and started again has everything that it acknowledged",
    async () => {
      const chance = new Chance(seed + 2);
      await disturbedWork(
        arena,
        {
          figure: "servers killed -9 or stopped at once",
          async disturb() {
            for (let crash = 0; crash < crashes; crash += 1) {
              await breath(100 + chance.below(300));
              await cluster.crash(crash % 4 === 3 ? "SIGQUIT" : "SIGKILL");
              await cluster.restart();
            }
            await breath(100);
            return crashes;
          },
        },
        { chance: chance.fork(), note, seed },
      );
    },
  );
});

/** A session may have ended by itself meanwhile. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}
