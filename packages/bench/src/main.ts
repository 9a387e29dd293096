import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { HOT_STEPS, measureHotOrganization } from "./hot-organization.ts";
import { measureOperations, operationsOf } from "./measure-operations.ts";
import { MEMORY_STEPS, measureMemory } from "./memory.ts";
import { PROFILES, type Profile } from "./profile.ts";
import { startProgress } from "./progress.ts";
import { filesOf, type Report } from "./report.ts";
import { measureSize, sizeSteps } from "./size.ts";

const PARTS = ["operations", "hot", "size", "memory"] as const;
type Part = (typeof PARTS)[number];

const { values, positionals } = parseArgs({
  options: { quick: { type: "boolean" }, output: { type: "string" }, operation: { type: "string", multiple: true } },
  allowPositionals: true,
});
const unknown = positionals.filter((part) => !(PARTS as readonly string[]).includes(part));
if (unknown.length > 0) {
  throw new Error(`There is no part ${unknown.join(", ")}: ${PARTS.join(", ")}.`);
}
const parts = new Set((positionals.length === 0 ? PARTS : positionals) as readonly Part[]);
const known: Profile = values.quick === true ? PROFILES.quick : PROFILES.full;
const profile: Profile = { ...known, operations: values.operation ?? known.operations };
// A quick look is not what the pages show.
const folder = values.output ?? (values.quick === true ? ".out/benchmarks" : "docs/benchmarks");
const output = join(fileURLToPath(new URL("../../..", import.meta.url)), folder);

const steps: Readonly<Record<Part, number>> = {
  operations: operationsOf(profile).length * profile.callers.length * profile.networks.length,
  hot: HOT_STEPS,
  size: sizeSteps(profile),
  memory: MEMORY_STEPS,
};
const progress = startProgress([...parts].reduce((sum, part) => sum + steps[part], 0));
const [cpu] = cpus();
const report: Report = {
  machine: `${cpus().length} × ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}`,
  profile: profile.name,
  ...(parts.has("memory") ? { memory: await measureMemory(profile, progress) } : {}),
  ...(parts.has("operations") ? { operations: await measureOperations(profile, progress) } : {}),
  ...(parts.has("hot") ? { hot: await measureHotOrganization(profile, progress) } : {}),
  ...(parts.has("size") ? { size: await measureSize(profile, progress) } : {}),
};
progress.close();
mkdirSync(output, { recursive: true });
for (const [name, content] of filesOf(report)) {
  writeFileSync(join(output, name), content);
  console.log(join(folder, name));
}
process.exit();
