import { assert } from "../assertions.ts";
import { closing } from "../races/aftermath.ts";
import type { Interpose, OpenShared, StoreRequest } from "../shared-database.ts";
import { aftermath, meet, type Stage, staged } from "./attempt.ts";
import type { FaultCase } from "./cases.ts";
import { type DriverErrors, type Ending, type Way, ways } from "./ways.ts";

/** Which requests an undisturbed call makes. */
export async function requestsOf(
  openShared: OpenShared,
  operation: FaultCase,
): Promise<readonly StoreRequest["kind"][]> {
  const kinds: StoreRequest["kind"][] = [];
  await closing(openShared, async (database) => {
    const stage = await staged(database, operation);
    const outcome = await meet(stage, database, (request, send) => {
      kinds.push(request.kind);
      return send();
    });
    assert(outcome.ok, `${operation.title} is not accepted`);
  });
  return kinds;
}

/**
 * Lets the N-th request of an operation fail, for every N, in every way: with all errors that the driver may throw, once and
 * for good; or, where `turn` is given, with one of them, and for good in every fourth turn. Of all that only one out of
 * `oneOf` is done.
 */
export async function sweepOperation(
  openShared: OpenShared,
  operation: FaultCase,
  { errors, turn, oneOf = 1 }: { readonly errors: DriverErrors; readonly turn: number | null; readonly oneOf?: number },
): Promise<number> {
  const kinds = await requestsOf(openShared, operation);
  assert(kinds.length > 0, `${operation.title}: no request was seen, so nothing can fail`);
  const all = kinds.flatMap((kind, place) => [
    ...ways.flatMap((way, index) => {
      const known = way.errors(errors);
      const some = turn === null || known.length === 0 ? known : known.slice(turn % known.length).slice(0, 1);
      const isLasting = turn === null ? [false, true] : (turn + index) % 4 === 0 ? [false, true] : [false];
      return some.flatMap((error) => failuresOf(way, { kind, place, error, isLasting }));
    }),
    // Of several commits the first one.
    ...(kind === "commit" && place === kinds.indexOf("commit") ? [() => rival(openShared, operation, place)] : []),
  ]);
  const failures = all.filter((_, place) => (place + (turn ?? 0)) % oneOf === 0);
  // Most of the time is spent waiting before another attempt.
  await atOnce(
    AT_ONCE,
    failures.map((run) => (typeof run === "function" ? run : () => failure(openShared, operation, run))),
  );
  return failures.length;
}

const AT_ONCE = 6;

function failuresOf(
  way: Way,
  {
    kind,
    isLasting,
    ...request
  }: Pick<Failure, "place" | "error"> & {
    readonly kind: StoreRequest["kind"];
    readonly isLasting: readonly boolean[];
  },
): readonly Failure[] {
  return isLasting.flatMap((lasting) => {
    const expected = (lasting ? way.always : way.once)[kind];
    return expected === null ? [] : [{ ...request, way, isLasting: lasting, expected }];
  });
}

/** Runs all, several at a time; the first failure is thrown once nothing is under way any more. */
async function atOnce(most: number, runs: readonly (() => Promise<void>)[]): Promise<void> {
  const left = [...runs].reverse();
  const errors: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let run = left.pop(); run !== undefined && errors.length === 0; run = left.pop()) {
      await run().catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: most }, worker));
  if (errors.length > 0) {
    throw errors[0];
  }
}

interface Failure {
  readonly place: number;
  readonly way: Way;
  readonly error: () => unknown;
  readonly isLasting: boolean;
  readonly expected: Ending;
}

async function failure(
  openShared: OpenShared,
  operation: FaultCase,
  { place, way, error, isLasting, expected }: Failure,
): Promise<void> {
  await closing(openShared, async (database) => {
    const stage = await staged(database, operation);
    let count = 0;
    let isOver = false;
    const interpose: Interpose = async (_, send) => {
      const isMeant = count === place || (isLasting && count > place);
      count += 1;
      if (!isMeant || isOver) {
        return send();
      }
      if (way.isCarriedOut) {
        await send();
      }
      throw error();
    };
    const outcome = await meet(stage, database, interpose);
    // Whoever resolves what became of the call has a connection again.
    isOver = true;
    const ending = await aftermath(stage, outcome);
    const what = `${operation.title}, of which request ${place + 1} ${way.name}${isLasting ? " again and again" : ""}`;
    assert(ending === expected, `${what}: ended with ${ending}, expected ${expected}`);
  });
}

/** Just before the commit somebody else writes to the same organization: the call is decided again, and accepted. */
async function rival(openShared: OpenShared, operation: FaultCase, place: number): Promise<void> {
  await closing(openShared, async (database) => {
    const stage = await staged(database, operation);
    let count = 0;
    let between: Stage = stage;
    const interpose: Interpose = async (_, send) => {
      count += 1;
      if (count === place + 1) {
        await stage.town.store.updateOrg({ orgId: stage.town.org, name: "Renamed by a rival" });
        between = { ...stage, before: await stage.town.tables() };
      }
      return send();
    };
    const outcome = await meet(stage, database, interpose);
    const ending = await aftermath(between, outcome);
    assert(ending === "ok", `${operation.title}, overtaken by a rival: ended with ${ending}, expected ok`);
  });
}
