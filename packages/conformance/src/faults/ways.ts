import type { Code } from "@tenantry/core";
import type { StoreRequest } from "../shared-database.ts";

/**
 * What the store's driver throws, by what happened. The kit throws it in the place of an answer. A kind that cannot occur is
 * left out; what is tested with it is then reported as left out.
 */
export interface DriverErrors {
  /** Nothing was sent: there was no connection. */
  readonly notSent?: () => unknown;
  /** The connection was lost with the request under way. */
  readonly lost?: () => unknown;
  /** The database gave the request up in favour of others: a deadlock, a serialization failure, a lock not granted. */
  readonly contention?: readonly (() => unknown)[];
  /** The request was cancelled by the database: it answered, and did nothing. */
  readonly cancelled?: () => unknown;
  /** The client waited no longer. What was sent may still be carried out. */
  readonly timeout?: () => unknown;
  /** Something that tells nothing: no code, or not even an error. */
  readonly unknown?: readonly (() => unknown)[];
  /** The database refuses the request for a reason that no rule knows. */
  readonly unexpected?: readonly (() => unknown)[];
}

/** How a call ends: as usual, with a code that promises that nothing was written, or unknown, and then found to be. */
export type Ending = "ok" | Code | "committed" | "fenced";

/** One way in which a request can fail. */
export interface Way {
  readonly name: string;
  readonly errors: (errors: DriverErrors) => readonly (() => unknown)[];
  /** Whether the database carries it out all the same. */
  readonly isCarriedOut: boolean;
  /** How a call ends of which this request fails, once or every time; `null`: that is not looked at. */
  readonly once: { readonly [K in StoreRequest["kind"]]: Ending | null };
  readonly always: { readonly [K in StoreRequest["kind"]]: Ending | null };
}

const list = (make: (() => unknown) | undefined): readonly (() => unknown)[] => (make === undefined ? [] : [make]);

export const ways: readonly Way[] = [
  {
    name: "is not sent",
    errors: ({ notSent }) => list(notSent),
    isCarriedOut: false,
    once: { load: "ok", commit: "ok", settle: null },
    always: { load: "unavailable.connection", commit: "unavailable.connection", settle: null },
  },
  {
    name: "loses against others",
    errors: ({ contention = [] }) => contention,
    isCarriedOut: false,
    once: { load: "ok", commit: "ok", settle: null },
    always: { load: "unavailable.contention", commit: "unavailable.contention", settle: null },
  },
  {
    name: "is carried out, and its answer lost",
    errors: ({ lost }) => list(lost),
    isCarriedOut: true,
    once: { load: "ok", commit: "committed", settle: null },
    always: { load: "unavailable.connection", commit: "committed", settle: null },
  },
  {
    name: "is lost",
    errors: ({ lost }) => list(lost),
    isCarriedOut: false,
    once: { load: "ok", commit: "fenced", settle: null },
    always: { load: "unavailable.connection", commit: "fenced", settle: null },
  },
  {
    name: "is cancelled",
    errors: ({ cancelled }) => list(cancelled),
    isCarriedOut: false,
    once: { load: "ok", commit: "ok", settle: null },
    always: { load: "unavailable.timeout", commit: "unavailable.timeout", settle: null },
  },
  {
    name: "takes too long",
    errors: ({ timeout }) => list(timeout),
    isCarriedOut: true,
    once: { load: "ok", commit: "committed", settle: null },
    always: { load: "unavailable.timeout", commit: "committed", settle: null },
  },
  {
    name: "ends with something unknown",
    errors: ({ unknown = [] }) => unknown,
    isCarriedOut: false,
    once: { load: "ok", commit: "fenced", settle: null },
    always: { load: "unavailable.connection", commit: "fenced", settle: null },
  },
  {
    name: "is refused unexpectedly",
    errors: ({ unexpected = [] }) => unexpected,
    isCarriedOut: false,
    once: { load: "internal.unexpected", commit: "internal.unexpected", settle: null },
    always: { load: "internal.unexpected", commit: "internal.unexpected", settle: null },
  },
];
