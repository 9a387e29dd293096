import { EdgeVM } from "@edge-runtime/vm";
import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { alice } from "../src/tenants.ts";
import { bundle } from "./bundle.ts";
import { withWorkerd } from "./workerd.ts";

// As the bundlers of workers do: elsewhere lru-cache looks for a module of Node, and goes on without it.
const worker = { conditions: ["workerd", "worker", "browser"] };

type Ask = (path: string, headers: Readonly<Record<string, string>>) => Promise<readonly [number, unknown]>;

async function token(secret: string): Promise<string> {
  const claims = { iss: "edge", aud: "edge", tenant_id: "acme" };
  const signed = new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1m");
  return `Bearer ${await signed.sign(new TextEncoder().encode(secret))}`;
}

/** How each runtime serves the same requests. */
const runtimes: Readonly<Record<string, (use: (ask: Ask) => Promise<void>) => Promise<void>>> = {
  async workerd(use) {
    const { text } = await bundle("tenants-worker.ts", worker);
    await withWorkerd(text, (url) =>
      use(async (path, headers) => {
        const answer = await fetch(`${url}${path}`, { headers });
        return [answer.status, await answer.json()];
      }),
    );
  },
  async "the edge VM"(use) {
    const { text } = await bundle("tenants.ts", { ...worker, format: "iife", globalName: "tenants" });
    const vm = new EdgeVM();
    vm.evaluate(`${text}; globalThis.tenants = tenants;`);
    await use((path, headers) =>
      vm.evaluate(`(async () => {
        const answer = await tenants.handle(new Request("http://127.0.0.1${path}", { headers: ${JSON.stringify(headers)} }));
        return [answer.status, JSON.parse(await answer.text())];
      })()`),
    );
  },
};

describe.each(Object.keys(runtimes))("on %s", (name) => {
  test("handlers, Hono and tokens lead to the tenant, and strangers to none", async () => {
    await runtimes[name]?.(async (ask) => {
      const acme = { "x-tenant-id": "acme" };
      for (const path of ["/fetch", "/hono"]) {
        expect(await ask(path, { ...acme, "x-user": alice })).toMatchObject([200, { role: "owner" }]);
        expect(await ask(path, acme)).toMatchObject([401, { code: "tenant.unauthenticated" }]);
        const stranger = { ...acme, "x-user": alice.replace(/1$/, "2") };
        expect(await ask(path, stranger)).toMatchObject([403, { code: "tenant.denied" }]);
        expect(await ask(path, { "x-user": alice })).toMatchObject([400, { code: "tenant.missing" }]);
      }
      expect(await ask("/domains", {})).toEqual([
        200,
        { domain: "xn--mnchen-3ya.example.org", state: "verified", slug: "acme", refused: "tenant.invalid_domain" },
      ]);
      const good = await token("a secret of thirty-two bytes, or");
      const signed = await ask("/fetch", { authorization: good, "x-user": alice });
      expect(signed).toEqual([200, { role: "owner", trust: "verified" }]);
      const forged = await ask("/fetch", {
        authorization: await token("a secret of somebody else's, 32 b"),
        "x-user": alice,
      });
      expect(forged).toMatchObject([401, { code: "tenant.token_rejected", details: { reason: "signature" } }]);
    });
  });
});

test.for(["tenants.ts", "tenants-worker.ts"])("a bundle of %s imports nothing", async (entry) => {
  const { imports } = await bundle(entry, worker);
  expect(imports).toEqual([]);
});
