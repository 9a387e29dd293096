import { generate, type OrgId, type Tenancy } from "@tenantry/core";
import { migratePostgres, PostgresTenancyStore } from "@tenantry/store-pg";
import { brokenInvariants, type OpenDatabase, openDatabase } from "@tenantry/testkit";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, expect, inject, test } from "vitest";
import { TenantLifecycleService } from "../src/index.ts";

const groups = ["lifecycle"] as const;
const ROUNDS = 1000;
const AT_ONCE = 8;

let database: OpenDatabase;
let admin: pg.Pool;
let now = new Date("2030-01-01T00:00:00.000Z");
beforeAll(async () => {
  database = await openDatabase(inject("databaseUrl"));
  admin = database.pool({ max: 1 });
  await migratePostgres(database.pool(), { groups });
});
afterEach(async () => {
  expect(await brokenInvariants((text) => admin.query(text), "tenancy", groups)).toEqual([]);
});
afterAll(() => database.close());

/** Two processes: each with connections, commits and caches of its own. */
function processes(): readonly [TenantLifecycleService, TenantLifecycleService, Tenancy] {
  const open = (): Tenancy => new PostgresTenancyStore(database.pool({ max: 4 }), { clock: () => now, groups });
  const [one, other] = [open(), open()];
  return [new TenantLifecycleService(one), new TenantLifecycleService(other), one];
}

test("of a run and somebody who restores exactly one wins, a thousand times", async () => {
  const [restoring, running, store] = processes();
  const won = { restore: 0, run: 0 };

  async function round(place: number): Promise<void> {
    const { tenant } = await restoring.createTenant({ creator: generate("usr") });
    await restoring.deleteTenant(tenant.id, { graceDays: 0 });
    // Who comes first is chance; each of them is started first in half of the rounds.
    const begun = place % 2 === 0 ? null : running.runDue();
    const restoration = restoring.result.restoreTenant(tenant.id);
    const report = await (begun ?? running.runDue());
    const restored = await restoration;
    // Another round's run may have found it, and a run of this one may have come too early.
    const after = await restoring.getTenant(tenant.id);
    const events = (await store.listEvents(tenant.id)).data.map(({ type }) => type);
    const ends = events.filter((type) => type === "org.reinstated" || type === "org.revoked");
    expect(report.failed).toEqual([]);
    expect(ends).toHaveLength(1);
    expect(after.suspension).toBeNull();
    if (restored.ok) {
      won.restore += 1;
      expect(after.status).toBe("active");
      expect(ends).toEqual(["org.reinstated"]);
      return;
    }
    won.run += 1;
    expect(restored.error.code).toBe("precondition.invalid_transition");
    expect(after.status).toBe("revoked");
  }

  for (let done = 0; done < ROUNDS; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, place) => round(done + place)));
  }
  expect(won.restore + won.run).toBe(ROUNDS);
  // Neither always wins, or nothing raced.
  expect(Math.min(won.restore, won.run)).toBeGreaterThan(0);
  const { rows } = await database
    .pool()
    .query(
      `select count(*)::int as n from tenancy.suspension u join tenancy.org o on o.id = u.org_id where o.status <> 'suspended'`,
    );
  expect(rows).toEqual([{ n: 0 }]);
}, 300_000);

test("of many runs at once each tenant is ended by one, and told once", async () => {
  const [one, other, store] = processes();
  const ids: OrgId[] = [];
  for (let place = 0; place < 20; place += 1) {
    const { tenant } = await one.createTenant({ creator: generate("usr") });
    await one.deleteTenant(tenant.id, { graceDays: 0 });
    ids.push(tenant.id);
  }
  now = new Date(now.getTime() + 1);
  const reports = await Promise.all([one, other, one, other].map((service) => service.runDue()));
  const revoked = reports.flatMap((report) => report.revoked);
  expect(revoked.filter((id) => ids.includes(id)).sort()).toEqual([...ids].sort());
  expect(reports.flatMap(({ failed }) => failed)).toEqual([]);
  for (const id of ids) {
    expect((await store.listEvents(id, { types: ["org.revoked"] })).data).toHaveLength(1);
  }
});

test("a deletion that is given another date meanwhile is not due", async () => {
  const [one, other] = processes();
  const { tenant } = await one.createTenant({ creator: generate("usr") });
  for (let round = 0; round < 20; round += 1) {
    await one.deleteTenant(tenant.id, { graceDays: 0 });
    const [again, report] = await Promise.all([one.result.deleteTenant(tenant.id, { graceDays: 9 }), other.runDue()]);
    const { status, suspension } = await one.getTenant(tenant.id);
    if (!again.ok) {
      expect(report.revoked).toEqual([tenant.id]);
      return;
    }
    expect({ status, dueAt: suspension?.dueAt }).toEqual({
      status: "inactive",
      dueAt: new Date(now.getTime() + 9 * 86_400_000),
    });
    expect(report.revoked).toEqual([]);
  }
});

test("a tenant is never active with a date: restored and given another date at once, one of both is true", async () => {
  const [one, other] = processes();
  for (let round = 0; round < 200; round += 1) {
    const { tenant } = await one.createTenant({ creator: generate("usr") });
    await one.deleteTenant(tenant.id, { graceDays: 1 });
    await Promise.all([one.result.restoreTenant(tenant.id), other.result.deleteTenant(tenant.id, { graceDays: 9 })]);
    const { rows } = await admin.query(
      `select o.status, u.kind from tenancy.org o left join tenancy.suspension u on u.org_id = o.id where o.id = $1`,
      [tenant.id.slice(4)],
    );
    expect([
      { status: "active", kind: null },
      { status: "suspended", kind: "deletion" },
    ]).toContainEqual(rows[0]);
  }
});
