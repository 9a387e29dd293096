import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { generate } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { afterEach, describe, expect, test } from "vitest";
import { type Lookup, nodeFetch } from "../src/node.ts";
import { createWebhooks, verifyWebhook, type WebhookFetch, type WebhooksOptions } from "../src/webhooks.ts";

// Over real HTTP, to a receiver on this machine, which only the test's own `allowUrl` admits.

const alice = generate("usr");
const keys = [{ id: "k1", secret: new Uint8Array(32).fill(7) }];
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function receiver(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) {
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

async function open(url: string, options: Partial<WebhooksOptions> = {}) {
  const store = new InMemoryTenancyStore({ groups: ["relay"] });
  const webhooks = createWebhooks({
    store,
    keys,
    fetch: nodeFetch(),
    allowUrl: (own) => own.href === url,
    maxAttempts: 1,
    ...options,
  });
  const { org } = await store.createOrg(alice);
  const webhook = await webhooks.create({ org: org.id, url });
  await store.suspendOrg(org.id);
  return {
    orgId: org.id,
    secret: webhook.secret,
    run: () => webhooks.runOnce({ budgetMs: 20_000 }),
    codes: async () => (await webhooks.dead(webhook.id)).data.map(({ code }) => code),
  };
}

describe.each([
  ["nodeFetch", nodeFetch() as WebhookFetch],
  ["the platform's fetch", fetch as WebhookFetch],
])("through %s", (_, own) => {
  test("a receiver gets the event, and verifies it", async () => {
    const verified: unknown[] = [];
    let secret = "";
    const url = await receiver(async (request, response) => {
      const body = await bodyOf(request);
      verified.push(await verifyWebhook({ secret, headers: request.headers, body }), request.headers["content-type"]);
      response.writeHead(204).end();
    });
    const world = await open(url, { fetch: own });
    secret = world.secret;
    expect(await world.run()).toMatchObject({ delivered: 1 });
    expect(verified).toMatchObject([{ org: world.orgId, seq: 2, type: "org.suspended" }, "application/json"]);
  });

  test("a redirect is a failure, and is not followed", async () => {
    const asked: (string | undefined)[] = [];
    const url = await receiver((request, response) => {
      asked.push(request.url);
      response.writeHead(307, { location: "/elsewhere" }).end();
    });
    const world = await open(url, { fetch: own });
    await world.run();
    expect([asked, await world.codes()]).toEqual([["/in"], ["redirect"]]);
  });

  test("of an answer without end the beginning is read, and the rest is left", async () => {
    let isCut = false;
    const url = await receiver((_, response) => {
      response.on("close", () => {
        isCut = true;
      });
      const more = (): void => {
        while (response.write(Buffer.alloc(16_384))) {}
        response.once("drain", more);
      };
      more();
    });
    const world = await open(url, { fetch: own });
    expect(await world.run()).toMatchObject({ delivered: 1 });
    await expect.poll(() => isCut).toBe(true);
  });

  test("one that does not answer in ten seconds has failed", async () => {
    const late: (() => void)[] = [];
    let began = (): void => {};
    const url = await receiver(() => began());
    const timers = {
      set(callback: () => void, milliseconds: number) {
        if (milliseconds === 10_000) {
          late.push(callback);
        }
        return 0;
      },
      clear() {},
    };
    const world = await open(url, { fetch: own, timers });
    const asked = new Promise<void>((resolve) => {
      began = resolve;
    });
    const running = world.run();
    await asked;
    late[0]?.();
    await running;
    expect(await world.codes()).toEqual(["timeout"]);
  });

  test("one that is not there has failed", async () => {
    const url = await receiver(() => {});
    servers.splice(0).forEach((server) => {
      server.close();
    });
    const world = await open(url, { fetch: own });
    await world.run();
    expect(await world.codes()).toEqual(["network"]);
  });
});

describe("nodeFetch looks at the address that it connects to", () => {
  const asked: string[] = [];
  const leadingTo =
    (...addresses: readonly string[]): Lookup =>
    (hostname, _, callback) => {
      asked.push(hostname);
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );
    };

  test.each([
    [["127.0.0.1"]],
    [["169.254.169.254"]],
    [["::1"]],
    [["::ffff:10.0.0.1"]],
    [["93.184.215.14", "10.0.0.1"]],
    [[]],
  ])("a name that leads to %o is refused, and nothing is sent", async (addresses) => {
    let isReached = false;
    const url = await receiver((_, response) => {
      isReached = true;
      response.end();
    });
    const own = nodeFetch({ lookup: leadingTo(...addresses) });
    const { port } = new URL(url);
    // The application admits the name; where it leads to it cannot see.
    const world = await open(`http://rebound.example.com:${port}/in`, { fetch: own });
    await world.run();
    expect(await world.codes()).toEqual(["address"]);
    expect([isReached, asked.at(-1)]).toEqual([false, "rebound.example.com"]);
  });

  test("an address that is written out is refused without the application's word", async () => {
    const url = await receiver((_, response) => response.end());
    const init = {
      method: "POST",
      headers: {},
      body: "",
      redirect: "manual",
      signal: new AbortController().signal,
    } as const;
    await expect(nodeFetch()(url, init)).rejects.toMatchObject({ code: "address" });
    await expect(nodeFetch()(url, { ...init, isAddressAdmitted: true })).resolves.toMatchObject({ status: 200 });
  });
});
