import type { TenancyEvent } from "./event.ts";
import { actorOption, type MutationOptions } from "./input.ts";
import type { Lapsed, LapsedInOrg, SweepInput, SweepScope } from "./lapsed.ts";
import type { Query } from "./list.ts";
import type { OrgId, SweepResult } from "./model.ts";
import type { Mutation, MutationPlan } from "./operation.ts";
import type { Plan } from "./read.ts";
import { ask, type Context, mutate } from "./run.ts";
import { eventsOf, wrote } from "./written.ts";

/** One look, then one commit for each organization in which something has lapsed. */
export async function sweep<
  Row extends { readonly orgId: OrgId },
  Asked extends Plan,
  P extends MutationPlan,
  Facts,
  E,
>(
  context: Context,
  find: Query<readonly [(SweepInput | undefined)?], SweepScope, Asked, Lapsed<Row>>,
  expire: Mutation<readonly [LapsedInOrg<Row>], LapsedInOrg<Row>, P, Facts, readonly E[], never>,
  input?: SweepInput,
  options?: Pick<MutationOptions, "actor">,
): Promise<SweepResult<E>> {
  // Both are checked before anything is read.
  const asked = find.parse(input);
  const { actor } = actorOption(options);
  const { byOrg, more } = await ask(context, find, asked);
  const expired: E[] = [];
  const events: TenancyEvent[] = [];
  for (const lapsedInOrg of byOrg) {
    const done = await mutate(context, expire, [lapsedInOrg], { actor });
    expired.push(...done);
    events.push(...eventsOf(done));
  }
  return wrote({ expired, more }, () => events);
}
