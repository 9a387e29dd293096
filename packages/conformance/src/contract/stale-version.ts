import { assert, assertRejects, assertSame, assertUnchanged } from "../assertions.ts";
import { call, mutations, prepared } from "./operations.ts";
import { around, inTown } from "./town.ts";
import type { Trait } from "./trait.ts";

const versioned = mutations.filter(({ hasVersion }) => hasVersion);

export const staleVersion: Trait = {
  title: "a version that is not the organization's is refused, and the call can be made again",
  cases: versioned.map((operation) => ({
    name: operation.name,
    run: (open) =>
      inTown(open, async (town) => {
        const args = await prepared(operation, town);
        const { version } = await town.store.getOrg(town.org);
        const { before, after } = await around(town, async () => {
          for (const expected of [version - 1, version + 1, Number.MAX_SAFE_INTEGER]) {
            const options = { idempotencyKey: "k", expectedVersion: expected };
            const { details } = await assertRejects(
              () => call(town, operation.name, [...args, options]),
              "conflict.version",
            );
            assertSame("the details", details, { expected, actual: version });
          }
        });
        assertUnchanged(operation.name, before, after);
        // The refused calls left their key unused.
        await call(town, operation.name, [...operation.args(town), { idempotencyKey: "k", expectedVersion: version }]);
        const { version: next } = await town.store.getOrg(town.org);
        assert(next === version + 1, "the call with the right version did not take effect");
      }),
  })),
};

export const noVersion: Trait = {
  title: "there is no version to expect where there is not one organization",
  cases: mutations
    .filter(({ hasVersion }) => !hasVersion)
    .map((operation) => ({
      name: operation.name,
      run: (open) =>
        inTown(open, async (town) => {
          const args = [...(await prepared(operation, town)), { expectedVersion: 1 }];
          await assertRejects(() => call(town, operation.name, args), "precondition.invalid_expected_version");
        }),
    })),
};
