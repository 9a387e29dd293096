import { generate, type OrgId } from "@tenantry/core";
import { assert, assertRejects, assertSame, assertUnchanged, outcomeOf } from "../assertions.ts";
import { appendedEvents } from "../fixture/ledger.ts";
import type { Open, StoreUnderTest } from "../open-store.ts";
import { within } from "../timing.ts";
import { call, mutations, type Operation, operations, prepared } from "./operations.ts";
import { around, inTown, type Town } from "./town.ts";
import type { Trait } from "./trait.ts";

type Transact = (work: (inside: Town) => Promise<void>) => Promise<void>;

export const rolledBack: Trait = {
  title: "inside a transaction of the host's, a mutation is gone when the host rolls back",
  cases: mutations.map((operation) => ({
    name: operation.name,
    run: inHostTown(async (town, transact) => {
      const args = await prepared(operation, town);
      const { before, after } = await around(town, () =>
        rollingBack(transact, async (inside) => {
          await call(inside, operation.name, [...args, ...withKey(operation)]);
        }),
      );
      assertUnchanged(`${operation.name}, rolled back,`, before, after);
    }),
  })),
};

export const committed: Trait = {
  title: "inside a transaction of the host's, a mutation shows once the host commits",
  cases: mutations.map((operation) => ({
    name: operation.name,
    run: inHostTown(async (town, transact) => {
      const args = await prepared(operation, town);
      const before = await town.tables();
      await transact(async (inside) => {
        const first = await call(inside, operation.name, [...args, ...withKey(operation)]);
        if (town.store.capabilities.concurrentSessions) {
          assertUnchanged(`${operation.name}, not yet committed,`, before, await town.tables());
        }
        if (operation.hasKey) {
          const again = await call(inside, operation.name, [...args, ...withKey(operation)]);
          assertSame("the replay in the same transaction", again, first);
        }
      });
      const events = appendedEvents(operation.name, before, await town.tables());
      assertSame("the number of events", events.length, 1);
    }),
  })),
};

export const refusedInside: Trait = {
  title: "inside a transaction of the host's, what is refused leaves it usable",
  cases: [
    ...operations
      .filter(({ ids }) => ids.some(({ isAddressed }) => isAddressed))
      .map((operation) => ({
        name: operation.name,
        run: inHostTown(async (town, transact) => {
          const unknown = operation.args(unknownTown(town));
          const { before, after } = await around(town, () =>
            transact(async (inside) => {
              await assertRejects(() => call(inside, operation.name, unknown), "not_found");
              await inside.store.getOrg(town.org);
            }),
          );
          assertUnchanged(operation.name, before, after);
        }),
      })),
    {
      name: "two failures and a success commit exactly the success",
      run: inHostTown(async ({ store, tables, org, owner, stranger }, transact) => {
        const before = await tables();
        await transact(async (inside) => {
          // The first is refused by a rule, the second by a unique rule of the database.
          await assertRejects(() => inside.store.selfLeave({ memId: owner.memId }), "conflict.sole_owner");
          await inside.store.addMember({ orgId: org, usrId: stranger, role: "guest" });
          await assertRejects(
            () => inside.store.createOrg({ creator: generate("usr"), slug: "town" }),
            "conflict.org_slug",
          );
        });
        const events = appendedEvents("the transaction", before, await tables());
        assertSame(
          "the events",
          events.map(({ type }) => type),
          ["membership.added"],
        );
        assertSame("the version", (await store.getOrg(org)).version, events[0]?.seq);
      }),
    },
    {
      name: "calls at the same time take turns",
      run: inHostTown(async ({ store, org }, transact) => {
        await transact(async (inside) => {
          const calls = Array.from({ length: 6 }, (_, place) =>
            place % 2 === 0
              ? inside.store.addMember({ orgId: org, usrId: generate("usr"), role: "guest" })
              : assertRejects(
                  () => inside.store.createOrg({ creator: generate("usr"), slug: "town" }),
                  "conflict.org_slug",
                ),
          );
          await Promise.all(calls);
        });
        const { data } = await store.listMembers(org, { role: "guest" });
        assertSame("the number of guests", data.length, 3);
      }),
    },
  ],
};

/** How long a transaction waits for the other one: where there is no second connection they come one after another. */
const MEETING_MS = 3000;

export const crossedTransactions: Trait = {
  title: "two transactions of the host's that add to two organizations in opposite order end, and stay usable",
  cases: [
    {
      name: "both are done, or what is refused is told as contention",
      run: inHostTown(async ({ store, tables, org }, transact, leaveOut) => {
        if (!store.capabilities.concurrentSessions) {
          leaveOut("the store declares that there is one session");
          return;
        }
        const { org: other } = await store.createOrg(generate("usr"));
        const before = await tables();
        let meet = (): void => {};
        const met = new Promise<void>((resolve) => {
          let arrived = 0;
          meet = () => {
            arrived += 1;
            if (arrived === 2) {
              resolve();
            }
          };
        });
        let added = 0;
        const both = (...orgs: readonly [OrgId, OrgId]): Promise<void> =>
          transact(async (inside) => {
            const add = (orgId: OrgId): Promise<unknown> =>
              inside.store.addMember({ orgId, usrId: generate("usr"), role: "member" });
            await add(orgs[0]);
            meet();
            await within(MEETING_MS, met);
            const outcome = await outcomeOf(() => add(orgs[1]));
            if (!outcome.ok) {
              await assertRejects(() => Promise.reject(outcome.error), "unavailable.contention");
            }
            await inside.store.getOrg(org);
            added += outcome.ok ? 2 : 1;
          });
        await Promise.all([both(org, other.id), both(other.id, org)]);
        const events = appendedEvents("the transactions", before, await tables(), 2);
        assertSame("the number of members who were added", events.length, added);
      }),
    },
  ],
};

/** A town on a store that takes part in the host's transactions; a store that declares not to is left out. */
export function inHostTown(
  test: (town: Town, transact: Transact, leaveOut: (reason: string) => void) => Promise<void>,
): Trait["cases"][number]["run"] {
  return (open: Open, leaveOut) =>
    inTown(open, async (town) => {
      const { transaction } = town;
      if (!town.store.capabilities.hostTransactions) {
        leaveOut("the store declares not to take part in transactions of the host's");
        return;
      }
      assert(transaction !== undefined, "the store declares `hostTransactions`, so `open` has to offer `transaction`");
      await test(town, (work) => transaction((store: StoreUnderTest) => work({ ...town, store })), leaveOut);
    });
}

function withKey({ hasKey }: Operation): readonly object[] {
  return hasKey ? [{ idempotencyKey: "k" }] : [];
}

class RollBack extends Error {}

async function rollingBack(transact: Transact, work: (inside: Town) => Promise<void>): Promise<void> {
  try {
    await transact(async (inside) => {
      await work(inside);
      throw new RollBack();
    });
  } catch (error) {
    if (!(error instanceof RollBack)) {
      throw error;
    }
  }
}

/** The town as somebody knows it whose ids are all of nothing. */
function unknownTown(town: Town): Town {
  const nobody = (): Town["owner"] => ({ usrId: generate("usr"), memId: generate("mem") });
  const [owner, admin, member, suspended] = [nobody(), nobody(), nobody(), nobody()];
  return { ...town, org: generate("org"), owner, admin, member, suspended, invitation: generate("inv") };
}
