import { expect, test } from "vitest";
import { alice, codeOf, idNo, openWorld, stranger } from "../test/world.ts";
import { storeDirectory } from "./directory.ts";
import { TenantGuard } from "./guard.ts";
import { recordedEntries } from "./operators.ts";

const reason = "ticket 4711";

async function staffed() {
  const world = await openWorld();
  const { store } = world;
  const operators = { mayEnter: () => true, recordEntry: recordedEntries(store) };
  const guard = new TenantGuard({ directory: storeDirectory(store), operators });
  return { ...world, guard };
}

test("an entry is an event of the organization, in a commit that changes nothing else", async () => {
  const { store, acme, guard } = await staffed();
  const before = store.tables();
  const org = await store.getOrg(acme);
  const active = await guard.enterAs(acme, { operator: stranger, reason });
  expect(active.actor).toEqual({ kind: "operator", id: stranger, reason });
  const after = store.tables();
  expect(await store.getOrg(acme)).toEqual({ ...org, version: org.version + 1 });
  expect([after.mem, after.inv, after.tup]).toEqual([before.mem, before.inv, before.tup]);
  expect((await store.listEvents(acme, { after: org.version })).data).toMatchObject([
    { type: "operator.entered", actor: stranger, data: { reason } },
  ]);
});

test("whoever is not let in leaves no entry", async () => {
  const { store, acme, beta, guard } = await staffed();
  await store.suspendOrg(acme);
  const { version } = await store.getOrg(acme);
  expect(await codeOf(() => guard.enterAs(acme, { operator: stranger, reason }))).toBe("tenant.inactive");
  for (const bad of ["", " ", "bell \u0007", "x".repeat(1025)]) {
    expect(await codeOf(() => guard.enterAs(beta, { operator: stranger, reason: bad }))).toBe("tenant.denied");
  }
  expect((await store.getOrg(acme)).version).toBe(version);
  expect((await store.listEvents(beta, { types: ["operator.entered"] })).data).toEqual([]);
});

test("an entry is written while the organization is active, or nobody enters", async () => {
  const { store, acme } = await openWorld();
  const record = recordedEntries(store);
  const directory = storeDirectory(store);
  const guard = new TenantGuard({
    directory,
    operators: {
      mayEnter: () => true,
      async recordEntry(entry) {
        // Suspended between the look and the entry.
        await store.suspendOrg(acme);
        return record(entry);
      },
    },
  });
  expect(await codeOf(() => guard.enterAs(acme, { operator: alice, reason }))).toBe("tenant.inactive");
  expect((await store.listEvents(acme, { types: ["operator.entered"] })).data).toEqual([]);
  expect(await codeOf(() => record({ orgId: idNo("org", 77), operator: alice, reason }))).toBe("tenant.denied");
  expect(await codeOf(() => record({ orgId: acme, operator: alice, reason: " " }))).toBe("precondition.invalid_input");
});
