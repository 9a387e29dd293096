export { CachedSettingsProvider, type CacheOptions } from "./cached-provider.ts";
export {
  type Audit,
  type Declaration,
  type Declarations,
  defineSettings,
  type Effective,
  type Input,
  type Key,
  type Overrides,
  type Sound,
  type Value,
} from "./declaration.ts";
export type {
  Founding,
  KeptSetting,
  NewSetting,
  SettingsChange,
  SettingsNews,
  SettingsProvider,
  SettingsSnapshot,
} from "./provider.ts";
export { type SettingsStore, storeSettings } from "./store-provider.ts";
export {
  type EffectiveSettings,
  type PreparedSettings,
  type Setting,
  type SettingsOptions,
  TenantSettings,
  type Unsound,
} from "./tenant-settings.ts";
