import type { CreateOrgInput, CreateOrgResult, OrgId } from "@tenantry/core";
import { accept, createOrg, type Decision, type Environment, type Mutation } from "@tenantry/core/extend";
import { decideSet, type Put, type Putting, puttingArgument } from "./change-settings.ts";

// An organization with values of its own from the beginning: what `createOrg` decides and what `setSettings` decides of it, as
// one commit. Whoever finds the organization finds its settings.

type Plain = typeof createOrg;
type InputOf<T> = T extends Mutation<infer _A, infer Input, infer _P, infer _F, infer _R, infer _M> ? Input : never;
type PlanOf<T> = T extends Mutation<infer _A, infer _I, infer P, infer _F, infer _R, infer _M> ? P : never;
type FactsOf<T> = T extends Mutation<infer _A, infer _I, infer _P, infer Facts, infer _R, infer _M> ? Facts : never;

/** `orgId` is the new one's: secrets are sealed for it, which is done before anything can be decided. */
type Founding = InputOf<Plain> & {
  readonly set: Putting["set"];
  readonly held: { readonly orgId: OrgId; readonly puts: readonly Put[] };
};

export const createOrgWithSettings: Mutation<
  readonly [CreateOrgInput, OrgId, readonly Put[]],
  Founding,
  PlanOf<Plain>,
  FactsOf<Plain>,
  CreateOrgResult,
  "mem"
> = {
  name: createOrg.name,
  mints: ["mem"],
  admitsVersion: false,
  parse(settings, input, orgId, puts) {
    const { set, held } = puttingArgument(puts);
    return { ...createOrg.parse(settings, input), set, held: { orgId, puts: held } };
  },
  scope: createOrg.scope,
  reads: createOrg.reads,
  find: createOrg.find,
  ...(createOrg.assume === undefined ? {} : { assume: createOrg.assume }),
  decide: decideCreateOrgWithSettings,
};

/** Found an organization and give it values: two events, of which the second is that of `setSettings`. */
export function decideCreateOrgWithSettings(
  { held: { orgId, puts }, ...input }: Founding,
  facts: FactsOf<Plain>,
  environment: Environment<"mem">,
): Decision<CreateOrgResult> {
  const founded = createOrg.decide(input, facts, { ...environment, ids: { ...environment.ids, org: orgId } });
  if (!founded.ok || founded.write === null) {
    return founded;
  }
  const { result, write } = founded;
  const actor = environment.actor ?? write.actor;
  const set = decideSet(
    puts,
    { org: result.org, settings: [], stock: { keys: 0, bytes: 0 } },
    { now: environment.now, actor },
  );
  if (!set.ok) {
    return set;
  }
  if (set.write === null) {
    return founded;
  }
  const { at, event, changes } = set.write;
  const org = { ...result.org, version: result.org.version + 1 };
  return accept(
    { ...result, org },
    {
      ...write,
      changes: [
        ...write.changes.map((change) => (change.op === "insertOrg" ? { ...change, row: org } : change)),
        ...changes,
      ],
      further: [{ at, actor: write.actor, event }],
    },
  );
}
