// The long run: models, races, faults and crashes for most of an hour, and RELIABILITY.md with what was counted.
// `--quick` does what every test run does, `--seed N` begins chance elsewhere, `--only <file>` runs one part; what is not
// the whole long run is printed and not written down.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    scale: { type: "string", default: "1" },
  },
});
const folder = ".out/figures";
rmSync(folder, { recursive: true, force: true });
const start = Date.now();
const { status } = spawnSync(
  "vitest",
  ["run", "--project", "torture", "--project", "conformance", ...(values.only === undefined ? [] : [values.only])],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      TORTURE: values.quick ? "quick" : "long",
      TORTURE_SEED: values.seed,
      TORTURE_SCALE: values.scale,
      TORTURE_FIGURES: folder,
      TURBO_TELEMETRY_DISABLED: "1",
    },
  },
);
const seconds = (Date.now() - start) / 1000;

const rows = new Map();
for (const file of readdirSync(folder)) {
  for (const line of readFileSync(`${folder}/${file}`, "utf8").trim().split("\n")) {
    const { store, figure, count, seconds: took, unknown } = JSON.parse(line);
    const row = rows.get(`${figure} ${store}`) ?? {
      figure,
      store,
      count: 0,
      took: 0,
      committed: 0,
      fenced: 0,
      open: 0,
    };
    row.count += count;
    row.took += took;
    for (const end of ["committed", "fenced", "open"]) row[end] += unknown?.[end] ?? 0;
    rows.set(`${figure} ${store}`, row);
  }
}
const number = (value) => Math.round(value).toLocaleString("en-US");
const lines = [...rows.values()]
  .sort((a, b) => a.figure.localeCompare(b.figure) || a.store.localeCompare(b.store))
  .map(
    ({ figure, store, count, took, committed, fenced, open }) =>
      `| ${figure} | ${store} | ${number(count)} | ${committed + fenced + open === 0 ? "" : `${number(committed)} / ${number(fenced)} / ${number(open)}`} | ${number(took)} |`,
  );
const commit = spawnSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).stdout.trim();
const violations = status === 0 ? "0 violations." : "**Violations were found**: the run failed.";
const page = `# Reliability

What the ${values.quick ? "quick" : "long"} run of \`pnpm torture\` counted. ${violations} It fails at the first one: no half-written state, no
acknowledged write lost, no refused one that happened, none applied twice. *Unknown* are outcomes that a lost connection
left open, and what they were found to be: committed / fenced / neither.

Seed ${values.seed}, commit ${commit}, Node ${process.version}, ${cpus().length} cores, ${number(seconds / 60)} minutes.

| figure | store | count | unknown | seconds |
| --- | --- | --: | --: | --: |
${lines.join("\n")}

Not tested: services in the cloud, failovers, disks and power. Crashes end processes, with \`fsync\` on; what a disk loses
that said it had written is beyond them. Neon is a local endpoint in front of the same PostgreSQL.
`;
if (values.quick || values.only !== undefined || status !== 0) {
  console.log(page);
} else {
  writeFileSync("RELIABILITY.md", page);
}
process.exitCode = status ?? 1;
