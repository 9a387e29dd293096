import { generate, type Organization, type OrgId, type TenancyOptions, type UsrId, uuidOf } from "@tenantry/core";
import { brokenInvariants } from "@tenantry/testkit";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";
import { outcomes } from "./race.ts";

// Limits, with ten times as many at once as there are places, in two processes: two stores that share nothing but the
// database. A snapshot cannot refuse them all, so what is exact here is what the commit expects.

vi.setConfig({ testTimeout: 120_000 });

const WAITING = `select count(*)::int as waiting from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;

const PLACES = 4;
const AT_ONCE = 10 * PLACES;
const ROUNDS = 10;
const HOUR = 60 * 60 * 1000;

let database: OpenPostgres;
let pools: readonly [pg.Pool, pg.Pool];
beforeAll(async () => {
  database = await openPostgres();
  pools = [database.pool({ max: 20 }), database.pool({ max: 20 })];
});
afterEach(async () => {
  expect(await brokenInvariants((text) => pools[0].query(text))).toEqual([]);
  await pools[0].query(
    "truncate tenancy.org, tenancy.mem, tenancy.inv, tenancy.tup, tenancy.evt, tenancy.idem, tenancy.joins",
  );
});
afterAll(() => database.close());

type Stores = readonly [PostgresTenancyStore, PostgresTenancyStore];

function stores(options: TenancyOptions): Stores {
  return [new PostgresTenancyStore(pools[0], options), new PostgresTenancyStore(pools[1], options)];
}

/** Makes as many calls at once, half of them in each process, and counts what they ended with. */
async function storm(both: Stores, call: (store: PostgresTenancyStore, place: number) => Promise<unknown>) {
  const calls = Array.from({ length: AT_ONCE }, (_, place) => call(both[place % 2 === 0 ? 0 : 1], place));
  const ended = await outcomes(...calls);
  const codes = [...new Set(ended)].sort();
  return Object.fromEntries(codes.map((code) => [code, ended.filter((other) => other === code).length]));
}

const exactly = (code: string): object => ({ ok: PLACES, [code]: AT_ONCE - PLACES });

async function rounds(play: () => Promise<object>, expected: object): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    expect(await play()).toEqual(expected);
  }
}

/** An organization whose creator takes one place more than `PLACES`. */
async function founded([store]: Stores): Promise<{ readonly orgId: OrgId; readonly owner: UsrId }> {
  const owner = generate("usr");
  const { org } = await store.createOrg({ creator: owner, metadata: { seats: PLACES + 1 } });
  return { orgId: org.id, owner };
}

function invite(store: PostgresTenancyStore, orgId: OrgId, invitedBy: UsrId, identifier: string) {
  return store.createInvitation({
    orgId,
    identifier,
    role: "member",
    invitedBy,
    expiresAt: new Date(Date.now() + HOUR),
  });
}

const seats = ({ metadata }: Organization): number => Number(metadata["seats"]);

describe.each<readonly [what: string, options: TenancyOptions]>([
  ["a number", { limits: { members: PLACES + 1 } }],
  ["a number, each call with its own commit", { limits: { members: PLACES + 1 }, groupCommit: false }],
  ["a function of the organization", { limits: { members: seats } }],
])("as many join as there are places: %s", (_, options) => {
  test("who are added", () => {
    const both = stores(options);
    return rounds(async () => {
      const { orgId } = await founded(both);
      return storm(both, (store) => store.addMember({ orgId, usrId: generate("usr"), role: "member" }));
    }, exactly("conflict.member_limit"));
  });

  test("who accept, and who are added", () => {
    const both = stores(options);
    return rounds(async () => {
      const { orgId, owner } = await founded(both);
      const open = await Promise.all(
        Array.from({ length: AT_ONCE / 2 }, (_, n) => invite(both[0], orgId, owner, `i${n}`)),
      );
      return storm(both, (store, place) => {
        const invitation = open[place];
        return invitation === undefined
          ? store.addMember({ orgId, usrId: generate("usr"), role: "member" })
          : store.acceptInvitation({ invId: invitation.id });
      });
    }, exactly("conflict.member_limit"));
  });

  test("two by each call: all of a call or none", () => {
    const both = stores(options);
    return rounds(
      async () => {
        const { orgId } = await founded(both);
        const rows = () => [0, 1].map(() => ({ usrId: generate("usr"), role: "member" }) as const);
        return storm(both, (store) => store.addMembers({ orgId, rows: rows() }));
      },
      { ok: PLACES / 2, "conflict.member_limit": AT_ONCE - PLACES / 2 },
    );
  });

  test("where those who are there have lapsed, and no sweep has run", () => {
    const both = stores(options);
    const late = stores({ ...options, clock: () => new Date(Date.now() + HOUR) });
    return rounds(async () => {
      const { orgId } = await founded(both);
      const expiresAt = new Date(Date.now() + HOUR / 2);
      for (let place = 0; place < PLACES; place += 1) {
        await both[0].addMember({ orgId, usrId: generate("usr"), role: "guest", expiresAt });
      }
      return storm(late, (store) => store.addMember({ orgId, usrId: generate("usr"), role: "member" }));
    }, exactly("conflict.member_limit"));
  });
});

test("as many invitations are open as may be", () => {
  const both = stores({ limits: { pendingInvitations: PLACES } });
  return rounds(async () => {
    const { orgId, owner } = await founded(both);
    return storm(both, (store, place) => invite(store, orgId, owner, `i${place}`));
  }, exactly("conflict.invitation_limit"));
});

describe("a user is in as many organizations as they may be", () => {
  test("who founds them", () => {
    const both = stores({ limits: { organizationsPerUser: PLACES } });
    return rounds(() => {
      const creator = generate("usr");
      return storm(both, (store) => store.createOrg(creator));
    }, exactly("conflict.organization_limit"));
  });

  test("who is added to them", async () => {
    const both = stores({ limits: { organizationsPerUser: () => PLACES } });
    const orgs = await Promise.all(Array.from({ length: AT_ONCE }, () => founded(both)));
    await rounds(() => {
      const usrId = generate("usr");
      return storm(both, (store, place) => {
        const { orgId } = orgs[place] as (typeof orgs)[number];
        return store.addMember({ orgId, usrId, role: "member" });
      });
    }, exactly("conflict.organization_limit"));
  });

  test("who is added to them beside others, in any order", async () => {
    const both = stores({ limits: { organizationsPerUser: PLACES } });
    const orgs = await Promise.all(Array.from({ length: AT_ONCE }, () => founded(both)));
    await rounds(() => {
      const rows = [0, 1, 2].map(() => ({ usrId: generate("usr"), role: "member" }) as const);
      return storm(both, (store, place) => {
        const { orgId } = orgs[place] as (typeof orgs)[number];
        return store.addMembers({ orgId, rows: place % 4 < 2 ? rows : rows.toReversed() });
      });
    }, exactly("conflict.organization_limit"));
  });
});

test("a call locks the people it names in one order, whichever it names first", async () => {
  const both = stores({ limits: { organizationsPerUser: 10 } });
  const { orgId } = await founded(both);
  const [first = generate("usr"), ...others] = Array.from({ length: 3 }, () => generate("usr"));
  const reversed = [first, ...others].reverse();
  // Their rows lie in the order in which the call will name them: neither a scan nor look-ups one by one would begin with the first.
  for (const usrId of reversed) {
    await both[0].addMember({ orgId, usrId, role: "member" });
  }
  const holder = await pools[0].connect();
  await holder.query("begin");
  await holder.query("select from tenancy.joins where usr_id = $1 for update", [uuidOf(first)]);
  const { orgId: another } = await founded(both);
  const rows = reversed.map((usrId) => ({ usrId, role: "member" }) as const);
  const call = both[1].addMembers({ orgId: another, rows });
  await vi.waitUntil(async () => (await pools[1].query(WAITING)).rows[0].waiting === 1);
  const free = "select from tenancy.joins where usr_id = any ($1) for update skip locked";
  const { rowCount } = await holder.query(free, [others.map(uuidOf)]);
  await holder.query("commit");
  holder.release();
  expect([rowCount, (await call).done]).toEqual([others.length, 3]);
});

test("a limit that is lowered meanwhile is asked again", async () => {
  const both = stores({ limits: { members: seats } });
  for (let round = 0; round < ROUNDS; round += 1) {
    const { orgId } = await founded(both);
    const lower = both[0].updateOrg({ orgId, metadata: { seats: 2 } });
    await storm(both, (store) => store.addMember({ orgId, usrId: generate("usr"), role: "member" }));
    await lower;
    const { data } = await both[1].listEvents(orgId, { limit: 200 });
    const lowered = data.findIndex(({ type }) => type === "org.updated");
    // The creator is one of them. Whoever came after it found one place, if none had come before.
    expect(data.length - 1 - lowered).toBeLessThanOrEqual(Math.max(0, 2 - lowered));
  }
});
