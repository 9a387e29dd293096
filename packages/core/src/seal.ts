import { ConfigError, IsolationError, PreconditionError } from "./error-classes.ts";
import { isId } from "./id.ts";
import type { OrgId } from "./model.ts";
import type { ConfigFault } from "./rejections.ts";
import { Secret } from "./secret.ts";
import { freshBytes } from "./system.ts";
import { utf8 } from "./text.ts";

export { Secret } from "./secret.ts";

// Secrets at rest: AES-256-GCM, bound to what they are for and whose they are, so that a value moved to another row, or
// used for something else, does not open. An entry of its own: who keeps no secrets does not carry it along.

/** What of WebCrypto is called. */
interface Subtle {
  importKey(
    format: "raw",
    data: Uint8Array,
    algorithm: "AES-GCM",
    isExtractable: false,
    usages: readonly ["encrypt", "decrypt"],
  ): Promise<CryptoKey>;
  encrypt(how: AesGcm, key: CryptoKey, data: Uint8Array): Promise<ArrayBuffer>;
  decrypt(how: AesGcm, key: CryptoKey, data: Uint8Array): Promise<ArrayBuffer>;
}
interface AesGcm {
  readonly name: "AES-GCM";
  readonly iv: Uint8Array;
  readonly additionalData: Uint8Array;
}
interface CryptoKey {
  readonly type: string;
}
declare const crypto: { readonly subtle: Subtle };
declare const atob: (text: string) => string;
declare const btoa: (bytes: string) => string;
declare const TextDecoder: new (
  label: "utf-8",
  options: { readonly fatal: true; readonly ignoreBOM: true },
) => { decode(bytes: Uint8Array | ArrayBuffer): string };

/** What a sealed value is for, and whose it is. It opens for exactly that. */
export interface SealedFor {
  /** 1 to 128 characters `a-z A-Z 0-9 _ . : -`, for instance `placement.dsn` or `setting:smtp.password`. */
  readonly purpose: string;
  /** `null`: of no single organization. */
  readonly orgId: OrgId | null;
}

/** A key of a ring. Of 32 random bytes, never derived from another secret. */
export interface SealKey {
  /** 1 to 32 characters `A-Z a-z 0-9 _ -`, kept beside each value. Never given to other bytes again. */
  readonly id: string;
  /** 32 bytes, or the same in base64 or base64url. */
  readonly secret: Uint8Array | string;
}

/** A key service of the host's. What it answers to `seal` is kept as it is; what it throws reaches the caller. */
export interface KeyService {
  seal(text: string, context: SealedFor): Promise<string>;
  /** Throws for what it did not seal for this context. */
  open(sealed: string, context: SealedFor): Promise<string>;
}

export interface Sealer {
  /**
   * Two sealings of the same text differ. At most 65,536 UTF-16 units. Throws `PreconditionError`
   * `precondition.invalid_input` for what is no text, purpose or organization.
   */
  seal(text: string | Secret, context: SealedFor): Promise<string>;
  /**
   * Throws `IsolationError` `isolation.key_unknown` for a value sealed with a key that is not in the ring,
   * `isolation.seal_broken` for one that was changed, cut, or sealed for something or somebody else.
   */
  open(sealed: string, context: SealedFor): Promise<Secret>;
  /** The same secret sealed with the first key. Throws like `open`. */
  rewrap(sealed: string, context: SealedFor): Promise<string>;
  /** Whether it is sealed with the first key, so that `rewrap` would change nothing but the nonce. Reads no secret. */
  isCurrent(sealed: string): boolean;
}

const FORM = /^s1\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{22,})$/;
const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/;
const PURPOSE = /^[A-Za-z0-9_.:-]{1,128}$/;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const LONGEST = 65_536;
const LONE_SURROGATE = /\p{Cs}/u;

/**
 * Seals with a ring of keys, the first seals and all open, or with a key service. A value of a ring is
 * `s1.<key id>.<nonce>.<ciphertext>`, AES-256-GCM in base64url, with purpose and organization as additional data.
 * There is no default key. Throws `ConfigError` `config.invalid`, which shows no key.
 */
export function createSealer(
  keys: readonly SealKey[] | KeyService,
  random: (length: number) => Uint8Array = freshBytes,
): Sealer {
  if (isService(keys)) {
    return serviceSealer(keys);
  }
  const ring = checkedRing(keys);
  const [first] = ring;
  const known = new Map(ring.map((key) => [key.id, key]));
  const seal: Sealer["seal"] = async (text, context) => {
    const plain = checkedText(text);
    const nonce = random(NONCE_BYTES);
    const how = aesGcm(first.id, nonce, checkedContext(context));
    const bytes = await crypto.subtle.encrypt(how, await first.key(), utf8(plain));
    return `s1.${first.id}.${toBase64url(nonce)}.${toBase64url(new Uint8Array(bytes))}`;
  };
  const open: Sealer["open"] = async (sealed, context) => {
    const about = checkedContext(context);
    const [, id = "", nonce = "", bytes = ""] = (typeof sealed === "string" ? FORM.exec(sealed) : null) ?? broken();
    const key = known.get(id)?.key;
    if (key === undefined) {
      throw new IsolationError("isolation.key_unknown", { keyId: id });
    }
    try {
      const how = aesGcm(id, fromBase64url(nonce), about);
      const plain = await crypto.subtle.decrypt(how, await key(), fromBase64url(bytes));
      return new Secret(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain));
    } catch {
      return broken();
    }
  };
  return {
    seal,
    open,
    rewrap: async (sealed, context) => seal(await open(sealed, context), context),
    isCurrent: (sealed) => sealed.startsWith(`s1.${first.id}.`),
  };
}

