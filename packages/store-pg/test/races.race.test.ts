import {
  generate,
  type Invitation,
  type Membership,
  type OrgId,
  type PreTuple,
  type Role,
  type UsrId,
} from "@tenantry/core";
import { brokenInvariants } from "@tenantry/testkit";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";
import { outcomes, race, TRIALS } from "./race.ts";

// Two stores on pools of their own, as two processes would have them. Each race has the outcomes of the two serial
// orders, and no other; whatever else is thrown, a driver's error above all, fails.

vi.setConfig({ testTimeout: 120_000 });

const HOUR = 60 * 60 * 1000;

let database: OpenPostgres;
let pool: pg.Pool;
let here: PostgresTenancyStore;
let there: PostgresTenancyStore;

beforeAll(async () => {
  database = await openPostgres();
  pool = database.pool({ max: 40 });
  here = new PostgresTenancyStore(pool);
  there = new PostgresTenancyStore(database.pool({ max: 40 }));
});
afterEach(async () => {
  expect(await brokenInvariants((text) => pool.query(text))).toEqual([]);
  await pool.query("truncate tenancy.org, tenancy.mem, tenancy.inv, tenancy.tup, tenancy.evt, tenancy.idem");
});
afterAll(() => database.close());

interface World {
  readonly orgId: OrgId;
  readonly a: Membership;
  readonly b: Membership;
  readonly admin: Membership;
  readonly member: Membership;
}

/** An active organization with two owners, an admin and a member. */
async function world(): Promise<World> {
  const { org, ownerMembership: a } = await here.createOrg(generate("usr"));
  const [b, admin, member] = [await add(org.id, "owner"), await add(org.id, "admin"), await add(org.id, "member")];
  return { orgId: org.id, a, b, admin, member };
}

function add(orgId: OrgId, role: Role, usrId: UsrId = generate("usr")): Promise<Membership> {
  return here.addMember({ orgId, usrId, role });
}

function invite({ orgId, admin }: World, preTuples: readonly PreTuple[] = []): Promise<Invitation> {
  const expiresAt = new Date(Date.now() + HOUR);
  return here.createInvitation({
    orgId,
    identifier: "x@example.com",
    role: "member",
    invitedBy: admin.usrId,
    expiresAt,
    preTuples,
  });
}

function accept(
  store: PostgresTenancyStore,
  { id: invId }: Invitation,
  asUsrId: UsrId = generate("usr"),
): Promise<unknown> {
  return store.acceptInvitation({ invId, asUsrId, acceptingIdentifier: "x@example.com" });
}

const SOLE = ["ok | conflict.sole_owner", "conflict.sole_owner | ok"];

describe("two owners", () => {
  const ends: readonly (readonly [
    name: string,
    end: (store: PostgresTenancyStore, owner: Membership) => Promise<unknown>,
  ])[] = [
    ["leave", (store, { id: memId }) => store.selfLeave({ memId })],
    ["are demoted", (store, { id: memId }) => store.changeRole({ memId, newRole: "member" })],
    ["are suspended", (store, { id: memId }) => store.suspendMembership(memId)],
  ];
  for (const [place, [name, end]] of ends.entries()) {
    for (const [otherName, otherEnd] of ends.slice(place)) {
      test(`at once, one ${name} and one ${otherName}: one owner stays`, () =>
        race(SOLE, async () => {
          const { a, b } = await world();
          return outcomes(end(here, a), otherEnd(there, b));
        }));
    }
  }

  test("cross their transfers: one succeeds", () =>
    race(["ok | precondition.to_not_active", "precondition.to_not_active | ok"], async () => {
      const { orgId, a, b } = await world();
      return outcomes(
        here.transferOwnership({ orgId, fromMemId: a.id, toMemId: b.id }),
        there.transferOwnership({ orgId, fromMemId: b.id, toMemId: a.id }),
      );
    }));

  test("one leaves in favour of the other, who leaves: the successor stays, or there is none", () =>
    race(["ok | conflict.sole_owner", "not_found | ok"], async () => {
      const { a, b } = await world();
      return outcomes(here.selfLeave({ memId: a.id, transferTo: b.usrId }), there.selfLeave({ memId: b.id }));
    }));
});

test("of eight owners who leave at once seven do", () => {
  const storm = async (): Promise<readonly string[]> => {
    const { orgId, a, b } = await world();
    const owners = [a, b, ...(await Promise.all(Array.from({ length: 6 }, () => add(orgId, "owner"))))];
    const ended = await outcomes(
      ...owners.map(({ id: memId }, place) => (place % 2 === 0 ? here : there).selfLeave({ memId })),
    );
    return [...ended].sort();
  };
  // A storm is four times the calls of a pair.
  return race(["conflict.sole_owner | ok | ok | ok | ok | ok | ok | ok"], storm, Math.ceil(TRIALS / 4));
});

