import type { Interpose, StoreRequest } from "@tenantry/conformance/races";
import type { NeonSql } from "@tenantry/store-neon/http";
import type { PgClient, PgPool, PgPoolClient } from "@tenantry/store-pg";
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
    connect(callback) {
      pool.connect((error, client) =>
        callback(error, client === undefined ? undefined : lent(client, pool, interpose)),
      );
    },
  };
}

function lent(client: PgPoolClient, pool: PgPool, interpose: Interpose): PgPoolClient {
  const session = new Session();
  let isReleased = false;
  const through: PgClient["query"] = async (query) => {
    let isSent = false;
    try {
      return await interpose({ kind: session.kindOf(query.text) }, () => {
        isSent = true;
        return isReleased ? late(pool, query) : client.query(query);
      });
    } catch (error) {
      // Whatever COMMIT fails with, to the server the transaction is over.
      if (query.text === "commit" && !isSent) {
        await client.query({ text: "rollback" }).catch(() => {});
      }
      throw error;
    }
  };
  return {
    // A rollback is no part of what can go wrong: it follows what went wrong.
    query: (query) => (query.text === "rollback" ? client.query(query) : through(query)),
    release(destroy) {
      isReleased = true;
      client.release(destroy);
    },
    on: (event, listener) => client.on(event, listener),
    removeListener: (event, listener) => client.removeListener(event, listener),
    ...(client.pipeline === undefined ? {} : { pipeline: client.pipeline }),
  };
}

/** A statement that was on its way when its connection was given up. */
function late(pool: PgPool, query: Parameters<PgClient["query"]>[0]): ReturnType<PgClient["query"]> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) {
        reject(error);
      } else {
        client
          .query(query)
          .finally(() => client.release())
          .then(resolve, reject);
      }
    });
  });
}

/** A `sql` of postgres.js. It begins and commits transactions by itself, so those two are not seen. */
export function interposedSql(sql: PostgresJs, interpose: Interpose | undefined): PostgresJs {
  if (interpose === undefined) {
    return sql;
  }
  const through = (
    driver: PostgresJsTransaction,
    kindOfText: (text: string) => StoreRequest["kind"],
    lose: (error: unknown) => void,
  ): PostgresJsTransaction => ({
    unsafe: async (text, values, options) => {
      try {
        return await interpose({ kind: kindOfText(text) }, async () => await driver.unsafe(text, values, options));
      } catch (error) {
        lose(error);
        throw error;
      }
    },
  });
  return {
    ...through(sql, kindOf, () => {}),
    begin: (work) =>
      sql.begin((transaction) => {
        // It rejects by itself once its connection is lost, however the work takes that.
        let lose: (error: unknown) => void = () => {};
        const lost = new Promise<never>((_, reject) => {
          lose = (error) => {
            if (/^CONNECTION_/.test(String((error as { readonly code?: unknown } | null)?.code))) {
              reject(error);
            }
          };
        });
        const inside = { ...transaction, ...through(transaction, () => "load", lose) };
        return Promise.race([work(inside), lost]);
      }),
  };
}

/** Neon's queries over HTTP, each of which is a request. */
export function interposedNeon(sql: NeonSql, interpose: Interpose | undefined): NeonSql {
  return interpose === undefined
    ? sql
    : {
        query: (text, values, options) =>
          interpose({ kind: kindOf(text) }, async () => await sql.query(text, values, options)),
        transaction: (queries, options) => sql.transaction(queries, options),
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
