import { type EventType, generate, type OrgId, placementBegun, type Tables, type TenancyEvent } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { describe, expect, test } from "vitest";
import { placementInvariants } from "./placement-invariants.ts";
import { brokenInvariants } from "./violations.ts";

// The test of the invariants of placements: each is noticed to be broken, and none is in a life as it is lived.

type Placement = NonNullable<Tables["placement"]>[number];
type Told = readonly [type: EventType, data: object];

const UNTIL = "2031-01-01T00:00:00.000Z";
const provisioned: Told = ["tenant.provisioned", { strategy: "schema" }];
const failed: Told = ["tenant.provisioning_failed", { step: "migrate", code: "42501" }];
const paused: Told = ["tenant.paused", { until: UNTIL }];
const resumed: Told = ["tenant.resumed", {}];
const moved: Told = ["tenant.moved", { from: "schema", to: "database" }];
const revoked: Told = ["org.revoked", { memberships: 1, invitations: 0, tuples: 1 }];
const gone = (policy: string): Told => ["tenant.deprovisioned", { policy }];

const left = { stage: "drop", step: null, attempts: 0, until: null, policy: "drop", sealedDsn: null, migratedTo: null };

/** What became of each place, and the row that is there. */
const LIVES: Readonly<Record<string, readonly [row: Partial<Placement>, events: readonly Told[]]>> = {
  begun: [{ state: "pending", step: "role", attempts: 1 }, []],
  row: [{ strategy: "row", state: "ready", pausedUntil: new Date(UNTIL) }, [paused]],
  failed: [{ state: "failed", step: "migrate", attempts: 3, errorCode: "42501" }, [failed]],
  again: [{ state: "ready" }, [failed, failed, provisioned, paused, resumed]],
  moved: [
    { strategy: "database", state: "ready", move: { strategy: "schema", ...left } },
    [provisioned, paused, moved, resumed],
  ],
  archived: [{ state: "archived", name: "old" }, [provisioned, gone("rename")]],
  removed: [{ state: "removed" }, [provisioned, paused, revoked, gone("drop")]],
};

async function life(lives: typeof LIVES = LIVES): Promise<Tables> {
  const store = new InMemoryTenancyStore({ groups: ["placement"] });
  const rows: Placement[] = [];
  const more: TenancyEvent[] = [];
  const versions = new Map<OrgId, number>();
  for (const [name, [row, events]] of Object.entries(lives)) {
    const { org } = await store.createOrg({
      creator: generate("usr"),
      slug: name,
      placement: { strategy: "schema", state: "pending" },
    });
    if (events.includes(revoked)) {
      await store.revokeOrg(org.id);
    }
    rows.push({ ...placementBegun(org.id, { strategy: "schema", state: "pending" }), ...row });
    let { version } = await store.getOrg(org.id);
    for (const [type, data] of events.filter((event) => event !== revoked)) {
      // What was told before the end comes before it.
      version += 1;
      const about = { at: new Date("2030-01-01"), actor: null, idempotencyKey: null };
      more.push({ orgId: org.id, seq: version, type, data, ...about } as unknown as TenancyEvent);
    }
    versions.set(org.id, version);
  }
  const tables = store.tables();
  return inOrder({
    ...tables,
    placement: rows,
    org: tables.org.map((org) => ({ ...org, version: versions.get(org.id) ?? 0 })),
    evt: [...tables.evt, ...more],
  });
}

/** The events of an organization by `seq`; where it ended, that is behind all but what became of its place. */
function inOrder(tables: Tables): Tables {
  const place = ({ type }: TenancyEvent): number =>
    type === "org.revoked" ? 1 : type === "tenant.deprovisioned" ? 2 : 0;
  const evt = tables.org.flatMap(({ id, status }) =>
    tables.evt
      .filter(({ orgId }) => orgId === id)
      .sort((a, b) => (status === "revoked" ? place(a) - place(b) : 0) || a.seq - b.seq)
      .map((event, before) => ({ ...event, seq: before + 1 })),
  );
  const idem = tables.idem.map((row) => {
    const { seq = null } = evt.find(({ orgId, type }) => orgId === row.orgId && wasOf(row.seq) === type) ?? {};
    return { ...row, seq };
  });
  return { ...tables, evt, idem };
}
const wasOf = (seq: number | null): EventType => (seq === 1 ? "org.created" : "org.revoked");

