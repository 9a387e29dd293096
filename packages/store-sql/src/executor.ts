import { endsConnection } from "./sqlstate.ts";

/** One statement with its values. The text is constant for a shape; every value is text or null, cast in the text. */
export interface Statement {
  /** Constant for the text, at most 63 bytes; `null` where statements are not to be prepared. */
  readonly name: string | null;
  readonly text: string;
  readonly values: readonly (string | null)[];
}

/** A row of text columns. */
export type Row = Readonly<Record<string, string | null>>;

/**
 * The seam to a driver. It sends what it is given and returns what comes back: no retry, no rule, no error of its own but
 * {@link NotSent}. Whatever else goes wrong is thrown as the driver throws it.
 */
export interface SqlExecutor {
  /** Runs one statement as a transaction of its own, prepared under its name if it has one. One round trip. */
  run(statement: Statement): Promise<readonly Row[]>;
  /** Runs texts without values, in order, in one transaction, on one connection. For migrations. */
  batch(texts: readonly string[]): Promise<void>;
  /** Where it works on one connection that the host may have begun a transaction on. */
  readonly connection?: SqlConnection;
}

/** One connection of the host's, perhaps inside a transaction that only the host begins and ends. */
export interface SqlConnection {
  /** The driver's object: operations of all stores on it take turns inside a transaction. */
  readonly handle: object;
  /** Whether a transaction is open on it now; `null` where the driver cannot tell, so that the server is asked. */
  inTransaction(): boolean | null;
  /**
   * Runs statements in order, all sent at once where the driver pipelines, else one after another up to the first error.
   * Answers the rows of each, or throws the first error once nothing is under way any more.
   */
  burst(statements: readonly Statement[]): Promise<readonly (readonly Row[])[]>;
}

/** A burst of a driver that does not pipeline: each statement when the one before is answered, up to the first error. */
export async function inOrder(
  run: SqlExecutor["run"],
  statements: readonly Statement[],
): Promise<readonly (readonly Row[])[]> {
  const answers: (readonly Row[])[] = [];
  for (const statement of statements) {
    answers.push(await run(statement));
  }
  return answers;
}

/** A burst of a driver that pipelines: all at once, and nothing is under way any more when the first error is thrown. */
export async function atOnce(
  run: SqlExecutor["run"],
  statements: readonly Statement[],
): Promise<readonly (readonly Row[])[]> {
  const answers = statements.map(run);
  const all = Promise.allSettled(answers);
  try {
    return await Promise.all(answers);
  } catch (error) {
    // A connection that is gone answers nothing more: postgres.js leaves what it had not sent yet waiting for ever.
    if (!endsConnection(error)) {
      await all;
    }
    throw error;
  }
}

/** Certainly nothing reached the server: no connection could be had. `cause` is the driver's error. */
export class NotSent extends Error {
  override readonly name = "NotSent";

  constructor(cause: unknown) {
    super("no connection", { cause });
  }
}

/** A COMMIT was answered with another tag: the transaction had failed before, and nothing was committed. */
export class RolledBack extends Error {
  override readonly name = "RolledBack";

  constructor(tag: string) {
    super(`the transaction ended with ${tag}`);
  }
}

/**
 * Begins, works and commits on one connection; what fails is rolled back and thrown as it was. `send` sends a text without
 * values and answers the tag of its completion, `COMMIT` for instance.
 */
export async function beginAndCommit<T>(
  send: (text: string) => Promise<string | undefined>,
  work: () => Promise<T>,
): Promise<T> {
  await send("begin");
  let result: T;
  try {
    result = await work();
  } catch (error) {
    // A connection that is gone took its transaction along.
    await send("rollback").catch(() => {});
    throw error;
  }
  // A transaction that failed before answers COMMIT without an error, and with another tag.
  const tag = await send("commit");
  if (tag !== "COMMIT") {
    throw new RolledBack(String(tag));
  }
  return result;
}
