import { neonConfig } from "@neondatabase/serverless";
import { generate } from "@tenantry/core";
import { bundle } from "@tenantry/edge/bundle";
import { withWorkerd } from "@tenantry/edge/workerd";
import { type Cluster, type NeonEndpoint, startCluster, startNeonEndpoint } from "@tenantry/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Backend, openBackend } from "../src/backend.ts";
import { worker } from "../src/edge.ts";
import { prepare } from "../src/prepare.ts";
import { withRoles } from "../src/throw-away.ts";

const secret = new Uint8Array(48).fill(5);
let cluster: Cluster;
let backend: Backend;
let endpoint: NeonEndpoint;
let env: Parameters<typeof worker.fetch>[1];
beforeAll(async () => {
  cluster = await startCluster();
  const own = await withRoles(cluster.url, { appRole: "saas_app", adminRole: "saas_admin" });
  const strategy = "row";
  await prepare({ ...own, strategy });
  const origin = "http://127.0.0.1";
  backend = await openBackend({ ...own, strategy, home: new URL("http://saas.localhost/"), secret, origin });
  endpoint = await startNeonEndpoint(cluster.url);
  Object.assign(neonConfig, endpoint.neonConfig);
  // Its driver asks for a password.
  const withPassword = (address: string): string => {
    const url = new URL(address);
    url.password = "x";
    return url.href;
  };
  env = {
    OWNER_DATABASE_URL: withPassword(own.ownerUrl),
    APP_DATABASE_URL: withPassword(own.appUrl),
    SECRET: Buffer.from(secret).toString("base64"),
  };
});
afterAll(async () => {
  await endpoint.stop();
  await backend.close();
  await cluster.stop();
});

/** An organization, and a token of its founder's, which the application itself would mint. */
async function founded(slug: string): Promise<string> {
  const creator = generate("usr");
  const { tenant } = await backend.lifecycle.createTenant({ creator, slug });
  const { guard } = backend.tenancy;
  const opened = await backend.tenancy.open(
    // What the application's context looks at of a request.
    { req: { raw: new Request("http://saas.localhost/") }, get: () => ({ usrId: creator }) } as never,
    { host: null, path: "/", header: (name) => (name === "x-tenant-id" ? [tenant.id] : []) },
  );
  return backend.tokens.mint(await guard.require(opened), creator);
}

type Ask = (token: string | null, init?: RequestInit) => Promise<readonly [number, unknown]>;

const asking =
  (call: (path: string, init: RequestInit) => Promise<Response>): Ask =>
  async (token, init = {}) => {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    const response = await call("/api/projects", { ...init, headers });
    return [response.status, await response.json()];
  };

/** Where the worker runs. */
const runtimes: Readonly<Record<string, (use: (ask: Ask) => Promise<void>) => Promise<void>>> = {
  "this process": (use) =>
    use(asking((path, init) => worker.fetch(new Request(`https://edge.example${path}`, init), env))),
  async workerd(use) {
    const { text, imports } = await bundle(new URL("local-worker.ts", import.meta.url), {
      conditions: ["workerd", "worker", "browser"],
      define: { FETCH_ENDPOINT: JSON.stringify(endpoint.neonConfig.fetchEndpoint) },
    });
    expect(imports).toEqual([]);
    await withWorkerd(text, (url) => use(asking((path, init) => fetch(`${url}${path}`, init))), { ...env });
  },
};

describe.each(Object.entries(runtimes))("at the edge, in %s", (name, runtime) => {
  const slugOf = (word: string): string => `${word}-${name.replace(" ", "-")}`;
  const write = (ask: Ask, token: string, title: unknown) =>
    ask(token, { method: "POST", body: JSON.stringify({ title }) });

  test("tenants read and write their own rows, a request to the database for each answer", async () => {
    const [acme, beta] = [await founded(slugOf("acme")), await founded(slugOf("beta"))];
    await runtime(async (ask) => {
      expect(await write(ask, acme, "Rocket")).toMatchObject([201, { title: "Rocket" }]);
      endpoint.reset();
      const [status, answer] = await ask(acme);
      expect([status, answer]).toMatchObject([200, { projects: [{ title: "Rocket", documents: 0 }] }]);
      // The guard's look at the membership, and the batch.
      expect(endpoint.requests()).toBe(2);
      expect((answer as { readonly templates: readonly unknown[] }).templates).toHaveLength(3);
      expect(await ask(beta)).toMatchObject([200, { projects: [] }]);
    });
  });

  test("what is refused is refused before the application's tables are asked", async () => {
    const acme = await founded(slugOf("gamma"));
    await runtime(async (ask) => {
      expect(await write(ask, acme, "  ")).toMatchObject([400, { code: "precondition.invalid_input" }]);
      expect(await ask(null)).toMatchObject([400, { code: "tenant.missing" }]);
      expect(await ask(`${acme}x`)).toMatchObject([401, { code: "tenant.token_rejected" }]);
    });
  });
});
