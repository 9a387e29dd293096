import { isTenancyError } from "@tenantry/core";

/** A delivery that did not succeed, with what is kept of why. Whatever else a `deliver` throws is kept by its kind alone. */
export class DeliveryFailed extends Error {
  override readonly name = "DeliveryFailed";
  /** 1 to 64 characters `a-z 0-9 _ .`: kept with the event if it is given up. No secret and no address. */
  readonly code: string;
  /** How long whoever did not take it wants to be left alone; `null`: it did not say. */
  readonly retryAfterSeconds: number | null;

  constructor(code: string, { retryAfterSeconds = null }: { readonly retryAfterSeconds?: number | null } = {}) {
    super(typeof code === "string" && CODE.test(code) ? code : "failed");
    this.code = this.message;
    // A header that is no number of seconds is easily made one that is none.
    const isNumber = typeof retryAfterSeconds === "number" && !Number.isNaN(retryAfterSeconds);
    this.retryAfterSeconds = isNumber ? retryAfterSeconds : null;
  }
}

const CODE = /^[a-z0-9_.]{1,64}$/;

export function codeOf(error: unknown): string {
  const code: unknown = isTenancyError(error) ? error.code : saidBy(error)?.code;
  // A class of the host's may say more than can be kept.
  return typeof code === "string" && CODE.test(code) ? code : "failed";
}

/** What was thrown may be anything, a proxy that throws when it is looked at included. */
function saidBy(error: unknown): DeliveryFailed | null {
  try {
    return error instanceof DeliveryFailed ? error : null;
  } catch {
    return null;
  }
}

const FIRST_SECONDS = 5;
const FACTOR = 3;
const LONGEST_SECONDS = 6 * 60 * 60;
const SPREAD = 0.2;

/** How long to wait after the `tried`th attempt: 5 s, 15 s, 45 s … at most 6 h, each up to a fifth more or less. */
export function backoffSeconds(tried: number, random: () => number, error: unknown): number {
  const wait = Math.min(FIRST_SECONDS * FACTOR ** (tried - 1), LONGEST_SECONDS);
  const spread = wait * (1 - SPREAD + 2 * SPREAD * random());
  const asked = saidBy(error)?.retryAfterSeconds ?? 0;
  return Math.max(spread, Math.min(asked, LONGEST_SECONDS));
}
