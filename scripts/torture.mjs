// The long run: models, races, faults and crashes for most of an hour, and RELIABILITY.md with what was counted.
// `--quick` does what every test run does, `--seed N` begins chance elsewhere, `--only <part>` runs one part, `--scale 0.1`
// does a tenth of it, `--shared` says that the machine had other work, `--page` runs nothing and writes the page again. The
// page is written once every part of the long run has been done in full; where parts were repeated it names their commits.
import { spawn, spawnSync } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { pageOf } from "./reliability.mjs";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    only: { type: "string", multiple: true },
    scale: { type: "string", default: "1" },
    shared: { type: "boolean", default: false },
    page: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);

/** The longest first, so that two lanes end at about the same time. */
const PARTS = [
  { name: "model" },
  { name: "reference" },
  { name: "races" },
  { name: "wire" },
  { name: "crashes" },
  { name: "pressure" },
  { name: "faults" },
  { name: "inputs" },
  { name: "soak", filter: "mixed.soak", isLong: true },
  // The test of the tests, in the kit and here.
  { name: "saboteurs", filter: "saboteurs", projects: ["torture", "conformance"] },
  { name: "saboteurs-2", filter: "saboteurs", projects: ["torture", "conformance"], seed: seed + 10, isLong: true },
  { name: "saboteurs-3", filter: "saboteurs", projects: ["torture", "conformance"], seed: seed + 20, isLong: true },
  { name: "transactions" },
].filter(({ isLong }) => isLong !== true || !values.quick);
const LANES = 2;

const isWhole = !values.quick && Number(values.scale) === 1;
const folder = isWhole ? ".out/torture/long" : ".out/torture/trial";
const isChosen = ({ name }) => values.only === undefined || values.only.some((only) => name.includes(only));
const chosen = values.page ? [] : PARTS.filter(isChosen);
if (!values.page && (values.only === undefined || !isWhole)) {
  rmSync(folder, { recursive: true, force: true });
}
mkdirSync(folder, { recursive: true });
const commit = spawnSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).stdout.trim();

const running = new Set();
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    for (const child of running) {
      child.kill(signal);
    }
    process.exit(1);
  });
}

function fileOf(part, ending) {
  return `${folder}/${part}.${ending}`;
}

/** Runs a part, and leaves its figures, its report and what it printed. */
async function run({ name, filter = `/${name}.`, projects = ["torture"], seed: own = seed }) {
  for (const ending of ["jsonl", "json", "log", "run.json"]) {
    rmSync(fileOf(name, ending), { force: true });
  }
  const start = Date.now();
  console.log(`${new Date().toISOString()} ${name}: begins`);
  const args = [
    "run",
    ...projects.flatMap((project) => ["--project", project]),
    "--reporter=verbose",
    "--reporter=json",
    `--outputFile.json=${fileOf(name, "json")}`,
    filter,
  ];
  const env = {
    ...process.env,
    TORTURE: values.quick ? "quick" : "long",
    TORTURE_SEED: String(own),
    TORTURE_SCALE: values.scale,
    TORTURE_FIGURES: fileOf(name, "jsonl"),
    SOAK: "1",
    TURBO_TELEMETRY_DISABLED: "1",
  };
  const child = spawn("vitest", args, { env, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  const log = createWriteStream(fileOf(name, "log"));
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const status = await new Promise((resolve) => {
    child.once("error", () => resolve(1));
    child.once("close", (code) => resolve(code ?? 1));
  });
  running.delete(child);
  log.end();
  const seconds = (Date.now() - start) / 1000;
  const what = { name, status, seconds, seed: own, commit, began: start, ended: Date.now(), isShared: values.shared };
  writeFileSync(fileOf(name, "run.json"), JSON.stringify(what));
  const verdict = status === 0 ? "passed" : `FAILED, see ${fileOf(name, "log")}`;
  console.log(`${new Date().toISOString()} ${name}: ${verdict} after ${Math.round(seconds)} s`);
  return status;
}

const left = [...chosen];
const statuses = [];
async function lane() {
  for (let part = left.shift(); part !== undefined; part = left.shift()) {
    statuses.push(await run(part));
  }
}
await Promise.all(Array.from({ length: LANES }, lane));

/** Everything that is known of a part; `null` where it has not been run. */
function knownOf({ name }) {
  if (!existsSync(fileOf(name, "run.json"))) {
    return null;
  }
  const lines = existsSync(fileOf(name, "jsonl")) ? readFileSync(fileOf(name, "jsonl"), "utf8").trim().split("\n") : [];
  return {
    ...JSON.parse(readFileSync(fileOf(name, "run.json"), "utf8")),
    lines: lines.filter((line) => line !== "").map((line) => JSON.parse(line)),
    report: existsSync(fileOf(name, "json")) ? JSON.parse(readFileSync(fileOf(name, "json"), "utf8")) : null,
  };
}

const known = PARTS.map(knownOf).filter((part) => part !== null);
const page = pageOf(known, { profile: values.quick ? "quick" : "long", scale: Number(values.scale) });
if (isWhole && known.length === PARTS.length && known.every(({ status }) => status === 0)) {
  writeFileSync("RELIABILITY.md", page);
} else {
  console.log(page);
}
process.exitCode = statuses.every((status) => status === 0) ? 0 : 1;
