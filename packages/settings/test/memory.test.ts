import { generate } from "@tenantry/core";
import { InMemoryDatabase, InMemoryTenancyStore } from "@tenantry/store-memory";
import { expect, test } from "vitest";
import { brokenInvariants } from "../../conformance/src/invariants/violations.ts";
import { storeSettings, TenantSettings } from "../src/index.ts";
import { describeSettings } from "./suite.ts";

describeSettings(
  "memory",
  async () => {
    const database = new InMemoryDatabase();
    const store = () => new InMemoryTenancyStore({ groups: ["settings"] }, database);
    return {
      stores: [store(), store()],
      tables: async () => database.tables(),
      dump: async () => JSON.stringify(database.tables()),
      broken: async () => brokenInvariants(database.tables()),
      close: async () => {},
    };
  },
  100,
);

test("what happens to settings breaks no invariant of the kit", async () => {
  const store = new InMemoryTenancyStore({ groups: ["settings"] });
  const settings = new TenantSettings(storeSettings(store), {}, { openKeys: true });
  const { org } = await store.createOrg(generate("usr"));
  await settings.setMany(org.id, { a: 1, b: 2 }, { idempotencyKey: "k" });
  await settings.unset(org.id, "a");
  await store.revokeOrg(org.id);
  expect(brokenInvariants(store.tables())).toEqual([]);
});
