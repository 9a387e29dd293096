import { errorFor, isId, type OrgId, RelayError } from "@tenantry/core";

// The Standard Webhooks scheme, with WebCrypto: `webhook-id`, `webhook-timestamp`, and `webhook-signature`, which is
// `v1,<base64 of HMAC-SHA-256>` over `<id>.<timestamp>.<body>`, once for each secret.

const PREFIX = "whsec_";
const SECRET_BYTES = 32;
const HMAC = { name: "HMAC", hash: "SHA-256" } as const;
const encoder: InstanceType<typeof TextEncoder> = new TextEncoder();
/** The platform's, which has a name in some of them only. */
type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

export function freshSecret(random: (length: number) => Uint8Array): string {
  return PREFIX + toBase64(random(SECRET_BYTES));
}

export function systemRandom(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

export async function signatureHeader(
  secrets: readonly string[],
  message: { readonly id: string; readonly timestamp: number; readonly body: string },
): Promise<string> {
  const signed = encoder.encode(`${message.id}.${message.timestamp}.${message.body}`);
  const signatures = await Promise.all(
    secrets.map(async (secret) => {
      const key = await importKey(secret, "sign");
      return `v1,${toBase64(new Uint8Array(await crypto.subtle.sign(HMAC.name, key, signed)))}`;
    }),
  );
  return signatures.join(" ");
}

/** What a receiver got. */
export interface ReceivedWebhook {
  /** `whsec_…`; during a rotation the old one and the new one. */
  readonly secret: string | readonly string[];
  readonly headers:
    | { get(name: string): string | null }
    | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** As it was received, not as JSON that was read and written again. */
  readonly body: string | Uint8Array;
  /** By how much its time may differ from one's own. Default 300. */
  readonly toleranceSeconds?: number;
  readonly clock?: () => Date;
}

/** An event as it is sent. Types may be added: pass over what you do not know. */
export interface WebhookMessage {
  /** `<org>.<seq>`: the same on each attempt. */
  readonly id: string;
  readonly org: OrgId;
  /** Numbers the events of an organization: keep the highest that you have seen. */
  readonly seq: number;
  readonly type: string;
  readonly time: Date;
  readonly actor: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * The event of a request that one of the secrets has signed, not more than five minutes ago. Throws `RelayError`
 * `relay.signature_invalid`, `PreconditionError` `precondition.invalid_input` for what is no secret, no headers, or a body
 * that is not as it was received: JSON that was read already, say.
 */
export async function verifyWebhook(received: ReceivedWebhook): Promise<WebhookMessage> {
  const { secret, headers, body, toleranceSeconds, clock } = readFrom(null, () => partsOf(received));
  const secrets = readFrom("secret", () => [secret].flat());
  const bytes = bytesOf(body);
  const [id, time, signature] = readFrom("headers", () =>
    ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => header(headers, name)),
  );
  if (typeof toleranceSeconds !== "number" || !(toleranceSeconds >= 0)) {
    throw errorFor("precondition.invalid_input", { key: "toleranceSeconds" });
  }
  const seconds = readFrom("clock", () => Math.floor(clock().getTime() / 1000));
  const keys = await Promise.all(secrets.map((one) => importKey(one, "verify")));
  if (!id || !time || !signature || !/^\d{1,12}$/.test(time)) {
    throw refused("headers");
  }
  // A clock that does not know the time admits nothing.
  if (!(Math.abs(seconds - Number(time)) <= toleranceSeconds)) {
    throw refused("time");
  }
  const signed = concatenated(encoder.encode(`${id}.${time}.`), bytes);
  const signatures = signature
    .slice(0, LONGEST_HEADER)
    .split(" ")
    .flatMap((one) => (one.startsWith("v1,") ? (fromBase64(one.slice(3)) ?? []) : []));
  for (const key of keys) {
    for (const one of signatures) {
      if (await crypto.subtle.verify(HMAC.name, key, one, signed)) {
        return decodeMessage(id, bytes);
      }
    }
  }
  throw refused("signature");
}

const LONGEST_HEADER = 4096;

/** Each read once. */
function partsOf({
  secret,
  headers,
  body,
  toleranceSeconds = 300,
  clock = () => new Date(),
}: ReceivedWebhook): Required<ReceivedWebhook> {
  return { secret, headers, body, toleranceSeconds, clock };
}

function header(headers: ReceivedWebhook["headers"], name: string): string | null {
  const { get } = headers as { readonly get?: unknown };
  const value: unknown =
    typeof get === "function"
      ? (headers as { get(name: string): unknown }).get(name)
      : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof value === "string" ? value : null;
}

/** Of its own: what was verified, and not what the caller's bytes may be by then. */
function bytesOf(body: unknown): Uint8Array {
  if (typeof body === "string") {
    return encoder.encode(body);
  }
  // Bytes may come from another realm, where they are of another class.
  if (ArrayBuffer.isView(body) && Object.prototype.toString.call(body) === "[object Uint8Array]") {
    return readFrom("body", () => new Uint8Array(body as Uint8Array));
  }
  throw errorFor("precondition.invalid_input", { key: "body" });
}

/** Reads from what a caller gave, which may throw anything. */
function readFrom<T>(key: string | null, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw errorFor("precondition.invalid_input", { key }, { cause });
  }
}

function decodeMessage(id: string, bytes: Uint8Array): WebhookMessage {
  try {
    const { org, seq, type, time, actor, data } = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    const isNumbered = isId(org, "org") && Number.isSafeInteger(seq) && id === `${org}.${seq}`;
    const isDated = typeof time === "string" && !Number.isNaN(Date.parse(time));
    if (isNumbered && isDated && typeof type === "string") {
      return { id, org: org as OrgId, seq, type, time: new Date(time), actor: actor ?? null, data: data ?? {} };
    }
  } catch {
    // Told below.
  }
  throw refused("body");
}

async function importKey(secret: unknown, usage: "sign" | "verify"): Promise<CryptoKey> {
  const bytes =
    typeof secret === "string" && secret.startsWith(PREFIX) && secret.length < 256
      ? fromBase64(secret.slice(PREFIX.length))
      : null;
  if (bytes === null || bytes.length < 16) {
    throw errorFor("precondition.invalid_input", { key: "secret" });
  }
  return crypto.subtle.importKey("raw", bytes, HMAC, false, [usage]);
}

function refused(reason: "headers" | "time" | "signature" | "body"): RelayError {
  return new RelayError("relay.signature_invalid", { reason });
}

function concatenated(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
