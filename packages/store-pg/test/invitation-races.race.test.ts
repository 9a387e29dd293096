import { generate, type InvId, type Invitation, type ListEventsOptions, type OrgId, type UsrId } from "@tenantry/core";
import { brokenInvariants } from "@tenantry/testkit";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";
import { outcomes, race, TRIALS } from "./race.ts";

// Invitations that are sent again, swept and made anew at the same moment, by two processes whose clocks differ: to one
// of them something is open that has lapsed to the other.

vi.setConfig({ testTimeout: 120_000 });

const HOUR = 60 * 60 * 1000;
const NOW = Date.now();
const SOON = new Date(NOW + HOUR);
const LATER = new Date(NOW + 100 * HOUR);

let database: OpenPostgres;
let pool: pg.Pool;
let other: pg.Pool;
/** Two stores to which what expires `SOON` is open. */
let here: PostgresTenancyStore;
let there: PostgresTenancyStore;
/** Two to which it has lapsed. */
let late: PostgresTenancyStore;
let alsoLate: PostgresTenancyStore;

beforeAll(async () => {
  database = await openPostgres();
  pool = database.pool({ max: 40 });
  other = database.pool({ max: 40 });
  const [now, hence] = [() => new Date(NOW), () => new Date(NOW + 2 * HOUR)];
  [here, there] = [new PostgresTenancyStore(pool, { clock: now }), new PostgresTenancyStore(other, { clock: now })];
  [late, alsoLate] = [
    new PostgresTenancyStore(pool, { clock: hence }),
    new PostgresTenancyStore(other, { clock: hence }),
  ];
});
afterEach(async () => {
  expect(await brokenInvariants((text) => pool.query(text))).toEqual([]);
  await pool.query("truncate tenancy.org, tenancy.mem, tenancy.inv, tenancy.tup, tenancy.evt, tenancy.idem");
});
afterAll(() => database.close());

interface World {
  readonly orgId: OrgId;
  readonly owner: UsrId;
}

async function world(): Promise<World> {
  const owner = generate("usr");
  const { org } = await here.createOrg(owner);
  return { orgId: org.id, owner };
}

function invite(store: PostgresTenancyStore, { orgId, owner }: World, expiresAt: Date = SOON): Promise<Invitation> {
  return store.createInvitation({ orgId, identifier: "x@example.com", role: "member", invitedBy: owner, expiresAt });
}

function accept(store: PostgresTenancyStore, { id: invId }: Invitation): Promise<unknown> {
  return store.acceptInvitation({ invId, asUsrId: generate("usr"), acceptingIdentifier: "x@example.com" });
}

function resend(store: PostgresTenancyStore, { id: invId }: Invitation, adminUsrId: UsrId): Promise<unknown> {
  return store.resendInvitation({ invId, adminUsrId, expiresAt: LATER });
}

/** What a sweep answers, in a word. */
async function swept(sweep: Promise<{ readonly expired: readonly InvId[] }>): Promise<string> {
  const { expired } = await sweep;
  return expired.length === 0 ? "none swept" : `${expired.length} swept`;
}

async function statusOf({ id }: Invitation): Promise<string> {
  const { rows } = await pool.query("select status from tenancy.inv where id = $1", [id.slice(4)]);
  return rows[0].status;
}

describe("an invitation that is sent again", () => {
  test("while it is accepted: it is accepted, before or after", () =>
    race(["ok | ok", "ok | conflict.invitation_not_pending"], async () => {
      const w = await world();
      const invitation = await invite(here, w);
      return outcomes(accept(here, invitation), resend(there, invitation, w.owner));
    }));

  test("while it is withdrawn: it is withdrawn, before or after", () =>
    race(["ok | ok", "ok | conflict.invitation_not_pending"], async () => {
      const w = await world();
      const invitation = await invite(here, w);
      const withdrawal = here.revokeInvitation({ invId: invitation.id, adminUsrId: w.owner });
      return outcomes(withdrawal, resend(there, invitation, w.owner));
    }));

  test("twice: both times, and the later one counts", () =>
    race(["ok | ok | the later"], async () => {
      const w = await world();
      const invitation = await invite(here, w);
      const ended = await outcomes(
        here.resendInvitation({ invId: invitation.id, adminUsrId: w.owner, expiresAt: SOON }),
        resend(there, invitation, w.owner),
      );
      const { data } = await here.listEvents(w.orgId, { types: ["invitation.resent"] });
      const last = data.at(-1)?.data as { readonly to: string };
      const { expiresAt } = await here.getInvitation(invitation.id);
      return [...ended, last.to === expiresAt.toISOString() ? "the later" : "another"];
    }));

  test("is so in an active organization only", () =>
    race(["ok | ok", "ok | precondition.org_not_active"], async () => {
      const w = await world();
      const invitation = await invite(here, w);
      return outcomes(here.suspendOrg(w.orgId), resend(there, invitation, w.owner));
    }));

  test("is so by the authority of somebody who has it until then", () =>
    race(["ok | ok", "ok | forbidden"], async () => {
      const w = await world();
      const admin = await here.addMember({ orgId: w.orgId, usrId: generate("usr"), role: "admin" });
      const invitation = await invite(here, w);
      const removal = here.adminRemove({ memId: admin.id, adminUsrId: w.owner });
      return outcomes(removal, resend(there, invitation, admin.usrId));
    }));

  test("by one clock and swept by another: one of them finds it", () =>
    race(["ok | none swept", "conflict.invitation_not_pending | 1 swept"], async () => {
      const w = await world();
      const invitation = await invite(here, w);
      const sweep = swept(late.expireInvitations({ orgId: w.orgId }));
      return [...(await outcomes(resend(there, invitation, w.owner))), await sweep];
    }));
});

