import type { TenancyEvent } from "@tenantry/core";
import { DeliveryFailed } from "./delivery.ts";
import { signatureHeader } from "./signature.ts";
import type { Timers } from "./timers.ts";
import type { AdmittedUrl } from "./webhook-url.ts";

/** What is called of `fetch`. */
export type WebhookFetch = (
  url: string,
  init: {
    readonly method: "POST";
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly redirect: "manual";
    readonly signal: AbortSignal;
    /** The application admitted the very address that is written in the URL. Of meaning to `nodeFetch` alone. */
    readonly isAddressAdmitted?: boolean;
  },
) => Promise<WebhookResponse>;

/** What is read of an answer. */
export interface WebhookResponse {
  readonly status: number;
  readonly type?: string;
  readonly headers: { get(name: string): string | null };
  readonly body: {
    getReader(): {
      read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
      cancel(): Promise<void>;
    };
  } | null;
}

/** A `fetch` that looks at the address that it really connects to says so with this. */
export const CHECKS_ADDRESS: unique symbol = Symbol.for("@tenantry/events.checksAddress");

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 65_536;

/** The event as it leaves: no identifier of a person's, no secret. */
export function bodyOf({ orgId, seq, type, at, actor, data }: TenancyEvent): string {
  return JSON.stringify({ org: orgId, seq, type, time: at.toISOString(), actor, data });
}

/** Sends an event once. Throws {@link DeliveryFailed} unless the answer is a 2xx. */
export async function send(
  event: TenancyEvent,
  { url, isAddressAdmitted }: AdmittedUrl,
  secrets: readonly string[],
  parts: {
    readonly fetch: WebhookFetch;
    readonly clock: () => Date;
    readonly timers: Timers;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const body = bodyOf(event);
  const id = `${event.orgId}.${event.seq}`;
  const timestamp = Math.floor(parts.clock().getTime() / 1000);
  const headers = {
    "content-type": "application/json",
    "user-agent": "tenantry-webhooks/1",
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": await signatureHeader(secrets, { id, timestamp, body }),
  };
  // It may be over before anything was sent, and then somebody else sends it.
  parts.signal.throwIfAborted();
  const over = new AbortController();
  const { signal } = over;
  // A platform's own refuses to be called as somebody's method.
  const { fetch } = parts;
  const timer = parts.timers.set(() => over.abort(), TIMEOUT_MS);
  // Not every runtime can join two signals.
  parts.signal.addEventListener("abort", () => over.abort(), { once: true });
  try {
    const response = await ended(
      fetch(url.href, { method: "POST", headers, body, redirect: "manual", signal, isAddressAdmitted }),
      signal,
    );
    await ended(drain(response), signal);
    judge(response, parts.clock());
  } catch (error) {
    if (error instanceof DeliveryFailed) {
      throw error;
    }
    // What a driver of the network says may have the address in it.
    throw new DeliveryFailed(signal.aborted ? "timeout" : "network");
  } finally {
    parts.timers.clear(timer);
  }
}

/** A `fetch` that does not heed its signal must not hold the relay. */
function ended<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

/** The beginning of the answer is read and dropped, so that the connection can be used again. */
async function drain({ body }: WebhookResponse): Promise<void> {
  const reader = body?.getReader();
  for (let bytes = 0; reader !== undefined; ) {
    const { done, value } = await reader.read();
    bytes += value?.length ?? 0;
    if (done) {
      return;
    }
    if (bytes >= MOST_BYTES) {
      await reader.cancel();
      return;
    }
  }
}

function judge({ status, type, headers }: WebhookResponse, now: Date): void {
  if (status >= 200 && status < 300) {
    return;
  }
  // Where `fetch` hides a redirect its status is 0.
  const isRedirect = type === "opaqueredirect" || (status >= 300 && status < 400);
  const code = isRedirect ? "redirect" : status === 410 ? GONE : `http_${status}`;
  throw new DeliveryFailed(code, { retryAfterSeconds: secondsOf(headers.get("retry-after"), now) });
}

/** The receiver wants nothing more. */
export const GONE = "gone";

/** A number of seconds, or a date. */
function secondsOf(header: string | null, now: Date): number | null {
  if (header === null) {
    return null;
  }
  const seconds = /^\d{1,9}$/.test(header.trim()) ? Number(header) : (Date.parse(header) - now.getTime()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}
