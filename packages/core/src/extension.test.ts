import { expect, test } from "vitest";
import { scriptedPort } from "../test/scripted-port.ts";
import { accept, extensionOf, found, GROUPS, type Mutation, type Query, stillActive } from "./extend.ts";
import { generate } from "./id.ts";
import type { Organization, OrgId } from "./model.ts";
import type { Read } from "./read.ts";
import type { StorePort } from "./store.ts";
import { Tenancy } from "./tenancy.ts";

const orgId = generate("org");
const now = new Date("2030-01-01T00:00:00Z");
const org: Organization = {
  id: orgId,
  status: "active",
  name: null,
  slug: null,
  version: 1,
  metadata: {},
  createdAt: now,
  updatedAt: now,
};
const missing = (group: string): unknown =>
  expect.objectContaining({ code: "config.capability_missing", details: { group } });

function keeping(...groups: NonNullable<StorePort["capabilities"]["groups"]>): StorePort {
  const { port } = scriptedPort({
    load: [() => ({ org })],
    commit: [() => ({ outcome: "committed", seq: 2 })],
  });
  return { ...port, capabilities: { ...port.capabilities, groups } };
}

type Plan = { readonly org: Read<"org"> };

const nameOf: Query<readonly [OrgId], { readonly orgId: OrgId }, Plan, string> = {
  name: "nameOf",
  parse: (orgId) => ({ orgId }),
  reads: ({ orgId }) => ({ org: { read: "org", of: { org: orgId } } }),
  answer: (_, { org }) => found(org?.name ?? "nameless"),
};

const touch: Mutation<
  readonly [OrgId],
  { readonly orgId: OrgId },
  Plan,
  Organization,
  { readonly touched: OrgId },
  never
> = {
  name: "touch",
  mints: [],
  admitsVersion: true,
  parse: (_, orgId) => ({ orgId }),
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId }) => ({ org: { read: "org", of: { org: orgId } } }),
  find: (_, { org }) => found(org as Organization),
  decide: ({ orgId }, facts, { now, actor }) =>
    accept(
      { touched: orgId },
      {
        org: stillActive(facts),
        at: now,
        actor,
        changes: [],
        event: { type: "org.updated", data: { changes: {} } },
      },
    ),
};

test("operations of another package run through a store's own loop", async () => {
  const store = new Tenancy(keeping("settings"), { groups: ["settings"] });
  const own = extensionOf(store, ["settings"]);
  expect(await own.ask(nameOf, orgId)).toBe("nameless");
  const again = extensionOf(new Tenancy(keeping("settings"), { groups: ["settings"] }), ["settings"]);
  expect(await again.mutate(touch, [orgId], {})).toEqual({ touched: orgId });
  expect(own.settings.groups).toEqual(["settings"]);
  expect(own.port.capabilities.groups).toEqual(["settings"]);
});

test("a store keeps the groups that it is told to, and says so", () => {
  const store = new Tenancy(keeping(...GROUPS), { groups: ["relay", "settings", "relay"] });
  expect(store.capabilities.groups).toEqual(["settings", "relay"]);
  expect(new Tenancy(keeping(...GROUPS)).capabilities.groups).toEqual([]);
});

test("a group that a port cannot keep is refused as the store is made", () => {
  expect(() => new Tenancy(keeping(), { groups: ["settings"] })).toThrow(missing("settings"));
  const { port } = scriptedPort({});
  expect(() => new Tenancy(port, { groups: ["relay"] })).toThrow(missing("relay"));
});

test("a package that needs what a store does not keep is refused", () => {
  const store = new Tenancy(keeping(...GROUPS), { groups: ["settings"] });
  expect(() => extensionOf(store, ["settings", "domains"])).toThrow(missing("domains"));
});

test("what is no store cannot be extended", () => {
  const store = new Tenancy(keeping(...GROUPS), { groups: ["settings"] });
  const invalid = expect.objectContaining({ code: "config.invalid" });
  expect(() => extensionOf({}, ["settings"])).toThrow(invalid);
  // What acts for somebody has permissions, which know no other operations.
  expect(() => extensionOf(store.as(generate("usr")), [])).toThrow(invalid);
});

for (const groups of ["settings", ["colour"], [1], null, {}]) {
  test(`${JSON.stringify(groups)} are no groups`, () => {
    const build = (): unknown => new Tenancy(keeping(...GROUPS), { groups: groups as never });
    expect(build).toThrow(expect.objectContaining({ code: "precondition.invalid_input", details: { key: "groups" } }));
  });
}
