import type { Organization, OrgId, Read, StoredSetting, Tenancy } from "@tenantry/core";
import { type Extension, extensionOf, found, idArgument, mint, type Query, reject } from "@tenantry/core/extend";
import { type Put, setSettings, unsetSetting } from "./change-settings.ts";
import { createOrgWithSettings } from "./create-org.ts";
import { bytesOf, parsed } from "./json-value.ts";
import type { KeptSetting, NewSetting, SettingsProvider, SettingsSnapshot } from "./provider.ts";

/** What is needed of a store. Whatever its metadata is. */
export type SettingsStore = Pick<Tenancy, "subscribe">;

/**
 * Settings in a store that keeps the group `settings`. One round trip for a read, two for a change. A store inside a
 * transaction of the host's takes part in it, and then nobody is told: forget what caches know once it is committed.
 * Throws `ConfigError` `config.capability_missing` where the store keeps no settings, `config.invalid` where it is none.
 */
export function storeSettings(store: SettingsStore): SettingsProvider {
  const extension: Extension = extensionOf(store, ["settings"]);
  return {
    load: (orgId) => extension.ask(loadSettings, orgId).then(snapshotOf),
    async change(orgId, change, options) {
      const { settings } = await ("set" in change
        ? extension.mutate(setSettings, [orgId, change.set.map(putOf)], options)
        : extension.mutate(unsetSetting, [orgId, change.unset], options));
      return Object.freeze(settings.map(keptOf));
    },
    founding: (other) =>
      other !== store
        ? null
        : async (input, settingsOf, options) => {
            const { org: orgId } = mint(["org"], extension.settings, 0);
            const puts = (await settingsOf(orgId)).map(putOf);
            return extension.mutate(createOrgWithSettings, [input, orgId, puts], options);
          },
    subscribe: (handler) =>
      store.subscribe(({ orgId, seq }) => handler({ orgId, version: seq }), {
        types: ["setting.changed", "setting.unset"],
      }),
  };
}

type LoadPlan = { readonly org: Read<"org">; readonly settings: Read<"settings"> };

interface Loaded {
  readonly org: Organization;
  readonly settings: readonly StoredSetting[];
}

const loadSettings: Query<readonly [OrgId], { readonly orgId: OrgId }, LoadPlan, Loaded> = {
  name: "loadSettings",
  parse: (orgId) => ({ orgId: idArgument("org", orgId) }),
  reads: ({ orgId }) => ({
    org: { read: "org", of: { org: orgId } },
    settings: { read: "settings", orgId, keys: null },
  }),
  answer: ({ orgId }, { org, settings }) =>
    org === null ? reject("not_found", { what: "organization", id: orgId }) : found({ org, settings }),
};

function snapshotOf({ org, settings }: Loaded): SettingsSnapshot {
  return Object.freeze({ orgId: org.id, version: org.version, settings: Object.freeze(settings.map(keptOf)) });
}

function keptOf({ key, json, isSealed, seq, updatedAt, updatedBy }: StoredSetting): KeptSetting {
  return Object.freeze({ key, value: parsed(json), isSealed, seq, updatedAt, updatedBy });
}

function putOf({ key, value, isSealed, audit }: NewSetting): Put {
  const json = JSON.stringify(value);
  return { key, json, bytes: bytesOf(json), isSealed, audit };
}
