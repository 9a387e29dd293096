// Every check that is not a test. With names as arguments only those: `verify lint packages`.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const published = readdirSync("packages")
  .map((name) => ({ folder: `packages/${name}`, manifest: `packages/${name}/package.json` }))
  .filter(({ manifest }) => JSON.parse(readFileSync(manifest, "utf8")).private !== true)
  .map(({ folder }) => folder);

/** Each check: commands that must all succeed. */
const checks = {
  // Before the build, which would bring it up to date.
  migrations: ["node packages/store-sql/scripts/embed-migrations.mjs --check"],
  build: ["turbo run build --output-logs=errors-only"],
  types: ["turbo run typecheck --output-logs=errors-only", "tsc -p tsconfig.json"],
  lint: ["biome check --error-on-warnings"],
  architecture: ["depcruise --config .dependency-cruiser.mjs packages examples"],
  packages: published.flatMap((folder) => [
    `publint --strict ${folder}`,
    `attw --pack ${folder} --profile esm-only --format ascii`,
  ]),
  unused: ["knip"],
  size: ["size-limit"],
  changesets: isBaseBranchKnown() ? ["changeset status"] : [],
};
/** These look at what the build made. */
const needsBuild = new Set(["types", "architecture", "packages", "unused", "size"]);

/** A clone of another branch may not have the one that changes are compared with. */
function isBaseBranchKnown() {
  const { baseBranch } = JSON.parse(readFileSync(".changeset/config.json", "utf8"));
  return spawnSync("git", ["rev-parse", "--verify", "--quiet", baseBranch]).status === 0;
}

// publint leaves what it packs behind, so it packs where this script can remove it.
const scratch = mkdtempSync(join(tmpdir(), "tenantry-verify-"));
process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1", TMPDIR: scratch };

function run(command) {
  return new Promise((finish) => {
    const child = spawn(command, { shell: true, env });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    child.on("close", (status) => finish({ isGood: status === 0, output: `$ ${command}\n${output}` }));
  });
}

async function verify(name) {
  const start = performance.now();
  for (const command of checks[name]) {
    const { isGood, output } = await run(command);
    if (isGood) continue;
    console.log(`✗ ${name}\n${output}`);
    return false;
  }
  console.log(`✓ ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  return true;
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(checks, name));
if (unknown.length > 0) throw new Error(`There is no check ${unknown.join(", ")}: ${Object.keys(checks).join(", ")}.`);
const names = new Set(asked.length === 0 ? Object.keys(checks) : asked);
if ([...names].some((name) => needsBuild.has(name))) names.add("build");

const results = [];
for (const name of ["migrations", "build"].filter((first) => names.delete(first))) results.push(await verify(name));
// Two at a time: a machine of CI has two cores.
const waiting = [...names];
const worker = async () => {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) results.push(await verify(name));
};
await Promise.all([worker(), worker()]);

const failed = results.filter((isGood) => !isGood).length;
console.log(`\n${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