describe("a sweep", () => {
  test("finds an invitation that is accepted by an earlier clock, or makes it too late", () =>
    race(["ok | none swept", "conflict.invitation_expired | 1 swept"], async () => {
      const w = await world();
      const invitation = await invite(here, w);
      const sweep = swept(late.expireInvitations({ orgId: w.orgId }));
      return [...(await outcomes(accept(there, invitation))), await sweep];
    }));

  test("of two at once each invitation is in one answer, with one event in each organization that had any", async () => {
    const SWEEPS = Math.max(1, Math.floor(TRIALS / 20));
    for (let round = 0; round < SWEEPS; round += 1) {
      const worlds = await Promise.all(Array.from({ length: 6 }, world));
      const lapsed = await Promise.all(worlds.flatMap((w) => [invite(here, w), invite(here, w), invite(here, w)]));
      const open = await invite(here, worlds[0] as World, LATER);
      const answers = await Promise.all([
        late.expireInvitations({ limit: 10 }),
        alsoLate.expireInvitations(),
        alsoLate.expireInvitations({ orgId: (worlds[1] as World).orgId }),
      ]);
      const last = await late.expireInvitations();
      const all = [...answers, last].flatMap(({ expired }) => expired);
      expect(all.sort()).toEqual(lapsed.map(({ id }) => id).sort());
      expect(last.more).toBe(false);
      expect(await statusOf(open)).toBe("pending");
    }
  });

  test("in an organization that is closed meanwhile: what lapsed has expired, what was open ended with it", () =>
    race(["ok | 1 swept | expired | revoked"], async () => {
      const w = await world();
      const [lapsed, open] = [await invite(here, w), await invite(here, w, LATER)];
      const sweep = swept(late.expireInvitations({ orgId: w.orgId }));
      const ended = await outcomes(alsoLate.revokeOrg(w.orgId));
      return [...ended, await sweep, await statusOf(lapsed), await statusOf(open)];
    }));
});

describe("two invitations to one identifier", () => {
  const policy = (reinvite: "allow" | "reject" | "replace"): readonly PostgresTenancyStore[] =>
    [pool, other].map((database) => new PostgresTenancyStore(database, { reinvite }));

  async function pending({ orgId }: World): Promise<string> {
    const { data } = await here.listInvitations(orgId, { status: "pending" });
    return `${data.length} pending`;
  }

  test("are both made where that is allowed", () =>
    race(["ok | ok | 2 pending"], async () => {
      const [one, another] = policy("allow") as [PostgresTenancyStore, PostgresTenancyStore];
      const w = await world();
      return [...(await outcomes(invite(one, w), invite(another, w))), await pending(w)];
    }));

  test("are one where a second is rejected", () =>
    race(
      ["ok | conflict.duplicate_invitation | 1 pending", "conflict.duplicate_invitation | ok | 1 pending"],
      async () => {
        const [one, another] = policy("reject") as [PostgresTenancyStore, PostgresTenancyStore];
        const w = await world();
        return [...(await outcomes(invite(one, w), invite(another, w))), await pending(w)];
      },
    ));

  test("are one where the second replaces the first, and it is the later", () =>
    race(["ok | ok | 1 pending | the later"], async () => {
      const [one, another] = policy("replace") as [PostgresTenancyStore, PostgresTenancyStore];
      const w = await world();
      const ended = await outcomes(invite(one, w), invite(another, w));
      const { data: events } = await here.listEvents(w.orgId, { types: ["invitation.created"] });
      const [first, second] = events.map(({ data }) => data as { readonly invId: InvId; readonly replaced: InvId[] });
      const { data } = await here.listInvitations(w.orgId, { status: "pending" });
      const isLater = data[0]?.id === second?.invId && second?.replaced[0] === first?.invId;
      return [...ended, `${data.length} pending`, isLater ? "the later" : "the earlier"];
    }));

  test.each(["reject", "replace"] as const)("are one among eight at once (%s)", (reinvite) =>
    race(
      ["1 pending"],
      async () => {
        const stores = policy(reinvite);
        const w = await world();
        const calls = Array.from({ length: 8 }, (_, place) => invite(stores[place % 2] as PostgresTenancyStore, w));
        const ended = await outcomes(...calls);
        const refused = ended.filter((outcome) => outcome === "conflict.duplicate_invitation").length;
        const others = ended.filter((outcome) => outcome !== "ok" && outcome !== "conflict.duplicate_invitation");
        expect(others).toEqual([]);
        expect(refused).toBe(reinvite === "reject" ? 7 : 0);
        return [await pending(w)];
      },
      Math.ceil(TRIALS / 10),
    ),
  );

  test("are one when the first is accepted while the second replaces it, or both took effect", () =>
    race(["ok | ok | 1 pending", "conflict.invitation_not_pending | ok | 1 pending"], async () => {
      const [one] = policy("replace") as [PostgresTenancyStore];
      const w = await world();
      const first = await invite(here, w);
      return [...(await outcomes(accept(there, first), invite(one, w))), await pending(w)];
    }));
});

