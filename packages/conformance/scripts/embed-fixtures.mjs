// Writes the fixtures as a module, for runtimes without a file system. JSON modules would need an import attribute that
// not every runtime and bundler knows; a string is parsed faster than a literal and costs the compiler nothing.
// What it writes is ignored by git and made by every build, so it cannot be out of date.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../fixtures/", import.meta.url);
const target = new URL("../src/generated/corpus.ts", import.meta.url);

const paths = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".json") && path !== "fixture.schema.json")
  .sort();
const files = paths.map((path) => [path, JSON.stringify(JSON.parse(readFileSync(new URL(path, folder), "utf8")))]);

const text = `// Written by scripts/embed-fixtures.mjs from fixtures/**/*.json; change those.

/** Path and JSON of every fixture file. */
export const files: readonly (readonly [path: string, json: string])[] = [
${files.map(([path, json]) => `  [${JSON.stringify(path)}, ${JSON.stringify(json)}],`).join("\n")}
];
`;

mkdirSync(new URL(".", target), { recursive: true });
writeFileSync(target, text);
