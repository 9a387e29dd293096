import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate, type Organization } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { afterAll, beforeEach, expect, test } from "vitest";
import { runIn } from "./session.ts";

const cwd = mkdtempSync(join(tmpdir(), "tenantry-confirmation-"));
afterAll(() => rmSync(cwd, { recursive: true }));
writeFileSync(join(cwd, "tenantry.config.mjs"), "export const store = () => globalThis.storeToConfirm;\n");

const alice = generate("usr");
const env = { TENANTRY_ACTOR: alice };
let store: InMemoryTenancyStore;
let org: Organization;
beforeEach(async () => {
  store = new InMemoryTenancyStore();
  Object.assign(globalThis, { storeToConfirm: store });
  ({ org } = await store.createOrg({ creator: alice, slug: "acme" }));
});

const [ENTER, CTRL_C] = ["\r", "\u0003"];

test.each([
  ["nothing", []],
  ["yes alone", ["--yes"]],
  ["the text alone", ["--confirm", "acme"]],
  ["another text", ["--yes", "--confirm", "acme2"]],
  ["an empty text", ["--yes", "--confirm", ""]],
])("without a terminal %s changes nothing", async (_, given) => {
  const { status, err } = await runIn({ cwd, on: "memory", env }, "orgs", "revoke", "acme", ...given);
  expect([status, err]).toEqual([1, expect.stringMatching(/^tenantry: cli\.not_confirmed: .*\n$/)]);
  expect(await store.getOrg(org.id)).toEqual(org);
});

test.each([
  ["the slug", `acme${ENTER}`, 0],
  ["another text", `acme2${ENTER}`, 1],
  ["nothing", ENTER, 1],
  ["Ctrl-C", CTRL_C, 130],
] as const)("at a terminal, asked and answered with %s", async (_, keys, expected) => {
  const { status, out } = await runIn({ cwd, on: "memory", env, keys }, "orgs", "revoke", "acme", "--json");
  expect(status).toBe(expected);
  expect((await store.getOrg(org.id)).status).toBe(expected === 0 ? "revoked" : "active");
  // The question is no part of the result.
  expect(out === "").toBe(expected !== 0);
});

test("at a terminal the id will do as well", async () => {
  expect((await runIn({ cwd, on: "memory", env, keys: `${org.id}${ENTER}` }, "orgs", "revoke", org.id)).status).toBe(0);
});

test("nobody changes anything without saying who they are", async () => {
  const { status, err } = await runIn({ cwd, on: "memory" }, "orgs", "revoke", "acme", "--yes", "--confirm", "acme");
  expect([status, err]).toEqual([2, expect.stringMatching(/^tenantry: cli\.usage: /)]);
  expect((await runIn({ cwd, on: "memory", env: { TENANTRY_ACTOR: "alice" } }, "orgs", "suspend", "acme")).status).toBe(
    2,
  );
  expect(await store.getOrg(org.id)).toEqual(org);
});
