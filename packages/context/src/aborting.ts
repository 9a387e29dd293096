import { PreconditionError } from "@tenantry/core";

/** The platform's `AbortSignal`, where there are types of one. */
export type Signal = typeof globalThis extends { readonly AbortSignal: { readonly prototype: infer S } } ? S : unknown;

/** What every wait can be given. */
export interface Abortable {
  /** Ends the wait: the promise is rejected with the signal's reason. What is under way for others goes on. */
  readonly signal?: Signal | undefined;
}

/** What a promise answers, unless the caller stops waiting before. */
export async function unlessAborted<T>({ signal }: Abortable, work: () => Promise<T>): Promise<T> {
  if (signal === undefined) {
    return work();
  }
  const own = signalArgument(signal);
  own.throwIfAborted();
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = (): void => reject(own.reason);
    own.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    own.removeEventListener("abort", stop as () => void);
  }
}

function signalArgument(value: unknown): AbortSignal {
  if (value instanceof AbortSignal) {
    return value;
  }
  throw new PreconditionError("precondition.invalid_input", { key: "signal" });
}