const idOf = ({ org }: Tables, name: string): OrgId => {
  const { id } = org.find(({ slug, name: own }) => slug === name || own === name) ?? {};
  if (id === undefined) {
    throw new Error(`there is no ${name}`);
  }
  return id;
};
const row =
  (name: string, change: Partial<Placement>): ((tables: Tables) => Tables) =>
  (tables) => ({
    ...tables,
    placement: (tables.placement ?? []).map((own) => (own.orgId === idOf(tables, name) ? { ...own, ...change } : own)),
  });
const lived =
  (name: string, ...events: readonly Told[]): (() => Promise<Tables>) =>
  () =>
    life({ ...LIVES, [name]: [LIVES[name]?.[0] ?? {}, events] });
const damaged =
  (change: (tables: Tables) => Tables): (() => Promise<Tables>) =>
  async () =>
    change(await life());

const damages: readonly (readonly [id: string, what: string, tables: () => Promise<Tables>])[] = [
  ["I28", "two placements", damaged((t) => ({ ...t, placement: [...(t.placement ?? []), ...(t.placement ?? [])] }))],
  ["I28", "one of nobody's", damaged(row("begun", { orgId: generate("org") }))],
  ["I28", "a secret that outlives its place", damaged(row("removed", { sealedDsn: "sealed" }))],
  ["I28", "a failure of which nobody knows why", damaged(row("failed", { errorCode: null }))],
  ["I28", "a pause of what nobody can use", damaged(row("failed", { pausedUntil: new Date(UNTIL) }))],
  ["I28", "a move to where it is", damaged(row("moved", { move: { strategy: "database", ...left } }))],
  ["I28", "a move in an unknown stage", damaged(row("moved", { move: { strategy: "schema", ...left, stage: "x" } }))],
  ["I29", "ready twice", lived("again", provisioned, provisioned)],
  ["I29", "a failure of what is ready", lived("again", provisioned, failed, provisioned)],
  ["I29", "a pause of what is gone", lived("archived", provisioned, gone("rename"), paused, gone("rename"))],
  ["I29", "resumed without a pause", lived("again", provisioned, resumed)],
  ["I29", "a move while everybody writes", lived("moved", provisioned, moved, resumed)],
  ["I29", "a move that leaves the pause", lived("moved", provisioned, paused, moved)],
  ["I29", "a move from elsewhere", lived("moved", ["tenant.provisioned", { strategy: "row" }], paused, moved, resumed)],
  [
    "I30",
    "a placement less",
    damaged((t) => ({ ...t, placement: (t.placement ?? []).filter(({ orgId }) => orgId !== idOf(t, "again")) })),
  ],
  ["I30", "a failure that nobody was told of", damaged(row("begun", { state: "failed", errorCode: "x" }))],
  ["I30", "a pause that nobody was told of", damaged(row("begun", { state: "ready", pausedUntil: new Date(UNTIL) }))],
  ["I30", "ready, and was told to have failed", damaged(row("failed", { state: "ready", errorCode: null }))],
  ["I30", "a failure for another reason", damaged(row("failed", { errorCode: "08006" }))],
  ["I30", "in use, and was told to be gone", damaged(row("archived", { state: "ready" }))],
  ["I30", "kept, and was told to be removed", damaged(row("removed", { state: "archived" }))],
  ["I30", "in another strategy", damaged(row("again", { strategy: "database" }))],
  ["I30", "a pause that was ended", damaged(row("again", { pausedUntil: new Date(UNTIL) }))],
  ["I30", "a pause until another instant", damaged(row("row", { pausedUntil: new Date(0) }))],
  ["I30", "the rest of a move that never was", damaged(row("again", { move: { strategy: "row", ...left } }))],
  [
    "I31",
    "ready after the end",
    damaged((t) => ({
      ...t,
      evt: t.evt.map((event) =>
        event.orgId === idOf(t, "removed") && event.type === "tenant.deprovisioned"
          ? ({ ...event, type: "tenant.provisioned", data: { strategy: "schema" } } as unknown as TenancyEvent)
          : event,
      ),
    })),
  ],
];

describe("the invariants of placements", () => {
  test("hold in an undamaged life", async () => {
    expect(brokenInvariants(await life())).toEqual([]);
  });

  test.each(damages)("%s notices %s", async (id, _, damage) => {
    expect(brokenInvariants(await damage()).map((violation) => violation.id)).toContain(id);
  });

  test("each have a damage that they notice", () => {
    const noticed = new Set(damages.map(([id]) => id));
    expect(placementInvariants.map(({ id }) => id).filter((id) => !noticed.has(id))).toEqual([]);
  });
});
