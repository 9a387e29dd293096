import { v4 } from "uuid";

// The only file of the core that knows a clock, chance or a timer. All three come in as arguments everywhere else.

declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;

/** The system's time. */
export function systemClock(): Date {
  return new Date();
}

/** An idempotency key for a call that came without one. */
export function freshKey(): string {
  return v4();
}

/** Waits a random time, longer after each attempt, so that callers in each other's way get out of step. */
export function pause(attempt: number): Promise<void> {
  const longest = Math.min(2 ** attempt, 64);
  return new Promise((resolve) => {
    setTimeout(resolve, Math.random() * longest);
  });
}
