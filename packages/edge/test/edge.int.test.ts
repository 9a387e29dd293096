import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { type NeonEndpoint, type OpenDatabase, openDatabase, startNeonEndpoint } from "@tenantry/testkit";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import type { Task } from "../src/run.ts";
import { NOW, scenario } from "../src/scenario.ts";
import { bundle } from "./bundle.ts";
import { edgeVm, node, program, type Runtime, workerd } from "./runtimes.ts";
import { withWorkerd } from "./workerd.ts";

let database: OpenDatabase;
let endpoint: NeonEndpoint;
beforeAll(async () => {
  database = await openDatabase(inject("databaseUrl"));
  endpoint = await startNeonEndpoint(database.url);
});
afterAll(async () => {
  await endpoint.stop();
  await database.close();
});

let schemas = 0;
function task(transport: Task["transport"]): Task {
  schemas += 1;
  const { fetchEndpoint, wsProxy } = endpoint.neonConfig;
  return { transport, databaseUrl: database.url, schema: `edge_${schemas}`, fetchEndpoint, wsProxy: wsProxy() };
}

const reference = () => scenario(new InMemoryTenancyStore({ clock: () => new Date(NOW) }));

// The virtual machine has no WebSocket. Other programs are run when they are asked for: each is a download.
const asked = (process.env["EDGE_RUNTIME"] ?? "").split(",").filter((name) => name !== "");
const runtimes: readonly (readonly [string, Task["transport"], Runtime])[] = [
  ["Node", "http", node],
  ["Node", "websocket", node],
  ["the edge VM", "http", edgeVm],
  ["workerd", "http", workerd],
  ["workerd", "websocket", workerd],
  ...asked.flatMap((name) => [[name, "http", program(name)] as const, [name, "websocket", program(name)] as const]),
];

test.for(runtimes)("on %s, through %s, happens what happens in memory", async ([, transport, runtime]) => {
  // Node 20 has none of its own.
  vi.stubGlobal("WebSocket", endpoint.neonConfig.webSocketConstructor);
  expect(await runtime(task(transport))).toEqual(await reference());
  vi.unstubAllGlobals();
});

test("the scenario is refused where it should be, and ids are named", async () => {
  expect(await reference()).toEqual(
    expect.arrayContaining([
      { code: "conflict.sole_owner", details: { orgId: "org 1" } },
      expect.objectContaining({ id: "org 1", createdAt: NOW }),
    ]),
  );
});

test.for(["run.ts", "worker.ts", "script.ts"])("a bundle of %s imports nothing", async (entry) => {
  const { text, imports } = await bundle(entry, { define: { TASK: "{}" } });
  expect(imports).toEqual([]);
  expect(text).not.toBe("");
});

test("workerd runs without the modules of Node: a worker that imports one does not start", async () => {
  const worker = "export default { fetch: () => new Response(typeof process) };";
  const answer = async (url: string) => (await fetch(url)).text();
  expect(await withWorkerd(worker, answer)).toBe("undefined");
  await expect(withWorkerd(`import "node:net"; ${worker}`, answer)).rejects.toThrow();
});
