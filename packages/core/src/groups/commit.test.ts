import { expect, test } from "vitest";
import { committed, scriptedPort } from "../../test/scripted-port.ts";
import { acme, alice } from "../../test/world.ts";
import { Feed, toldTo } from "../feed.ts";
import { Compatible } from "../footprint.ts";
import type { StorePort } from "../store.ts";
import { Tenancy } from "../tenancy.ts";

const keeping = (...groups: NonNullable<StorePort["capabilities"]["groups"]>) => {
  const scripted = scriptedPort({ commit: [committed] });
  const port = { ...scripted.port, capabilities: { ...scripted.port.capabilities, groups } };
  return { ...scripted, store: new Tenancy(port, { groups }) };
};

test.each([
  [[], []],
  [["relay"], ["announce"]],
  [["audit"], ["trace"]],
  [
    ["audit", "relay", "settings"],
    ["announce", "trace"],
  ],
] as const)("a store that keeps %o adds %o to every commit", async (groups, added) => {
  const { store, commits } = keeping(...groups);
  await store.createOrg(alice);
  const ops = commits[0]?.changes.map(({ op }) => op);
  expect(ops?.filter((op) => op === "announce" || op === "trace")).toEqual(added);
});

test("what is about a commit's own events is in nobody's way", () => {
  const compatible = new Compatible();
  const commit = {
    org: { is: "existing", id: acme.id, status: null, version: null },
    changes: [{ op: "announce" }, { op: "trace" }],
    events: [],
    keys: [],
  } as const;
  expect([compatible.admit(commit), compatible.admit(commit)]).toEqual([true, true]);
});

test("the bookkeeping of a port is there behind its feed", () => {
  const { port } = scriptedPort({});
  const [relay, audit, placement] = [{}, {}, {}] as never[];
  const told = toldTo(new Feed(), { ...port, relay, audit, placement } as unknown as StorePort);
  expect([told.relay, told.audit, told.placement]).toEqual([relay, audit, placement]);
  expect(toldTo(new Feed(), port)).not.toHaveProperty("relay");
});
