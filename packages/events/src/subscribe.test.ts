import { generate, type TenancyEvent } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { expect, test } from "vitest";
import { createEvents, HandlerHangs, type LogEntry } from "./index.ts";

const alice = generate("usr");

function open() {
  const store = new InMemoryTenancyStore();
  const logged: LogEntry[] = [];
  const pending = new Map<number, () => void>();
  let timer = 0;
  const events = createEvents({
    store,
    log: (entry) => logged.push(entry),
    timers: {
      set(callback) {
        timer += 1;
        pending.set(timer, callback);
        return timer;
      },
      clear: (handle) => pending.delete(handle as number),
    },
  });
  return { store, events, logged, pending };
}

test("without a subscriber a mutation is what it is (L4)", async () => {
  const { store } = open();
  expect((await store.createOrg(alice)).org.version).toBe(1);
});

test("a handler that throws harms neither the mutation nor the others, and is reported (L4)", async () => {
  const { store, events, logged, pending } = open();
  const boom = new Error("boom");
  const heard: number[] = [];
  events.subscribe({}, () => {
    throw boom;
  });
  events.subscribe({}, () => Promise.reject(boom));
  events.subscribe({}, ({ seq }) => heard.push(seq));
  const { org } = await store.createOrg(alice);
  expect(await store.updateOrg({ orgId: org.id, name: "Acme" })).toMatchObject({ version: 2 });
  expect(heard).toEqual([1, 2]);
  const places = logged.map(({ cause, event, source }) => [cause, event?.seq, source]);
  expect(places).toEqual([1, 1, 2, 2].map((seq) => [boom, seq, "subscribe"]));
  expect(pending.size).toBe(0);
});

test("a handler that hangs is reported, once, and holds nothing up (L4)", async () => {
  const { store, events, logged, pending } = open();
  const heard: number[] = [];
  events.subscribe({}, () => new Promise(() => {}));
  events.subscribe({}, ({ seq }) => heard.push(seq));
  const { org } = await store.createOrg(alice);
  await store.updateOrg({ orgId: org.id, name: "Acme" });
  expect(heard).toEqual([1, 2]);
  expect(logged).toEqual([]);
  for (const late of pending.values()) {
    late();
  }
  expect(logged.map(({ cause, event }) => [cause instanceof HandlerHangs, event?.seq])).toEqual([
    [true, 1],
    [true, 2],
  ]);
});

test.each([
  () => {
    throw new Error("no log");
  },
  () => Promise.reject(new Error("no log")),
])("a log that throws, now or later, changes nothing", async (log) => {
  const store = new InMemoryTenancyStore();
  const events = createEvents({ store, log });
  events.subscribe({}, () => {
    throw new Error("boom");
  });
  expect((await store.createOrg(alice)).org.version).toBe(1);
});

test("types and organizations choose, until it is ended", async () => {
  const { store, events } = open();
  const { org } = await store.createOrg(alice);
  const heard: TenancyEvent[] = [];
  const end = events.subscribe({ types: ["org.suspended"], orgs: [org.id] }, (event) => heard.push(event));
  const { org: other } = await store.createOrg(alice);
  await store.suspendOrg(other.id);
  await store.suspendOrg(org.id);
  end();
  await store.reinstateOrg(org.id);
  await store.suspendOrg(org.id);
  expect(heard.map(({ orgId, seq }) => [orgId, seq])).toEqual([[org.id, 2]]);
});

test("what is no subscription, or no configuration, is refused", () => {
  const { store, events } = open();
  const invalid = expect.objectContaining({ code: "precondition.invalid_input" });
  expect(() => events.subscribe({}, 7 as never)).toThrow(invalid);
  expect(() => events.subscribe({ types: ["nonsense" as never] }, () => {})).toThrow(invalid);
  const config = expect.objectContaining({ code: "config.invalid" });
  const { proxy: gone, revoke } = Proxy.revocable({}, {});
  revoke();
  expect(() => events.subscribe(gone, () => {})).toThrow(invalid);
  expect(() => events.subscribe({ colour: 1 } as never, () => {})).toThrow(invalid);
  for (const options of [
    {},
    null,
    gone,
    { store: {} },
    { store, log: 7 },
    { store, hangSeconds: 0 },
    { store, timers: { set() {} } },
    { store, colour: 1 },
  ]) {
    expect(() => createEvents(options as never)).toThrow(config);
  }
});
