import { generate, type OrgId, RelayError, type TenancyEvent } from "@tenantry/core";
import { InMemoryDatabase, InMemoryTenancyStore } from "@tenantry/store-memory";
import { Webhook as PublicWebhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { isAddress, isPublicAddress } from "./addresses.ts";
import { nodeFetch } from "./node.ts";
import { systemTimers } from "./timers.ts";
import { send } from "./webhook-sender.ts";
import { admittedUrl } from "./webhook-url.ts";
import { createWebhooks, verifyWebhook, type Webhook, type WebhookFetch, type WebhooksOptions } from "./webhooks.ts";

const alice = generate("usr");
const keys = [{ id: "k1", secret: new Uint8Array(32).fill(7) }];
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
type Answer = { readonly status: number; readonly retryAfter?: string; readonly type?: string };

function open(options: Partial<WebhooksOptions> = {}) {
  let now = Date.UTC(2030, 0);
  const clock = () => new Date(now);
  const database = new InMemoryDatabase({ clock });
  const store = new InMemoryTenancyStore({ clock, groups: ["relay"] }, database);
  const sent: Sent[] = [];
  const answers: Answer[] = [];
  const disabled: Webhook[] = [];
  const fetch: WebhookFetch = async (url, { headers, body }) => {
    sent.push({ url, headers, body });
    const { status, retryAfter, type } = answers.shift() ?? { status: 200 };
    const get = (name: string) => (name === "retry-after" ? (retryAfter ?? null) : null);
    return { status, ...(type === undefined ? {} : { type }), headers: { get }, body: null };
  };
  const webhooks = createWebhooks({
    store,
    keys,
    fetch,
    allowUrl: () => true,
    random: () => 0.5,
    onDisabled: (webhook) => disabled.push(webhook),
    ...options,
  });
  return {
    webhooks,
    store,
    database,
    sent,
    answers,
    disabled,
    forward: (milliseconds: number) => {
      now += milliseconds;
    },
    clock,
    run: () => webhooks.runOnce({ budgetMs: 1000 }),
    rename: (orgId: OrgId) => store.updateOrg({ orgId, name: generate("org") }),
  };
}

const url = "https://hooks.example.com/in";

describe("a signed message (E4)", () => {
  test("is what the public library accepts, and what it signs is accepted here", async () => {
    const { webhooks, store, run, sent, clock } = open();
    const { org } = await store.createOrg(alice);
    const { secret, id } = await webhooks.create({ org: org.id, url });
    await store.suspendOrg(org.id, { actor: alice });
    await run();
    const message = sent[0] as Sent;
    // The library goes by the system's clock.
    const later = new PublicWebhook(secret);
    const signed = later.sign(`${org.id}.2`, clock(), message.body);
    expect(message.headers["webhook-signature"]).toBe(signed);
    const now = new Date();
    const headers = {
      "webhook-id": `${org.id}.2`,
      "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
      "webhook-signature": later.sign(`${org.id}.2`, now, message.body),
    };
    expect(later.verify(message.body, headers)).toMatchObject({ org: org.id, seq: 2, type: "org.suspended" });
    expect(await verifyWebhook({ secret, headers, body: message.body })).toEqual({
      id: `${org.id}.2`,
      org: org.id,
      seq: 2,
      type: "org.suspended",
      time: clock(),
      actor: alice,
      data: {},
    });
    expect(Object.keys(JSON.parse(message.body))).toEqual(["org", "seq", "type", "time", "actor", "data"]);
    expect(JSON.stringify(await webhooks.get(id))).not.toContain(secret.slice(6));
  });

  test("is refused with one byte changed, with another secret, and from another time", async () => {
    const { webhooks, store, run, sent, clock, rename } = open();
    const { org } = await store.createOrg(alice);
    const { secret } = await webhooks.create({ org: org.id, url });
    await rename(org.id);
    await run();
    const { headers, body } = sent[0] as Sent;
    const check = (changes: object) => verifyWebhook({ secret, headers, body, clock, ...changes });
    await expect(check({})).resolves.toMatchObject({ seq: 2 });
    await expect(check({ headers: new Headers(headers) })).resolves.toMatchObject({ seq: 2 });
    await expect(check({ body: new TextEncoder().encode(body) })).resolves.toMatchObject({ seq: 2 });
    const refused = (reason: string) =>
      expect.objectContaining({ code: "relay.signature_invalid", details: { reason } });
    const other = `whsec_${btoa("another secret of 32 bytes, or so")}`;
    await expect(check({ body: body.replace(":2", ":3") })).rejects.toThrow(refused("signature"));
    await expect(check({ secret: other })).rejects.toThrow(refused("signature"));
    await expect(check({ secret: [other, secret] })).resolves.toMatchObject({ seq: 2 });
    await expect(check({ headers: { ...headers, "webhook-id": `${org.id}.3` } })).rejects.toThrow(refused("signature"));
    const at = (seconds: number) => ({ clock: () => new Date(clock().getTime() + seconds * 1000) });
    for (const [seconds, isFine] of [
      [300, true],
      [-300, true],
      [301, false],
      [-301, false],
    ] as const) {
      await (isFine
        ? expect(check(at(seconds))).resolves.toBeDefined()
        : expect(check(at(seconds))).rejects.toThrow(refused("time")));
    }
    for (const name of Object.keys(headers).filter((key) => key.startsWith("webhook-"))) {
      await expect(check({ headers: { ...headers, [name]: "" } })).rejects.toThrow(refused("headers"));
    }
    await expect(check({ headers: { ...headers, "webhook-timestamp": "soon" } })).rejects.toThrow(refused("headers"));
    await expect(check({ headers: { ...headers, "webhook-signature": "v1a,x v1,%%%" } })).rejects.toThrow(
      refused("signature"),
    );
    await expect(check({ secret: "whsec_" })).rejects.toMatchObject({ code: "precondition.invalid_input" });
    const signer = new PublicWebhook(secret);
    const odd = "{}";
    const own = { ...headers, "webhook-id": "x", "webhook-signature": signer.sign("x", clock(), odd) };
    await expect(check({ headers: own, body: odd })).rejects.toThrow(refused("body"));
  });

  test("is refused as an input where it was not received like this", async () => {
    const { webhooks, store, run, sent, clock, rename } = open();
    const { org } = await store.createOrg(alice);
    const { secret } = await webhooks.create({ org: org.id, url });
    await rename(org.id);
    await run();
    const { headers, body } = sent[0] as Sent;
    const { proxy: gone, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const changes of [
      ...[undefined, null, 7, JSON.parse(body), new DataView(new ArrayBuffer(2)), gone].map((own) => ({ body: own })),
      ...[undefined, null, gone].map((own) => ({ headers: own })),
      ...[undefined, null, gone, [gone], [7]].map((own) => ({ secret: own })),
      ...[Number.NaN, -1, "300", null].map((own) => ({ toleranceSeconds: own })),
      ...[null, 7, () => undefined].map((own) => ({ clock: own })),
    ]) {
      await expect(verifyWebhook({ secret, headers, body, clock, ...changes } as never)).rejects.toMatchObject({
        code: "precondition.invalid_input",
      });
    }
    for (const received of [undefined, null, gone, 7]) {
      await expect(verifyWebhook(received as never)).rejects.toMatchObject({ code: "precondition.invalid_input" });
    }
    await expect(verifyWebhook({ secret, headers, body, clock: () => new Date(Number.NaN) })).rejects.toMatchObject({
      code: "relay.signature_invalid",
      details: { reason: "time" },
    });
  });

  test("is what was signed, whatever becomes of its bytes meanwhile", async () => {
    const { webhooks, store, run, sent, clock, rename } = open();
    const { org } = await store.createOrg(alice);
    const { secret } = await webhooks.create({ org: org.id, url });
    await rename(org.id);
    await run();
    const { headers, body } = sent[0] as Sent;
    const bytes = new TextEncoder().encode(body);
    const verified = verifyWebhook({ secret, headers, body: bytes, clock });
    bytes.set(new TextEncoder().encode(body.replace("org.updated", "org.revoked")));
    expect(await verified).toMatchObject({ type: "org.updated" });
  });

  test("is signed by both secrets during a rotation, and by the new one alone afterwards", async () => {
    const { webhooks, store, run, sent, forward, clock, rename } = open();
    const { org } = await store.createOrg(alice);
    const first = await webhooks.create({ org: org.id, url });
    const second = await webhooks.rotateSecret(first.id, { overlapHours: 2 });
    expect(second.secret).not.toBe(first.secret);
    await rename(org.id);
    await run();
    const both = sent[0] as Sent;
    await expect(verifyWebhook({ ...both, secret: first.secret, clock })).resolves.toBeDefined();
    await expect(verifyWebhook({ ...both, secret: second.secret, clock })).resolves.toBeDefined();
    forward(2 * HOUR);
    await rename(org.id);
    await run();
    const one = sent[1] as Sent;
    await expect(verifyWebhook({ ...one, secret: first.secret, clock })).rejects.toBeInstanceOf(RelayError);
    await expect(verifyWebhook({ ...one, secret: second.secret, clock })).resolves.toBeDefined();
    await expect(webhooks.rotateSecret(first.id, { overlapHours: -1 })).rejects.toMatchObject({
      code: "precondition.invalid_input",
    });
  });
});

test("secrets are kept sealed, for their webhook alone", async () => {
  const { webhooks, store, database, sent, run, rename } = open();
  const { org } = await store.createOrg(alice);
  const made = await webhooks.create({ org: org.id, url });
  const other = await webhooks.create({ org: org.id, url });
  expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const stored = await database.relay.subscription(made.id);
  expect(JSON.stringify(stored)).not.toContain(made.secret);
  // One that was moved to another row does not open.
  await database.relay.change({ id: other.id, revision: 1, endpoint: stored?.endpoint });
  await rename(org.id);
  await run();
  expect(sent).toHaveLength(1);
});

describe("an answer", () => {
  test.each([
    [{ status: 200 }, "delivered"],
    [{ status: 204 }, "delivered"],
    [{ status: 301 }, "redirect"],
    [{ status: 308 }, "redirect"],
    [{ status: 0, type: "opaqueredirect" }, "redirect"],
    [{ status: 400 }, "http_400"],
    [{ status: 500 }, "http_500"],
  ] as const)("of %o is %s", async (answer, code) => {
    const { webhooks, store, run, answers, rename } = open({ maxAttempts: 1 });
    const { org } = await store.createOrg(alice);
    const { id } = await webhooks.create({ org: org.id, url });
    answers.push(answer);
    await rename(org.id);
    await run();
    const { data } = await webhooks.dead(id);
    expect(data.map((dead) => dead.code)).toEqual(code === "delivered" ? [] : [code]);
  });

  test("of 410 switches the webhook off, which is reported; switched on again nothing is missing", async () => {
    const { webhooks, store, run, answers, sent, disabled, rename } = open();
    const { org } = await store.createOrg(alice);
    const { id } = await webhooks.create({ org: org.id, url });
    answers.push({ status: 410 });
    await rename(org.id);
    await run();
    expect((await webhooks.get(id)).disabled).toMatchObject({ code: "gone" });
    expect(disabled.map((webhook) => webhook.id)).toEqual([id]);
    await rename(org.id);
    await run();
    expect(sent).toHaveLength(1);
    await webhooks.enable(id);
    await run();
    expect(sent.map(({ headers }) => headers["webhook-id"])).toEqual([2, 2, 3].map((seq) => `${org.id}.${seq}`));
  });

  test.each([
    ["600", 600],
    [new Date(Date.UTC(2030, 0, 1, 0, 20)).toUTCString(), 1200],
    ["1", 5],
    ["soon", 5],
    ["9999999", 6 * 3600],
  ])("with Retry-After %s is tried again after %i seconds", async (retryAfter, seconds) => {
    const { webhooks, store, run, answers, sent, forward, rename } = open();
    const { org } = await store.createOrg(alice);
    await webhooks.create({ org: org.id, url });
    answers.push({ status: 503, retryAfter });
    await rename(org.id);
    await run();
    forward(seconds * 1000 - 1);
    await run();
    expect(sent).toHaveLength(1);
    forward(1);
    await run();
    expect(sent).toHaveLength(2);
    expect(sent[1]?.headers["webhook-id"]).toBe(sent[0]?.headers["webhook-id"]);
    expect(sent[1]?.headers["webhook-timestamp"]).not.toBe(sent[0]?.headers["webhook-timestamp"]);
  });
});

test("after three days of failure a webhook is switched off and reported; a success in between begins anew", async () => {
  const { webhooks, store, run, answers, sent, forward, disabled, rename } = open({ maxAttempts: 100 });
  const { org } = await store.createOrg(alice);
  const { id } = await webhooks.create({ org: org.id, url });
  await rename(org.id);
  answers.push({ status: 500 });
  await run();
  expect((await webhooks.get(id)).failingSince).not.toBeNull();
  forward(2 * DAY);
  await run();
  expect((await webhooks.get(id)).failingSince).toBeNull();
  await rename(org.id);
  for (let times = 0; times < 12; times += 1) {
    answers.push({ status: 500 });
    await run();
    forward(DAY / 4);
  }
  expect(disabled).toEqual([]);
  answers.push({ status: 500 });
  await run();
  expect(disabled).toMatchObject([{ id, disabled: { code: "failing" } }]);
  const before = sent.length;
  forward(DAY);
  await run();
  expect(sent).toHaveLength(before);
});

test("a webhook is told of its organization and types; one of all of everything", async () => {
  const { webhooks, store, run, sent, rename } = open();
  const [{ org: one }, { org: other }] = [await store.createOrg(alice), await store.createOrg(alice)];
  const own = await webhooks.create({ org: one.id, url: `${url}/own`, types: ["org.suspended"] });
  await webhooks.create({ org: null, url: `${url}/all` });
  await rename(one.id);
  await store.suspendOrg(one.id);
  await rename(other.id);
  await run();
  const told = (path: string) =>
    sent.filter((message) => message.url.endsWith(path)).map(({ headers }) => headers["webhook-id"]);
  expect(told("/own")).toEqual([`${one.id}.3`]);
  expect(told("/all").sort()).toEqual([`${one.id}.2`, `${one.id}.3`, `${other.id}.2`].sort());
  await webhooks.update(own.id, { types: null, url: `${url}/new` });
  await rename(one.id);
  await run();
  expect(told("/new")).toEqual([`${one.id}.4`]);
  await webhooks.delete(own.id);
  await rename(one.id);
  await run();
  expect(told("/new")).toHaveLength(1);
  await expect(webhooks.get(own.id)).rejects.toMatchObject({ code: "not_found" });
});

test("within one organization a webhook of another is as unknown as one that is not", async () => {
  const { webhooks, store } = open();
  const [{ org }, { org: other }] = [await store.createOrg(alice), await store.createOrg(alice)];
  const { id } = await webhooks.create({ org: org.id, url });
  const all = await webhooks.create({ org: null, url });
  const within = other.id;
  for (const attempt of [
    webhooks.get(id, { within }),
    webhooks.get(all.id, { within }),
    webhooks.update(id, { url }, { within }),
    webhooks.rotateSecret(id, { within }),
    webhooks.disable(id, { within }),
    webhooks.enable(id, { within }),
    webhooks.delete(id, { within }),
    webhooks.seek(id, org.id, 1, { within }),
    webhooks.redeliver(id, { orgId: org.id, seq: 1 }, { within }),
    webhooks.discard(id, { orgId: org.id, seq: 1 }, { within }),
    webhooks.dead(id, { within }),
    webhooks.dead(all.id, { within, limit: 1 }),
    webhooks.get(`whk_${"0".repeat(32)}`),
    webhooks.get("relay:x"),
  ]) {
    await expect(attempt).rejects.toMatchObject({ code: "not_found" });
  }
  expect((await webhooks.list({ org: within })).data).toEqual([]);
  expect(await webhooks.get(id, { within: org.id })).toMatchObject({ id, org: org.id });
  expect(await webhooks.dead(id, { within: org.id, limit: 1 })).toEqual({ data: [], nextCursor: null });
  await webhooks.seek(id, org.id, 0, { within: org.id });
  const first = await webhooks.list({ limit: 1 });
  const second = await webhooks.list({ limit: 1, cursor: first.nextCursor });
  expect([...first.data, ...second.data].map((webhook) => webhook.id).sort()).toEqual([id, all.id].sort());
  expect(second.nextCursor).toBeNull();
  await expect(webhooks.create({ org: generate("org"), url })).rejects.toMatchObject({ code: "not_found" });
  await expect(webhooks.list({ cursor: "x" })).rejects.toMatchObject({ code: "precondition.invalid_cursor" });
});

test("what no webhook's id can be is as unknown as one that is not, and is not quoted as it is", async () => {
  const { webhooks } = open();
  const { proxy: gone, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const id of [
    undefined,
    null,
    7,
    Symbol("id"),
    {},
    Object.create(null),
    gone,
    "\u001b]0;x\u0007",
    "x".repeat(1e6),
  ]) {
    const refused = webhooks.get(id as string);
    await expect(refused).rejects.toMatchObject({ code: "not_found" });
    await expect(refused).rejects.toThrow(/^[\x20-\x7e]{1,80}$/);
  }
});

test("who is told of a webhook that was switched off may fail later, too", async () => {
  const failures: unknown[] = [];
  const no = new Error("no");
  const { webhooks, store, run, answers, rename } = open({
    onDisabled: (() => Promise.reject(no)) as () => never,
    log: ({ cause }) => failures.push(cause),
  });
  const { org } = await store.createOrg(alice);
  const { id } = await webhooks.create({ org: org.id, url });
  answers.push({ status: 410 });
  await rename(org.id);
  await run();
  expect((await webhooks.get(id)).disabled).toMatchObject({ code: "gone" });
  expect(failures).toContain(no);
});

test("what sends is called as nobody's method, which a platform's own refuses", async () => {
  const callers: unknown[] = [];
  const fetch: WebhookFetch = async function (this: unknown) {
    callers.push(this);
    return { status: 200, headers: { get: () => null }, body: null };
  };
  const { webhooks, store, run, rename } = open({ fetch });
  const { org } = await store.createOrg(alice);
  await webhooks.create({ org: org.id, url });
  await rename(org.id);
  expect(await run()).toMatchObject({ delivered: 1 });
  expect(callers).toEqual([undefined]);
});

test("an attempt that is over before it began sends nothing", async () => {
  const { store } = open();
  const { org } = await store.createOrg(alice);
  const { data } = await store.listEvents(org.id);
  let calls = 0;
  const fetch: WebhookFetch = async () => {
    calls += 1;
    return { status: 200, headers: { get: () => null }, body: null };
  };
  const parts = { fetch, clock: () => new Date(), timers: systemTimers, signal: AbortSignal.abort() };
  const target = { url: new URL(url), isAddressAdmitted: false };
  await expect(send(data[0] as TenancyEvent, target, [], parts)).rejects.toThrow();
  expect(calls).toBe(0);
});

test("once a webhook is changed nothing more goes where it went before", async () => {
  const targets: string[] = [];
  const { webhooks, store, run, rename } = open({
    fetch: async (target, { headers }) => {
      targets.push(`${new URL(target).pathname} ${headers["webhook-id"]?.split(".")[1]}`);
      if (targets.length === 1) {
        await webhooks.update(id, { url: "https://hooks.example.com/new" });
      }
      return { status: 200, headers: { get: () => null }, body: null };
    },
  });
  const { org } = await store.createOrg(alice);
  const { id } = await webhooks.create({ org: org.id, url });
  for (let times = 0; times < 3; times += 1) {
    await rename(org.id);
  }
  await run();
  // The one that was under way has an old place and a new one.
  expect(targets).toEqual(["/in 2", "/new 2", "/new 3", "/new 4"]);
});

test("of two who change a webhook at the same time one is told", async () => {
  const { webhooks, store } = open();
  const { org } = await store.createOrg(alice);
  const { id } = await webhooks.create({ org: org.id, url });
  const both = await Promise.allSettled([webhooks.rotateSecret(id), webhooks.rotateSecret(id)]);
  expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(both.find(({ status }) => status === "rejected")).toMatchObject({
    reason: { code: "relay.subscription_invalid", details: { reason: "changed" } },
  });
});

describe("a URL (E4)", () => {
  const BAD = {
    url: ["", "x", 7, null, "https://", "https://a.example.com/#x", `https://a.example.com/${"x".repeat(2048)}`],
    scheme: ["http://hooks.example.com", "ftp://hooks.example.com", "javascript:alert(1)//a", "file:///etc/passwd"],
    credentials: ["https://user@hooks.example.com", "https://:pass@hooks.example.com"],
    address: [
      "https://intranet.",
      "https://metadata.",
      "https://localhost",
      "https://app.localhost",
      "https://printer.local",
      "https://metadata",
      "https://metadata.google.internal",
      "https://127.0.0.1",
      "https://127.1",
      "https://2130706433",
      "https://0x7f.0.0.1",
      "https://0177.0.0.1",
      "https://10.1.2.3",
      "https://172.16.0.1",
      "https://172.31.255.255",
      "https://192.168.1.1",
      "https://100.64.0.1",
      "https://169.254.169.254",
      "https://168.63.129.16",
      "https://0.0.0.0",
      "https://224.0.0.1",
      "https://255.255.255.255",
      "https://[::1]",
      "https://[::]",
      "https://[fe80::1]",
      "https://[fd00:ec2::254]",
      "https://[::ffff:127.0.0.1]",
      "https://[::ffff:a9fe:a9fe]",
      "https://[64:ff9b::7f00:1]",
      "https://[2002:7f00:1::]",
      "https://[2001:db8::1]",
    ],
  };
  const bad = Object.entries(BAD).flatMap(([reason, urls]) => urls.map((value) => [value, reason] as const));
  test.each(bad)("%s is refused for its %s", async (value, reason) => {
    const { webhooks, store } = open({ fetch: nodeFetch() });
    const strict = createWebhooks({ store, keys, fetch: nodeFetch() });
    const error = { code: "relay.subscription_invalid", details: { reason: expect.stringMatching(/./) } };
    await expect(strict.create({ org: null, url: value as string })).rejects.toMatchObject(error);
    await expect(admittedUrl(value, undefined)).rejects.toMatchObject({
      details: { reason: value === "javascript:alert(1)//a" || value === "file:///etc/passwd" ? "url" : reason },
    });
    void webhooks;
  });

  test.each(["https://hooks.example.com/a?b=c", "https://8.8.8.8", "https://[2606:4700::1111]", "https://172.32.0.1"])(
    "%s is fine",
    async (value) => {
      expect((await admittedUrl(value, undefined)).url.href).toContain("https://");
    },
  );

  test("what the application says counts for what is written there, and nothing else does", async () => {
    const { webhooks, store } = open({ allowUrl: ({ hostname }) => hostname === "127.0.0.1" });
    const { org } = await store.createOrg(alice);
    await expect(webhooks.create({ org: org.id, url: "http://127.0.0.1:99/" })).resolves.toBeDefined();
    for (const other of [url, "http://127.0.0.2/"]) {
      await expect(webhooks.create({ org: org.id, url: other })).rejects.toMatchObject({
        details: { reason: "refused" },
      });
    }
    await expect(webhooks.create({ org: org.id, url: "http://u:p@127.0.0.1/" })).rejects.toMatchObject({
      details: { reason: "credentials" },
    });
    expect(await admittedUrl("http://127.0.0.1/", async () => true)).toMatchObject({ isAddressAdmitted: true });
    expect(await admittedUrl("http://a.example.com/", () => true)).toMatchObject({ isAddressAdmitted: false });
    await expect(admittedUrl(url, () => "yes" as never)).rejects.toMatchObject({ details: { reason: "refused" } });
  });

  test("is looked at again before each delivery", async () => {
    let isAllowed = true;
    const { webhooks, store, run, sent, rename } = open({ allowUrl: () => isAllowed, maxAttempts: 1 });
    const { org } = await store.createOrg(alice);
    const { id } = await webhooks.create({ org: org.id, url });
    isAllowed = false;
    await rename(org.id);
    await run();
    expect(sent).toEqual([]);
    expect((await webhooks.dead(id)).data).toMatchObject([{ code: "relay.subscription_invalid" }]);
  });
});

test.each([
  ["1.2.3.4", true],
  ["1.2.3.256", false],
  ["01.2.3.4.5", false],
  ["2606:4700:4700::1111", true],
  ["2606:4700:4700:0:0:0:0:1111", true],
  ["2606:4700:4700:0:0:0:1111", false],
  ["::ffff:1.2.3.4", true],
  ["::ffff:10.2.3.4", false],
  ["::1.2.3.4", false],
  ["1::2::3", false],
  ["fe80::1%eth0", false],
  ["::ffff:1.2.3.400", false],
  ["2001:4860:4860::8888", true],
  ["3fff::1", false],
  ["", false],
  ["a.example.com", false],
])("whether %s is a public address: %s", (text, is) => {
  expect(isPublicAddress(text)).toBe(is);
  expect(isAddress("1.2.3.4")).toBe(true);
});

test("a configuration that would send anywhere is refused", async () => {
  const { store } = open();
  const invalid = expect.objectContaining({ code: "config.invalid" });
  for (const options of [
    { store, keys, fetch: globalThis.fetch },
    { store, keys },
    { store, keys: [], allowUrl: () => true },
    { store, keys, allowUrl: "*" },
    { store, keys, allowUrl: () => true, batch: 0 },
    { store, keys, allowUrl: () => true, onExhausted: "block" },
    { store: {}, keys, allowUrl: () => true },
  ]) {
    expect(() => createWebhooks(options as never)).toThrow(invalid);
  }
  expect(() => createWebhooks({ store: new InMemoryTenancyStore(), keys, allowUrl: () => true })).toThrow(
    expect.objectContaining({ code: "config.capability_missing", details: { group: "relay" } }),
  );
});

test("nothing of a person's identifiers is in a body", async () => {
  const { webhooks, store, run, sent, clock } = open();
  const { org } = await store.createOrg(alice);
  await webhooks.create({ org: org.id, url });
  await store.createInvitation(
    {
      orgId: org.id,
      identifier: "canary@example.com",
      role: "guest",
      invitedBy: alice,
      expiresAt: new Date(clock().getTime() + DAY),
    },
    { idempotencyKey: "canary-key" },
  );
  await run();
  expect(sent).toHaveLength(1);
  expect(JSON.stringify(sent)).not.toMatch(/canary/);
  const events: readonly TenancyEvent[] = (await store.listEvents(org.id)).data;
  expect(JSON.parse(sent[0]?.body ?? "")).toMatchObject({ data: JSON.parse(JSON.stringify(events[1]?.data)) });
});
