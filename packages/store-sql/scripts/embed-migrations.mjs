// Writes the migrations as a module, for runtimes without a file system. With --check it only says whether it is current.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../migrations/", import.meta.url);
const target = new URL("../src/generated/migrations.ts", import.meta.url);

const entries = readdirSync(folder)
  .filter((file) => file.endsWith(".sql"))
  .sort()
  .map((file) => ({ name: file.replace(/\.sql$/, ""), sql: readFileSync(new URL(file, folder), "utf8") }));

const literal = (sql) => `\`${sql.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${")}\``;
const text = `// Written by scripts/embed-migrations.mjs from migrations/*.sql; change those.

export const migrations: readonly { readonly name: string; readonly sql: string }[] = [
${entries.map(({ name, sql }) => `  {\n    name: ${JSON.stringify(name)},\n    sql: ${literal(sql)},\n  },`).join("\n")}
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
    console.error("src/generated/migrations.ts is not what migrations/*.sql say: run the build and commit it.");
    process.exitCode = 1;
  }
} else if (current() !== text) {
  writeFileSync(target, text);
}
