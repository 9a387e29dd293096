import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

// The code in the READMEs is taken out and compiled as a reader would, and the first piece is run.

const root = fileURLToPath(new URL("../../../", import.meta.url));
const folder = fileURLToPath(new URL("../.out/", import.meta.url));
const tsc = join(createRequire(join(root, "package.json")).resolve("typescript/package.json"), "../bin/tsc");

const pages = [
  "README.md",
  ...["core", "store-memory", "store-sql", "store-pg", "store-neon", "conformance"].map(
    (name) => `packages/${name}/README.md`,
  ),
];
const pieces = pages.flatMap((page) =>
  [...readFileSync(join(root, page), "utf8").matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code ?? ""),
);

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  for (const [place, code] of pieces.entries()) {
    writeFileSync(join(folder, `piece-${place}.ts`), code);
  }
  const compilerOptions = {
    types: ["node"],
    rootDir: ".",
    outDir: "dist",
    isolatedDeclarations: false,
    declaration: false,
    declarationMap: false,
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../../tsconfig.base.json",
      compilerOptions: { ...compilerOptions, noPropertyAccessFromIndexSignature: false },
      include: ["*.ts"],
    }),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the code in every README compiles and its example runs", { timeout: 60_000 }, () => {
  expect(pieces.length).toBeGreaterThanOrEqual(3);
  const compiled = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  expect(compiled.stdout).toBe("");
  const ran = spawnSync(process.execPath, [join(folder, "dist/piece-0.js")], { encoding: "utf8" });
  expect(ran.stderr).toBe("");
  expect(ran.stdout).toMatch(/^true \[/);
  expect(ran.stdout).toMatch(/relation: 'admin'/);
});
