import { generate, type Tables, type TenancyEvent } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { describe, expect, test } from "vitest";
import { placementInvariants } from "./placement-invariants.ts";
import { brokenInvariants, invariants, Watch } from "./violations.ts";

// The test of the invariants: tables damaged by hand, one way each, and the invariant that has to notice.

/** A life with everything in it: owners, links, suspension, removal, grants, a lapse, a closed organization. */
async function life(): Promise<Tables> {
  let now = Date.now();
  const store = new InMemoryTenancyStore({ clock: () => new Date(now) });
  for (const closed of [false, true]) {
    const creator = generate("usr");
    const slug = closed ? "closed" : "open";
    const { org, ownerMembership } = await store.createOrg({ creator, slug }, { idempotencyKey: "c" });
    const add = (role: "admin" | "member" | "owner") =>
      store.addMember({ orgId: org.id, usrId: generate("usr"), role });
    const [admin, member, heir] = [await add("admin"), await add("member"), await add("owner")];
    await store.suspendMembership(member.id);
    const promoted = await store.changeRole({ memId: admin.id, newRole: "member" });
    await store.adminRemove({ memId: promoted.id, adminUsrId: creator });
    await store.transferOwnership({ orgId: org.id, fromMemId: ownerMembership.id, toMemId: heir.id });
    const invite = () =>
      store.createInvitation({
        orgId: org.id,
        identifier: "x",
        role: "member",
        invitedBy: heir.usrId,
        expiresAt: new Date(now + 60_000),
        preTuples: [{ relation: "viewer", objectType: "project", objectId: "1" }],
      });
    const [gone, lapsed] = [generate("usr"), generate("usr")];
    await store.acceptInvitation({ invId: (await invite()).id, asUsrId: gone, acceptingIdentifier: "x" });
    await store.removeUser({ usrId: gone, grants: true });
    await store.addMember({ orgId: org.id, usrId: lapsed, role: "guest", expiresAt: new Date(now + 10) });
    now += 100;
    await (closed ? store.expireMemberships() : store.addMember({ orgId: org.id, usrId: lapsed, role: "guest" }));
    const [{ id: invId }] = [await invite(), await invite()];
    await store.acceptInvitation({ invId, asUsrId: generate("usr"), acceptingIdentifier: "x" });
    if (closed) {
      await store.revokeOrg(org.id);
    }
  }
  const tables = store.tables();
  const counts = tables.org.map(({ id }) => ({
    orgId: id,
    members: tables.mem.filter(({ orgId, status }) => orgId === id && status !== "revoked").length,
    invitations: tables.inv.filter(({ orgId, status }) => orgId === id && status === "pending").length,
  }));
  return { ...tables, counts };
}

type Damage = (tables: Tables) => Partial<Tables>;
type Row<T extends Exclude<keyof Tables, "counts">> = NonNullable<Tables[T]>[number];

const isOpen = ({ org }: Tables, id: string): boolean => org.some((row) => row.id === id && row.status === "active");
/** The first row that is meant, changed; it must be there. */
function changed<R>(rows: readonly R[], isMeant: (row: R) => boolean, change: (row: R) => Partial<R>): readonly R[] {
  const place = rows.findIndex(isMeant);
  if (place === -1) {
    throw new Error("there is no such row");
  }
  return rows.map((row, index) => (index === place ? { ...row, ...change(row) } : row));
}
const without = <R>(rows: readonly R[], isMeant: (row: R) => boolean): readonly R[] => {
  const left = rows.filter((row) => !isMeant(row));
  expect(left.length).toBeLessThan(rows.length);
  return left;
};
const mem = (isMeant: (row: Row<"mem">) => boolean, change: (row: Row<"mem">) => Partial<Row<"mem">>): Damage => {
  return (tables) => ({ mem: changed(tables.mem, isMeant, change) });
};
const inv = (isMeant: (row: Row<"inv">) => boolean, change: (row: Row<"inv">) => Partial<Row<"inv">>): Damage => {
  return (tables) => ({ inv: changed(tables.inv, isMeant, change) });
};
const org = (isMeant: (row: Row<"org">) => boolean, change: (row: Row<"org">) => Partial<Row<"org">>): Damage => {
  return (tables) => ({ org: changed(tables.org, isMeant, change) });
};
const evt = (change: (events: readonly TenancyEvent[]) => readonly unknown[]): Damage => {
  return (tables) => ({ evt: change(tables.evt) as readonly TenancyEvent[] });
};
const idem = (isMeant: (row: Row<"idem">) => boolean, change: (row: Row<"idem">) => Partial<Row<"idem">>): Damage => {
  return (tables) => ({ idem: changed(tables.idem, isMeant, change) });
};
const EARLY = new Date(0);
const isActive = ({ status }: Row<"mem">): boolean => status === "active";
const isLink = ({ replaces }: Row<"mem">): boolean => replaces !== null;

