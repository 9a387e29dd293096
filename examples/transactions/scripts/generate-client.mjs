// Prisma's client for prisma/schema.prisma. The command would download an engine that only its migrations use; where one
// is named, whatever it is, it does not look for it.
import { spawnSync } from "node:child_process";

const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" };
const { status, stdout, stderr, error } = spawnSync("prisma", ["generate", "--no-hints"], { env, encoding: "utf8" });
if (status !== 0) {
  console.error(error?.message ?? `${stdout}${stderr}`);
  process.exitCode = 1;
}
