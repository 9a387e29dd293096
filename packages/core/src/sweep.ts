import type { TenancyEvent } from "./event.ts";
import { actorOption, type MutationOptions } from "./input.ts";
import { type ExpireInvitationsInput, expireInOrg, findLapsed } from "./invitation/expire-invitations.ts";
import type { ExpireInvitationsResult, InvId } from "./model.ts";
import { ask, type Context, mutate } from "./run.ts";
import { eventsOf, wrote } from "./written.ts";

/** One look, then one commit for each organization in which something has lapsed. */
export async function sweep(
  context: Context,
  input?: ExpireInvitationsInput,
  options?: Pick<MutationOptions, "actor">,
): Promise<ExpireInvitationsResult> {
  // Both are checked before anything is read.
  const asked = findLapsed.parse(input);
  const { actor } = actorOption(options);
  const { byOrg, more } = await ask(context, findLapsed, asked);
  const expired: InvId[] = [];
  const events: TenancyEvent[] = [];
  for (const lapsedInOrg of byOrg) {
    const done = await mutate(context, expireInOrg, [lapsedInOrg], { actor });
    expired.push(...done);
    events.push(...eventsOf(done));
  }
  return wrote({ expired, more }, events);
}
