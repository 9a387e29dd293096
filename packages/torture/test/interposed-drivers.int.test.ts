import { generate } from "@tenantry/core";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { openDatabase } from "@tenantry/testkit";
import pg from "pg";
import { expect, inject, test } from "vitest";
import { driverErrors } from "../src/driver-errors.ts";
import { interposedPool } from "../src/interposed-drivers.ts";

test("a COMMIT that is made to fail has ended its transaction, as on a server", async () => {
  const database = await openDatabase(inject("databaseUrl"));
  const pool = database.pool();
  await migratePostgres(pool);
  // One connection: what the next call says on it would belong to a transaction that was left open.
  const own = new pg.Pool({ connectionString: database.url, max: 1 });
  const [contention = () => new Error()] = driverErrors("pg").contention ?? [];
  let fails = false;
  const interposed = interposedPool(own, async ({ kind }, send) => {
    if (fails && kind === "commit") {
      throw contention();
    }
    return send();
  });
  const store = new PostgresTenancyStore(interposed);
  const { org } = await store.createOrg(generate("usr"));
  const member = () => ({ orgId: org.id, usrId: generate("usr"), role: "member" }) as const;
  fails = true;
  await expect(store.withTransaction((_, inner) => inner.addMember(member()))).rejects.toThrow();
  fails = false;
  const { id } = await store.addMember(member());
  expect(
    (await new PostgresTenancyStore(pool).listMembers(org.id, { role: "member" })).data.map((one) => one.id),
  ).toEqual([id]);
  await own.end();
  await database.close();
});