describe("a walk while others write", () => {
  interface Page {
    readonly data: readonly { readonly id: string }[];
    readonly nextCursor: string | null;
  }

  /** All rows that a walk finds, page by page. */
  async function walk(pageAfter: (cursor: string | null) => Promise<Page>): Promise<readonly string[]> {
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await pageAfter(cursor);
      found.push(...page.data.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    return found;
  }

  test("finds every member, invitation, membership and organization that was there, each once", async () => {
    const w = await world();
    const usrIds = Array.from({ length: 30 }, () => generate("usr"));
    const joined = await Promise.all(usrIds.map((usrId) => here.addMember({ orgId: w.orgId, usrId, role: "member" })));
    const invited = await Promise.all(usrIds.map(() => invite(here, w)));
    const founded = await Promise.all(usrIds.map(() => here.createOrg(w.owner)));

    let isOver = false;
    const writing = (async (): Promise<void> => {
      for (const [place, { id }] of joined.entries()) {
        await there.changeRole({ memId: id, newRole: "guest" });
        await there.addMember({ orgId: w.orgId, usrId: generate("usr"), role: "viewer" });
        await there.revokeInvitation({ invId: (invited[place] as Invitation).id, adminUsrId: w.owner });
        await invite(there, w);
        await there.createOrg(w.owner);
      }
      isOver = true;
    })();
    const walking = async (pageAfter: (cursor: string | null) => Promise<Page>, before: readonly string[]) => {
      do {
        const found = await walk(pageAfter);
        expect(found).toEqual([...new Set(found)].sort());
        expect(before.filter((id) => !found.includes(id))).toEqual([]);
      } while (!isOver);
    };
    const limit = 7;
    const [mems, invs, orgs] = [joined, invited, founded.map(({ org }) => org)].map((rows) => rows.map(({ id }) => id));
    const own = founded.map(({ ownerMembership }) => ownerMembership.id);
    await Promise.all([
      writing,
      walking((cursor) => here.listMembers(w.orgId, { limit, cursor }), mems ?? []),
      walking((cursor) => here.listInvitations(w.orgId, { limit, cursor }), invs ?? []),
      walking((cursor) => here.listInvitationsFor("x@example.com", { limit, cursor }), invs ?? []),
      walking((cursor) => here.listMemberships(w.owner, { limit, cursor }), own),
      walking((cursor) => here.listOrgs({ limit, cursor }), orgs ?? []),
    ]);
  });

  test("along events skips none and repeats none, whatever they are filtered by", async () => {
    const w = await world();
    let isOver = false;
    const writing = Promise.all(
      [here, there, here, there].map(async (store) => {
        for (let round = 0; round < 25; round += 1) {
          const member = await store.addMember({ orgId: w.orgId, usrId: generate("usr"), role: "guest" });
          await store.selfLeave({ memId: member.id });
        }
      }),
    ).then(() => {
      isOver = true;
    });
    const following = async (filter: ListEventsOptions): Promise<readonly number[]> => {
      const seqs: number[] = [];
      for (let after = 0; ; ) {
        const wasOver = isOver;
        const { data, lastSeq, hasMore } = await there.listEvents(w.orgId, { ...filter, after, limit: 11 });
        seqs.push(...data.map(({ seq }) => seq));
        after = lastSeq;
        if (wasOver && !hasMore) {
          return seqs;
        }
      }
    };
    const [all, left] = await Promise.all([following({}), following({ types: ["membership.left"] }), writing]);
    expect(all).toEqual(Array.from({ length: 201 }, (_, place) => place + 1));
    const { rows } = await pool.query("select seq::int from tenancy.evt where type = 'membership.left' order by seq");
    expect(left).toEqual(rows.map(({ seq }) => seq));
  });
});
