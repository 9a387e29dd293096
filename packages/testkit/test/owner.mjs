// A process that owns a cluster, for tests that end it. Through vite, since Node 20 does not read TypeScript.
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const { module } = await runnerImport(fileURLToPath(new URL("../src/cluster.ts", import.meta.url)));
const { url } = await module.startCluster();
console.log(url);
process.stdin.once("data", () => {
  throw new Error("A crash, as the test asked for.");
});
