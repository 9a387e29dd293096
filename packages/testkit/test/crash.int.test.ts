import pg from "pg";
import { afterEach, expect, test } from "vitest";
import { type Cluster, startCluster } from "../src/index.ts";

const started: Cluster[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((cluster) => cluster.stop()));
});

async function run(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

test.each(["SIGKILL", "SIGQUIT"] as const)(
  "a durable server that ended by %s has what it acknowledged",
  async (signal) => {
    const cluster = await startCluster({ durable: true });
    started.push(cluster);
    await run(cluster.url, "create table kept (n int)");
    for (let n = 0; n < 2; n += 1) {
      await run(cluster.url, `insert into kept values (${n})`);
      await cluster.crash(signal);
      await expect(run(cluster.url, "select 1")).rejects.toThrow();
      await cluster.restart();
      expect(await run(cluster.url, "select count(*)::int as n from kept")).toEqual([{ n: n + 1 }]);
    }
    expect(cluster.log().match(/ready to accept connections/g)?.length).toBe(3);
  },
);
