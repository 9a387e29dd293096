import { describe, expect, test } from "vitest";
import { alice, codeOf, input, openWorld, user } from "../test/world.ts";
import { health } from "./health.ts";
import { toJob } from "./tenant-context.ts";

const header = { headers: { "x-tenant-id": "acme" } };
const never = (): Promise<never> => new Promise(() => {});
const enough = new Error("enough");

function aborted(): AbortSignal {
  return AbortSignal.abort(enough);
}

/** A signal, and what aborts it once whatever is under way has begun to wait. */
function later(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort(enough) };
}

describe("a caller who stops waiting", () => {
  test("is told its own reason, by everything that may wait", async () => {
    const { tenancy, acme, open } = await openWorld({ wrap: (own) => ({ ...own, find: never, standing: never }) });
    const request = await openWorld().then((world) => world.open(header, user(alice)));
    const active = await openWorld().then(async (world) =>
      world.tenancy.guard.require(await world.open(header, user(alice))),
    );
    const calls: readonly ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => tenancy.resolver.resolve(input(header), { signal }),
      (signal) => tenancy.resolver.resolveId(input(header), { signal }),
      (signal) => tenancy.validator.lookup(acme, { signal }),
      (signal) => tenancy.validator.validate(acme, { signal }),
      (signal) => tenancy.validator.validate(acme, { fresh: true, signal }),
      (signal) => tenancy.open(null, input(header), { signal }),
      (signal) => tenancy.fromJob(toJob(active), {}, { signal }),
      (signal) => tenancy.guard.enterAs(acme, { operator: alice, reason: "look" }, { signal }),
      (signal) => health({ slow: never }, { signal }),
    ];
    for (const call of calls) {
      await expect(call(aborted())).rejects.toBe(enough);
    }
    for (const call of calls.filter((_, place) => place !== 7)) {
      const { signal, abort } = later();
      const waiting = call(signal);
      abort();
      await expect(waiting).rejects.toBe(enough);
    }
    expect(open).toBeTypeOf("function");
    await expect(tenancy.guard.require(request, {}, { signal: aborted() })).rejects.toBe(enough);
  });

  test("stops alone: others go on waiting for the same look-up", async () => {
    let answer = (_: null): void => {};
    const found = new Promise<null>((resolve) => {
      answer = resolve;
    });
    const { tenancy, acme } = await openWorld({ wrap: (own) => ({ ...own, find: () => found }) });
    const { signal, abort } = later();
    const [leaving, staying] = [tenancy.validator.lookup(acme, { signal }), tenancy.validator.lookup(acme)];
    abort();
    await expect(leaving).rejects.toBe(enough);
    answer(null);
    expect(await staying).toBeNull();
  });

  test("changes nothing where it does not stop", async () => {
    const { tenancy, open } = await openWorld();
    const { signal } = new AbortController();
    const active = await tenancy.guard.require(await open(header, user(alice)), {}, { signal });
    expect(active.membership?.role).toBe("owner");
    expect((await health({ store: async () => "degraded" }, { signal })).status).toBe("degraded");
  });

  test("gives a signal, or is refused", async () => {
    const { tenancy, acme } = await openWorld();
    for (const signal of [{}, "now", null]) {
      const code = await codeOf(() => tenancy.validator.lookup(acme, { signal: signal as never }));
      expect(code).toBe("precondition.invalid_input");
    }
  });
});
