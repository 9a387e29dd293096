// Writes the migrations as a module, for runtimes without a file system. With --check it only says whether it is current.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../migrations/", import.meta.url);
const target = new URL("../src/generated/migrations.ts", import.meta.url);

// A folder is a group, whose tables rest on the first ones.
const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".sql"));
const entries = files
  .map((file) => ({ group: file.includes("/") ? file.split("/")[0] : null, file }))
  .sort((a, b) => Number(a.group !== null) - Number(b.group !== null) || (a.file < b.file ? -1 : 1))
  .map(({ group, file }) => ({
    name: file.replace(/\.sql$/, ""),
    group,
    sql: readFileSync(new URL(file, folder), "utf8"),
  }));

const literal = (sql) => `\`${sql.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${")}\``;
const entry = ({ name, group, sql }) =>
  `  {\n    name: ${JSON.stringify(name)},\n    group: ${JSON.stringify(group)},\n    sql: ${literal(sql)},\n  },`;
const text = `// Written by scripts/embed-migrations.mjs from migrations/**/*.sql; change those.

import type { Group } from "@tenantry/core";

export const migrations: readonly { readonly name: string; readonly group: Group | null; readonly sql: string }[] = [
${entries.map(entry).join("\n")}
];
`;

const current = () => {
  try {
    return readFileSync(target, "utf8");
  } catch {
    return null;
  }
};
if (process.argv.includes("--check")) {
  if (current() !== text) {
    console.error("src/generated/migrations.ts is not what migrations/**/*.sql say: run the build and commit it.");
    process.exitCode = 1;
  }
} else if (current() !== text) {
  writeFileSync(target, text);
}
