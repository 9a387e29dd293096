import type { Contender } from "./contenders/contender.ts";
import type { Operation } from "./operations.ts";
import { turnsOf, warmUpOf } from "./profile.ts";
import type { ServerClock } from "./server-clock.ts";
import { type Turn, takeTurn } from "./turn.ts";

/** What the contenders measured of one operation, each with its turns in order of the rounds. */
export type Score = ReadonlyMap<string, readonly Turn[]>;

export interface Contest {
  readonly operation: Operation;
  readonly callers: number;
  readonly calls: number;
  readonly rounds: number;
}

/**
 * Lets the contenders take turns, each first in turn: whatever else the machine does falls on all of them. What a turn
 * needs is made before it, and is not timed.
 */
export async function hold(
  { operation, callers, calls, rounds }: Contest,
  contenders: readonly Contender[],
  server: ServerClock,
): Promise<Score> {
  const able: Contender[] = [];
  for (const contender of contenders) {
    const warmUp = await contender.prepare(operation, warmUpOf(callers, contender.isPrepared));
    if (warmUp !== null) {
      await takeTurn(warmUp, callers, server);
      able.push(contender);
    }
  }
  const score = new Map<string, Turn[]>(able.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of turnsOf(able, round)) {
      const ready = (await contender.prepare(operation, calls)) ?? [];
      try {
        score.get(contender.name)?.push(await takeTurn(ready, callers, server));
      } catch (cause) {
        throw new Error(`${contender.name} failed at ${operation.name}.`, { cause });
      }
    }
  }
  return score;
}
