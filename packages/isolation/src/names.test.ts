import { generate, type OrgId } from "@tenantry/core";
import { expect, test } from "vitest";
import { codeOf, idNo } from "../test/world.ts";
import { isName } from "./identifier.ts";
import { archivedName, tenantLogin, tenantLogins, tenantName, tenantNames } from "./names.ts";

test("10,000 ids have 10,000 names that need no folding and are not cut", () => {
  const ids = Array.from({ length: 10_000 }, () => generate("org"));
  const names = ids.map(tenantNames());
  expect(new Set(names).size).toBe(10_000);
  expect(names.every((name) => /^t_[0-9a-f]{32}$/.test(name) && name.length === 34)).toBe(true);
  expect(archivedName(ids[0] as OrgId, 1_956_528_000).length).toBeLessThanOrEqual(63);
});

test("a mapped name stands over that of the id", () => {
  const [a, b] = [idNo("org", 1), idNo("org", 2)];
  const nameOf = tenantNames({ [a]: "acme_old" });
  expect(nameOf(a)).toBe("acme_old");
  expect(nameOf(b)).toBe(tenantName(b));
  expect(tenantNames({ [a]: tenantName(a) })(a)).toBe(tenantName(a));
});

test.each<[string, unknown]>([
  ["a quote", 'a"b'],
  ["a NUL", "a\0b"],
  ["dollars", "a$$b"],
  ["a comment", "a--b"],
  ["upper case", "Acme"],
  ["64 bytes", "a".repeat(64)],
  ["a character of several bytes across byte 63", `${"a".repeat(62)}é`],
  ["the temporary schema", "pg_temp"],
  ["everybody's", "public"],
  ["the catalogue", "pg_catalog"],
  ["the other catalogue", "information_schema"],
  ["nothing", ""],
  ["a line after it", "acme\n"],
  ["another tenant's", tenantName(idNo("org", 2))],
  ["the role of another tenant's database", tenantLogin(idNo("org", 2))],
  ["the role of its own database", tenantLogin(idNo("org", 1))],
  ["another tenant's archive", archivedName(idNo("org", 2), 1)],
  ["no text", null],
])("%s is no name", async (_, name) => {
  expect(await codeOf(() => tenantNames({ [idNo("org", 1)]: name as string }))).toBe("isolation.invalid_name");
});

test("two tenants have two names, and a name is an organization's", async () => {
  const twice = { [idNo("org", 1)]: "acme", [idNo("org", 2)]: "acme" };
  expect(await codeOf(() => tenantNames(twice))).toBe("isolation.invalid_name");
  expect(await codeOf(() => tenantNames({ acme: "acme" } as never))).toBe("isolation.invalid_name");
});

test("of 10,000 tenants no two have roles of one name, in whichever strategies they are", () => {
  const ids = Array.from({ length: 10_000 }, () => generate("org"));
  const names = [...ids.map(tenantNames()), ...ids.map(tenantLogins())];
  expect(new Set(names).size).toBe(20_000);
  expect(names.every((name) => isName(name))).toBe(true);
});

test.each<[string, (orgId: OrgId) => unknown]>([
  ["of all", () => "tenants"],
  ["of another tenant", () => tenantLogin(idNo("org", 2))],
  ["with digits beside those of the id", (orgId) => `${tenantName(orgId)}0`],
  ["that is cut", (orgId) => `${tenantLogin(orgId)}${"_".repeat(30)}`],
  ["that needs quotes", (orgId) => `${tenantName(orgId)}-login`],
  ["that is no text", () => null],
])("a role %s is no tenant's", async (_, nameOf) => {
  const logins = tenantLogins(nameOf as (orgId: OrgId) => string);
  expect(await codeOf(() => logins(idNo("org", 1)))).toBe("isolation.invalid_name");
});

test("a host may call them otherwise", () => {
  const logins = tenantLogins((orgId) => `saas_${tenantName(orgId)}`);
  expect(logins(idNo("org", 1))).toBe(`saas_${tenantName(idNo("org", 1))}`);
});
