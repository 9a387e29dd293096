import type { Interpose, StoreRequest } from "@tenantry/conformance/races";
import type { PgClient, PgPool } from "@tenantry/store-pg";
import type { PostgresJs, PostgresJsTransaction } from "@tenantry/store-pg/postgres-js";

// Drivers of which every statement goes through the kit. What the kit throws comes to the store as the driver's own error.

/** A pool of pg. */
export function interposedPool(pool: PgPool, interpose: Interpose | undefined): PgPool {
  if (interpose === undefined) {
    return pool;
  }
  return {
    get totalCount() {
      return pool.totalCount;
    },
    async connect() {
      const client = await pool.connect();
      const session = new Session();
      let isReleased = false;
      return {
        query: (query) =>
          // A rollback is no part of what can go wrong: it follows what went wrong.
          query.text === "rollback"
            ? client.query(query)
            : interpose({ kind: session.kindOf(query.text) }, () =>
                isReleased ? late(pool, query) : client.query(query),
              ),
        release(destroy) {
          isReleased = true;
          client.release(destroy);
        },
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        ...(client.pipeline === undefined ? {} : { pipeline: client.pipeline }),
      };
    },
  };
}

/** A statement that was on its way when its connection was given up. */
async function late(pool: PgPool, query: Parameters<PgClient["query"]>[0]): ReturnType<PgClient["query"]> {
  const client = await pool.connect();
  try {
    return await client.query(query);
  } finally {
    client.release();
  }
}

/** A `sql` of postgres.js. It begins and commits transactions by itself, so those two are not seen. */
export function interposedSql(sql: PostgresJs, interpose: Interpose | undefined): PostgresJs {
  if (interpose === undefined) {
    return sql;
  }
  const through = (driver: PostgresJsTransaction, isInside: boolean): PostgresJsTransaction => ({
    unsafe: (text, values, options) => {
      const kind = isInside ? "load" : kindOf(text);
      return interpose({ kind }, async () => await driver.unsafe(text, values, options));
    },
  });
  return {
    ...through(sql, false),
    begin: (work) => sql.begin((transaction) => work({ ...transaction, ...through(transaction, true) })),
  };
}

/** What a statement is for, by its first words: facts are selected, fences wait with a patience of their own. */
export function kindOf(text: string): StoreRequest["kind"] {
  if (text.startsWith("select")) {
    return "load";
  }
  return text.startsWith("with patience") ? "settle" : "commit";
}

/** Inside a transaction nothing but its end commits. */
class Session {
  #isInside = false;

  kindOf(text: string): StoreRequest["kind"] {
    switch (text) {
      case "begin":
        this.#isInside = true;
        return "load";
      case "commit":
        this.#isInside = false;
        return "commit";
      default:
        return this.#isInside ? "load" : kindOf(text);
    }
  }
}
