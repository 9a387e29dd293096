import { ConfigError, type ConfigFault } from "@tenantry/core";
import type { Statement } from "./driver.ts";
import { isSchemaName, quoted } from "./identifier.ts";

/** A key with which a run proves its tenant to the database. */
export interface ProofKey {
  /** 1 to 32 characters `A-Z a-z 0-9 _ -`. */
  readonly id: string;
  /** 32 to 64 random bytes. */
  readonly secret: Uint8Array;
}

export interface ProofOptions {
  readonly key: ProofKey;
  /** Seconds that a proof is good for, so that a transaction sees rows for so long. Default 300. */
  readonly ttlSeconds?: number;
}

/** What the setting holds for the UUID of an organization. */
export type Prover = (uuid: string) => string | Promise<string>;

/** The UUID alone: enough against mistakes, not against injected SQL. */
export const unproved: Prover = (uuid) => uuid;

const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/;
const BLOCK = 64;

/** `<key id>.<org uuid>.<expiry>.<HMAC-SHA-256>`. Throws `ConfigError` `config.invalid`. */
export function hmacProver({ key, ttlSeconds = 300 }: ProofOptions, clock: () => Date): Prover {
  const faults = keyFaults(key);
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > 86_400) {
    faults.push({ path: "proof.ttlSeconds", expected: "an integer from 1 to 86,400" });
  }
  if (faults.length > 0) {
    throw new ConfigError("config.invalid", { faults });
  }
  const { id, secret } = key;
  const imported = crypto.subtle.importKey("raw", secret.slice(), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  // Who is told of a failure is whoever asks for a proof.
  imported.catch(() => {});
  return async (uuid) => {
    const expiry = Math.floor(clock().getTime() / 1000) + ttlSeconds;
    const message = `${id}.${uuid}.${expiry}`;
    const signature = await crypto.subtle.sign("HMAC", await imported, new TextEncoder().encode(message));
    return `${message}.${hex(new Uint8Array(signature))}`;
  };
}

/**
 * Puts a key into the table that the script of `generatePolicies` makes with `proof: "hmac"`, in the `ownSchema` of its
 * declaration. For the role that ran the script. The database keeps two blocks derived from the key, with which it verifies.
 */
export function proofKeyStatement(
  key: ProofKey,
  { ownSchema = "tenancy" }: { readonly ownSchema?: string } = {},
): Statement {
  const faults = keyFaults(key);
  if (!isSchemaName(ownSchema)) {
    faults.push({ path: "ownSchema", expected: "the name of a schema" });
  }
  if (faults.length > 0) {
    throw new ConfigError("config.invalid", { faults });
  }
  const block = (pad: number): string =>
    `\\x${hex(Uint8Array.from({ length: BLOCK }, (_, index) => (key.secret[index] ?? 0) ^ pad))}`;
  return {
    text: `insert into ${quoted(ownSchema)}.proof_key (id, inner_block, outer_block) values ($1, $2::bytea, $3::bytea)
on conflict (id) do update set inner_block = excluded.inner_block, outer_block = excluded.outer_block`,
    values: [key.id, block(0x36), block(0x5c)],
  };
}

function keyFaults(key: ProofKey): ConfigFault[] {
  const { id, secret } = (key ?? {}) as Partial<ProofKey>;
  const faults: ConfigFault[] = [];
  if (typeof id !== "string" || !KEY_ID.test(id)) {
    faults.push({ path: "proof.key.id", expected: "1 to 32 characters A-Z a-z 0-9 _ -" });
  }
  // A longer one would be hashed first, which the database does not do.
  if (!(secret instanceof Uint8Array) || secret.length < 32 || secret.length > BLOCK) {
    faults.push({ path: "proof.key.secret", expected: "32 to 64 bytes" });
  }
  return faults;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
