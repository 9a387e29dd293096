import { v7 } from "uuid";

// The only file of the core that knows a clock, chance or a timer. All three come in as arguments everywhere else.

declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };

/** The system's time. */
export function systemClock(): Date {
  return new Date();
}

/** Chance in stock: to ask for sixteen bytes costs the system as much as to ask for four thousand. */
const stock = new Uint8Array(4096);
let used = stock.length;

/** The last UUIDv7 of this process: its time, and its number within that millisecond. */
let lastTime = 0;
let lastNumber = 0;
const NUMBERS = 2 ** 32;

/** A fresh UUIDv7, greater than all before it, also within one millisecond or if the clock steps back. */
export function freshUuid(): string {
  if (used === stock.length) {
    crypto.getRandomValues(stock);
    used = 0;
  }
  const random = stock.subarray(used, used + 16);
  used += 16;
  const now = Date.now();
  if (now > lastTime) {
    lastTime = now;
    // 31 of its 32 bits are chance, so that there is room to count on.
    lastNumber = new DataView(random.buffer, random.byteOffset).getUint32(0) >>> 1;
  } else {
    lastNumber += 1;
    lastTime += Math.floor(lastNumber / NUMBERS);
    lastNumber %= NUMBERS;
  }
  return v7({ msecs: lastTime, seq: lastNumber, random });
}

/** Bytes of chance, for nonces and passwords. */
export function freshBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** An idempotency key for a call that came without one. */
export function freshKey(): string {
  return freshUuid();
}

/** Waits a random time, longer after each attempt, so that callers in each other's way get out of step. */
export function pause(attempt: number): Promise<void> {
  const longest = Math.min(2 ** attempt, 64);
  return new Promise((resolve) => {
    setTimeout(resolve, Math.random() * longest);
  });
}
