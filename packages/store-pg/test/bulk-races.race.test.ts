import { generate, type Membership, type OrgId, type Role, type UsrId } from "@tenantry/core";
import { brokenInvariants } from "@tenantry/testkit";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";
import { outcomes, race, TRIALS } from "./race.ts";

// Calls about many rows against single ones, from two pools as from two processes: one of the serial orders, or none.

vi.setConfig({ testTimeout: 120_000 });

let database: OpenPostgres;
let pool: pg.Pool;
let here: PostgresTenancyStore;
let there: PostgresTenancyStore;

beforeAll(async () => {
  database = await openPostgres();
  pool = database.pool({ max: 20 });
  here = new PostgresTenancyStore(pool);
  there = new PostgresTenancyStore(database.pool({ max: 20 }));
});
afterEach(async () => {
  expect(await brokenInvariants((text) => pool.query(text))).toEqual([]);
  await pool.query("truncate tenancy.org, tenancy.mem, tenancy.inv, tenancy.tup, tenancy.evt, tenancy.idem");
});
afterAll(() => database.close());

/** An active organization with two owners. */
async function world(): Promise<{ readonly orgId: OrgId; readonly a: Membership; readonly b: Membership }> {
  const { org, ownerMembership: a } = await here.createOrg(generate("usr"));
  return { orgId: org.id, a, b: await add(org.id, "owner") };
}

function add(orgId: OrgId, role: Role, usrId: UsrId = generate("usr")): Promise<Membership> {
  return here.addMember({ orgId, usrId, role });
}

const EITHER = ["ok | conflict.sole_owner", "conflict.sole_owner | ok"];

test("many rows and a single addition of the same person: one of them adds", async () => {
  await race(["ok | conflict.duplicate_membership", "conflict.duplicate_membership | ok"], async () => {
    const { orgId } = await world();
    const usrId = generate("usr");
    const rows = [generate("usr"), usrId, generate("usr")].map((each) => ({ usrId: each, role: "member" }) as const);
    return outcomes(here.addMembers({ orgId, rows }), there.addMember({ orgId, usrId, role: "guest" }));
  });
});

test("of two imports of the same people each person is added by one, and all are there", async () => {
  await race(
    ["ok | ok"],
    async () => {
      const { orgId } = await world();
      const rows = Array.from({ length: 20 }, () => ({ usrId: generate("usr"), role: "member" }) as const);
      const calls = [
        here.addMembers({ orgId, rows, mode: "each" }),
        there.addMembers({ orgId, rows: rows.toReversed(), mode: "each" }),
      ] as const;
      const ended = await outcomes(...calls);
      const reports = await Promise.all(calls);
      expect(reports.reduce((sum, { done }) => sum + done, 0)).toBe(20);
      return ended;
    },
    TRIALS / 2,
  );
});

test("many rows demote one owner while the other one leaves: one stays", async () => {
  await race(EITHER, async () => {
    const { orgId, a, b } = await world();
    const rows = [{ memId: a.id, newRole: "member" } as const];
    return outcomes(here.changeRoles({ orgId, rows }), there.selfLeave({ memId: b.id }));
  });
});

test("people are removed while their admin is demoted", async () => {
  await race(["ok | ok", "forbidden | ok"], async () => {
    const { orgId } = await world();
    const admin = await add(orgId, "admin");
    const members = [await add(orgId, "member"), await add(orgId, "member")];
    const rows = members.map(({ id: memId }) => ({ memId, adminUsrId: admin.usrId }));
    return outcomes(here.removeMembers({ orgId, rows }), there.changeRole({ memId: admin.id, newRole: "guest" }));
  });
});

test("many rows join while the organization closes", async () => {
  await race(["ok | ok", "precondition.org_not_active | ok"], async () => {
    const { orgId } = await world();
    const rows = Array.from({ length: 5 }, () => ({ usrId: generate("usr"), role: "member" }) as const);
    return outcomes(here.addMembers({ orgId, rows }), there.revokeOrg(orgId));
  });
});

test("a user is removed while the other owner leaves: one stays", async () => {
  const left: string[] = [];
  await race(["ok | ok", "ok | conflict.sole_owner", "conflict.sole_owner | ok"], async () => {
    const { a, b } = await world();
    const removal = here.removeUser({ usrId: a.usrId });
    const ended = await outcomes(removal, there.selfLeave({ memId: b.id }));
    // Where the removal was refused after its look, that is in its answer.
    const refused = await removal.then(
      (answer) => answer.left.map(({ code }) => code),
      () => ["conflict.sole_owner"],
    );
    left.push(...refused);
    expect(ended[1] === "ok").toBe(refused.length === 1);
    return ended;
  });
  expect(new Set(left).size).toBeLessThanOrEqual(1);
});

test("two removals of one user share the work", async () => {
  await race(["ok | ok"], async () => {
    const [{ orgId }, { orgId: other }] = [await world(), await world()];
    const usrId = generate("usr");
    await add(orgId, "member", usrId);
    await add(other, "admin", usrId);
    const calls = [here.removeUser({ usrId }), there.removeUser({ usrId })] as const;
    const ended = await outcomes(...calls);
    const answers = await Promise.all(calls);
    expect(
      answers
        .flatMap(({ done }) => done)
        .map((each) => each.orgId)
        .sort(),
    ).toEqual([orgId, other].sort());
    return ended;
  });
});
