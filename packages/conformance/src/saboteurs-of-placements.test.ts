import type { Commit, OrgId, PlacementChange, PlacementPort, StorePort } from "@tenantry/core";
import { describe, expect, test } from "vitest";
import { storePlacements } from "../../isolation/src/placement-store.ts";
import { type Broken, sharedMemory } from "../test/shared-memory.ts";
import { Failure } from "./assertions.ts";
import { playPlacements } from "./model/describe-placement-model.ts";
import { nameOf } from "./races/pair.ts";
import { placementPairs } from "./races/placement-pairs.ts";
import { explorePair } from "./races/schedules.ts";
import type { OpenShared } from "./shared-database.ts";

// The test of what is checked of placements: stores that are broken in theirs, one way each. Each must be caught by the check
// that is named, and the honest store by none.

const commits = (change: (commit: Commit, port: StorePort) => Commit | Promise<Commit>): Broken => ({
  port: (port) => ({ ...port, commit: async (commit) => port.commit(await change(commit, port)) }),
});
const bookkeeping = (change: (placement: PlacementPort, port: StorePort) => Partial<PlacementPort>): Broken => ({
  port(port) {
    const { placement } = port;
    return placement === undefined ? port : { ...port, placement: { ...placement, ...change(placement, port) } };
  },
});

type Update = Extract<PlacementChange, { readonly op: "updatePlacement" }>;

/** Of commits with such an event: all placements in them changed. */
function updates(
  { changes, events, ...commit }: Commit,
  type: Commit["events"][number]["type"],
  change: (update: Update) => readonly Commit["changes"][number][],
): Commit {
  const isMeant = events.some((event) => event.type === type);
  return {
    ...commit,
    events,
    changes: changes.flatMap((one) => (isMeant && one.op === "updatePlacement" ? change(one) : [one])),
  };
}

const orgOf = ({ org }: Commit): { readonly org: OrgId } => ({ org: org.is === "new" ? "org_" : org.id });

const saboteurs: readonly (readonly [fault: string, broken: Broken, pair: string, caughtBy: RegExp])[] = [
  [
    "exchanges places whatever became of them meanwhile",
    commits(({ org, ...commit }) => ({ ...commit, org: org.is === "new" ? org : { ...org, version: null } })),
    "64: exchange and exchange",
    /I29/,
  ],
  [
    "makes places ready for whoever held them once",
    commits(async (commit, port) => {
      const { now } = await port.load({ now: { read: "placement", of: orgOf(commit) } });
      return updates(commit, "tenant.provisioned", (update) => [
        { ...update, expect: { state: now?.state ?? update.expect.state, holder: null } },
      ]);
    }),
    "65: fail in the hands of another and provisioned",
    /pair 65/,
  ],
  [
    "makes places ready in whatever state they are",
    commits(async (commit, port) => {
      const { now } = await port.load({ now: { read: "placement", of: orgOf(commit) } });
      return updates(commit, "tenant.provisioned", ({ expect: own, ...update }) => [
        { ...update, expect: { ...own, state: now?.state ?? own.state } },
      ]);
    }),
    "65: begin to take it down and provisioned",
    /H06/,
  ],
  [
    "makes places ready for organizations that have ended",
    commits(({ org, ...commit }) => ({
      ...commit,
      org: org.is === "new" ? org : { ...org, status: null, version: null },
    })),
    "66: provisioned and revokeOrg",
    /I31/,
  ],
  [
    "tells that a place is ready, and does not write it",
    commits((commit) => updates(commit, "tenant.provisioned", () => [])),
    "67: provisioned and add U",
    /I30/,
  ],
  [
    "goes on refusing writes when a place was exchanged",
    commits((commit) =>
      updates(commit, "tenant.moved", ({ set: { pausedUntil: _, ...set }, ...update }) => [{ ...update, set }]),
    ),
    "67: exchange and add U",
    /I30/,
  ],
  [
    "gives the lease to whoever asks",
    bookkeeping((placement, port) => ({
      async lease(orgId, holder, seconds) {
        const { now } = await port.load({ now: { read: "placement", of: { org: orgId } } });
        await placement.release(orgId, now?.heldBy ?? holder);
        return placement.lease(orgId, holder, seconds);
      },
    })),
    "63: lease by first and lease by second",
    /2 of two workers/,
  ],
  [
    "writes down a second place for one that is there",
    bookkeeping((placement, port) => ({
      async create({ orgId, strategy, state }) {
        const row = await placement.create({ orgId, strategy, state });
        const holder = "creator";
        await port.placement?.lease(orgId, holder, 60);
        await port.placement?.record(orgId, holder, { strategy });
        await port.placement?.release(orgId, holder);
        return { ...row, strategy };
      },
    })),
    "63: place in schema and place in database",
    /it is in/,
  ],
];

describe.each(saboteurs)("a store that %s", (_, broken, name, caughtBy) => {
  test(`is caught by ${caughtBy.source}, and an honest one is not`, async () => {
    const pair = placementPairs(storePlacements).find((one) => nameOf(one) === name);
    if (pair === undefined) {
      throw new Error(`there is no pair ${name}`);
    }
    await explorePair(sharedMemory(), pair, 200);
    const caught = await explorePair(sharedMemory(broken), pair, 200).catch((error: unknown) => error);
    expect(caught).toBeInstanceOf(Failure);
    expect((caught as Failure).message).toMatch(caughtBy);
  });
});

/** Caught by the model: what is wrong whoever else is at work. */
const forgetful: readonly (readonly [fault: string, broken: Broken, caughtBy: RegExp])[] = [
  [
    "keeps the secret of a place that was removed",
    commits((commit) =>
      updates(commit, "tenant.deprovisioned", ({ set: { sealedDsn: _, ...set }, ...update }) => [{ ...update, set }]),
    ),
    /H11: the store under test/,
  ],
  [
    "does not keep what the next place was migrated to",
    commits((commit) =>
      updates(commit, "tenant.moved", ({ set, ...update }) => [{ ...update, set: { ...set, migratedTo: null } }]),
    ),
    /migratedTo/,
  ],
  [
    "answers to somebody whose lease was released",
    bookkeeping((placement) => ({ release: async () => {}, record: (...args) => placement.record(...args) })),
    /H11: the store under test/,
  ],
  [
    "lets anybody note how far they have come",
    bookkeeping((placement, port) => ({
      async record(orgId, holder, patch) {
        const { now } = await port.load({ now: { read: "placement", of: { org: orgId } } });
        return placement.record(orgId, now?.heldBy ?? holder, patch);
      },
    })),
    /the rules answer false|result/,
  ],
];

const play = (openShared: OpenShared): Promise<void> =>
  playPlacements({
    placements: storePlacements,
    ...{ seed: 1, steps: 1000 },
    async open(options) {
      const database = await openShared();
      return { ...database, store: await database.connect(options) };
    },
  });

test("a store that is broken in nothing is not caught by the model", () => play(sharedMemory()));

test.each(forgetful)("a store that %s is caught by the model", async (_, broken, caughtBy) => {
  const caught = await play(sharedMemory(broken)).catch((error: unknown) => error);
  expect(caught).toBeInstanceOf(Failure);
  expect((caught as Failure).message).toMatch(caughtBy);
});
