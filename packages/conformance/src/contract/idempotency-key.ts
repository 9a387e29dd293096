import { generate } from "@tenantry/core";
import { assert, assertRejects, assertSame, assertSound, assertUnchanged } from "../assertions.ts";
import { call, keyedMutations, mutations, type Operation, prepared } from "./operations.ts";
import { around, inTown, type Town } from "./town.ts";
import type { Trait, TraitCase } from "./trait.ts";

export const replay: Trait = {
  title: "a repeated key answers the stored result and writes nothing",
  cases: keyedMutations.map((operation) => ({
    name: operation.name,
    run: (open) =>
      inTown(open, async (town) => {
        const args = await prepared(operation, town);
        const first = await call(town, operation.name, [...args, { idempotencyKey: "k" }]);
        if (operation.hasVersion) {
          // Whatever happened since: the organization is another one now, or ended.
          await town.store.revokeOrg(town.org).catch(() => undefined);
        }
        const stale = operation.hasVersion ? { expectedVersion: 999 } : {};
        const { before, after } = await around(town, async () => {
          const options = { idempotencyKey: "k", actor: town.stranger, ...stale };
          const again = await call(town, operation.name, [...operation.args(town), options]);
          assertSame("the replayed result", again, first);
          assertSound(operation.name, again);
        });
        assertUnchanged("a replay", before, after);
      }),
  })),
};

export const keyMismatch: Trait = {
  title: "a key that was used for something else is refused",
  cases: keyedMutations.flatMap((operation) => [otherInput(operation), otherOperation(operation)].flat()),
};

function otherInput(operation: Operation): readonly TraitCase[] {
  const { name, otherArgs } = operation;
  return otherArgs === undefined
    ? []
    : [
        {
          name: `${name}, other input`,
          run: (open) => inTown(open, (town) => mismatch(town, operation, name, otherArgs(town))),
        },
      ];
}

function otherOperation(operation: Operation): readonly TraitCase[] {
  const other = operation.name === "updateOrg" ? "suspendOrg" : "updateOrg";
  return operation.hasVersion
    ? [
        {
          name: `${operation.name}, other operation`,
          run: (open) =>
            inTown(open, (town) => {
              const { org } = town;
              return mismatch(town, operation, other, [other === "updateOrg" ? { orgId: org, name: "Other" } : org]);
            }),
        },
      ]
    : [];
}

async function mismatch(town: Town, operation: Operation, name: string, args: readonly unknown[]): Promise<void> {
  const accepted = await prepared(operation, town);
  await call(town, operation.name, [...accepted, { idempotencyKey: "k" }]);
  const { before, after } = await around(town, async () => {
    const { details } = await assertRejects(
      () => call(town, name, [...args, { idempotencyKey: "k" }]),
      "conflict.idempotency",
    );
    assertSame("the details", details, { reason: "mismatch" });
  });
  assertUnchanged(name, before, after);
}

export const keyScope: Trait = {
  title: "a key belongs to its organization, or to the creator",
  cases: [
    {
      name: "the same key in two organizations",
      run: (open) =>
        inTown(open, async ({ store, org, stranger }) => {
          const { org: other } = await store.createOrg(stranger);
          await store.suspendOrg(org, { idempotencyKey: "k" });
          const { status } = await store.suspendOrg(other.id, { idempotencyKey: "k" });
          assertSame("the other organization's status", status, "suspended");
        }),
    },
    {
      name: "the same key of two creators",
      run: (open) =>
        inTown(open, async ({ store, stranger }) => {
          const first = await store.createOrg(stranger, { idempotencyKey: "k" });
          const second = await store.createOrg(generate("usr"), { idempotencyKey: "k" });
          assert(first.org.id !== second.org.id, "one creator's key answered another's call");
        }),
    },
    {
      name: "a bare creator and the same creator in an object are one input",
      run: (open) =>
        inTown(open, async ({ store, stranger }) => {
          const bare = await store.createOrg(stranger, { idempotencyKey: "k" });
          const replayed = await store.createOrg({ creator: stranger, name: null, slug: undefined } as never, {
            idempotencyKey: "k",
          });
          assertSame("the replayed result", replayed, bare);
        }),
    },
  ],
};

export const noKey: Trait = {
  title: "what is several commits has no key",
  cases: mutations
    .filter(({ hasKey, hasKeyOfParts = false }) => !hasKey && !hasKeyOfParts)
    .map((operation) => ({
      name: operation.name,
      run: (open) =>
        inTown(open, async (town) => {
          const args = await prepared(operation, town);
          const { before, after } = await around(town, () =>
            assertRejects(
              () => call(town, operation.name, [...args, { idempotencyKey: "k" }]),
              "precondition.invalid_idempotency_key",
            ),
          );
          assertUnchanged(operation.name, before, after);
        }),
    })),
};
