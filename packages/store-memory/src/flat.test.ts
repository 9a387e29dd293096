import {
  generate,
  INVITATION_STATUSES,
  type OrgId,
  ROLES,
  STATUSES,
  type TenancyStore,
  type UsrId,
} from "@tenantry/core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { InMemoryTenancyStore } from "./index.ts";
import { Ordered } from "./ordered.ts";

// What an operation costs is what it reads of the ordered lists, in which all ids are: as much among thousands as among
// hundreds, also where most of them have lapsed and no sweep has written it down.

const LIMIT = 20;
const DAY = 24 * 3600 * 1000;
/** Later than all that happens. */
const LATE = new Date(Date.UTC(2500, 0));
const EVERYBODY = "everybody@example.com";

interface World {
  readonly store: TenancyStore;
  readonly org: OrgId;
  readonly everywhere: UsrId;
  readonly began: Date;
}

/** Members of whom most have ended or lapsed, as many organizations, invitations and tuples. */
async function worldOf(number: number): Promise<World> {
  const began = new Date();
  const store = new InMemoryTenancyStore();
  const everywhere = generate("usr");
  const { org } = await store.createOrg({ creator: everywhere, name: "Large", slug: "large" });
  for (let done = 0; done < number; done += 100) {
    vi.setSystemTime(Date.now() + DAY);
    const people = Array.from({ length: 100 }, (_, place) => done + place);
    const soon = new Date(Date.now() + DAY / 2);
    const added = await store.addMembers({
      orgId: org.id,
      rows: people.map((n) => ({
        usrId: generate("usr"),
        role: ROLES[n % ROLES.length] ?? "member",
        expiresAt: n % 6 === 0 || n % 5 === 1 ? null : n % 5 < 4 ? soon : LATE,
      })),
    });
    const ended = added.rows.flatMap((row, place) =>
      row.outcome === "done" && place % 5 === 1 ? [{ memId: row.entity.id, adminUsrId: everywhere }] : [],
    );
    await store.removeMembers({ orgId: org.id, mode: "each", rows: ended });
    await store.createInvitations({
      orgId: org.id,
      rows: people.map((n) => ({
        identifier: `person-${n}@example.com`,
        role: "member",
        invitedBy: everywhere,
        expiresAt: n % 4 === 0 ? LATE : soon,
      })),
    });
    for (const n of people.slice(0, 20)) {
      const one = await store.createOrg({ creator: everywhere, name: `Organization ${n}`, slug: `org-${n}` });
      await store.createInvitation({
        orgId: one.org.id,
        identifier: EVERYBODY,
        role: "member",
        invitedBy: everywhere,
        expiresAt: n % 4 === 0 ? LATE : soon,
      });
    }
  }
  vi.setSystemTime(Date.now() + DAY);
  return { store, org: org.id, everywhere, began };
}

/** The store reads the same of its lists in both worlds, whose sizes are 8 to 1. */
describe("an operation reads as much among many as among few", () => {
  let few: World;
  let many: World;
  beforeAll(async () => {
    // Ids are of the time that it is; it goes on from one world to the next.
    vi.useFakeTimers({ toFake: ["Date"] });
    [few, many] = [await worldOf(1000), await worldOf(8000)];
  });
  afterAll(() => vi.useRealTimers());

  type Ask = (world: World) => Promise<unknown>;
  const days = (world: World, number: number): Date => new Date(world.began.getTime() + number * DAY);
  const cases: readonly (readonly [name: string, ask: Ask])[] = [
    ...[undefined, ...STATUSES].flatMap((status) =>
      [undefined, ...ROLES].map((role): readonly [string, Ask] => [
        `listMembers, ${status} ${role}`,
        ({ store, org }) => store.listMembers(org, { limit: LIMIT, total: true, ...given({ status, role }) }),
      ]),
    ),
    ...[undefined, ...STATUSES].flatMap((status): readonly (readonly [string, Ask])[] => [
      [
        `listMemberships, ${status}`,
        ({ store, everywhere }) => store.listMemberships(everywhere, { limit: LIMIT, ...given({ status }) }),
      ],
      [`listOrgs, ${status}`, ({ store }) => store.listOrgs({ limit: LIMIT, ...given({ status }) })],
    ]),
    ...[undefined, ...INVITATION_STATUSES].flatMap((status): readonly (readonly [string, Ask])[] => [
      [
        `listInvitations, ${status}`,
        ({ store, org }) => store.listInvitations(org, { limit: LIMIT, ...given({ status }) }),
      ],
      [
        `listInvitationsFor, ${status}`,
        ({ store }) => store.listInvitationsFor(EVERYBODY, { limit: LIMIT, ...given({ status }) }),
      ],
    ]),
    ["listOrgs by what all have", ({ store }) => store.listOrgs({ limit: LIMIT, query: "organ" })],
    ["listOrgs by what one has", ({ store }) => store.listOrgs({ limit: LIMIT, query: "large" })],
    ["listOrgs by what none has", ({ store }) => store.listOrgs({ limit: LIMIT, query: "xyz" })],
    ["membersAsOf the first days", (world) => world.store.membersAsOf(world.org, days(world, 1.2), { limit: LIMIT })],
    ["membersAsOf before", (world) => world.store.membersAsOf(world.org, days(world, -1), { limit: LIMIT })],
    [
      "createInvitation",
      ({ store, org, everywhere }) =>
        store.createInvitation({
          orgId: org,
          identifier: EVERYBODY,
          role: "guest",
          invitedBy: everywhere,
          expiresAt: LATE,
        }),
    ],
    ["addMember", ({ store, org }) => store.addMember({ orgId: org, usrId: generate("usr"), role: "member" })],
  ];
  test.each(cases)("%s", async (_, ask) => {
    await Promise.all([ask(few), ask(many)]);
    const [least, most] = [await readBy(() => ask(few)), await readBy(() => ask(many))];
    // A page, its end, and where the ranges begin that it is put together of: a few more where there were more weeks.
    expect(most).toBeLessThanOrEqual(least + 8);
    expect(most).toBeLessThanOrEqual(2 * (LIMIT + 1) + 60);
  });
});

/** How many entries of ordered lists something reads. */
async function readBy(act: () => Promise<unknown>): Promise<number> {
  let read = 0;
  const after = Ordered.prototype.after;
  const spy = vi.spyOn(Ordered.prototype, "after").mockImplementation(function* (
    this: Ordered<string>,
    position: string | null,
  ) {
    for (const value of after.call(this, position)) {
      read += 1;
      yield value;
    }
  });
  try {
    await act();
  } finally {
    spy.mockRestore();
  }
  return read;
}

/** Options without those that are `undefined`. */
function given<T extends object>(options: T): { readonly [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof T]?: NonNullable<T[K]>;
  };
}
