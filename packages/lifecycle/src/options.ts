import { ConfigError, type ConfigFault } from "@tenantry/core";
import { MOST_GRACE_DAYS } from "./deletion.ts";
import type { DeprovisionPolicy, Invalidates, Log, Provisioner, SettingsPort } from "./ports.ts";

export interface LifecycleOptions {
  /** How long a deleted tenant can be restored, in days, 0 to 36,500. Default 30. */
  readonly graceDays?: number;
  /** What keeps something of tenants in this process. It is told before a call answers. */
  readonly caches?: readonly Invalidates[];
  /** What makes places for tenants. Without one there is nothing to make: rows are told apart by a column. */
  readonly provisioner?: Provisioner;
  /** Where the rows of a tenant are of which nothing else is said. Default `row`. */
  readonly strategy?: string;
  /** Those that there are: another one is refused before anything is written. Default: the provisioner says. */
  readonly strategies?: readonly string[];
  /** What a new tenant is given values by. Without it `createTenant` takes none. */
  readonly settings?: SettingsPort;
  /** Whether `createTenant` makes the place, too. Default `true`. */
  readonly autoProvision?: boolean;
  /** What becomes of a tenant whose place could not be made. Default `keep`: it can be tried again. */
  readonly onProvisionFailure?: "keep" | "revoke";
  /** What becomes of the place of a tenant that is ended. Default `retain`. */
  readonly deprovision?: DeprovisionPolicy;
  readonly log?: Log;
}

const OPTIONAL = ["provisioner", "settings", "strategies"] as const;
type Optional = (typeof OPTIONAL)[number];

/** Options with what they are where nothing was said. */
export type CheckedOptions = Required<Omit<LifecycleOptions, Optional>> & Pick<LifecycleOptions, Optional>;

/** Throws `ConfigError` `config.invalid`. */
export function checkedOptions(options: unknown): CheckedOptions {
  const faults: ConfigFault[] = [];
  const given = (typeof options === "object" && options !== null ? options : {}) as Record<string, unknown>;
  const check = (path: string, isSound: boolean, expected: string): void => {
    if (!isSound) {
      faults.push({ path: `lifecycle.${path}`, expected });
    }
  };
  for (const key of Object.keys(given)) {
    check(key, Object.hasOwn(DEFAULTS, key) || (OPTIONAL as readonly string[]).includes(key), "a known key");
  }
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const checked = { ...DEFAULTS, ...known } as CheckedOptions;
  const { graceDays, caches, provisioner, strategy, autoProvision, onProvisionFailure, deprovision, log } = checked;
  const isDays = Number.isInteger(graceDays) && graceDays >= 0 && graceDays <= MOST_GRACE_DAYS;
  check("graceDays", isDays, `an integer from 0 to ${MOST_GRACE_DAYS}`);
  const areCaches = Array.isArray(caches) && caches.every((cache) => typeof cache?.invalidate === "function");
  check("caches", areCaches, "a list of what has invalidate()");
  const canProvision =
    provisioner === undefined ||
    [provisioner?.provision, provisioner?.status, provisioner?.deprovision].every((own) => typeof own === "function");
  check("provisioner", canProvision, "what has provision(), status() and deprovision()");
  const { settings } = checked;
  check("settings", settings === undefined || typeof settings?.prepare === "function", "what has prepare()");
  check("strategy", typeof strategy === "string" && strategy !== "", "the name of a strategy");
  const canPlace = strategy === "row" || typeof provisioner?.newPlacement === "function";
  check("strategy", canPlace, "row, without a provisioner that has newPlacement()");
  const { strategies } = checked;
  const areNames = strategies === undefined || (Array.isArray(strategies) && strategies.includes(strategy));
  check("strategies", areNames, "names, that of the strategy among them");
  check("autoProvision", typeof autoProvision === "boolean", "true or false");
  check("onProvisionFailure", ["keep", "revoke"].includes(onProvisionFailure), '"keep" or "revoke"');
  check("deprovision", ["rename", "drop", "retain", "purge"].includes(deprovision), "a policy that exists");
  check("log", typeof log === "function", "a function");
  if (faults.length > 0) {
    throw new ConfigError("config.invalid", { faults });
  }
  return checked;
}

const DEFAULTS: Omit<CheckedOptions, Optional> = {
  graceDays: 30,
  caches: [],
  strategy: "row",
  autoProvision: true,
  onProvisionFailure: "keep",
  deprovision: "retain",
  log() {},
};
