import { actingOptions } from "./call.ts";
import { errorFor, isRefusal, type Refusal } from "./errors.ts";
import type { TenancyEvent } from "./event.ts";
import { type MutationOptions, mutationOptions } from "./input.ts";
import type { MemId, OrgId, Tuple } from "./model.ts";
import {
  decideDeparture,
  type RemovalFacts,
  type RemovedFrom,
  removeFromOrg,
  unwritten,
} from "./removal/remove-from-org.ts";
import {
  type Found,
  findUser,
  LOOK,
  LOOK_FOR_GRANTS,
  type RemoveUserInput,
  type RemoveUserResult,
  removeUserArgument,
  type UserRemoval,
} from "./removal/remove-user.ts";
import { ask, type Context, mutate } from "./run.ts";
import { freshKey } from "./system.ts";
import { eventsOf, wrote } from "./written.ts";

/** Looks for what belongs to a user and ends it, a commit for each organization. */
export async function removal(
  context: Context,
  input: RemoveUserInput,
  options?: Omit<MutationOptions, "expectedVersion">,
): Promise<RemoveUserResult> {
  // Both are checked before anything is read.
  const asked = removeUserArgument(input);
  const { actor, idempotencyKey } = actingOptions(mutationOptions(options, false), context.acting);
  const { usrId, choices, grants, limit } = asked;
  const done: RemovedFrom[] = [];
  const left = new Map<OrgId, Refusal>();
  const events: TenancyEvent[] = [];
  const taken = new Taken();

  const removeFrom = async ({ orgId, ...facts }: Part): Promise<void> => {
    const mark = freshKey();
    const choice = choices.get(orgId) ?? null;
    const args = [{ orgId, usrId, choice, grants, held: { ...facts, mark } }] as const;
    try {
      const result = await mutate(context, removeFromOrg, args, { actor, idempotencyKey: idempotencyKey ?? undefined });
      events.push(...eventsOf(result));
      taken.by(eventsOf(result));
      if (result.mark !== mark) {
        left.set(orgId, { code: "conflict.idempotency", details: { reason: "spent" } });
      } else if (result.removed !== null) {
        done.push(result.removed);
      }
    } catch (error) {
      if (!isRefusal(error)) {
        throw error;
      }
      left.set(orgId, { code: error.code, details: error.details } as Refusal);
    }
  };
  const answer = (more: boolean): RemoveUserResult =>
    wrote({ done, left: [...left].map(([orgId, refusal]) => ({ orgId, ...refusal })), more }, () => events);

  let after: MemId | null = null;
  for (let isFirst = true; ; isFirst = false) {
    const found: Found = await ask(context, findUser, asked, context.within, after);
    if (isFirst && asked.mode === "all") {
      refuseAny(context, asked, found);
    }
    let hasFoundGrants = false;
    for (const seen of partsOf(found).filter(({ orgId }) => !left.has(orgId))) {
      const part = taken.without(seen);
      if (part === null) {
        continue;
      }
      if (done.length >= limit) {
        return answer(true);
      }
      hasFoundGrants ||= part.left !== null;
      await removeFrom(part);
    }
    // A look that was not full has found all there was. Another one would cost a user of one organization a trip in three,
    // and could not promise more: whoever adds them again may do so behind that one, too.
    const isFullOfGrants = found.left.length === LOOK_FOR_GRANTS;
    const last = found.standings[LOOK - 1];
    if (last !== undefined) {
      after = last.membership.id;
    } else if (!(isFullOfGrants && hasFoundGrants)) {
      return answer(false);
    }
  }
}

/** What the parts of a call have taken since its last look: several organizations may have granted the same. */
class Taken {
  readonly #tuples = new Set<string>();

  by(events: readonly TenancyEvent[]): void {
    for (const event of events) {
      for (const grant of event.type === "grants.removed" ? event.data.tuples : []) {
        this.#tuples.add(nameOf(grant));
      }
    }
  }

  /** What is left of a part; `null` where that is nothing. */
  without({ orgId, standing, left }: Part): Part | null {
    const rest = <F extends { readonly tuples: readonly Tuple[] }>(facts: F): F => ({
      ...facts,
      tuples: facts.tuples.filter((tuple) => !this.#tuples.has(nameOf(tuple))),
    });
    const grants = left === null ? null : rest(left);
    return grants?.tuples.length === 0
      ? null
      : { orgId, standing: standing === null ? null : rest(standing), left: grants };
  }
}

function nameOf({ relation, objectType, objectId }: Pick<Tuple, "relation" | "objectType" | "objectId">): string {
  return JSON.stringify([relation, objectType, objectId]);
}

/** What there is to do in an organization. */
interface Part extends RemovalFacts {
  readonly orgId: OrgId;
}

function partsOf({ standings, left }: Found): readonly Part[] {
  return [
    ...standings.map((standing) => ({ orgId: standing.org.id, standing, left: null })),
    ...left.map((grants) => ({ orgId: grants.orgId, standing: null, left: grants })),
  ];
}

/** Throws where an organization stands in the way. */
function refuseAny({ settings }: Context, { usrId, choices }: UserRemoval, { standings, at }: Found): void {
  const environment = unwritten(settings, at);
  for (const standing of standings) {
    const decision = decideDeparture({ usrId, choice: choices.get(standing.org.id) ?? null }, standing, environment);
    if (!decision.ok) {
      throw errorFor(decision.code, decision.details);
    }
  }
}
