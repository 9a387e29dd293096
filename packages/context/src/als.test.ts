import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { alice, bob, codeOf, idNo, openWorld, stranger, user } from "../test/world.ts";
import type { ActiveTenant } from "./active-tenant.ts";
import { createTenantScope } from "./als.ts";
import { createTenantStub } from "./testing.ts";

const routed = { host: "acme.example.com" };

describe("a scope", () => {
  test("has no tenant before a guard has proved one, and that one afterwards", async () => {
    const world = await openWorld();
    const scope = createTenantScope();
    const request = await world.open(routed, user(bob));
    await scope.run(request, async () => {
      expect(await codeOf(() => scope.current())).toBe("tenant.context_missing");
      expect(scope.tryCurrent()).toBeUndefined();
      expect(scope.resolution()).toBe(request.resolution);
      const active = await world.tenancy.guard.require(request);
      expect(scope.current()).toBe(active);
    });
    expect(scope.tryCurrent()).toBeUndefined();
  });

  test("has none outside of a request, and no resolution either", async () => {
    const scope = createTenantScope();
    expect(await codeOf(() => scope.current())).toBe("tenant.context_missing");
    expect(await codeOf(() => scope.resolution())).toBe("tenant.context_missing");
    expect(scope.tryCurrent()).toBeUndefined();
  });

  test("has none where the guard refused", async () => {
    const world = await openWorld();
    const scope = createTenantScope();
    const request = await world.open(routed, user(stranger));
    await scope.run(request, async () => {
      await codeOf(() => world.tenancy.guard.require(request));
      expect(await codeOf(() => scope.current())).toBe("tenant.context_missing");
    });
  });

  test("restores the outer tenant when an inner one ends, also by an error", async () => {
    const world = await openWorld();
    const scope = createTenantScope();
    const outer = await world.tenancy.guard.require(await world.open(routed, user(bob)));
    const inner = await world.tenancy.guard.require(await world.open(routed, user(alice)));
    scope.runAs(outer, () => {
      expect(() =>
        scope.runAs(inner, () => {
          expect(scope.current()).toBe(inner);
          throw new RangeError();
        }),
      ).toThrow(RangeError);
      expect(scope.current()).toBe(outer);
    });
  });

  test("runs as a proof alone, and what looks like one is none", async () => {
    const world = await openWorld();
    const scope = createTenantScope();
    const active = await world.tenancy.guard.require(await world.open(routed, user(bob)));
    expect(await codeOf(() => scope.runAs({ ...active }, () => scope.current()))).toBe("tenant.context_missing");
    expect(await codeOf(() => scope.runAs(active, () => scope.resolution()))).toBe("tenant.context_missing");
  });

  test("goes with a function that is bound to it, and nowhere else", async () => {
    const world = await openWorld();
    const scope = createTenantScope();
    const active = await world.tenancy.guard.require(await world.open(routed, user(bob)));
    const bound = scope.runAs(active, () => scope.bind((suffix: string) => `${scope.tryCurrent()?.org.slug}${suffix}`));
    expect(bound("!")).toBe("acme!");
    const unbound = scope.bind(() => scope.tryCurrent());
    expect(scope.runAs(active, unbound)).toBeUndefined();
  });

  test("is not another one", async () => {
    const world = await openWorld();
    const [one, other] = [createTenantScope(), createTenantScope()];
    const active = await world.tenancy.guard.require(await world.open(routed, user(bob)));
    one.runAs(active, () => expect(other.tryCurrent()).toBeUndefined());
  });
});

test("10,000 interleaved requests of 100 tenants are each their own", async () => {
  const stub = createTenantStub();
  const scope = createTenantScope();
  const people = await Promise.all(
    Array.from({ length: 100 }, async (_, number) => {
      const usrId = idNo("usr", 1000 + number);
      return { usrId, orgId: (await stub.store.createOrg({ creator: usrId })).org.id };
    }),
  );
  // The same numbers in every run.
  let seed = 7;
  const chance = (choices: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % choices;
  };
  const mixed: string[] = [];
  const ways: readonly (() => Promise<unknown>)[] = [
    () => Promise.resolve(),
    () => nextTurn(),
    () => wait(chance(3)),
    async () => {
      for await (const part of new ReadableStream({
        start(stream) {
          stream.enqueue(chance(9));
          stream.close();
        },
      })) {
        await part;
      }
    },
    () => Promise.reject(new RangeError()).catch(() => null),
    () => new Promise<void>((resolve) => queueMicrotask(resolve)),
  ];
  const serve = async (): Promise<void> => {
    const { usrId, orgId } = people[chance(people.length)] as (typeof people)[number];
    const header = () => [orgId];
    const request = await stub.tenancy.open({ usrId }, { host: null, path: "/", header });
    const isOwn = (active: ActiveTenant | undefined): boolean => active?.org.id === orgId;
    await scope.run(request, async () => {
      await (ways[chance(ways.length)] as () => Promise<unknown>)();
      await stub.tenancy.guard.require(request);
      for (let step = 0; step < 3; step += 1) {
        await (ways[chance(ways.length)] as () => Promise<unknown>)();
        if (!isOwn(scope.tryCurrent()) || scope.current().actor.kind !== "user") {
          mixed.push(orgId);
        }
      }
      if (chance(10) === 0) {
        throw new RangeError();
      }
    });
  };
  const served = await Promise.allSettled(Array.from({ length: 10_000 }, serve));
  const thrown = served.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  expect(thrown.length).toBeGreaterThan(500);
  expect(thrown.every((error) => error instanceof RangeError)).toBe(true);
  expect(mixed).toEqual([]);
  expect(scope.tryCurrent()).toBeUndefined();
});
