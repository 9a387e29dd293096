import type { TenancyError } from "./error-classes.ts";
import { errorFor } from "./errors.ts";
import { type CommitOutcome, type Committed, StoreFault } from "./store.ts";
import { pause } from "./system.ts";

// What may be repeated after which fault, and how often: decided here for every operation and every store.

/** Lost races that one call outlasts. One organization with a dozen writers needs about as many. */
const MOST_CONFLICTS = 24;
/** How often one unique rule of the database may refuse what the decision, on fresh facts, accepts each time. */
const MOST_EQUAL_REFUSALS = 3;
/** How often a lost connection or a timeout is met with another attempt. */
const MOST_RECONNECTS = 3;

/** The attempts of one call. Every method answers, or throws a `TenancyError`. */
export interface Attempts {
  /** Reads are repeated freely: they change nothing. */
  load<T>(read: () => Promise<T>): Promise<T>;
  /** `null`: it lost. `unknown` makes the error for a commit that was in flight when the connection died. It is never sent again. */
  commit(write: () => Promise<CommitOutcome>, unknown: () => TenancyError): Promise<Committed | null>;
  /** One attempt: whoever asks may ask again. */
  settle<T>(write: () => Promise<T>): Promise<T>;
}

export function attempts(): Attempts {
  let conflicts = 0;
  let reconnects = 0;
  let refusal: { readonly constraint: string; readonly times: number } | null = null;

  async function afterConflict(): Promise<void> {
    conflicts += 1;
    if (conflicts > MOST_CONFLICTS) {
      throw errorFor("unavailable.contention", { attempts: conflicts });
    }
    if (conflicts > 1) {
      // The first one costs no wait: most often it only says that what was assumed or read is no longer true.
      await pause(conflicts);
    }
  }

  async function afterFault(fault: StoreFault): Promise<void> {
    switch (fault.kind) {
      case "contention":
        return afterConflict();
      case "retryable":
      case "indeterminate":
        reconnects += 1;
        if (reconnects > MOST_RECONNECTS) {
          throw errorOf(fault);
        }
        return pause(reconnects);
      case "unavailable":
      case "bug":
        throw errorOf(fault);
    }
  }

  return {
    async load(read) {
      for (;;) {
        try {
          return await read();
        } catch (error) {
          await afterFault(faultOf(error, "bug"));
        }
      }
    },
    async commit(write, unknown) {
      let outcome: CommitOutcome;
      try {
        outcome = await write();
      } catch (error) {
        const fault = faultOf(error, "indeterminate");
        if (fault.kind === "indeterminate") {
          throw unknown();
        }
        await afterFault(fault);
        return null;
      }
      switch (outcome.outcome) {
        case "committed":
          return outcome;
        case "unknown_user":
          throw errorFor("precondition.unknown_user", {});
        case "conflict": {
          const { constraint } = outcome;
          const times = constraint !== null && constraint === refusal?.constraint ? refusal.times + 1 : 1;
          if (times >= MOST_EQUAL_REFUSALS) {
            throw errorFor(
              "internal.unexpected",
              {},
              { cause: new Error(`the rules allow what ${constraint} forbids`) },
            );
          }
          refusal = constraint === null ? null : { constraint, times };
          await afterConflict();
          return null;
        }
      }
    },
    async settle(write) {
      try {
        return await write();
      } catch (error) {
        const fault = faultOf(error, "indeterminate");
        throw errorOf(fault);
      }
    },
  };
}

/** What a caller is told of a fault that nothing can be done about. */
export function errorOf(fault: StoreFault): TenancyError {
  return fault.kind === "bug" ? errorFor("internal.unexpected", {}, { cause: fault.cause }) : unavailable(fault);
}

/** A store that throws anything else has a defect, and what it threw may hold what nobody should see: only its name is kept. */
function faultOf(error: unknown, otherwise: "bug" | "indeterminate"): StoreFault {
  if (error instanceof StoreFault) {
    return error;
  }
  const name = error instanceof Error ? error.name : typeof error;
  return new StoreFault(otherwise, { cause: new Error(`the store threw ${name}`) });
}

function unavailable({ code, cause }: StoreFault): TenancyError {
  return code === "unavailable.contention" ? errorFor(code, { attempts: 1 }, { cause }) : errorFor(code, {}, { cause });
}
