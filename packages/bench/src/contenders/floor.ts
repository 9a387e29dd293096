import { pgExecutor, SqlTenancyStore, type Statement } from "@tenantry/store-sql";
import type pg from "pg";
import type { Operation } from "../operations.ts";
import type { World } from "../world.ts";
import type { Contender } from "./contender.ts";
import type { Driver } from "./drivers.ts";
import type { WorldSource } from "./worlds.ts";

/**
 * The statements that the store would send for a call, with their values: it is run as far as its commit, which is kept and
 * not sent, so that its rows are as fresh as before. What the store looks up is looked up.
 */
function statementsOf(pool: pg.Pool): (operation: Operation, world: World) => Promise<readonly Statement[]> {
  const { run, batch } = pgExecutor(pool);
  let kept: Statement[] = [];
  const store = new SqlTenancyStore({
    executor: {
      async run(statement) {
        kept.push(statement);
        // A look is a plain select; a commit answers the organization's new version.
        return statement.text.startsWith("select") ? run(statement) : [{ seq: "1" }];
      },
      batch,
    },
    concurrentSessions: true,
    hostTransactions: false,
  });
  return async ({ held, call }, world) => {
    // A list that was handed out is not written to any more.
    kept = [];
    const entity = (await held?.(store, world)) as never;
    kept = [];
    await call(store, world, entity);
    return kept;
  };
}

/** The same statements sent by the bare driver, one after another, with nothing around them and nothing made of the answer. */
export function floorOf(driver: Driver, pool: pg.Pool, worlds: WorldSource): Contender {
  const statements = statementsOf(pool);
  return {
    name: `floor, ${driver.name}`,
    isPrepared: driver.isPrepared,
    async prepare(operation, count) {
      const calls = [];
      for (const world of await worlds(operation, count)) {
        calls.push(sending(driver, await statements(operation, world)));
      }
      return calls;
    },
    async close() {},
  };
}

function sending(driver: Driver, statements: readonly Statement[]): () => Promise<void> {
  return async () => {
    for (const statement of statements) {
      const [row] = await driver.send(statement);
      if (row === undefined || Object.values(row)[0] === null) {
        throw new Error("A statement of the floor did nothing: its row is not as it was.");
      }
    }
  };
}
