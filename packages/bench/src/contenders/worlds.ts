import type pg from "pg";
import type { Operation } from "../operations.ts";
import { seedWorlds } from "../seeds.ts";
import type { World } from "../world.ts";

/** Where worlds come from. */
export type WorldSource = (operation: Operation, count: number) => Promise<readonly World[]>;

/** So many worlds are enough for what changes nothing. */
const READ_WORLDS = 16;

/** Every call has a world of its own, so that nobody waits for anybody. Reads share some. */
export function ownWorlds(pool: pg.Pool): WorldSource {
  return sharedByReads((operation, count) => seedWorlds(pool, count, operation.kind));
}

export function sharedByReads(make: WorldSource): WorldSource {
  const made = new Map<string, Promise<readonly World[]>>();
  return async (operation, count) => {
    if (!operation.isRead) {
      return make(operation, count);
    }
    const known = made.get(operation.name) ?? make(operation, READ_WORLDS);
    made.set(operation.name, known);
    const worlds = await known;
    return Array.from({ length: count }, (_, place) => worlds[place % worlds.length] as World);
  };
}
