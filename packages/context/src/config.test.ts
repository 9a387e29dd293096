import { isTenancyError } from "@tenantry/core";
import { describe, expect, test } from "vitest";
import { CONFIG_VARIABLES, loadConfig, type ResolvedConfig, type TenancyConfig } from "./config.ts";

const defaults: ResolvedConfig = {
  resolution: {
    resolvers: ["jwt", "header", "path"],
    headerName: "x-tenant-id",
    pathPattern: "/tenants/{tenant_id}/",
    claimKey: "tenant_id",
    claimAccept: ["id"],
    baseDomains: [],
    neutralHosts: [],
    trustProxy: 0,
    validatorTtlSeconds: 300,
    negativeTtlSeconds: 30,
    maxEntries: 10_000,
  },
  lifecycle: { strategy: "row", autoProvision: true, graceDays: 30 },
  settings: { cacheTtlSeconds: 60 },
  integration: { cacheKeyPrefix: true, sqlContext: true },
};

/** Each variable, a good value, what that means, and a value of a wrong kind. */
const variables: readonly (readonly [name: string, text: string, path: string, value: unknown, wrong: string])[] = [
  ["RESOLUTION__RESOLVERS", '["header"]', "resolution.resolvers", ["header"], "header"],
  ["RESOLUTION__HEADER_NAME", "x-org", "resolution.headerName", "x-org", "x org"],
  ["RESOLUTION__PATH_PATTERN", "/o/{tenant_id}", "resolution.pathPattern", "/o/{tenant_id}", "/o/"],
  ["RESOLUTION__CLAIM_KEY", "org", "resolution.claimKey", "org", ""],
  ["RESOLUTION__CLAIM_ACCEPT", '["id","slug"]', "resolution.claimAccept", ["id", "slug"], '["name"]'],
  ["RESOLUTION__BASE_DOMAINS", '["example.com"]', "resolution.baseDomains", ["example.com"], '["Example.com"]'],
  ["RESOLUTION__NEUTRAL_HOSTS", '["up.example.com"]', "resolution.neutralHosts", ["up.example.com"], "[7]"],
  ["RESOLUTION__TRUST_PROXY", "2", "resolution.trustProxy", 2, "true"],
  ["RESOLUTION__VALIDATOR_TTL_SECONDS", "0", "resolution.validatorTtlSeconds", 0, "-1"],
  ["RESOLUTION__NEGATIVE_TTL_SECONDS", "5", "resolution.negativeTtlSeconds", 5, "1.5"],
  ["RESOLUTION__MAX_ENTRIES", "1", "resolution.maxEntries", 1, "0"],
  ["LIFECYCLE__STRATEGY", "schema", "lifecycle.strategy", "schema", "cloud"],
  ["LIFECYCLE__AUTO_PROVISION", "false", "lifecycle.autoProvision", false, "no"],
  ["LIFECYCLE__GRACE_DAYS", "7", "lifecycle.graceDays", 7, '"7"'],
  ["SETTINGS__CACHE_TTL_SECONDS", "1", "settings.cacheTtlSeconds", 1, "null"],
  ["INTEGRATION__CACHE_KEY_PREFIX", "false", "integration.cacheKeyPrefix", false, "0"],
  ["INTEGRATION__SQL_CONTEXT", "false", "integration.sqlContext", false, "[]"],
];

function faults(input: unknown, env: Readonly<Record<string, string>> = {}): readonly string[] {
  try {
    loadConfig(input as TenancyConfig, env);
    return [];
  } catch (error) {
    if (isTenancyError(error, "config.invalid")) {
      return (error.details as { readonly faults: readonly { readonly path: string }[] }).faults.map(
        ({ path }) => path,
      );
    }
    throw error;
  }
}

function at(config: ResolvedConfig, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], config);
}

test("without anything the configuration is the defaults", () => {
  expect(loadConfig()).toEqual(defaults);
});

test("it is frozen through and through", () => {
  const config = loadConfig({ resolution: { baseDomains: ["example.com"] } });
  expect([config, config.resolution, config.resolution.baseDomains, config.lifecycle].every(Object.isFrozen)).toBe(
    true,
  );
});