const damages: readonly (readonly [id: string, what: string, damage: Damage])[] = [
  [
    "I01",
    "the owner is suspended",
    mem(
      (row) => isActive(row) && row.role === "owner",
      () => ({ status: "suspended" }),
    ),
  ],
  [
    "I02",
    "a member twice",
    (t) => ({ mem: [...t.mem, ...t.mem.filter(isActive).map((row) => ({ ...row, id: generate("mem") }))] }),
  ],
  ["I03", "a role tuple less", (t) => ({ tup: without(t.tup, ({ relation }) => relation === "owner") })],
  ["I04", "a role tuple more", (t) => ({ tup: [...t.tup, ...t.tup.map((row) => ({ ...row, relation: "admin" }))] })],
  [
    "I05",
    "a member in a closed organization",
    (t) =>
      mem(
        (row) => row.status === "revoked" && !isOpen(t, row.orgId),
        () => ({ status: "suspended" }),
      )(t),
  ],
  [
    "I05",
    "an offer in a closed organization",
    (t) =>
      inv(
        (row) => row.status === "revoked" && !isOpen(t, row.orgId),
        () => ({ status: "pending", terminalAt: null }),
      )(t),
  ],
  [
    "I05",
    "a tuple on a closed organization",
    (t) => ({
      tup: t.org
        .filter(({ status }) => status === "revoked")
        .map(({ id }) => ({
          subjectType: "usr" as const,
          subjectId: generate("usr"),
          relation: "reader",
          objectType: "org",
          objectId: id,
          expiresAt: null,
        })),
    }),
  ],
  ["I06", "a slug twice", (t) => ({ org: t.org.map((row) => ({ ...row, slug: "same", status: "active" as const })) })],
  ["I07", "a tuple twice", (t) => ({ tup: [...t.tup, ...t.tup] })],
  [
    "I08",
    "a grant from nowhere",
    (t) => ({ tup: [...t.tup, ...t.tup.map((row) => ({ ...row, objectType: "project", objectId: "2" }))] }),
  ],
  ["I09", "a grant less", (t) => ({ tup: without(t.tup, ({ objectType }) => objectType === "project") })],
  [
    "I10",
    "two links to one",
    (t) => ({ mem: t.mem.map((row) => ({ ...row, replaces: t.mem.find(isLink)?.replaces ?? null })) }),
  ],
  [
    "I11",
    "a link as old as what it replaces",
    (t) =>
      mem(isLink, ({ replaces }) => ({ createdAt: t.mem.find(({ id }) => id === replaces)?.createdAt ?? EARLY }))(t),
  ],
  [
    "I12",
    "a ring",
    (t) => ({
      mem: t.mem.map((row) => ({
        ...row,
        replaces: row.replaces ?? t.mem.find(({ replaces }) => replaces === row.id)?.id ?? null,
      })),
    }),
  ],
  [
    "I14",
    "an end without an instant",
    inv(
      ({ status }) => status === "accepted",
      () => ({ terminalAt: null }),
    ),
  ],
  [
    "I14",
    "an acceptance after expiry",
    inv(
      ({ status }) => status === "accepted",
      ({ createdAt }) => ({
        expiresAt: new Date(createdAt.getTime() + 1),
        terminalAt: new Date(createdAt.getTime() + 2),
      }),
    ),
  ],
  [
    "I15",
    "an acceptance without a member",
    mem(
      ({ invId }) => invId !== null,
      () => ({ invId: null }),
    ),
  ],
  [
    "I15",
    "a member of an open offer",
    inv(
      ({ status }) => status === "accepted",
      () => ({ status: "pending", terminalAt: null, invitedUserId: null, terminalBy: null }),
    ),
  ],
  [
    "I16",
    "a remover of somebody who left",
    mem(
      ({ status, removedBy }) => status === "revoked" && removedBy === null,
      ({ usrId }) => ({ removedBy: usrId }),
    ),
  ],
  ["I17", "a gap", evt((events) => without(events, ({ seq }) => seq === 3))],
  [
    "I17",
    "a version ahead",
    org(
      () => true,
      ({ version }) => ({ version: version + 1 }),
    ),
  ],
  ["I17", "events of nothing", (t) => ({ org: t.org.slice(1) })],
  [
    "I18",
    "a role that no event gave",
    mem(
      ({ role }) => role === "member",
      () => ({ role: "guest" }),
    ),
  ],
  ["I18", "a member less", (t) => ({ mem: without(t.mem, isActive) })],
  [
    "I18",
    "an end told twice",
    evt((events) =>
      changed(
        events,
        ({ type }) => type === "membership.suspended",
        ({ data }) => ({ type: "membership.left", data: { ...data, transfer: null } }) as never,
      ),
    ),
  ],
  [
    "I19",
    "an offer declined by nobody",
    inv(
      ({ status }) => status === "accepted",
      () => ({ status: "declined" }),
    ),
  ],
  ["I19", "an offer less", (t) => ({ inv: t.inv.slice(1) })],
  [
    "I20",
    "a status that no event gave",
    org(
      ({ status }) => status === "active",
      () => ({ status: "suspended" }),
    ),
  ],
  [
    "I20",
    "a slug that no event gave",
    org(
      () => true,
      () => ({ slug: "other" }),
    ),
  ],
  [
    "I21",
    "an event behind the end",
    evt((events) =>
      events.flatMap((event): readonly unknown[] =>
        event.type === "org.revoked"
          ? [
              event,
              {
                ...event,
                seq: event.seq + 1,
                type: "membership.added",
                data: { memId: generate("mem"), usrId: generate("usr"), role: "member" },
              },
            ]
          : [event],
      ),
    ),
  ],
  ["I22", "a key less", (t) => ({ idem: without(t.idem, ({ key }) => key === "c") })],
  [
    "I22",
    "a key for nothing",
    idem(
      () => true,
      () => ({ seq: 99 }),
    ),
  ],
  [
    "I22",
    "a fence for something",
    idem(
      () => true,
      () => ({ state: "fenced" }),
    ),
  ],
  [
    "I22",
    "two keys for one event",
    (t) => ({ idem: [...t.idem, ...t.idem.slice(0, 1).map((row) => ({ ...row, key: "second" }))] }),
  ],
  [
    "I23",
    "time backwards",
    mem(
      () => true,
      () => ({ updatedAt: EARLY }),
    ),
  ],
  [
    "I23",
    "an invitation of another organization",
    (t) =>
      mem(
        ({ invId }) => invId !== null,
        ({ orgId }) => ({ orgId: t.org.find(({ id }) => id !== orgId)?.id ?? orgId }),
      )(t),
  ],
  [
    "I24",
    "a slug that is none",
    org(
      () => true,
      () => ({ slug: "Not A Slug" }),
    ),
  ],
  [
    "I24",
    "a role that is none",
    mem(
      () => true,
      () => ({ role: "boss" as never }),
    ),
  ],
  [
    "I24",
    "a long object",
    (t) => ({
      tup: changed(
        t.tup,
        () => true,
        () => ({ objectId: "x".repeat(257) }),
      ),
    }),
  ],
  [
    "I19",
    "an expiry that no event gave",
    inv(
      ({ status }) => status === "pending",
      ({ expiresAt }) => ({ expiresAt: new Date(expiresAt.getTime() + 1) }),
    ),
  ],
  [
    "I25",
    "a grant that was taken away and is held",
    (t) => {
      const { data } = t.evt.find(({ type }) => type === "grants.removed") as TenancyEvent<"grants.removed">;
      const [grant] = data.tuples;
      const tuple = { ...(grant as object), expiresAt: null, subjectType: "usr", subjectId: data.usrId };
      return { tup: [...t.tup, tuple as Row<"tup">] };
    },
  ],
  [
    "I26",
    "a lapsed membership that ended too early",
    mem(
      ({ expiresAt }) => expiresAt !== null,
      ({ expiresAt }) => ({ updatedAt: expiresAt as Date }),
    ),
  ],
  [
    "I26",
    "a membership without a time box that a sweep wrote down",
    mem(
      ({ expiresAt }) => expiresAt !== null,
      () => ({ expiresAt: null }),
    ),
  ],
  [
    "I27",
    "a member too many in a count",
    (t) => ({
      counts: changed(
        t.counts ?? [],
        () => true,
        ({ members }) => ({ members: members + 1 }),
      ),
    }),
  ],
  [
    "I27",
    "an invitation that is not counted",
    (t) => ({
      counts: changed(
        t.counts ?? [],
        ({ invitations }) => invitations > 0,
        ({ invitations }) => ({ invitations: invitations - 1 }),
      ),
    }),
  ],
];

