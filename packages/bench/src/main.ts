import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bulkSteps, measureBulk } from "./bulk.ts";
import { HOT_STEPS, measureHotOrganization } from "./hot-organization.ts";
import { measuredAgain, measureOperations, operationsOf } from "./measure-operations.ts";
import { measureMemory, memorySteps } from "./memory.ts";
import { PROFILES, type Profile } from "./profile.ts";
import { startProgress } from "./progress.ts";
import { filesOf, PARTS, type Part, type Report } from "./report.ts";
import { measureSize, sizeSteps } from "./size.ts";

const { values, positionals } = parseArgs({
  options: { quick: { type: "boolean" }, output: { type: "string" }, operation: { type: "string", multiple: true } },
  allowPositionals: true,
});
const unknown = positionals.filter((part) => !(PARTS as readonly string[]).includes(part));
if (unknown.length > 0) {
  throw new Error(`There is no part ${unknown.join(", ")}: ${PARTS.join(", ")}.`);
}
const parts = new Set((positionals.length === 0 ? PARTS : positionals) as readonly Part[]);
const chosen: Profile = values.quick === true ? PROFILES.quick : PROFILES.full;
const profile: Profile = { ...chosen, operations: values.operation ?? chosen.operations };
// A quick look is not what the pages show.
const folder = values.output ?? (values.quick === true ? ".out/benchmarks" : "docs/benchmarks");
const output = join(fileURLToPath(new URL("../../..", import.meta.url)), folder);

const steps: Readonly<Record<Part, number>> = {
  operations: operationsOf(profile).length * profile.callers.length * profile.networks.length,
  hot: HOT_STEPS,
  bulk: bulkSteps(profile),
  size: sizeSteps(profile),
  memory: memorySteps(profile),
};
const progress = startProgress([...parts].reduce((sum, part) => sum + steps[part], 0));
const measures: { readonly [P in Part]: () => Promise<NonNullable<Report[P]>["results"]> } = {
  async operations() {
    const measured = await measureOperations(profile, progress);
    const before = report.operations?.profile === profile.name ? report.operations.results : undefined;
    // Chosen ones take the place of their own figures alone.
    return values.operation === undefined || before === undefined ? measured : measuredAgain(before, measured);
  },
  hot: () => measureHotOrganization(profile, progress),
  bulk: () => measureBulk(profile, progress),
  size: () => measureSize(profile, progress),
  memory: () => measureMemory(profile, progress),
};
mkdirSync(output, { recursive: true });
const [cpu] = cpus();
// What was measured before and is not asked for now stays as it is.
let report: Report = {
  ...known(join(output, "results.json")),
  machine: `${cpus().length} × ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}`,
};
for (const part of PARTS.filter((one) => parts.has(one))) {
  const results = await measures[part]();
  report = { ...report, [part]: { profile: profile.name, load: loadavg()[2] ?? 0, results } };
  // After each part: what is there already is not lost with a part that fails.
  for (const [name, content] of filesOf(report)) {
    writeFileSync(join(output, name), content);
  }
}
progress.close();
console.log([...filesOf(report).keys()].map((name) => join(folder, name)).join("\n"));
process.exit();

function known(file: string): Partial<Report> {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return {};
  }
}
