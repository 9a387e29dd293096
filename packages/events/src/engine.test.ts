import { generate } from "@tenantry/core";
import { InMemoryDatabase, InMemoryTenancyStore } from "@tenantry/store-memory";
import { expect, test } from "vitest";
import { createRelay, type RelayOptions } from "./relay.ts";

const alice = generate("usr");

function open(options: Partial<RelayOptions> = {}) {
  let now = Date.UTC(2030, 0);
  const clock = (): Date => new Date(now);
  const store = new InMemoryTenancyStore({ clock, groups: ["relay"] }, new InMemoryDatabase({ clock }));
  const made = createRelay({ store, name: "r", random: () => 0.5, clock, deliver: async () => {}, ...options });
  return {
    store,
    relay: made,
    pass: (seconds: number) => {
      now += seconds * 1000;
    },
    clock,
  };
}

test("a failure that cannot be looked at, or asks for no number of seconds, is one like any other", async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const thrown: unknown[] = [proxy, null];
  const { store, relay, pass } = open({ maxAttempts: 2, deliver: () => Promise.reject(thrown.shift()) });
  await relay.runOnce({ budgetMs: 1000 });
  const { org } = await store.createOrg(alice);
  expect(await relay.runOnce({ budgetMs: 1000 })).toMatchObject({ failed: 1 });
  pass(10);
  expect(await relay.runOnce({ budgetMs: 1000 })).toMatchObject({ parked: 1 });
  expect((await relay.dead()).data).toMatchObject([{ orgId: org.id, seq: 1, code: "failed", attempts: 2 }]);
});

test("one that is started while it stops goes on, and stops again", async () => {
  let heard = (): void => {};
  const { store, relay } = open({ pollSeconds: 3600, deliver: async () => heard() });
  await relay.runOnce({ budgetMs: 1000 });
  relay.start();
  const stopped = relay.stop();
  relay.start();
  relay.start();
  await stopped;
  const delivered = new Promise<void>((resolve) => {
    heard = resolve;
  });
  await store.createOrg(alice);
  await delivered;
  await Promise.all([relay.stop(), relay.stop()]);
});

test("a log that rejects is nobody's concern", async () => {
  const { store, relay } = open({
    deliver: () => Promise.reject(new Error("no")),
    log: () => Promise.reject(new Error("no log")),
  });
  await relay.runOnce({ budgetMs: 1000 });
  await store.createOrg(alice);
  expect(await relay.runOnce({ budgetMs: 1000 })).toMatchObject({ failed: 1 });
});

test("an event that is given back before it is tried has failed as often as before", async () => {
  let step = 0;
  const attempts: number[] = [];
  const { store, relay, pass, clock } = open({
    deliver: (_, { attempt }) => {
      attempts.push(attempt);
      return Promise.reject(new Error("no"));
    },
    // Of a budget the time is over soon, if every look at the clock takes a second.
    clock: () => {
      pass(step);
      return clock();
    },
  });
  await relay.runOnce({ budgetMs: 1000 });
  await store.createOrg(alice);
  await relay.runOnce({ budgetMs: 1000 });
  pass(10);
  step = 1;
  expect(await relay.runOnce({ budgetMs: 2000 })).toMatchObject({ failed: 0, isDrained: false });
  step = 0;
  await relay.runOnce({ budgetMs: 1000 });
  expect(attempts).toEqual([1, 2]);
});
