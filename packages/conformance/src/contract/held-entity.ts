import { isTenancyError } from "@tenantry/core";
import { assert, assertSame, describeError, outcomeOf } from "../assertions.ts";
import { appendedEvents } from "../fixture/ledger.ts";
import { call, mutations, type Operation, prepared, replaced, valueAt } from "./operations.ts";
import { around, inTown, type Town } from "./town.ts";
import type { Trait } from "./trait.ts";

// A caller who holds an entity may name it in place of its id. The call is then decided on what it says, without a look;
// a stale one must make no difference but the time that it takes.

export const heldEntity: Trait = {
  title: "an entity that the caller holds is as good as its id",
  cases: mutations
    .filter(({ takesEntity }) => takesEntity)
    .flatMap((operation) => [
      {
        name: `${operation.name}, of an entity as it is`,
        run: (open) =>
          inTown(open, async (town) => {
            const args = await holding(operation, town, await prepared(operation, town));
            const { before, after } = await around(town, () => call(town, operation.name, args));
            assertSame("the number of events", appendedEvents(operation.name, before, after).length, 1);
          }),
      },
      {
        name: `${operation.name}, of an entity that has changed since`,
        run: (open) =>
          inTown(open, async (town) => {
            const byId = await prepared(operation, town);
            const byEntity = await holding(operation, town, byId);
            await town.store.revokeOrg(town.org);
            const { before, after } = await around(town, async () => {
              const expected = await codeOf(town, operation, byId);
              assertSame("the code", await codeOf(town, operation, byEntity), expected);
            });
            assertSame("the tables", after, before);
          }),
      },
    ]),
};

/** How an entity is looked up. */
const lookUp: Readonly<Record<string, string>> = { org: "getOrg", mem: "getMembership", inv: "getInvitation" };

/** The arguments with the entity in place of the first id that the operation is about. */
async function holding({ name, ids }: Operation, town: Town, args: readonly unknown[]): Promise<readonly unknown[]> {
  const place = ids.find(({ isAddressed }) => isAddressed);
  assert(place !== undefined, `${name} is about nothing`);
  const entity = await call(town, lookUp[place.type] ?? "", [valueAt(args, place.at)]);
  return replaced(args, place.at, entity);
}

async function codeOf(town: Town, { name }: Operation, args: readonly unknown[]): Promise<string> {
  const outcome = await outcomeOf(() => call(town, name, args));
  assert(!outcome.ok, `${name} was accepted in an organization that has ended`);
  assert(isTenancyError(outcome.error), describeError(outcome.error));
  return outcome.error.code;
}
