import { beginAndCommit, inOrder, NotSent, type Row, type SqlExecutor, type Statement } from "@tenantry/store-sql";
import { BindParam, type Connection, ConnectionState, DataTypeOIDs, Pool } from "postgrejs";

/** postgrejs behind the seam of `@tenantry/store-sql`. A single connection may be inside a transaction of the host's. */
export function postgrejsExecutor(database: Pool | Connection): SqlExecutor {
  const on = <T>(work: (connection: Connection) => Promise<T>): Promise<T> =>
    database instanceof Pool ? lent(database, work) : work(database);
  const run: SqlExecutor["run"] = (statement) => on((connection) => query(connection, statement));
  const batch: SqlExecutor["batch"] = (texts) =>
    on((connection) => transact(connection, () => each(connection, texts)));
  if (database instanceof Pool) {
    return { run, batch };
  }
  const [handle, inTransaction] = [database, (): boolean => database.inTransaction];
  return { run, batch, connection: { handle, inTransaction, burst: (statements) => inOrder(run, statements) } };
}

/** The driver can begin, commit and set savepoints on its own account. Here it sends what it is given. */
const AS_IT_IS = { rollbackOnError: false, objectRows: true };

async function query(connection: Connection, { text, values }: Statement): Promise<readonly Row[]> {
  if (connection.state !== ConnectionState.READY) {
    throw new NotSent(new Error("the connection has ended"));
  }
  if (values.length === 0) {
    // One round trip, where the driver takes seven for a statement with values.
    return (await connection.execute(text, AS_IT_IS)).results[0]?.rows ?? [];
  }
  const params = values.map((value) => new BindParam(DataTypeOIDs.text, value));
  return (await connection.query(text, { params, fetchCount: 2 ** 31 - 1, ...AS_IT_IS })).rows ?? [];
}

async function each(connection: Connection, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await connection.execute(text, AS_IT_IS);
  }
}

export function transact<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  return beginAndCommit(async (text) => (await connection.execute(text, AS_IT_IS)).results[0]?.command, work);
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
