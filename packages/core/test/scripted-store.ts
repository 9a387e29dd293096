import type { TenancyError } from "../src/error-classes.ts";
import { isTenancyError } from "../src/errors.ts";
import type { IdType } from "../src/model.ts";
import type { KeyUse } from "../src/read.ts";
import type { TenancyOptions } from "../src/settings.ts";
import type { Commit, CommittedEvent, KeyClaim } from "../src/store.ts";
import { Tenancy } from "../src/tenancy.ts";
import { type Script, type ScriptedPort, scriptedPort } from "./scripted-port.ts";
import { fresh, now } from "./world.ts";

const minted: Readonly<Partial<Record<IdType, string>>> = fresh;

/** The operations on a port that does what it is told. It is `now`, and new ids are those of this world. */
export function open(script: Script, options: TenancyOptions = {}): ScriptedPort & { readonly store: Tenancy } {
  const scripted = scriptedPort(script);
  const idSource = (type: IdType) => minted[type] ?? "";
  return { ...scripted, store: new Tenancy(scripted.port, { clock: () => now, idSource, ...options }) };
}

/** The error of ours in which a call ends. */
export async function rejection(call: Promise<unknown>): Promise<TenancyError> {
  const error = await call.then(
    () => new Error("nothing was rejected"),
    (reason: unknown) => reason,
  );
  if (isTenancyError(error)) {
    return error;
  }
  throw error;
}

/** The one event of a commit. */
export function eventOf(commit: Commit | undefined): CommittedEvent {
  return only(commit?.events);
}

/** The one key of a commit. */
export function keyOf(commit: Commit | undefined): KeyClaim {
  return only(commit?.keys);
}

function only<T>(values: readonly T[] | undefined): T {
  const [value, ...others] = values ?? [];
  if (value === undefined || others.length > 0) {
    throw new Error("there is not exactly one");
  }
  return value;
}

/** The use of a commit's key, as a store answers it once the commit took effect. */
export function keyUseOf(commit: Commit | undefined): Extract<KeyUse, { readonly state: "done" }> {
  const { operation, fingerprint, result } = keyOf(commit);
  return { state: "done", operation, fingerprint, result: JSON.parse(JSON.stringify(result)) };
}
