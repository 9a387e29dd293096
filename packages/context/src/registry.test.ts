import { describe, expect, test } from "vitest";
import { codeOf } from "../test/world.ts";
import { loadConfig } from "./config.ts";
import { ResolverRegistry } from "./registry.ts";
import type { TenantResolver } from "./resolver.ts";

const config = (resolvers: readonly string[]) =>
  loadConfig({ resolution: { resolvers, baseDomains: ["example.com"] } }).resolution;
const custom = (name: string, priority: number): TenantResolver => ({
  name,
  priority,
  trust: "claimed",
  resolve: () => null,
});
const names = (registry: ResolverRegistry): readonly string[] => registry.ordered().map(({ name }) => name);

describe("resolvers", () => {
  test("come in the order of their priorities, whatever the order of their names", () => {
    const registry = ResolverRegistry.fromConfig(config(["path", "subdomain", "header", "jwt"]));
    expect(names(registry)).toEqual(["jwt", "header", "subdomain", "path"]);
    expect(registry.size).toBe(4);
  });

  test("of the host's own come between them, named in the configuration or not", () => {
    const own = [custom("session", 25)];
    for (const named of [
      ["header", "subdomain"],
      ["header", "session", "subdomain"],
    ]) {
      expect(names(ResolverRegistry.fromConfig(config(named), { custom: own }))).toEqual([
        "header",
        "session",
        "subdomain",
      ]);
    }
  });

  test("of one priority keep the order in which they came", () => {
    const registry = new ResolverRegistry().register(custom("b", 5)).register(custom("a", 5)).register(custom("c", 1));
    expect(names(registry)).toEqual(["c", "b", "a"]);
  });

  test("know domains where something can tell whose they are", () => {
    expect(names(ResolverRegistry.fromConfig(config(["path"]), { hasDomains: true }))).toEqual(["domain", "path"]);
    expect(names(ResolverRegistry.fromConfig(config(["domain"]), { hasDomains: true }))).toEqual(["domain"]);
  });

  test.each([
    [["cookie"], {}, "config.unknown_resolver"],
    [["__proto__"], {}, "config.unknown_resolver"],
    [["header", "header"], {}, "config.duplicate_resolver"],
    [["session", "session"], { custom: [custom("session", 1)] }, "config.duplicate_resolver"],
    [[], { custom: [custom("x", 1), custom("x", 2)] }, "config.duplicate_resolver"],
    [["domain"], {}, "config.invalid"],
    [[], { custom: [custom("x", Number.NaN)] }, "config.invalid"],
    [[], { custom: [custom("", 1)] }, "config.invalid"],
    [[], { custom: [{ ...custom("x", 1), trust: "full" as never }] }, "config.invalid"],
    [[], { custom: [{ ...custom("x", 1), resolve: "x" as never }] }, "config.invalid"],
  ])("%j with %j are refused: %s", async (resolvers, parts, code) => {
    expect(await codeOf(() => ResolverRegistry.fromConfig(config(resolvers), parts))).toBe(code);
  });

  test("of subdomains need a base domain", async () => {
    const { resolution } = loadConfig({ resolution: { resolvers: ["header"] } });
    const bare = { ...resolution, resolvers: ["subdomain"] };
    expect(await codeOf(() => ResolverRegistry.fromConfig(bare))).toBe("config.invalid");
  });
});
