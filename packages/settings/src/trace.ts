import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { SettingTrace } from "@tenantry/core";
import type { Audit } from "./declaration.ts";
import { bytesOf, parsed } from "./json-value.ts";

/** What stands where a value is not shown. */
export const REDACTED = "[redacted]";

/** So long a value may be that an event has it. */
const MOST_TOLD = 1_024;

/** What an event says of a value. It is made while a decision is, so without waiting for a digest. */
export function traceOf(json: string, isSecret: boolean, audit: Audit): SettingTrace {
  if (isSecret || audit === "none") {
    return REDACTED;
  }
  const value = parsed(json);
  // What a database prints of it may be another text.
  const text = JSON.stringify(value);
  const bytes = bytesOf(text);
  return audit === "values" && bytes <= MOST_TOLD
    ? { value }
    : { sha256: bytesToHex(sha256(utf8ToBytes(text))), bytes };
}

/** What subscribers of this process hear of it. */
export function heardOf(json: string, isSecret: boolean): SettingTrace {
  return isSecret ? REDACTED : { value: parsed(json) };
}
