import { errorFor } from "./errors.ts";
import { idArgument } from "./id.ts";
import { timeOf } from "./input.ts";
import type { IdType } from "./model.ts";
import type { FreshIds } from "./operation.ts";
import type { Settings } from "./settings.ts";

// The host's clock and id source, and what becomes of an answer of theirs that makes no sense.

/** The first instant that every database can write down as an ISO 8601 string. */
const YEAR_1 = -62_135_596_800_000;

const TYPES: { readonly [Name in keyof FreshIds]: IdType } = {
  org: "org",
  mem: "mem",
  otherMem: "mem",
  inv: "inv",
  usr: "usr",
  mems: "mem",
  invs: "inv",
};
const FOR_ROWS: readonly (keyof FreshIds)[] = ["mems", "invs"];

/** Ids for one call, made before it is decided; for each of its rows, where they are meant for rows. */
export function mint<M extends keyof FreshIds>(
  names: readonly M[],
  { idSource }: Settings,
  rows: number,
): Pick<FreshIds, M> {
  const one = (name: M): string => sound(() => idArgument(TYPES[name], idSource(TYPES[name])));
  const ids = names.map((name) => [
    name,
    FOR_ROWS.includes(name) ? Array.from({ length: rows }, () => one(name)) : one(name),
  ]);
  return Object.fromEntries(ids) as Pick<FreshIds, M>;
}

/** The time of a decision, to the millisecond and as a value of its own. */
export function readClock({ clock }: Settings): Date {
  return sound(() => {
    const time = timeOf(clock());
    return time === null || time < YEAR_1 ? undefined : new Date(time);
  });
}

/** One that throws or makes no sense is a defect of the host's. */
function sound<T>(answer: () => T | undefined): T {
  let value: T | undefined;
  try {
    value = answer();
  } catch (cause) {
    throw errorFor("internal.unexpected", {}, { cause });
  }
  if (value === undefined) {
    throw errorFor("internal.unexpected", {});
  }
  return value;
}
