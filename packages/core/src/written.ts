import { errorFor } from "./errors.ts";
import type { TenancyEvent } from "./event.ts";
import { detached, marked } from "./json.ts";
import { mark } from "./mark.ts";
import type { Commit, CommitOutcome } from "./store.ts";

/**
 * What a commit wrote down, in the order of `seq`: the same that `listEvents` answers, or what subscribers of this process
 * hear of it.
 */
export function eventsWritten(
  { org, events }: Commit,
  outcome: CommitOutcome,
  isHeard: boolean = false,
): readonly TenancyEvent[] {
  if (outcome.outcome !== "committed") {
    return [];
  }
  const first = outcome.seq - events.length + 1;
  const whole = events.map(({ type, at, actor, idempotencyKey, data, heard }, place) => ({
    orgId: org.id,
    seq: first + place,
    type,
    at,
    actor,
    idempotencyKey,
    data: type === "org.revoked" ? { ...data, ...outcome.ended } : isHeard ? (heard ?? data) : data,
  }));
  return detached(whole as TenancyEvent[]);
}

type Events = readonly TenancyEvent[];

/** The events behind each result of a mutation: made once somebody asks for them. */
const written = mark<() => Events>();

/** A result as it is handed out, with the events that it stands for; not certain where the host may still undo it. */
export function wrote<R>(result: R, events: () => Events, isCertain = true): R {
  let made: Events | undefined;
  return marked(result, isCertain, (out) => {
    written.put(out, () => {
      made ??= events();
      return made;
    });
  });
}

/**
 * The events that a mutation wrote, in the order of `seq`; none if it changed nothing or answered a used idempotency key.
 * For work that belongs to the mutation and is done where it was called, as inside the host's transaction. `result` is the
 * object that the mutation answered: a copy, or what a query answered, throws `PreconditionError`
 * `precondition.invalid_input`.
 */
export function eventsOf(result: object): Events {
  const events = written.on(result);
  if (events === undefined) {
    throw errorFor("precondition.invalid_input", { key: null });
  }
  return events();
}
