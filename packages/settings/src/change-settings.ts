import type {
  AnswersTo,
  EventData,
  Organization,
  OrgId,
  Read,
  SettingStock,
  StoredSetting,
  UsrId,
} from "@tenantry/core";
import {
  accept,
  type Decision,
  type Environment,
  type Found,
  found,
  idArgument,
  type Mutation,
  noChange,
  type Rejected,
  reject,
  unchanged,
} from "@tenantry/core/extend";
import type { Audit } from "./declaration.ts";
import { parsed } from "./json-value.ts";
import { heardOf, traceOf } from "./trace.ts";

// The mutations. Both expect the organization's version: `from` of their events is what was there, the number of a row is
// known before it is written, and no two calls at once can pass a limit that each of them keeps.

/** So many an organization may have. */
export const MOST_KEYS = 200;
/** So many bytes of JSON they may have together. */
export const MOST_TOTAL = 1_048_576;

/** A checked value in the form in which it is stored. */
export interface Put {
  readonly key: string;
  readonly json: string;
  readonly bytes: number;
  readonly isSealed: boolean;
  readonly audit: Audit;
}
export type Drop = Pick<Put, "key" | "isSealed" | "audit">;

type Plan = {
  readonly org: Read<"org">;
  readonly settings: Read<"settings">;
  readonly stock: Read<"settingStock">;
};

interface Facts {
  readonly org: Organization;
  readonly settings: readonly StoredSetting[];
  readonly stock: SettingStock;
}

/** The rows after it, by key. */
export interface Changed {
  readonly settings: readonly StoredSetting[];
}

/** Values that are to be written, by key. */
export interface Putting {
  /** Tells calls apart. Of a secret only that it is one: two sealings of a text differ. */
  readonly set: readonly { readonly key: string; readonly json: string | null }[];
  readonly held: readonly Put[];
}

export function puttingArgument(puts: readonly Put[]): Putting {
  const held = puts.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return { set: held.map(({ key, json, isSealed }) => ({ key, json: isSealed ? null : json })), held };
}

interface Puts extends Putting {
  readonly orgId: OrgId;
}

export const setSettings: Mutation<readonly [OrgId, readonly Put[]], Puts, Plan, Facts, Changed, never> = {
  name: "setSettings",
  mints: [],
  admitsVersion: true,
  parse: (_, orgId, puts) => ({ orgId: idArgument("org", orgId), ...puttingArgument(puts) }),
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId, held }) =>
    readsOf(
      orgId,
      held.map(({ key }) => key),
    ),
  find: findSettings,
  decide: ({ held }, facts, environment) => decideSet(held, facts, environment),
};

/** Give an organization values of its own. What it has already is not written again. */
export function decideSet(
  puts: readonly Put[],
  { org, settings, stock }: Facts,
  { now, actor }: Pick<Environment, "now" | "actor">,
): Decision<Changed> {
  if (org.status === "revoked") {
    return reject("conflict.already_terminal", { orgId: org.id, status: org.status });
  }
  const before = new Map(settings.map((row) => [row.key, row]));
  const changed = puts.filter((put) => !isSame(before.get(put.key), put));
  const [first, ...others] = changed;
  if (first === undefined) {
    return noChange({ settings: puts.flatMap(({ key }) => before.get(key) ?? []) });
  }
  if (stock.keys + puts.length > MOST_KEYS) {
    return reject("settings.too_large", { key: null, what: "keys", limit: MOST_KEYS });
  }
  if (puts.reduce((sum, { bytes }) => sum + bytes, stock.bytes) > MOST_TOTAL) {
    return reject("settings.too_large", { key: null, what: "total", limit: MOST_TOTAL });
  }
  const rows = new Map(changed.map((put) => [put.key, rowOf(put, before.get(put.key), { org, now, actor })]));
  const happened = (put: Put): Happened => happening(before.get(put.key), put, put);
  const event = happened(first);
  const also = others.map(happened);
  const withOthers = (which: keyof Happened): EventData["setting.changed"] =>
    also.length === 0 ? event[which] : { ...event[which], also: also.map((one) => one[which]) };
  return accept(
    { settings: puts.flatMap(({ key }) => rows.get(key) ?? before.get(key) ?? []) },
    {
      org: unchanged(org),
      at: now,
      actor: null,
      changes: [...rows.values()].map((row) => ({ op: "putSetting", row })),
      event: { type: "setting.changed", data: withOthers("told"), heard: withOthers("heard") },
    },
  );
}

interface Drops {
  readonly orgId: OrgId;
  readonly key: string;
  readonly held: Drop;
}

export const unsetSetting: Mutation<readonly [OrgId, Drop], Drops, Plan, Facts, Changed, never> = {
  name: "unsetSetting",
  mints: [],
  admitsVersion: true,
  parse: (_, orgId, held) => ({ orgId: idArgument("org", orgId), key: held.key, held }),
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId, key }) => readsOf(orgId, [key]),
  find: findSettings,
  decide: ({ held }, facts, environment) => decideUnset(held, facts, environment),
};

/** Leave an organization without a value of its own. */
export function decideUnset(
  drop: Drop,
  { org, settings: [before] }: Facts,
  { now }: Pick<Environment, "now">,
): Decision<Changed> {
  if (org.status === "revoked") {
    return reject("conflict.already_terminal", { orgId: org.id, status: org.status });
  }
  if (before === undefined) {
    return noChange({ settings: [] });
  }
  const { told, heard } = happening(before, null, drop);
  return accept(
    { settings: [] },
    {
      org: unchanged(org),
      at: now,
      actor: null,
      changes: [{ op: "deleteSetting", key: drop.key }],
      event: { type: "setting.unset", data: told, heard },
    },
  );
}

function readsOf(orgId: OrgId, keys: readonly string[]): Plan {
  return {
    org: { read: "org", of: { org: orgId } },
    settings: { read: "settings", orgId, keys },
    stock: { read: "settingStock", orgId, except: keys },
  };
}

function findSettings(
  { orgId }: { readonly orgId: OrgId },
  { org, settings, stock }: AnswersTo<Plan>,
): Found<Facts> | Rejected {
  return org === null ? reject("not_found", { what: "organization", id: orgId }) : found({ org, settings, stock });
}

function isSame(before: StoredSetting | undefined, put: Put): boolean {
  return (
    before !== undefined &&
    before.isSealed === put.isSealed &&
    // What a database prints of it may be another text.
    (before.json === put.json || JSON.stringify(parsed(before.json)) === put.json)
  );
}

function rowOf(
  { key, json, bytes, isSealed }: Put,
  before: StoredSetting | undefined,
  { org, now, actor }: { readonly org: Organization; readonly now: Date; readonly actor: UsrId | null },
): StoredSetting {
  const updatedAt = before !== undefined && before.updatedAt > now ? before.updatedAt : now;
  return { key, json, isSealed, bytes, seq: org.version + 1, updatedAt, updatedBy: actor };
}

interface Happened {
  readonly told: EventData["setting.unset"];
  readonly heard: EventData["setting.unset"];
}

/** What was stored in the clear before a setting became a secret is as little shown as what comes after it. */
function happening(before: StoredSetting | undefined, after: Put | null, { key, isSealed, audit }: Drop): Happened {
  const isSecret = isSealed || before?.isSealed === true;
  return {
    told: {
      key,
      from: before === undefined ? null : traceOf(before.json, isSecret, audit),
      to: after === null ? null : traceOf(after.json, isSealed, audit),
    },
    heard: {
      key,
      from: before === undefined ? null : heardOf(before.json, isSecret),
      to: after === null ? null : heardOf(after.json, isSealed),
    },
  };
}
