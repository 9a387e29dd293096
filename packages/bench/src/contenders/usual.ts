import * as invitations from "../usual/invitations.ts";
import * as members from "../usual/members.ts";
import * as organizations from "../usual/organizations.ts";
import * as reads from "../usual/reads.ts";
import { inTransaction, type Manner, type Sql, sqlOf } from "../usual/transaction.ts";
import type { World } from "../world.ts";
import type { Contender } from "./contender.ts";
import type { PgDriver } from "./drivers.ts";
import type { WorldSource } from "./worlds.ts";

type Step = (sql: Sql, world: World, manner: Manner) => Promise<unknown>;

const READS: Readonly<Record<string, Step>> = { ...reads };
const MUTATIONS: Readonly<Record<string, Step>> = { ...organizations, ...members, ...invitations };

/**
 * What an application would write itself, on the same tables: one interactive transaction, the organization's row locked
 * first, every check a statement, every write a statement, its event among them. It has no idempotency key.
 */
export function usual(driver: PgDriver, worlds: WorldSource, manner: Manner): Contender {
  return {
    name: manner.isTuned ? "usual, tuned" : "usual",
    isPrepared: manner.isTuned,
    async prepare(operation, count) {
      // What a caller holds makes no difference to it.
      const [read, mutation] = [READS[operation.method], MUTATIONS[operation.method]];
      if (read !== undefined) {
        const sql = sqlOf(driver.pool, manner);
        return (await worlds(operation, count)).map((world) => () => read(sql, world, manner));
      }
      if (mutation !== undefined) {
        return (await worlds(operation, count)).map(
          (world) => () => inTransaction(driver.pool, manner, (sql) => mutation(sql, world, manner)),
        );
      }
      return null;
    },
    async close() {},
  };
}
