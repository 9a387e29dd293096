import { ConfigError, TenantError, type TokenFault } from "@tenantry/core";
import { type CryptoKey, createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { Claims, ReceivedHeaders } from "./resolution-input.ts";
import { valuesOf } from "./web-handler.ts";

const ASYMMETRIC = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
  "ML-DSA-44",
  "ML-DSA-65",
  "ML-DSA-87",
] as const;
const HMAC = ["HS256", "HS384", "HS512"] as const;

/** Tags of DER. */
const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** How tokens may be signed. There is no `none`. */
export type Algorithm = (typeof ASYMMETRIC)[number] | (typeof HMAC)[number];
/** Finds the key for a token's header, like those of `jose`. */
export type JwtKeyFunction = JWTVerifyGetKey;

export interface JwtOptions {
  /**
   * Where the keys are published (JWKS; `http:` on this host only), a key, or a function that finds one. A secret in bytes
   * is for HMAC, and no shorter than the digest.
   */
  readonly keys: URL | CryptoKey | Uint8Array | JwtKeyFunction;
  readonly algorithms: readonly [Algorithm, ...Algorithm[]];
  readonly issuer: string | readonly string[];
  readonly audience: string | readonly string[];
  /** By how much clocks may differ. Default 30. */
  readonly clockToleranceSeconds?: number;
  /** How long after it was issued a token is good. Default: as long as it says. */
  readonly maxTokenAgeSeconds?: number;
  /** The type in the token's header, `at+jwt` say. */
  readonly typ?: string;
  readonly clock?: () => Date;
}

/** Reads and verifies the bearer token of a request; `null`: there is none. */
export interface JwtClaims {
  (request: { readonly headers: Headers }): Promise<Claims | null>;
  /** What an adapter calls. */
  (request: unknown, received: ReceivedHeaders): Promise<Claims | null>;
}

/**
 * The verified claims of bearer tokens. Throws `ConfigError` `config.invalid` for options under which a forged token could
 * pass. The function it answers throws `TenantError` `tenant.token_rejected` for every token that is not acceptable, with a
 * reason and nothing of the token.
 */
export function jwtClaims(options: JwtOptions): JwtClaims {
  refuseWeak(options);
  const { keys, algorithms, issuer, audience, typ, clock, maxTokenAgeSeconds, clockToleranceSeconds = 30 } = options;
  const key: CryptoKey | Uint8Array | JWTVerifyGetKey = keys instanceof URL ? createRemoteJWKSet(keys) : keys;
  return async (request: unknown, received?: ReceivedHeaders) => {
    const token = bearerToken(received?.header("authorization") ?? valuesOf(headersOf(request), "authorization"));
    if (token === null) {
      return null;
    }
    const checks = {
      algorithms: [...algorithms],
      issuer: typeof issuer === "string" ? issuer : [...issuer],
      audience: typeof audience === "string" ? audience : [...audience],
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ["exp"],
      ...(maxTokenAgeSeconds === undefined ? {} : { maxTokenAge: maxTokenAgeSeconds }),
      ...(typ === undefined ? {} : { typ }),
      ...(clock === undefined ? {} : { currentDate: clock() }),
    };
    try {
      const { payload } = await (typeof key === "function"
        ? jwtVerify(token, key, checks)
        : jwtVerify(token, key, checks));
      if (typeof payload.aud !== "string") {
        // Made for several: whichever of them it was shown to could show it here.
        throw rejected("aud");
      }
      return Object.freeze(payload);
    } catch (error) {
      throw faultOf(error);
    }
  };
}

function refuseWeak({ keys, algorithms, issuer, audience }: JwtOptions): void {
  const known: readonly string[] = [...ASYMMETRIC, ...HMAC];
  const isList = Array.isArray(algorithms) && algorithms.length > 0;
  const areHmac = isList ? algorithms.map((algorithm) => (HMAC as readonly string[]).includes(algorithm)) : [];
  const faults = [
    !isList || !algorithms.every((algorithm) => known.includes(algorithm))
      ? { path: "algorithms", expected: "names of signature algorithms" }
      : null,
    areHmac.includes(true) && areHmac.includes(false)
      ? { path: "algorithms", expected: "either HMAC or signatures with key pairs, not both" }
      : null,
    isNamed(issuer) ? null : { path: "issuer", expected: "an issuer" },
    isNamed(audience) ? null : { path: "audience", expected: "an audience" },
    isKey(keys) ? null : { path: "keys", expected: "a URL, a key, a secret in bytes, or a function" },
    keys instanceof Uint8Array && areHmac.includes(false)
      ? { path: "keys", expected: "a public key, which these algorithms need" }
      : null,
    keys instanceof Uint8Array && isPublished(keys)
      ? { path: "keys", expected: "a secret, which a public key is not" }
      : null,
    isKey(keys) && areHmac.length > 0 && !areHmac.includes(false) && isShort(keys, algorithms)
      ? { path: "keys", expected: "a secret as long as the digest: 32, 48 or 64 bytes" }
      : null,
    keys instanceof URL && !isSafeToFetch(keys) ? { path: "keys", expected: "an address with https:" } : null,
    keys instanceof URL && areHmac.includes(true)
      ? { path: "keys", expected: "a secret, which is not published" }
      : null,
  ].filter((fault) => fault !== null);
  if (faults.length > 0) {
    throw new ConfigError("config.invalid", { faults });
  }
}

