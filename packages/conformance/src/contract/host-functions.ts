import { generate, type IdType, type TenancyOptions } from "@tenantry/core";
import { assertRejects, assertUnchanged } from "../assertions.ts";
import type { Open } from "../open-store.ts";
import { call, type Operation, operations, prepared } from "./operations.ts";
import { around, inTown, type Town } from "./town.ts";
import type { Trait, TraitCase } from "./trait.ts";

const NOON = Date.UTC(2030, 0, 1, 12);

/** Clocks that are broken from some moment on. */
const clocks: Readonly<Record<string, () => unknown>> = {
  "an invalid Date": () => new Date(Number.NaN),
  "a number": () => NOON,
  nothing: () => undefined,
  "an error": () => {
    throw new Error("no time");
  },
};

export const brokenClock: Trait = {
  title: "a clock that answers no instant is an internal error, and nothing is written",
  cases: operations.map((operation) => ({
    name: operation.name,
    run(open) {
      let clock: () => unknown = () => new Date(NOON);
      const options = { clock: () => clock() } as TenancyOptions;
      return inTown(
        open,
        async (town) => {
          const args = await prepared(operation, town);
          for (const broken of Object.values(clocks)) {
            clock = broken;
            await expectInternal(town, operation, args);
          }
        },
        options,
      );
    },
  })),
};

/** The operations that ask which identifiers are the same. */
const POLICY_USERS = ["createInvitation", "acceptInvitation", "declineInvitation", "listInvitationsFor"];

/** Answers of an identifier policy that are none. */
const policies: Readonly<Record<string, () => unknown>> = {
  "answers undefined": () => undefined,
  "answers no text": () => 42,
  "answers more than an identifier has": () => "a".repeat(321),
  throws: () => {
    throw new Error("no policy");
  },
};

export const brokenPolicy: Trait = {
  title: "an identifier policy that makes no sense is an internal error, and nothing is written",
  cases: operations
    .filter(({ name }) => POLICY_USERS.includes(name))
    .flatMap((operation) =>
      Object.entries(policies).map(([what, broken]) => ({
        name: `${operation.name}: one that ${what}`,
        run(open: Open) {
          let canonical: (raw: string) => unknown = (raw) => raw;
          const identifierPolicy = { name: "broken", canonical: (raw: string) => canonical(raw) };
          return inTown(
            open,
            async (town) => {
              const args = await prepared(operation, town);
              canonical = broken;
              await expectInternal(town, operation, args);
            },
            { identifierPolicy } as TenancyOptions,
          );
        },
      })),
    ),
};

/** What makes new ids, from some moment on. */
type IdSource = (type: IdType, made: ReadonlyMap<IdType, string>) => unknown;

const idSources: Readonly<Record<string, IdSource>> = {
  "repeats itself": (type, made) => made.get(type),
  "answers ids of another type": (type) => generate(type === "org" ? "mem" : "org"),
  "answers no id": () => "nobody",
  throws: () => {
    throw new Error("no id");
  },
};

/** The operations that make rows with new ids. */
const MAKERS = [
  "createOrg",
  "addMember",
  "changeRole",
  "selfLeave",
  "transferOwnership",
  "createInvitation",
  "acceptInvitation",
];

export const brokenIdSource: Trait = {
  title: "an id source that makes no new id is an internal error, and nothing is written",
  cases: operations
    .filter(({ name }) => MAKERS.includes(name))
    .flatMap((operation) =>
      Object.entries(idSources).map(([what, broken]) => ({
        name: `${operation.name}: one that ${what}`,
        run: (open: Open) => withIdSource(open, operation, broken),
      })),
    ) satisfies readonly TraitCase[],
};

function withIdSource(open: Open, operation: Operation, broken: IdSource): Promise<void> {
  const made = new Map<IdType, string>();
  let isBroken = false;
  const idSource = (type: IdType): unknown => {
    if (isBroken) {
      return broken(type, made);
    }
    const id = generate(type);
    made.set(type, id);
    return id;
  };
  return inTown(
    open,
    async (town) => {
      const args = await prepared(operation, town);
      isBroken = true;
      await expectInternal(town, operation, args);
    },
    { idSource } as TenancyOptions,
  );
}

async function expectInternal(town: Town, operation: Operation, args: readonly unknown[]): Promise<void> {
  const { before, after } = await around(town, () =>
    assertRejects(() => call(town, operation.name, args), "internal.unexpected"),
  );
  assertUnchanged(operation.name, before, after);
}
