import { startCluster, startNeonEndpoint } from "@tenantry/testkit";
import { startDelayProxy } from "./delay-proxy.ts";

// A process of its own, so that what a proxy or an endpoint costs is not taken for what a contender costs.

/** What the parent is told once everything is ready. */
export interface HostedDatabase {
  readonly url: string;
  readonly ways: readonly Way[];
}

/** How a client reaches the database: directly or through a delay. */
export interface Way {
  readonly delayMs: number;
  readonly url: string;
  /** Neon's HTTP queries. */
  readonly neonEndpoint: string;
}

const [isDurable, ...delays] = JSON.parse(process.argv[2] ?? "[false]") as [boolean, ...number[]];
const cluster = await startCluster({
  durable: isDurable,
  settings: {
    max_connections: "500",
    shared_buffers: "512MB",
    max_wal_size: "4GB",
    maintenance_work_mem: "256MB",
    log_lock_waits: "off",
    deadlock_timeout: "1s",
  },
});
const endpoint = await startNeonEndpoint(cluster.url);
const neonPort = Number(new URL(endpoint.neonConfig.fetchEndpoint).port);
const ways: Way[] = [];
for (const delayMs of [0, ...delays]) {
  const url = new URL(cluster.url);
  const neon = new URL(endpoint.neonConfig.fetchEndpoint);
  if (delayMs > 0) {
    url.port = String((await startDelayProxy(cluster.port, delayMs)).port);
    neon.port = String((await startDelayProxy(neonPort, delayMs)).port);
  }
  ways.push({ delayMs, url: url.href, neonEndpoint: neon.href });
}
const hosted: HostedDatabase = { url: cluster.url, ways };
process.send?.(hosted);

process.once("disconnect", async () => {
  await endpoint.stop();
  await cluster.stop();
  process.exit();
});
