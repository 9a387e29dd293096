import type { Tables } from "@tenantry/core";
import { assert, assertAll } from "../assertions.ts";
import { brokenPromises } from "../history/check.ts";
import type { History } from "../history/line.ts";
import { brokenInvariants } from "../invariants/violations.ts";
import type { OpenShared, SharedDatabase } from "../shared-database.ts";

/** All invariants hold. The failure names those that do not. */
export function assertSane(tables: Tables): void {
  const broken = brokenInvariants(tables);
  const lines = broken.map(({ id, name, rule, rows }) => `${id} ${name} is broken, ${rule}: ${rows.join("; ")}`);
  assert(broken.length === 0, lines.join("\n"));
}

/** All promises made to callers are kept, and all invariants hold. */
export function assertKept(history: History, tables: Tables): void {
  const broken = brokenPromises(history, tables);
  const lines = broken.map(({ id, name, rule, rows }) => `${id} ${name} is broken, ${rule}:\n  ${rows.join("\n  ")}`);
  assertAll(
    () => assert(broken.length === 0, lines.join("\n")),
    () => assertSane(tables),
  );
}

/** Gives a database to some work and takes it back, whatever comes of the work. */
export async function closing(
  openShared: OpenShared,
  work: (database: SharedDatabase) => Promise<void>,
): Promise<void> {
  const database = await openShared();
  try {
    await work(database);
  } finally {
    await database.close();
  }
}
