import { describe, expect, test } from "vitest";
import { alice, bob, codeOf } from "../test/world.ts";
import { createTenantStub } from "./testing.ts";

describe("the stub", () => {
  test("binds a member out of the box, and nobody else", async () => {
    const { store, as } = createTenantStub();
    const { org } = await store.createOrg({ creator: alice });
    expect(await as(alice, org.id, { role: "owner" })).toMatchObject({ org: { id: org.id }, source: "header" });
    expect(await codeOf(() => as(bob, org.id))).toBe("tenant.denied");
  });

  test("has the header alone, rows, and neither prefix nor SQL context", () => {
    const { config, registry } = createTenantStub().tenancy;
    expect(registry.ordered().map(({ name }) => name)).toEqual(["header"]);
    expect([config.lifecycle, config.integration]).toEqual([
      { strategy: "row", autoProvision: false, graceDays: 30 },
      { cacheKeyPrefix: false, sqlContext: false },
    ]);
  });

  test("has a clock that stands still until it is moved", async () => {
    const { store, advance } = createTenantStub(new Date(0));
    const { org } = await store.createOrg({ creator: alice });
    advance(5);
    expect([org.createdAt, (await store.suspendOrg(org.id)).updatedAt]).toEqual([new Date(0), new Date(5)]);
  });
});
