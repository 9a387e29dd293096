import type { TestProject } from "vitest/node";
import { startCluster } from "./cluster.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** A PostgreSQL on which tests make databases of their own with `createDatabase`. */
    readonly databaseUrl: string;
  }
}

/** One PostgreSQL for the whole run, or the one that `DATABASE_URL` names; answers what stops it again. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env["DATABASE_URL"];
  if (given !== undefined && given !== "") {
    project.provide("databaseUrl", given);
    return async () => {};
  }
  const cluster = await startCluster();
  project.provide("databaseUrl", cluster.url);
  return cluster.stop;
}
