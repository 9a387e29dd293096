import { eventsOf, type TenancyEvent } from "@tenantry/core";
import { assert, assertRejects, assertSame, assertSound } from "../assertions.ts";
import { appendedEvents } from "../fixture/ledger.ts";
import type { StoreUnderTest } from "../open-store.ts";
import { inHostTown } from "./host-transaction.ts";
import { call, keyedMutations, mutations, prepared } from "./operations.ts";
import { around, inTown } from "./town.ts";
import type { Trait } from "./trait.ts";

export const told: Trait = {
  title: "what a mutation wrote is told to subscribers, and stands behind its result",
  cases: mutations.map((operation) => ({
    name: operation.name,
    run: (open) =>
      inTown(open, async (town) => {
        const args = await prepared(operation, town);
        const heard: TenancyEvent[] = [];
        const end = town.store.subscribe((event) => heard.push(event));
        let behind: readonly TenancyEvent[] = [];
        const { before, after } = await around(town, async () => {
          behind = eventsBehind(await call(town, operation.name, args));
        });
        const written = appendedEvents(operation.name, before, after);
        assertSame("what was told", heard, written);
        assertSame("what stands behind the result", behind, written);
        for (const event of written) {
          const { data } = await town.store.listEvents(event.orgId, { after: event.seq - 1 });
          assertSame("what is listed", data, [event]);
        }
        assertSound("what was told", heard[0]);
        end();
        await town.store.createOrg(town.stranger);
        assertSame("the number of events told by then", heard.length, written.length);
      }),
  })),
};

export const toldOnce: Trait = {
  title: "a repeated key tells nobody anything",
  cases: keyedMutations.map((operation) => ({
    name: operation.name,
    run: (open) =>
      inTown(open, async (town) => {
        const args = await prepared(operation, town);
        await call(town, operation.name, [...args, { idempotencyKey: "k" }]);
        const heard = listening(town.store);
        const again = await call(town, operation.name, [...args, { idempotencyKey: "k" }]);
        assertSame("what was told", heard, []);
        assertSame("what stands behind the result", eventsBehind(again), []);
      }),
  })),
};

export const toldOfPart: Trait = {
  title: "subscribers hear of the organizations and types they name",
  cases: [
    {
      name: "one of two organizations, one of two types",
      run: (open) =>
        inTown(open, async ({ store, org, stranger }) => {
          const { org: other } = await store.createOrg(stranger);
          const types: string[] = [];
          store.subscribe(({ orgId, type }) => types.push(`${type} ${orgId}`), { types: ["org.updated"], orgs: [org] });
          await store.updateOrg({ orgId: other.id, name: "Other" });
          await store.suspendOrg(org);
          await store.reinstateOrg(org);
          await store.updateOrg({ orgId: org, name: "Acme" });
          assertSame("what was told", types, [`org.updated ${org}`]);
        }),
    },
    {
      name: "of what is done on behalf of somebody",
      run: (open) =>
        inTown(open, async ({ store, org, owner }) => {
          const heard = listening(store);
          await store.as(owner.usrId).updateOrg({ orgId: org, name: "Acme" });
          assertSame("who did it", heard, [{ type: "org.updated", actor: owner.usrId }], "partial");
        }),
    },
    {
      name: "of nothing that is refused",
      run: (open) =>
        inTown(open, async ({ store, owner }) => {
          const heard = listening(store);
          await assertRejects(() => store.suspendMembership(owner.memId), "conflict.sole_owner");
          assertSame("what was told", heard, []);
        }),
    },
    {
      name: "in the order of seq, of many calls at once",
      run: (open) =>
        inTown(open, async ({ store, org }) => {
          const first = (await store.getOrg(org)).version + 1;
          const heard = listening(store);
          await Promise.all(
            Array.from({ length: 8 }, (_, place) => store.updateOrg({ orgId: org, name: `Name ${place}` })),
          );
          assertSame(
            "the order",
            heard.map(({ seq }) => seq),
            heard.map((_, place) => first + place),
          );
          assertSame("the number of events", heard.length, 8);
        }),
    },
  ],
};

export const notToldInside: Trait = {
  title: "inside a transaction of the host's nobody is told; the result has the events",
  cases: mutations.map((operation) => ({
    name: operation.name,
    run: inHostTown(async (town, transact) => {
      const args = await prepared(operation, town);
      const before = await town.tables();
      const heard: TenancyEvent[] = [];
      let behind: readonly TenancyEvent[] = [];
      await transact(async (inside) => {
        inside.store.subscribe((event) => heard.push(event));
        behind = eventsBehind(await call(inside, operation.name, args));
      });
      assertSame("what was told", heard, []);
      assertSame("what stands behind the result", behind, appendedEvents(operation.name, before, await town.tables()));
    }),
  })),
};

function listening(store: StoreUnderTest): readonly TenancyEvent[] {
  const heard: TenancyEvent[] = [];
  store.subscribe((event) => heard.push(event));
  return heard;
}

function eventsBehind(result: unknown): readonly TenancyEvent[] {
  assert(typeof result === "object" && result !== null, "a mutation answered no object");
  return eventsOf(result);
}