function serviceSealer(service: KeyService): Sealer {
  const seal: Sealer["seal"] = async (text, context) => {
    const sealed = await service.seal(checkedText(text), checkedContext(context));
    return typeof sealed === "string" && sealed !== "" ? sealed : broken();
  };
  const open: Sealer["open"] = async (sealed, context) => {
    const about = checkedContext(context);
    const plain = await service.open(typeof sealed === "string" ? sealed : broken(), about);
    return typeof plain === "string" ? new Secret(plain) : broken();
  };
  return {
    seal,
    open,
    rewrap: async (sealed, context) => seal(await open(sealed, context), context),
    // Only the service knows which of its keys a value was sealed with.
    isCurrent: () => false,
  };
}

function isService(keys: readonly SealKey[] | KeyService): keys is KeyService {
  const { seal, open } = (keys ?? {}) as Partial<KeyService>;
  return typeof seal === "function" && typeof open === "function";
}

interface RingKey {
  readonly id: string;
  /** Imported at its first use. */
  readonly key: () => Promise<CryptoKey>;
}

function checkedRing(keys: readonly SealKey[]): readonly [RingKey, ...RingKey[]] {
  const faults: ConfigFault[] = [];
  const ids = new Set<string>();
  const ring: RingKey[] = [];
  for (const [index, given] of (Array.isArray(keys) ? keys : []).entries()) {
    const { id, secret } = (given ?? {}) as Partial<SealKey>;
    if (typeof id !== "string" || !KEY_ID.test(id) || ids.has(id)) {
      faults.push({ path: `keys.${index}.id`, expected: "1 to 32 characters A-Z a-z 0-9 _ -, of this key alone" });
    }
    ids.add(String(id));
    const bytes = keyBytes(secret);
    if (bytes === null) {
      faults.push({ path: `keys.${index}.secret`, expected: "32 bytes, as they are or in base64" });
    } else {
      ring.push({ id: String(id), key: importedOnce(bytes) });
    }
  }
  const [first, ...others] = ring;
  if (first === undefined && faults.length === 0) {
    faults.push({ path: "keys", expected: "a list of one key or more, or a key service" });
  }
  if (first === undefined || faults.length > 0) {
    throw new ConfigError("config.invalid", { faults: Object.freeze(faults) });
  }
  return [first, ...others];
}

function importedOnce(bytes: Uint8Array): () => Promise<CryptoKey> {
  let imported: Promise<CryptoKey> | null = null;
  return () => {
    imported ??= crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
    return imported;
  };
}

/** A copy: the host may wipe what it gave. */
function keyBytes(secret: unknown): Uint8Array | null {
  let bytes: Uint8Array | null = null;
  if (typeof secret === "string" && /^[A-Za-z0-9+/_-]{43}=?$/.test(secret)) {
    bytes = decoded(secret);
  } else if (secret instanceof Uint8Array) {
    bytes = secret.slice();
  }
  return bytes?.length === KEY_BYTES ? bytes : null;
}

function checkedText(text: unknown): string {
  const plain = text instanceof Secret ? text.reveal() : text;
  // Half a character would come back as another one.
  if (typeof plain !== "string" || plain.length > LONGEST || LONE_SURROGATE.test(plain)) {
    throw new PreconditionError("precondition.invalid_input", { key: "text" });
  }
  return plain;
}

function checkedContext(context: SealedFor): SealedFor {
  const { purpose, orgId } = (context ?? {}) as Partial<SealedFor>;
  if (typeof purpose !== "string" || !PURPOSE.test(purpose)) {
    throw new PreconditionError("precondition.invalid_input", { key: "purpose" });
  }
  if (orgId === undefined || (orgId !== null && !isId(orgId, "org"))) {
    throw new PreconditionError("precondition.invalid_input", { key: "orgId" });
  }
  return { purpose, orgId };
}

function aesGcm(keyId: string, iv: Uint8Array, { purpose, orgId }: SealedFor): AesGcm {
  // None of the parts has a space in it, so no two contexts are the same text.
  const additionalData = utf8(`s1 ${keyId} ${purpose} ${orgId ?? ""}`);
  return { name: "AES-GCM", iv, additionalData };
}

function broken(): never {
  throw new IsolationError("isolation.seal_broken", {});
}

function toBase64url(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    text += String.fromCharCode(byte);
  }
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Throws for a length that no bytes have, and for bits behind the last byte: a value has one text. */
function fromBase64url(text: string): Uint8Array {
  const bytes = decoded(text);
  return toBase64url(bytes) === text ? bytes : broken();
}

/** Both alphabets. */
function decoded(text: string): Uint8Array {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