function isNamed(value: unknown): boolean {
  const names: readonly unknown[] = Array.isArray(value) ? value : [value];
  return names.length > 0 && names.every((name) => typeof name === "string" && name !== "");
}

function isKey(keys: unknown): boolean {
  return typeof keys === "function" || (typeof keys === "object" && keys !== null);
}

/** With a public key for a secret everybody could sign. */
function isPublished(secret: Uint8Array): boolean {
  const text = new TextDecoder().decode(secret).trim();
  return text.startsWith("-----") || isJsonText(text) || isDerKey(secret);
}

/** A JWK, or a set of them; digits alone may be a secret. */
function isJsonText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

/** One SEQUENCE and nothing behind it, which begins like the keys of SPKI, PKCS #1 and PKCS #8 or like a certificate. */
function isDerKey(secret: Uint8Array): boolean {
  const [tag, short = 0] = secret;
  const lengthBytes = short < 0x80 ? 0 : short & 0x7f;
  const begin = 2 + lengthBytes;
  const length = secret.subarray(2, begin).reduce((sum, byte) => sum * 256 + byte, lengthBytes === 0 ? short : 0);
  const inner = secret[begin];
  return tag === SEQUENCE && begin + length === secret.length && (inner === SEQUENCE || inner === INTEGER);
}

/** Shorter than the digest a secret can be guessed from one token (RFC 7518, 3.2). */
function isShort(keys: JwtOptions["keys"], algorithms: readonly string[]): boolean {
  const digestBits = Math.max(...algorithms.map((algorithm) => Number(algorithm.slice(2))));
  const bits = keys instanceof Uint8Array ? keys.length * 8 : hmacBits(keys);
  return bits !== null && bits < digestBits;
}

function hmacBits(keys: unknown): number | null {
  const { algorithm } = keys as { readonly algorithm?: { readonly name?: unknown; readonly length?: unknown } };
  return algorithm?.name === "HMAC" && typeof algorithm.length === "number" ? algorithm.length : null;
}

/** Who is between could put in keys of their own. */
function isSafeToFetch({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || (protocol === "http:" && (hostname === "localhost" || hostname === "127.0.0.1"));
}

/** What is sent as a bearer token. Of other schemes there is none; of several headers nobody can say which one counts. */
function bearerToken(values: readonly string[]): string | null {
  const [value, ...others] = values;
  if (value === undefined) {
    return null;
  }
  if (others.length > 0) {
    throw rejected("malformed");
  }
  if (!/(?:^|,)\s*bearer(?:\s|$)/i.test(value)) {
    return null;
  }
  const token = /^bearer +([^\s,]+)$/i.exec(value)?.[1];
  if (token === undefined) {
    throw rejected("malformed");
  }
  return token;
}

function headersOf(request: unknown): Headers {
  return (request as { readonly headers: Headers }).headers;
}

function rejected(reason: TokenFault): TenantError {
  return new TenantError("tenant.token_rejected", { reason });
}

const CLAIMS: Readonly<Record<string, TokenFault>> = { iss: "iss", aud: "aud", exp: "exp", iat: "exp", nbf: "nbf" };

/** What is wrong with a token. Keys that cannot be fetched are no fault of it. */
function faultOf(error: unknown): unknown {
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return rejected("alg");
  }
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey) {
    return rejected("signature");
  }
  if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed) {
    return rejected(CLAIMS[error.claim] ?? "malformed");
  }
  const isOutage = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
  const isToken =
    (error instanceof errors.JOSEError && !isOutage && error.code !== "ERR_JOSE_GENERIC") || error instanceof TypeError;
  return isToken ? rejected("malformed") : error;
}
