import type { TenancyEvent } from "./event.ts";
import { actorOption, type MutationOptions } from "./input.ts";
import type { LapsedRead, Sweep, SweepInput } from "./lapsed.ts";
import type { OrgId, SweepResult } from "./model.ts";
import { ask, type Context, mutate } from "./run.ts";
import { eventsOf, wrote } from "./written.ts";

/** One look, then one commit for each organization in which something has lapsed. */
export async function sweep<R extends LapsedRead, Row extends { readonly orgId: OrgId }, E>(
  context: Context,
  { find, inOrg }: Sweep<R, Row, E>,
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
    const done = await mutate(context, inOrg, [lapsedInOrg], { actor });
    expired.push(...done);
    events.push(...eventsOf(done));
  }
  return wrote({ expired, more }, () => events);
}
