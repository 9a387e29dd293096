import type { TenancyOptions } from "@tenantry/core";
import { assertRejects } from "../assertions.ts";
import type { Trait } from "./trait.ts";

/** Options that a host without a type checker might pass. */
const wrong: Readonly<Record<string, unknown>> = {
  "an unknown option": { reInvite: "allow" },
  "an unknown value": { reinvite: "always" },
  "a value of another kind": { recheckInviter: 1 },
  "a clock that is no function": { clock: new Date() },
  "an id source that is no function": { idSource: "uuid" },
  "a policy that is none": { identifierPolicy: "email" },
  "reserved slugs that are none": { reservedSlugs: "admin" },
};

export const storeOptions: Trait = {
  title: "a store with a wrong option is not made",
  cases: Object.entries(wrong).map(([name, options]) => ({
    name,
    run: async (open) => {
      await assertRejects(async () => {
        const world = await open(options as TenancyOptions);
        await world.close();
      }, "precondition.invalid_input");
    },
  })),
};
