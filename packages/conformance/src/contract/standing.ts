import { generate, type MemId, type Standing } from "@tenantry/core";
import { assertRejects, assertSame, assertUnchanged } from "../assertions.ts";
import { around, INVITED, inTown, type Town } from "./town.ts";
import type { Trait, TraitCase } from "./trait.ts";

const PLAN = { objectType: "project", objectId: "plan" };

export const standing: Trait = {
  title: "where somebody stands is one answer, whoever they are",
  cases: [
    stands("the owner", (town) => town.owner, { status: "active", roles: ["owner"] }),
    stands("a member", (town) => town.member, { status: "active", roles: ["member"] }),
    stands("a suspended member", (town) => town.suspended, { status: "suspended", roles: [] }),
    stands("a stranger", (town) => ({ usrId: town.stranger }), { status: null, roles: [] }),
    {
      name: "somebody with a grant, and what they have not",
      run: (open) =>
        inTown(open, async ({ store, org, invitation }) => {
          const asUsrId = generate("usr");
          await store.acceptInvitation({ invId: invitation, asUsrId, acceptingIdentifier: INVITED });
          const tuples = [
            { relation: "editor", ...PLAN },
            { relation: "viewer", ...PLAN },
          ];
          const answer = await store.standing({ orgId: org, usrId: asUsrId, tuples });
          assertSame("the tuples", answer.tuples, [false, true]);
        }),
    },
    {
      name: "nobody, in an organization that ended",
      run: (open) =>
        inTown(open, async ({ store, org }) => {
          const { org: ended } = await store.standing({ orgId: (await store.revokeOrg(org)).id });
          assertSame("the status", ended?.status, "revoked");
        }),
    },
    {
      name: "somebody whose time is over",
      run: (open) =>
        inTown(open, async ({ store, org, stranger, later, waitUntil }) => {
          await store.addMember({ orgId: org, usrId: stranger, role: "member", expiresAt: later });
          waitUntil(new Date(later.getTime() + 1));
          assertStands(await store.standing({ orgId: org, usrId: stranger }), { status: null, roles: [] });
        }),
    },
    {
      name: "somebody nowhere",
      run: (open) =>
        inTown(open, async ({ store, stranger }) => {
          const answer = await store.standing({ orgId: generate("org"), usrId: stranger });
          assertSame("the answer", answer, { org: null, membership: null, roles: [], tuples: [] });
        }),
    },
  ],
};

export const within: Trait = {
  title: "inside one organization, what belongs to another is as what never was",
  cases: [
    foreign("getMembership", (store, memId) => store.getMembership(memId)),
    foreign("suspendMembership", (store, memId) => store.suspendMembership(memId)),
    foreign("changeRole", (store, memId) => store.changeRole({ memId, newRole: "admin" })),
    foreign("membershipHistory", (store, memId) => store.membershipHistory(memId)),
    {
      name: "its own is there",
      run: (open) =>
        inTown(open, async ({ store, org, member }) => {
          const { status } = await store.within(org).suspendMembership(member.memId);
          assertSame("the status", status, "suspended");
        }),
    },
  ],
};

interface Expected {
  readonly status: string | null;
  readonly roles: readonly string[];
}

function stands(name: string, whom: (town: Town) => Pick<Town["owner"], "usrId">, expected: Expected): TraitCase {
  return {
    name,
    run: (open) =>
      inTown(open, async (town) => {
        const { store, org } = town;
        const { before, after } = await around(town, async () => {
          const answer = await store.standing({ orgId: org, usrId: whom(town).usrId });
          assertSame("the organization", answer.org, await store.getOrg(org));
          assertStands(answer, expected);
        });
        assertSame("the tables", after, before);
      }),
  };
}

function assertStands({ membership, roles }: Standing, expected: Expected): void {
  assertSame("where they stand", { status: membership?.status ?? null, roles }, expected);
}

function foreign(
  name: string,
  call: (store: ReturnType<Town["store"]["within"]>, memId: MemId) => Promise<unknown>,
): TraitCase {
  return {
    name,
    run: (open) =>
      inTown(open, async (town) => {
        const { store, member, stranger } = town;
        const { org: elsewhere } = await store.createOrg(stranger);
        const { before, after } = await around(town, async () => {
          const there = await assertRejects(() => call(store.within(elsewhere.id), member.memId), "not_found");
          const nowhere = generate("mem");
          const never = await assertRejects(() => call(store.within(elsewhere.id), nowhere), "not_found");
          const told = (error: Error, id: MemId): string => JSON.stringify(error).replaceAll(id, "it");
          assertSame("what is told", told(there, member.memId), told(never, nowhere));
        });
        assertUnchanged(name, before, after);
      }),
  };
}