describe("the invariants", () => {
  test("hold in an undamaged life", async () => {
    expect(brokenInvariants(await life())).toEqual([]);
  });

  test.each(damages)("%s notices %s", async (id, _, damage) => {
    const tables = await life();
    const broken = brokenInvariants({ ...tables, ...damage(tables) });
    expect(broken.map((violation) => violation.id)).toContain(id);
    expect(broken.every(({ rows }) => rows.length > 0)).toBe(true);
  });

  test("each have a damage that they notice", () => {
    const noticed = new Set(damages.map(([id]) => id));
    // Those of placements have theirs beside them.
    const own = invariants.filter((invariant) => !placementInvariants.includes(invariant));
    expect(own.map(({ id }) => id).filter((id) => !noticed.has(id))).toEqual([]);
  });
});

describe("I13, a watch over rows in a terminal state,", () => {
  const finals: readonly (readonly [what: string, damage: Damage])[] = [
    [
      "a revoked membership that changes",
      mem(
        ({ status }) => status === "revoked",
        ({ updatedAt }) => ({ updatedAt: new Date(updatedAt.getTime() + 1) }),
      ),
    ],
    ["a revoked membership that disappears", (t) => ({ mem: without(t.mem, ({ status }) => status === "revoked") })],
    [
      "an accepted invitation that changes",
      inv(
        ({ status }) => status === "accepted",
        () => ({ status: "declined" }),
      ),
    ],
    [
      "a revoked organization that changes",
      org(
        ({ status }) => status === "revoked",
        () => ({ name: "Other" }),
      ),
    ],
  ];
  test.each(finals)("notices %s", async (_, damage) => {
    const tables = await life();
    const watch = new Watch();
    expect(watch.broken(tables)).toEqual([]);
    expect(watch.broken(tables)).toEqual([]);
    const broken = watch.broken({ ...tables, ...damage(tables) });
    expect(broken.map(({ id }) => id)).toContain("I13");
  });

  test("lets the version of a revoked organization rise", async () => {
    const tables = await life();
    const watch = new Watch();
    watch.broken(tables);
    const risen = org(
      ({ status }) => status === "revoked",
      ({ version }) => ({ version: version + 1 }),
    )(tables);
    const broken = watch.broken({ ...tables, ...risen });
    expect(broken.map(({ id }) => id)).toEqual(["I17"]);
  });
});
