import { assert, assertSame, assertSound } from "../assertions.ts";
import { appendedEvents } from "../fixture/ledger.ts";
import { call, mutations, operations, prepared } from "./operations.ts";
import { around, inTown } from "./town.ts";
import type { Trait } from "./trait.ts";

export const oneEvent: Trait = {
  title: "an accepted mutation is one event, numbered by the organization's version",
  cases: mutations.map((operation) => ({
    name: operation.name,
    run: (open) =>
      inTown(open, async (town) => {
        const args = await prepared(operation, town);
        const key = operation.hasKey ? "the-key" : null;
        const options = { actor: town.admin.usrId, ...(key === null ? {} : { idempotencyKey: key }) };
        const { before, after } = await around(town, () => call(town, operation.name, [...args, options]));
        const [event, ...others] = appendedEvents(operation.name, before, after);
        assert(
          event !== undefined && others.length === 0,
          `expected one event, found ${others.length + (event ? 1 : 0)}`,
        );
        assertSame("the event", { actor: event.actor, key: event.idempotencyKey }, { actor: options.actor, key });
        const known = new Set(before.idem.map((row) => row.key));
        const used = after.idem.filter((row) => (key === null ? !known.has(row.key) : row.key === key));
        assertSame("the key", used, [{ state: "done", orgId: event.orgId, seq: event.seq }], "partial");
      }),
  })),
};

export const queriesWriteNothing: Trait = {
  title: "a query writes nothing, and its answer is frozen",
  cases: operations
    .filter(({ isMutation }) => !isMutation)
    .map((operation) => ({
      name: operation.name,
      run: (open) =>
        inTown(open, async (town) => {
          const args = await prepared(operation, town);
          const { before, after } = await around(town, async () =>
            assertSound(operation.name, await call(town, operation.name, args)),
          );
          assertSame("the tables", after, before);
        }),
    })),
};
