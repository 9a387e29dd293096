import { inOrder, NotSent, RolledBack, type Row, type SqlExecutor, type Statement } from "@tenantry/store-sql";
import { BindParam, type Connection, ConnectionState, DataTypeOIDs, Pool } from "postgrejs";

/** postgrejs behind the seam of `@tenantry/store-sql`. A single connection may be inside a transaction of the host's. */
export function postgrejsExecutor(database: Pool | Connection): SqlExecutor {
  if (database instanceof Pool) {
    return {
      run: (statement) => lent(database, (connection) => run(connection, statement)),
      batch: (texts) => lent(database, (connection) => transact(connection, () => each(connection, texts))),
    };
  }
  return {
    run: (statement) => run(database, statement),
    batch: (texts) => transact(database, () => each(database, texts)),
    connection: {
      handle: database,
      inTransaction: () => database.inTransaction,
      burst: (statements) => inOrder((statement) => run(database, statement), statements),
    },
  };
}

async function run(connection: Connection, { text, values }: Statement): Promise<readonly Row[]> {
  if (connection.state !== ConnectionState.READY) {
    throw new NotSent(new Error("the connection has ended"));
  }
  if (values.length === 0) {
    // One round trip, where the driver takes seven for a statement with values.
    const { results } = await connection.execute(text, { objectRows: true, ...AS_IT_IS });
    return results[0]?.rows ?? [];
  }
  const params = values.map((value) => new BindParam(DataTypeOIDs.text, value));
  const { rows = [] } = await connection.query(text, { params, objectRows: true, fetchCount: ALL, ...AS_IT_IS });
  return rows;
}

/** The driver can begin, commit and set savepoints on its own account. Here it sends what it is given. */
const AS_IT_IS = { rollbackOnError: false };
const ALL = 2 ** 31 - 1;

async function each(connection: Connection, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await connection.execute(text, AS_IT_IS);
  }
}

export async function transact<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  await each(connection, ["begin"]);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await each(connection, ["rollback"]).catch(() => {});
    throw error;
  }
  const { results } = await connection.execute("commit", AS_IT_IS);
  const tag = results[0]?.command ?? "no answer";
  if (tag !== "COMMIT") {
    throw new RolledBack(tag);
  }
  return result;
}

export async function lent<T>(pool: Pool, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await pool.acquire().catch((error: unknown) => {
    throw new NotSent(error);
  });
  try {
    return await work(connection);
  } finally {
    await pool.release(connection);
  }
}
