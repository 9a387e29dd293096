import { generate, type OrgId, type Tenancy, type TenancyEvent } from "@tenantry/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAudit } from "../src/index.ts";
import { createRelay, DeliveryFailed, type Relay, type RelayOptions } from "../src/relay.ts";
import { createWebhooks } from "../src/webhooks.ts";
import { brokenIn, type World, worlds } from "./worlds.ts";

const alice = generate("usr");
const HOUR = 3600;

describe.each(Object.keys(worlds))("a relay over %s", (kind) => {
  let world: World;
  let store: Tenancy;
  beforeAll(async () => {
    world = await (worlds[kind] as () => Promise<World>)();
    store = world.store();
  }, 60_000);
  afterAll(async () => {
    expect(await brokenIn(world)).toEqual([]);
    await world.close();
  });

  const newOrg = async (): Promise<OrgId> => (await store.createOrg(alice)).org.id;
  const rename = async (orgId: OrgId, times: number, by: Tenancy = store): Promise<void> => {
    for (let time = 1; time <= times; time += 1) {
      await by.updateOrg({ orgId, name: `${time} ${generate("org")}` });
    }
  };
  let names = 0;
  /** A relay of a name of its own, that writes down what it delivers. */
  function hearing(options: Partial<RelayOptions> = {}): {
    readonly relay: Relay;
    readonly heard: string[];
    readonly name: string;
  } {
    names += 1;
    const name = options.name ?? `relay-${names}`;
    const heard: string[] = [];
    const relay = createRelay({
      store,
      name,
      random: () => 0.5,
      clock: world.clock,
      async deliver({ orgId, seq }) {
        heard.push(`${orgId}.${seq}`);
      },
      ...options,
    });
    return { relay, heard, name };
  }
  const drained = { budgetMs: 20_000 };
  const of = (heard: readonly string[], orgId: OrgId): readonly number[] =>
    heard.filter((id) => id.startsWith(orgId)).map((id) => Number(id.slice(orgId.length + 1)));

  test("delivers every event once, in the order of seq, and goes on where it stopped", async () => {
    const { relay, heard, name } = hearing();
    await relay.runOnce(drained);
    const [one, other] = [await newOrg(), await newOrg()];
    await Promise.all([rename(one, 5), rename(other, 3)]);
    expect(await relay.runOnce(drained)).toMatchObject({
      delivered: 10,
      failed: 0,
      parked: 0,
      lost: 0,
      isDrained: true,
    });
    expect([of(heard, one), of(heard, other)]).toEqual([
      [1, 2, 3, 4, 5, 6],
      [1, 2, 3, 4],
    ]);
    await rename(one, 1);
    const again = hearing({ name, store: world.store() });
    await again.relay.runOnce(drained);
    expect(again.heard).toEqual([`${one}.7`]);
  });

  test("a webhook that is changed goes by the change, from the event on that is under way", async () => {
    const targets: string[] = [];
    let change: () => Promise<unknown> = async () => {};
    const webhooks = createWebhooks({
      store,
      name: "changing",
      clock: world.clock,
      keys: [{ id: "k1", secret: new Uint8Array(32) }],
      allowUrl: () => true,
      async fetch(url, { headers }) {
        targets.push(`${new URL(url).pathname} ${headers["webhook-id"]?.split(".")[1]}`);
        await change();
        return { status: 200, headers: { get: () => null }, body: null };
      },
    });
    const orgId = await newOrg();
    const { id } = await webhooks.create({ org: orgId, url: "https://example.com/old" });
    await rename(orgId, 2);
    change = async () => {
      change = async () => {};
      await webhooks.update(id, { url: "https://example.com/new" });
    };
    await webhooks.runOnce(drained);
    expect(targets).toEqual(["/old 2", "/new 2", "/new 3"]);
    await webhooks.delete(id);
  });

  test("a webhook that is switched off is sent nothing, not even what was asked for once more", async () => {
    let isDown = true;
    const sent: string[] = [];
    const webhooks = createWebhooks({
      store,
      name: "switched",
      clock: world.clock,
      keys: [{ id: "k1", secret: new Uint8Array(32) }],
      allowUrl: () => true,
      maxAttempts: 1,
      async fetch(_, { headers }) {
        sent.push(headers["webhook-id"]?.split(".")[1] ?? "");
        return { status: isDown ? 500 : 200, headers: { get: () => null }, body: null };
      },
    });
    const orgId = await newOrg();
    const { id } = await webhooks.create({ org: orgId, url: "https://example.com/" });
    await rename(orgId, 1);
    expect(await webhooks.runOnce(drained)).toMatchObject({ parked: 1 });
    isDown = false;
    await webhooks.redeliver(id, { orgId, seq: 2 });
    await webhooks.disable(id);
    await webhooks.runOnce(drained);
    expect(sent).toEqual(["2"]);
    await webhooks.enable(id);
    expect(await webhooks.runOnce(drained)).toMatchObject({ delivered: 1 });
    expect(sent).toEqual(["2", "2"]);
    expect((await webhooks.dead(id)).data).toEqual([]);
    await webhooks.delete(id);
  });

  test("of a joint commit each event is delivered", async () => {
    const { relay, heard } = hearing();
    await relay.runOnce(drained);
    const orgId = await newOrg();
    await Promise.all(
      Array.from({ length: 20 }, () => store.addMember({ orgId, usrId: generate("usr"), role: "member" })),
    );
    await relay.runOnce(drained);
    expect(of(heard, orgId)).toEqual(Array.from({ length: 21 }, (_, place) => place + 1));
  });

  test("one that begins now hears of nothing before, one that begins at the beginning of everything", async () => {
    const [orgId, known] = [await newOrg(), await newOrg()];
    await rename(known, 1);
    // Everything of one is discovered before, of the other one nothing.
    await hearing().relay.runOnce(drained);
    await rename(orgId, 2);
    const now = hearing({ from: "now" });
    await now.relay.runOnce(drained);
    await rename(known, 1);
    const beginning = hearing({ from: "beginning" });
    await rename(orgId, 1);
    await Promise.all([now.relay.runOnce(drained), beginning.relay.runOnce(drained)]);
    await Promise.all([now.relay.runOnce(drained), beginning.relay.runOnce(drained)]);
    expect(of(now.heard, orgId)).toEqual([4]);
    expect(of(now.heard, known)).toEqual([3]);
    expect(of(beginning.heard, orgId)).toEqual([1, 2, 3, 4]);
    expect(of(beginning.heard, known)).toEqual([1, 2, 3]);
  });

  test("other types are passed over, also where nothing else is there", async () => {
    const { relay, heard } = hearing({ types: ["org.suspended"], batch: 2 });
    await relay.runOnce(drained);
    const orgId = await newOrg();
    await rename(orgId, 4);
    await store.suspendOrg(orgId);
    await store.reinstateOrg(orgId);
    await relay.runOnce(drained);
    expect(of(heard, orgId)).toEqual([6]);
    expect((await relay.lag()).oldest).toBeNull();
  });

  test("a poisoned event is tried twelve times, later each time, then given up; the others flow (E3)", async () => {
    const attempts: number[] = [];
    let bad = "";
    const { relay, heard } = hearing({
      async deliver({ orgId, seq }, { attempt }) {
        if (`${orgId}.${seq}` === bad) {
          attempts.push(attempt);
          throw new DeliveryFailed("out_of_paper");
        }
        heard.push(`${orgId}.${seq}`);
      },
    });
    await relay.runOnce(drained);
    const [sick, well] = [await newOrg(), await newOrg()];
    bad = `${sick}.2`;
    await rename(sick, 2);
    await relay.runOnce(drained);
    expect([of(heard, sick), of(heard, well)]).toEqual([[1], [1]]);
    // Not before its time.
    await relay.runOnce(drained);
    expect(attempts).toEqual([1]);
    for (const wait of [5, 15, 45, 135, 405, 1215, 3645, 10_935, 6 * HOUR, 6 * HOUR]) {
      await world.forward(wait - 3);
      await relay.runOnce(drained);
      const before = attempts.length;
      await rename(well, 1);
      await world.forward(4);
      await relay.runOnce(drained);
      expect(attempts).toHaveLength(before + 1);
    }
    expect([of(heard, sick), await relay.dead()]).toMatchObject([[1], { data: [] }]);
    await world.forward(6 * HOUR + 1);
    await relay.runOnce(drained);
    expect(attempts).toEqual(Array.from({ length: 12 }, (_, place) => place + 1));
    expect(of(heard, sick)).toEqual([1, 3]);
    expect(of(heard, well)).toHaveLength(11);
    expect((await relay.dead()).data).toMatchObject([
      { orgId: sick, seq: 2, code: "out_of_paper", attempts: 12, isBlocking: false },
    ]);
    expect(await relay.lag()).toMatchObject({ oldest: null, parked: 1, blocked: 0 });
    expect(await relay.health()).toEqual({ status: "degraded", code: "relay.parked" });

    await relay.redeliver({ orgId: sick, seq: 2 });
    await relay.runOnce(drained);
    expect((await relay.dead()).data).toMatchObject([{ seq: 2, attempts: 13 }]);
    bad = "";
    await relay.redeliver({ orgId: sick, seq: 2 });
    await relay.runOnce(drained);
    expect(of(heard, sick)).toEqual([1, 3, 2]);
    expect((await relay.dead()).data).toEqual([]);
    await expect(relay.redeliver({ orgId: sick, seq: 2 })).rejects.toMatchObject({ code: "not_found" });
    expect(await relay.health()).toEqual({ status: "healthy" });
  });

  test("what was given up is listed page by page, by organization and number, and a cursor of anything else is refused", async () => {
    const { relay, heard } = hearing({
      maxAttempts: 1,
      async deliver({ seq }) {
        if (seq > 1) {
          throw new DeliveryFailed("out_of_paper");
        }
      },
    });
    await relay.runOnce(drained);
    const orgs = [await newOrg(), await newOrg()].sort();
    for (const orgId of orgs) {
      await rename(orgId, 2);
    }
    await relay.runOnce(drained);
    expect(heard).toEqual([]);
    const all = orgs.flatMap((orgId) => [2, 3].map((seq) => ({ orgId, seq })));
    const found: object[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<Relay["dead"]>> = await relay.dead({ limit: 3, cursor });
      found.push(...page.data.map(({ orgId, seq }) => ({ orgId, seq })));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(found).toEqual(all);
    expect((await relay.dead({ limit: 4 })).nextCursor).toBeNull();
    // The place of another relay's list is a place in one's own: nobody else's rows are behind it.
    expect((await hearing().relay.dead({ cursor: `${orgs[0]}.1` })).data).toEqual([]);
    for (const bad of ["", "x", `${orgs[0]}.`, `${orgs[0]}.1'`, `${alice}.1`, "x".repeat(1_000_000), 7 as never]) {
      await expect(relay.dead({ cursor: bad })).rejects.toMatchObject({ code: "precondition.invalid_cursor" });
    }
    await expect(relay.dead({ limit: 201 })).rejects.toMatchObject({ code: "precondition.invalid_limit" });
  });

  test("one that blocks holds that organization only, until somebody decides (E3)", async () => {
    let bad = "";
    const { relay, heard } = hearing({
      maxAttempts: 2,
      onExhausted: "block",
      async deliver({ orgId, seq }) {
        if (`${orgId}.${seq}` === bad) {
          throw new Error("no");
        }
        heard.push(`${orgId}.${seq}`);
      },
    });
    await relay.runOnce(drained);
    const [held, free] = [await newOrg(), await newOrg()];
    bad = `${held}.2`;
    await rename(held, 3);
    await relay.runOnce(drained);
    await world.forward(10);
    await relay.runOnce(drained);
    await rename(held, 1);
    await rename(free, 1);
    await world.forward(24 * HOUR);
    await relay.runOnce(drained);
    expect([of(heard, held), of(heard, free)]).toEqual([[1], [1, 2]]);
    expect((await relay.dead()).data).toMatchObject([{ orgId: held, seq: 2, code: "failed", isBlocking: true }]);
    expect(await relay.lag()).toMatchObject({ parked: 1, blocked: 1 });
    bad = "";
    await relay.redeliver({ orgId: held, seq: 2 });
    await relay.runOnce(drained);
    expect(of(heard, held)).toEqual([1, 2, 3, 4, 5]);

    bad = `${held}.6`;
    await rename(held, 2);
    await relay.runOnce(drained);
    await world.forward(10);
    await relay.runOnce(drained);
    await relay.discard({ orgId: held, seq: 6 });
    await relay.runOnce(drained);
    expect(of(heard, held)).toEqual([1, 2, 3, 4, 5, 7]);
    await expect(relay.discard({ orgId: held, seq: 6 })).rejects.toMatchObject({ code: "not_found" });
  });

  test("whoever has lost the lease stops, and moves nothing", async () => {
    let hold: (() => void) | undefined;
    const entered = new Promise<void>((enter) => {
      hold = enter;
    });
    let release = (): void => {};
    const slow = hearing({
      async deliver({ seq }) {
        if (seq === 1) {
          hold?.();
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        }
        slow.heard.push(String(seq));
      },
      concurrency: 1,
      // Its time passes unnoticed.
      timers: { set: () => 0, clear: () => {} },
    });
    const fast = hearing({ name: slow.name, store: world.store() });
    await fast.relay.runOnce(drained);
    const orgId = await newOrg();
    await rename(orgId, 2);
    // It has time enough: what it stops for is its lease.
    const running = slow.relay.runOnce({ budgetMs: 1_000_000 });
    await entered;
    await fast.relay.runOnce(drained);
    expect(of(fast.heard, orgId)).toEqual([]);
    await world.forward(31);
    await fast.relay.runOnce(drained);
    expect(of(fast.heard, orgId)).toEqual([1, 2, 3]);
    release();
    expect(await running).toMatchObject({ lost: 1 });
    // It had begun with the first one, and repeats nothing behind it.
    expect(slow.heard).toEqual(["1"]);
    await rename(orgId, 1);
    await fast.relay.runOnce(drained);
    expect(of(fast.heard, orgId)).toEqual([1, 2, 3, 4]);
  });

  test("a delivery that does not end is left behind before its lease ends", async () => {
    const fire: (() => void)[] = [];
    let reason: unknown;
    const { relay } = hearing({
      timers: { set: (callback) => fire.push(callback), clear: () => {} },
      deliver: (_, { signal }) => {
        signal.addEventListener("abort", () => {
          reason = signal.reason;
        });
        queueMicrotask(() => fire.at(-1)?.());
        return new Promise(() => {});
      },
      maxAttempts: 1,
    });
    await relay.runOnce(drained);
    const orgId = await newOrg();
    await relay.runOnce(drained);
    expect(reason).toMatchObject({ code: "relay.lease_lost" });
    expect((await relay.dead()).data).toMatchObject([{ orgId, seq: 1, code: "relay.lease_lost" }]);
  });

  test("seek moves it either way, and ends a lease", async () => {
    const { relay, heard } = hearing();
    await relay.runOnce(drained);
    const orgId = await newOrg();
    await rename(orgId, 3);
    await relay.runOnce(drained);
    await relay.seek(orgId, 2);
    await relay.runOnce(drained);
    expect(of(heard, orgId)).toEqual([1, 2, 3, 4, 3, 4]);
    await rename(orgId, 2);
    await relay.seek(orgId, 5);
    await relay.runOnce(drained);
    expect(of(heard, orgId)).toEqual([1, 2, 3, 4, 3, 4, 6]);
    // Nothing of the future is skipped.
    await relay.seek(orgId, 1000);
    await rename(orgId, 1);
    await relay.runOnce(drained);
    expect(of(heard, orgId).at(-1)).toBe(7);
    await expect(relay.seek(generate("org"), 1)).rejects.toMatchObject({ code: "not_found" });
  });

  test("the lag is the age of the oldest event that waits", async () => {
    const { relay } = hearing({ deliver: () => Promise.reject(new Error("no")) });
    await relay.runOnce(drained);
    expect(await relay.lag()).toMatchObject({ oldest: null, seconds: 0 });
    await newOrg();
    await relay.runOnce(drained);
    await world.forward(400);
    const { seconds } = await relay.lag();
    expect(seconds).toBeGreaterThan(399);
    expect(seconds).toBeLessThan(500);
    expect(await relay.health()).toEqual({ status: "degraded", code: "relay.behind" });
  });

  test("what the host's transaction wrote is delivered once it is committed, and never if it is not", async () => {
    if (world.inTransaction === undefined) {
      expect(store.capabilities.hostTransactions).toBe(false);
      return;
    }
    const { relay, heard } = hearing();
    await relay.runOnce(drained);
    const orgId = await newOrg();
    await world.inTransaction((inside) => rename(orgId, 2, inside), "rollback");
    await world.inTransaction((inside) => rename(orgId, 1, inside), "commit");
    await relay.runOnce(drained);
    expect(of(heard, orgId)).toEqual([1, 2]);
  });

  test("pruning keeps what is undelivered and what was given up", async () => {
    // Other relays of this file are behind, which counts.
    const own = kind === "memory" ? await (worlds["memory"] as () => Promise<World>)() : world;
    await own.sql?.("delete from tenancy.subscription");
    await own.sql?.("delete from tenancy.relay_cursor");
    await own.sql?.("delete from tenancy.relay_dead");
    store = own.store();
    const audit = createAudit(store);
    let isBad = true;
    const { relay, heard } = hearing({
      maxAttempts: 1,
      async deliver({ orgId, seq }) {
        if (isBad && seq === 3) {
          throw new Error("no");
        }
        heard.push(`${orgId}.${seq}`);
      },
    });
    await relay.runOnce(drained);
    const orgId = await newOrg();
    await rename(orgId, 1);
    await relay.runOnce(drained);
    await rename(orgId, 2);
    const later = new Date(Date.now() + HOUR * 1000 * 1000);
    const seqs = async (): Promise<readonly number[]> =>
      (await store.listEvents(orgId)).data.map(({ seq }: TenancyEvent) => seq);
    await audit.prune({ before: later });
    expect(await seqs()).toEqual([3, 4]);
    await relay.runOnce(drained);
    expect(of(heard, orgId)).toEqual([1, 2, 4]);
    await audit.prune({ before: later });
    expect(await seqs()).toEqual([3, 4]);
    isBad = false;
    await relay.redeliver({ orgId, seq: 3 });
    await relay.runOnce(drained);
    expect(of(heard, orgId)).toEqual([1, 2, 4, 3]);
    await audit.prune({ before: later });
    expect(await seqs()).toEqual([]);
    expect((await store.getOrg(orgId)).version).toBe(4);
    await rename(orgId, 1);
    await relay.seek(orgId, 0);
    await relay.runOnce(drained);
    expect(of(heard, orgId)).toEqual([1, 2, 4, 3, 5]);
  });

  test("one that runs hears of what is committed in its process, until it is stopped", async () => {
    let heardOf: (seq: number) => void = () => {};
    const { relay } = hearing({ deliver: async ({ seq }) => heardOf(seq), pollSeconds: 3600 });
    await relay.runOnce(drained);
    relay.start();
    relay.start();
    const first = new Promise<number>((resolve) => {
      heardOf = resolve;
    });
    const orgId = await newOrg();
    expect(await first).toBe(1);
    const second = new Promise<number>((resolve) => {
      heardOf = resolve;
    });
    await rename(orgId, 1);
    expect(await second).toBe(2);
    await relay.stop();
    heardOf = () => {
      throw new Error("it was stopped");
    };
    await rename(orgId, 1);
    await relay.stop();
  });
});
