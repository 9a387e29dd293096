import { endsConnection, entryFault } from "./fault.ts";

const ATTEMPTS = 3;

/** A transaction that could not be opened, or not be entered: its work has not started. `cause` is what the driver said. */
export class NotBegun extends Error {
  override readonly name = "NotBegun";

  constructor(cause: unknown) {
    super("nothing was begun", { cause });
  }
}

/** Some drivers lend a connection once more whose session has just been ended. Nothing was begun on it: so once again. */
export async function onLivingConnection<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction();
    } catch (error) {
      if (!(error instanceof NotBegun)) {
        throw error;
      }
      if (attempt === ATTEMPTS || !endsConnection(error.cause)) {
        throw entryFault(error.cause);
      }
    }
  }
}
