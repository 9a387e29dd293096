import type { OrgId, UsrId } from "../model.ts";

// The group `settings`: values that an organization has of its own. What a value may be, who may read it and whether it is
// a secret are rules of @tenantry/settings; to a store it is JSON.

/** A row of the table `setting`: by organization and key. */
export interface StoredSetting {
  readonly key: string;
  /** The value as JSON. Of equal values a store may answer different texts. */
  readonly json: string;
  /** Whether the value is a text that was sealed. */
  readonly isSealed: boolean;
  /** How much of what an organization may keep the value takes, in bytes. */
  readonly bytes: number;
  /** The number of the event that wrote it. */
  readonly seq: number;
  readonly updatedAt: Date;
  readonly updatedBy: UsrId | null;
}

/** How many settings there are, and how much they take together. */
export interface SettingStock {
  readonly keys: number;
  readonly bytes: number;
}

export interface SettingQuestions {
  /** Those of these keys, ascending by key; `null` is all. */
  settings: { readonly orgId: OrgId; readonly keys: readonly string[] | null };
  /** What there is besides those of these keys. */
  settingStock: { readonly orgId: OrgId; readonly except: readonly string[] };
}

export interface SettingAnswers {
  settings: readonly StoredSetting[];
  settingStock: SettingStock;
}

export type SettingChange =
  /** In place of the one of this key, if there is one. */
  | { readonly op: "putSetting"; readonly row: StoredSetting }
  /** One that does not exist is no matter. */
  | { readonly op: "deleteSetting"; readonly key: string };

/** What an event says of a value: all of it, of a long one a digest, and of what nobody is told that there is one. */
export type SettingTrace =
  | { readonly value: unknown }
  | { readonly sha256: string; readonly bytes: number }
  | "[redacted]";

/** `null`: the organization had none of its own before, or has none any more. */
interface SettingChanged {
  readonly key: string;
  readonly from: SettingTrace | null;
  readonly to: SettingTrace | null;
}

export interface SettingEventData {
  /** `also`: what changed with it in the same commit. */
  "setting.changed": SettingChanged & { readonly also?: readonly SettingChanged[] };
  "setting.unset": SettingChanged;
}
