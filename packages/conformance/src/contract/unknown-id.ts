import { generate } from "@tenantry/core";
import { assertRejects, assertSame, assertUnchanged } from "../assertions.ts";
import { call, operations, placeName, prepared, replaced } from "./operations.ts";
import { around, inTown } from "./town.ts";
import type { Trait } from "./trait.ts";

export const unknownId: Trait = {
  title: "an id that was never made is not found",
  cases: operations.flatMap((operation) =>
    operation.ids
      .filter(({ isAddressed }) => isAddressed)
      .map(({ at, type }) => ({
        name: placeName(operation, at),
        run: (open) =>
          inTown(open, async (town) => {
            const unknown = generate(type);
            const args = replaced(await prepared(operation, town), at, unknown);
            const { before, after } = await around(town, async () => {
              const { details } = await assertRejects(() => call(town, operation.name, args), "not_found");
              assertSame("the details", details, { id: unknown }, "partial");
            });
            assertUnchanged(operation.name, before, after);
          }),
      })),
  ),
};