describe("an invitation", () => {
  test("that eight people accept at once is accepted once", () =>
    race([["ok", ...Array(7).fill("conflict.invitation_not_pending")].sort().join(" | ")], async () => {
      const invitation = await invite(await world());
      const calls = Array.from({ length: 8 }, (_, place) => accept(place % 2 === 0 ? here : there, invitation));
      return [...(await outcomes(...calls))].sort();
    }));

  test("and another one to the same person make one member", () =>
    race(["ok | conflict.duplicate_membership", "conflict.duplicate_membership | ok"], async () => {
      const w = await world();
      const [one, other] = [await invite(w), await invite(w)];
      const usrId = generate("usr");
      return outcomes(accept(here, one, usrId), accept(there, other, usrId));
    }));

  test("is accepted or withdrawn", () =>
    race(["ok | conflict.invitation_not_pending", "conflict.invitation_not_pending | ok"], async () => {
      const w = await world();
      const invitation = await invite(w);
      return outcomes(
        accept(here, invitation),
        there.revokeInvitation({ invId: invitation.id, adminUsrId: w.admin.usrId }),
      );
    }));

  test("is not accepted into an organization that was suspended before", () =>
    race(["ok | ok", "precondition.org_not_active | ok"], async () => {
      const w = await world();
      const invitation = await invite(w);
      return outcomes(accept(here, invitation), there.suspendOrg(w.orgId));
    }));

  test("is not accepted into an organization that was closed before", () =>
    race(["ok | ok", "conflict.invitation_not_pending | ok"], async () => {
      const w = await world();
      const invitation = await invite(w);
      return outcomes(accept(here, invitation), there.revokeOrg(w.orgId));
    }));

  test("is worth as much as its inviter's membership", () =>
    race(["ok | ok", "forbidden | ok"], async () => {
      const w = await world();
      const invitation = await invite(w);
      return outcomes(accept(here, invitation), there.adminRemove({ memId: w.admin.id, adminUsrId: w.a.usrId }));
    }));

  test("of each of two organizations with the same grants in opposite order: both are accepted", () =>
    race(["ok | ok"], async (round) => {
      const grants = ["a", "b", "c"].map((part) => ({
        relation: "viewer",
        objectType: "project",
        objectId: `${part}${round}`,
      }));
      const [one, other] = [await invite(await world(), grants), await invite(await world(), [...grants].reverse())];
      const usrId = generate("usr");
      return outcomes(accept(here, one, usrId), accept(there, other, usrId));
    }));
});

describe("an organization", () => {
  test("that is closed has no member who came meanwhile", () =>
    race(["ok | ok", "precondition.org_not_active | ok"], async () => {
      const { orgId } = await world();
      return outcomes(here.addMember({ orgId, usrId: generate("usr"), role: "member" }), there.revokeOrg(orgId));
    }));

  test("takes the same person in once", () =>
    race(["ok | conflict.duplicate_membership", "conflict.duplicate_membership | ok"], async () => {
      const { orgId } = await world();
      const input = { orgId, usrId: generate("usr"), role: "member" } as const;
      return outcomes(here.addMember(input), there.addMember(input));
    }));

  test("is closed once", () =>
    race(["ok | conflict.already_terminal", "conflict.already_terminal | ok"], async () => {
      const { orgId } = await world();
      return outcomes(here.revokeOrg(orgId), there.revokeOrg(orgId));
    }));
});

test("two admins who remove each other: one does", () =>
  race(["ok | forbidden", "forbidden | ok"], async () => {
    const { orgId, admin } = await world();
    const other = await add(orgId, "admin");
    return outcomes(
      here.adminRemove({ memId: other.id, adminUsrId: admin.usrId }),
      there.adminRemove({ memId: admin.id, adminUsrId: other.usrId }),
    );
  }));

test("two role changes of one member: one successor", () =>
  race(["ok | precondition.mem_not_active", "precondition.mem_not_active | ok"], async () => {
    const { member } = await world();
    return outcomes(
      here.changeRole({ memId: member.id, newRole: "admin" }),
      there.changeRole({ memId: member.id, newRole: "guest" }),
    );
  }));

test("two organizations that want one slug: one has it", () =>
  race(["ok | conflict.org_slug", "conflict.org_slug | ok"], async (round) => {
    const create = (store: PostgresTenancyStore): Promise<unknown> =>
      store.createOrg({ creator: generate("usr"), slug: `wanted-${round}` });
    return outcomes(create(here), create(there));
  }));

test("two organizations that want each other's slug: neither gets it, and the deadlock stays inside", () =>
  race(["conflict.org_slug | conflict.org_slug"], async (round) => {
    const [left, right] = [`left-${round}`, `right-${round}`];
    const one = await here.createOrg({ creator: generate("usr"), slug: left });
    const other = await here.createOrg({ creator: generate("usr"), slug: right });
    return outcomes(
      here.updateOrg({ orgId: one.org.id, slug: right }),
      there.updateOrg({ orgId: other.org.id, slug: left }),
    );
  }));

test("ten calls with one key have one effect and ten equal results", () =>
  race(["one"], async (round) => {
    const { orgId } = await world();
    const input = { orgId, usrId: generate("usr"), role: "member" } as const;
    const calls = Array.from({ length: 10 }, (_, place) =>
      (place % 2 === 0 ? here : there).addMember(input, { idempotencyKey: `key-${round}` }),
    );
    const results = await Promise.all(calls);
    return [new Set(results.map((result) => JSON.stringify(result))).size === 1 ? "one" : "many"];
  }));

test("one expected version is met once", () =>
  race(["ok | conflict.version", "conflict.version | ok"], async () => {
    const { orgId } = await world();
    const { version: expectedVersion } = await here.getOrg(orgId);
    return outcomes(
      here.updateOrg({ orgId, name: "one" }, { expectedVersion }),
      there.updateOrg({ orgId, name: "other" }, { expectedVersion }),
    );
  }));
