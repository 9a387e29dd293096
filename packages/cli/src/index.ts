export type { CliConfig, MigrateRequest, Part } from "./config.ts";
export type { Io } from "./io.ts";
export type { Exit } from "./problem.ts";
export { run } from "./run.ts";
