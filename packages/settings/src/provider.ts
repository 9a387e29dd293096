import type {
  CreateOptions,
  CreateOrgInput,
  CreateOrgResult,
  JsonValue,
  MutationOptions,
  OrgId,
  UsrId,
} from "@tenantry/core";
import type { Audit } from "./declaration.ts";

/** A value that an organization has of its own, as it is kept. */
export interface KeptSetting {
  readonly key: string;
  /** Frozen, objects in it without a prototype. Of a secret the sealed text. */
  readonly value: JsonValue;
  readonly isSealed: boolean;
  /** The number of the event that wrote it. */
  readonly seq: number;
  readonly updatedAt: Date;
  readonly updatedBy: UsrId | null;
}

/** All that an organization has of its own at one instant. Deeply frozen. */
export interface SettingsSnapshot {
  readonly orgId: OrgId;
  /** The organization's. */
  readonly version: number;
  /** By key. */
  readonly settings: readonly KeptSetting[];
}

/** A checked value. */
export interface NewSetting {
  readonly key: string;
  readonly value: JsonValue;
  readonly isSealed: boolean;
  readonly audit: Audit;
}

/** What becomes of an organization's own values in one commit. */
export type SettingsChange =
  | { readonly set: readonly NewSetting[] }
  | { readonly unset: Pick<NewSetting, "key" | "isSealed" | "audit"> };

/** What a cache has to hear of. */
export interface SettingsNews {
  readonly orgId: OrgId;
  /** The organization's version from which on it is so. */
  readonly version: number;
}

/**
 * Founds an organization that has these values from the beginning, in one commit. They are asked for once its id is there, for
 * which secrets are sealed.
 */
export type Founding = (
  input: CreateOrgInput,
  settingsOf: (orgId: OrgId) => Promise<readonly NewSetting[]>,
  options?: CreateOptions,
) => Promise<CreateOrgResult>;

/** Where settings are kept. It knows neither schemas nor defaults, and no secret. */
export interface SettingsProvider {
  /** Throws `NotFoundError` `not_found`. `fresh`: as it is now, whatever is remembered. */
  load(orgId: OrgId, options?: { readonly fresh?: boolean }): Promise<SettingsSnapshot>;
  /** All of it or nothing. Answers what is set, by key, also where nothing changed. */
  change(orgId: OrgId, change: SettingsChange, options?: MutationOptions): Promise<readonly KeptSetting[]>;
  /** Founds organizations in this store; `null`, or left out, where settings are kept elsewhere. */
  founding?(store: object): Founding | null;
  /** Tells what changes from now on, as far as this process does it. Answers how to end that. */
  subscribe(handler: (news: SettingsNews) => void): () => void;
}
