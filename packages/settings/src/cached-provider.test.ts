import { generate } from "@tenantry/core";
import { describe, expect, test } from "vitest";
import { HeldProvider } from "../test/held-provider.ts";
import { CachedSettingsProvider, type CacheOptions } from "./cached-provider.ts";

const [a, b] = [generate("org"), generate("org")];

function opened(options: CacheOptions = {}) {
  const inner = new HeldProvider();
  const cache = new CachedSettingsProvider(inner, options);
  /** What is read of an organization now, where a read that this needs is answered at once. */
  const read = async (orgId: typeof a, version: number, fresh = false): Promise<number> => {
    const number = inner.loads.length;
    const found = cache.load(orgId, { fresh });
    await Promise.resolve().then(() => {});
    inner.loads[number]?.answer(version);
    return (await found).version;
  };
  return { inner, cache, read };
}
const started = async (inner: HeldProvider, number: number): Promise<void> => {
  while (inner.loads.length < number) {
    await Promise.resolve();
  }
};

describe("a cache", () => {
  test("reads once for those who ask at once, and for those who ask later", async () => {
    const { inner, cache } = opened();
    const both = [cache.load(a), cache.load(a)];
    await started(inner, 1);
    inner.loads[0]?.answer(1);
    const [first, second] = await Promise.all(both);
    expect(first).toBe(second);
    expect(await cache.load(a)).toBe(first);
    expect(inner.loads).toHaveLength(1);
  });

  test("a change drops the entry of its organization alone", async () => {
    const { inner, cache, read } = opened();
    await read(a, 1);
    await read(b, 1);
    await cache.change(a, { set: [] });
    expect([await read(a, 2), await read(b, 2), inner.changes]).toEqual([2, 1, 1]);
  });

  test("a change whose outcome nobody knows drops it too", async () => {
    const { inner, cache, read } = opened();
    await read(a, 1);
    inner.change = () => Promise.reject(new Error("lost"));
    await expect(cache.change(a, { set: [] })).rejects.toThrow("lost");
    expect(await read(a, 2)).toBe(2);
  });

  test("a read that a change overtook is not kept, and nobody who asks later gets it", async () => {
    const { inner, cache, read } = opened();
    const slow = cache.load(a);
    await started(inner, 1);
    await cache.change(a, { set: [] });
    expect(await read(a, 2)).toBe(2);
    inner.loads[0]?.answer(1);
    // Whoever asked before the change may hear what was there then, or what is there now.
    expect((await slow).version).toBe(2);
    expect([await read(a, 3), inner.loads.length]).toEqual([2, 2]);
  });

  test("a read that a change overtook and that comes back first is not kept either", async () => {
    const { inner, cache, read } = opened();
    const slow = cache.load(a);
    await started(inner, 1);
    await cache.change(a, { set: [] });
    inner.loads[0]?.answer(1);
    await slow;
    expect([cache.size, await read(a, 2)]).toEqual([0, 2]);
  });

  test("of two reads the later snapshot stays, whichever comes back last", async () => {
    const { inner, cache, read } = opened();
    const slow = cache.load(a, { fresh: true });
    const quick = cache.load(a, { fresh: true });
    await started(inner, 2);
    inner.loads[1]?.answer(5);
    inner.loads[0]?.answer(4);
    expect([(await quick).version, (await slow).version, await read(a, 6)]).toEqual([5, 5, 5]);
  });

  test("hears of what others change: what is as new stays, what is older goes", async () => {
    const { inner, read } = opened();
    await read(a, 4);
    inner.tell({ orgId: a, version: 4 });
    expect(await read(a, 9)).toBe(4);
    inner.tell({ orgId: a, version: 5 });
    expect(await read(a, 9)).toBe(9);
  });

  test("a read that turns out to be newer than what was heard of is kept", async () => {
    const { inner, cache, read } = opened();
    const slow = cache.load(a);
    await started(inner, 1);
    inner.tell({ orgId: a, version: 5 });
    inner.loads[0]?.answer(5);
    await slow;
    expect([cache.size, await read(a, 9)]).toEqual([1, 5]);
  });

  test("takes the events of other processes, and nothing else for one", async () => {
    const { cache, read } = opened();
    await read(a, 4);
    const event = { orgId: a, seq: 5, type: "setting.unset" };
    for (const other of [
      null,
      1,
      {},
      { ...event, type: "org.updated" },
      { ...event, orgId: "x" },
      { ...event, seq: "5" },
    ]) {
      cache.onEvent(other);
    }
    cache.onEvent({
      get type() {
        throw new Error("gotcha");
      },
    });
    expect(await read(a, 9)).toBe(4);
    cache.onEvent(event);
    expect(await read(a, 9)).toBe(9);
  });

  test("believes what it read for as long as it is told to", async () => {
    const start = Date.UTC(2030, 0);
    let now = start;
    const { read } = opened({ ttlSeconds: 2, clock: () => new Date(now) });
    await read(a, 1);
    now = start + 2_000;
    expect(await read(a, 2)).toBe(1);
    now = start + 2_001;
    expect(await read(a, 2)).toBe(2);
  });

  test("keeps nothing for no time, so many organizations at most, and no errors", async () => {
    const none = opened({ ttlSeconds: 0 });
    await none.read(a, 1);
    expect([none.cache.size, await none.read(a, 2)]).toEqual([0, 2]);
    const one = opened({ maxEntries: 1 });
    await one.read(a, 1);
    await one.read(b, 1);
    expect([one.cache.size, await one.read(a, 2)]).toEqual([1, 2]);
    const { inner, cache, read } = opened();
    const lost = cache.load(a);
    await started(inner, 1);
    inner.loads[0]?.fail(new Error("lost"));
    await expect(lost).rejects.toThrow("lost");
    expect(await read(a, 2)).toBe(2);
  });

  test("is passed by where it is asked for what is fresh, and has that then", async () => {
    const { read } = opened();
    await read(a, 1);
    expect([await read(a, 2, true), await read(a, 3)]).toEqual([2, 2]);
  });

  test("forgets what it is told to, and once it is closed hears nothing", async () => {
    const { inner, cache, read } = opened();
    await read(a, 1);
    await read(b, 1);
    cache.invalidate(a);
    expect([await read(a, 2), await read(b, 2)]).toEqual([2, 1]);
    const slow = cache.load(generate("org"));
    await started(inner, 4);
    cache.close();
    inner.loads[3]?.answer(1);
    await slow;
    expect([cache.size, inner.handlers.size]).toEqual([0, 0]);
  });

  test("tells those who listen to it, which another cache may", () => {
    const { inner, cache } = opened();
    const heard: unknown[] = [];
    const end = cache.subscribe((news) => heard.push(news));
    inner.tell({ orgId: a, version: 2 });
    end();
    inner.tell({ orgId: a, version: 3 });
    expect(heard).toEqual([{ orgId: a, version: 2 }]);
  });

  test("knows organizations by their ids alone", async () => {
    const { inner, cache } = opened();
    await expect(cache.load("acme" as never)).rejects.toMatchObject({ code: "invalid_id" });
    await expect(cache.load(generate("usr") as never)).rejects.toMatchObject({ code: "invalid_type" });
    expect(inner.loads).toEqual([]);
  });
});

test.each<readonly [path: string, options: unknown]>([
  ["cache.ttlSeconds", { ttlSeconds: -1 }],
  ["cache.ttlSeconds", { ttlSeconds: Number.NaN }],
  ["cache.ttlSeconds", { ttlSeconds: "60" }],
  ["cache.maxEntries", { maxEntries: 0 }],
  ["cache.maxEntries", { maxEntries: 1.5 }],
  ["cache.clock", { clock: 1 }],
  ["cache", { ttl: 1 }],
])("%s: %j is no option", (path, options) => {
  expect(() => new CachedSettingsProvider(new HeldProvider(), options as CacheOptions)).toThrow(
    expect.objectContaining({ code: "config.invalid", details: { faults: [{ path, expected: expect.any(String) }] } }),
  );
});