test("a base domain brings the resolver of subdomains, unless resolvers are named", () => {
  const baseDomains = ["example.com"];
  expect(loadConfig({ resolution: { baseDomains } }).resolution.resolvers).toEqual([
    "jwt",
    "header",
    "subdomain",
    "path",
  ]);
  const named = { resolvers: ["path"], baseDomains };
  expect(loadConfig({ resolution: named }).resolution.resolvers).toEqual(["path"]);
});

describe("the environment", () => {
  test("has a variable for every key", () => {
    expect(variables.map(([name]) => `TENANTRY_${name}`).sort()).toEqual([...CONFIG_VARIABLES].sort());
  });

  test.each(variables)("%s is over what is given, which is over the default", (name, text, path, value, wrong) => {
    const [section = "", key = ""] = path.split(".");
    const other = at(defaults, path);
    const given = { [section]: { [key]: other } };
    expect(at(loadConfig(given, { [`TENANTRY_${name}`]: text }), path)).toEqual(value);
    expect(at(loadConfig({ [section]: { [key]: value } }), path)).toEqual(value);
    expect(faults({}, { [`TENANTRY_${name}`]: wrong })[0]).toMatch(new RegExp(`^TENANTRY_${name}`));
  });

  test("has nothing else of ours", () => {
    expect(faults({}, { TENANTRY_RESOLUTION__HEADER: "x", PATH: "/bin", TENANTRY_ACTOR: "usr_x" })).toEqual([
      "TENANTRY_RESOLUTION__HEADER",
    ]);
    expect(loadConfig({}, { TENANTRY_RESOLUTION__HEADER_NAME: undefined })).toEqual(defaults);
  });
});

describe("what is given", () => {
  test.each([
    [{ resolution: { header: "x" } }, "resolution.header"],
    [{ resolutions: {} }, "resolutions"],
    [{ resolution: [] }, "resolution"],
    [null, ""],
    [{ resolution: { trustProxy: "1" } }, "resolution.trustProxy"],
    [{ resolution: { trustProxy: Number.NaN } }, "resolution.trustProxy"],
    [{ resolution: { baseDomains: ["a.com", "b com"] } }, "resolution.baseDomains.1"],
    [{ resolution: { baseDomains: ["a.com:80"] } }, "resolution.baseDomains.0"],
    [{ resolution: { resolvers: ["subdomain"] } }, "resolution.baseDomains"],
    [{ resolution: { baseDomains: ["a.com"], neutralHosts: ["a.com"] } }, "resolution.neutralHosts"],
    [JSON.parse('{ "resolution": { "__proto__": 1 } }'), "resolution.__proto__"],
    [JSON.parse('{ "__proto__": {} }'), "__proto__"],
    [JSON.parse('{ "constructor": {} }'), "constructor"],
  ])("%j is wrong at %s", (input, path) => {
    expect(faults(input)).toEqual([path]);
  });

  test("is left out where it is undefined", () => {
    expect(loadConfig({ resolution: { trustProxy: undefined } as never, settings: undefined as never })).toEqual(
      defaults,
    );
  });
});

test("every fault is told at once, and no value", () => {
  const secret = "hunter2";
  const input = { resolution: { trustProxy: secret, maxEntries: 0 }, lifecycle: { plan: secret }, extra: secret };
  const env = { TENANTRY_SETTINGS__CACHE_TTL_SECONDS: secret, TENANTRY_X: secret };
  expect(faults(input, env).toSorted()).toEqual([
    "TENANTRY_SETTINGS__CACHE_TTL_SECONDS",
    "TENANTRY_X",
    "extra",
    "lifecycle.plan",
    "resolution.maxEntries",
    "resolution.trustProxy",
  ]);
  const error = (() => {
    try {
      loadConfig(input as never, env);
      return null;
    } catch (caught) {
      return caught as Error;
    }
  })();
  expect(`${error?.message} ${error?.stack} ${JSON.stringify(error)} ${error?.cause}`).not.toContain(secret);
});
