import type { TenancyEvent } from "@tenantry/core";
import { describe, expect, test } from "vitest";
import { alice, carol, counted, idNo, openWorld } from "../test/world.ts";
import type { TenantDirectory } from "./directory.ts";
import type { TenantReference } from "./reference.ts";
import type { TenantInfo } from "./tenant-info.ts";
import { TenantValidator } from "./validator.ts";

const id = idNo("org", 1);
const slug: TenantReference = { kind: "slug", value: "acme" };
const info: TenantInfo = {
  id,
  slug: "acme",
  name: "Acme",
  version: 3,
  status: "active",
  placement: { strategy: "row", state: "ready" },
};
const at = new Date(0);

/** An event of Acme's. */
function event<T extends TenancyEvent["type"]>(type: T, data: object = {}): TenancyEvent {
  return { orgId: id, seq: 4, type, at, actor: null, idempotencyKey: null, data } as unknown as TenancyEvent;
}

function fail(): never {
  throw new Error("not to be read");
}

/** A directory that answers when it is told to. */
function scripted(): {
  readonly directory: TenantDirectory;
  readonly asked: {
    readonly reference: TenantReference;
    readonly answer: (found: TenantInfo | null | Error) => void;
  }[];
} {
  const asked: ReturnType<typeof scripted>["asked"] = [];
  const find = (reference: TenantReference) =>
    new Promise<TenantInfo | null>((resolve, reject) => {
      asked.push({ reference, answer: (found) => (found instanceof Error ? reject(found) : resolve(found)) });
    });
  return { asked, directory: { knowsDomains: false, find, standing: () => Promise.reject(new Error("not asked")) } };
}

/** A directory of one tenant, and a clock. */
function open(tenant: TenantInfo | null = info, options: object = {}) {
  let current = tenant;
  let now = 1_900_000_000_000;
  const own: TenantDirectory = {
    knowsDomains: false,
    find: async ({ kind, value }) =>
      current !== null && value === (kind === "id" ? current.id : current.slug) ? current : null,
    standing: () => Promise.reject(new Error("not asked")),
  };
  const { directory, asked } = counted(own);
  const clock = (): Date => new Date(now);
  return {
    validator: new TenantValidator(directory, { clock, ...options }),
    asked,
    clock,
    current: () => current,
    set: (next: TenantInfo | null) => {
      current = next;
    },
    pass: (seconds: number) => {
      now += seconds * 1000;
    },
  };
}

/** Lets everything that waits for nothing but promises run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("what was found", () => {
  test("is kept under the id, and under the slug it was found by", async () => {
    const { validator, asked } = open();
    await validator.lookup(slug);
    await validator.lookup(slug);
    await validator.lookup(id);
    expect(await validator.lookup({ kind: "id", value: id })).toEqual(info);
    expect(asked.find).toBe(1);
  });

  test("is believed for its time and looked up again afterwards", async () => {
    const { validator, asked, pass } = open(info, { ttlSeconds: 10 });
    await validator.lookup(id);
    pass(10);
    await validator.lookup(id);
    expect(asked.find).toBe(1);
    pass(0.001);
    await validator.lookup(id);
    expect(asked.find).toBe(2);
  });

  test("is frozen through and through", async () => {
    const { validator } = open();
    const found = await validator.lookup(id);
    expect(Object.isFrozen(found) && Object.isFrozen(found?.placement)).toBe(true);
  });

  test("is not kept at all where nothing is to be kept", async () => {
    const { validator, asked } = open(info, { ttlSeconds: 0 });
    await validator.lookup(id);
    await validator.lookup(id);
    expect([asked.find, validator.size]).toEqual([2, 0]);
  });

  test("is looked up once for fifty who ask at once, and once more after its time", async () => {
    const { validator, asked, pass } = open();
    const all = await Promise.all(Array.from({ length: 50 }, () => validator.lookup(slug)));
    expect(all.every((found) => found === all[0])).toBe(true);
    expect(asked.find).toBe(1);
    pass(301);
    await Promise.all(Array.from({ length: 50 }, () => validator.lookup(slug)));
    expect(asked.find).toBe(2);
  });

  test("is valid if it is active and its place ready", async () => {
    const { validator, set } = open();
    expect(await validator.validate(id)).toEqual(info);
    for (const tenant of [
      { ...info, status: "suspended" as const },
      { ...info, status: "revoked" as const },
      { ...info, placement: { strategy: "schema", state: "pending" as const } },
    ]) {
      set(tenant);
      validator.invalidateAll();
      expect(await validator.validate(id)).toBeNull();
      expect(await validator.lookup(id)).toEqual(tenant);
    }
  });

  test("is looked up anew where it must be fresh", async () => {
    const { validator, set, asked } = open();
    await validator.validate(id);
    set({ ...info, status: "suspended", version: 4 });
    expect(await validator.validate(id)).not.toBeNull();
    expect(await validator.validate(id, { fresh: true })).toBeNull();
    expect(await validator.validate(id)).toBeNull();
    expect(asked.find).toBe(2);
  });

  describe("by a slug and by domains", () => {
    /** Every domain below `acme.test` is Acme's. */
    function openNamed(options: object = {}) {
      const opened = open(info, options);
      const find: TenantDirectory["find"] = async ({ kind, value }) => {
        opened.asked.find += 1;
        return value === "acme" || (kind === "domain" && value.endsWith("acme.test")) ? opened.current() : null;
      };
      const directory: TenantDirectory = { ...scripted().directory, knowsDomains: true, find };
      return { ...opened, validator: new TenantValidator(directory, { clock: opened.clock, ...options }) };
    }
    const domain = (value: string): TenantReference => ({ kind: "domain", value });

    test("is kept under all of them", async () => {
      const { validator, asked } = openNamed();
      for (let round = 0; round < 10; round += 1) {
        await validator.lookup(slug);
        await validator.lookup(domain("acme.test"));
      }
      expect(asked.find).toBe(2);
      expect(validator.size).toBe(3);
    });

    test("is what was read last, under all of them", async () => {
      const { validator, set } = openNamed();
      await validator.lookup(slug);
      const moved: TenantInfo = { ...info, placement: { strategy: "row", state: "archived" } };
      set(moved);
      await validator.lookup(domain("acme.test"));
      expect(await validator.lookup(slug)).toEqual(moved);
    });

    test("is forgotten under all of them: invalidated, newer, or gone", async () => {
      for (const end of ["invalidated", "newer", "gone"] as const) {
        const { validator, asked, set } = openNamed();
        await validator.lookup(slug);
        await validator.lookup(domain("acme.test"));
        set(end === "newer" ? { ...info, slug: "apex", version: 4 } : end === "gone" ? null : info);
        if (end === "invalidated") {
          validator.invalidate(id);
        } else {
          await validator.validate(end === "newer" ? domain("b.acme.test") : id, { fresh: true });
        }
        const before = asked.find;
        await validator.lookup(slug);
        await validator.lookup(domain("acme.test"));
        expect([end, asked.find - before]).toEqual([end, 2]);
      }
    });

    test("is believed under each for the time since that was looked up", async () => {
      const { validator, asked, pass } = openNamed({ ttlSeconds: 10 });
      await validator.lookup(slug);
      pass(6);
      await validator.lookup(domain("acme.test"));
      pass(6);
      await validator.lookup(domain("acme.test"));
      expect(asked.find).toBe(2);
      await validator.lookup(slug);
      expect(asked.find).toBe(3);
    });

    test("is kept under no more of them than may be kept", async () => {
      const { validator, asked } = openNamed({ maxEntries: 10 });
      for (let number = 0; number < 1000; number += 1) {
        await validator.lookup(domain(`${number}.acme.test`));
      }
      expect([asked.find, validator.size]).toEqual([1000, 10]);
      validator.invalidate(id);
      expect(validator.size).toBe(0);
    });
  });

  test("never yields to an older version", async () => {
    const { validator, set } = open({ ...info, version: 5 });
    await validator.lookup(id);
    set({ ...info, version: 4, status: "suspended" });
    expect(await validator.validate(slug)).toMatchObject({ version: 5 });
    expect(await validator.lookup(id)).toMatchObject({ version: 5, status: "active" });
  });
});

describe("what was not found", () => {
  test("is believed for a shorter time", async () => {
    const { validator, asked, pass } = open(null);
    await validator.lookup(id);
    pass(30);
    expect(await validator.lookup(id)).toBeNull();
    expect(asked.find).toBe(1);
    pass(1);
    await validator.lookup(id);
    expect(asked.find).toBe(2);
  });

  test("is not kept where that time is none", async () => {
    const { validator, asked } = open(null, { negativeTtlSeconds: 0 });
    await validator.lookup(id);
    await validator.lookup(id);
    expect(asked.find).toBe(2);
  });

  test.each([
    ["org.created", { slug: "acme" }],
    ["org.updated", { changes: { slug: { from: null, to: "acme" } } }],
  ] as const)("is forgotten when it appears: %s", async (type, data) => {
    const { validator, set } = open(null);
    expect([await validator.lookup(slug), await validator.lookup(id)]).toEqual([null, null]);
    set(info);
    validator.onEvent(event(type, data));
    expect([await validator.lookup(slug), await validator.lookup(id)]).toEqual([info, info]);
  });

  test("is not kept if it appeared while it was looked up", async () => {
    const { directory, asked } = scripted();
    const validator = new TenantValidator(directory);
    const found = validator.lookup(slug);
    await settled();
    validator.onEvent(event("org.created", { slug: "acme" }));
    asked[0]?.answer(null);
    await settled();
    asked[1]?.answer(info);
    expect(await found).toEqual(info);
  });
});

test("20,000 random ids cost one look each, and no more is kept than may be", async () => {
  const { validator, asked } = open(null, { maxEntries: 1000 });
  for (let number = 0; number < 20_000; number += 1) {
    await validator.lookup(idNo("org", number));
  }
  expect(asked.find).toBe(20_000);
  expect(validator.size).toBe(1000);
});

test("what was used last stays", async () => {
  const { validator, asked } = open(info, { maxEntries: 3 });
  await validator.lookup(id);
  await validator.lookup(idNo("org", 2));
  await validator.lookup(idNo("org", 3));
  await validator.lookup(id);
  await validator.lookup(idNo("org", 4));
  await validator.lookup(id);
  expect(asked.find).toBe(4);
});

test("an error is everybody's who waits, and nobody's afterwards", async () => {
  const { directory, asked } = scripted();
  const validator = new TenantValidator(directory);
  const both = [validator.lookup(id), validator.lookup(id)];
  await settled();
  asked[0]?.answer(new Error("down"));
  await expect(Promise.allSettled(both)).resolves.toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
  const again = validator.lookup(id);
  await settled();
  asked[1]?.answer(info);
  expect(await again).toEqual(info);
});

describe("an event", () => {
  test("of a rename shows at once: the old slug is forgotten with its tenant", async () => {
    const { validator, set } = open();
    await validator.lookup(slug);
    set({ ...info, slug: "apex", version: 4 });
    validator.onEvent(event("org.updated", { changes: { slug: { from: "acme", to: "apex" } } }));
    expect(await validator.lookup(slug)).toBeNull();
    expect(await validator.lookup({ kind: "slug", value: "apex" })).toMatchObject({ id });
  });

  test("of a rename shows by the old slug also where the tenant was looked up again by its id", async () => {
    const { validator, set } = open();
    await validator.lookup(slug);
    set({ ...info, slug: "apex", version: 4 });
    validator.onEvent(event("org.updated", { changes: { slug: { from: "acme", to: "apex" } } }));
    expect(await validator.lookup(id)).toMatchObject({ slug: "apex" });
    expect(await validator.lookup(slug)).toBeNull();
  });

  test.each(["org.suspended", "org.reinstated", "org.revoked", "tenant.moved"])(
    "%s is looked up again",
    async (type) => {
      const { validator, asked } = open();
      await validator.lookup(slug);
      validator.onEvent(event(type as "org.suspended"));
      await validator.lookup(slug);
      expect(asked.find).toBe(2);
    },
  );

  test.each(["membership.added", "invitation.created", "ownership.transferred"] as const)(
    "%s changes nothing that is kept",
    async (type) => {
      const { validator, asked } = open();
      await validator.lookup(slug);
      validator.onEvent(event(type));
      await validator.lookup(slug);
      expect(asked.find).toBe(1);
    },
  );

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", "org.suspended"],
    ["an empty object", {}],
    ["one without a type", { orgId: id }],
    ["one with a type that is no text", { orgId: id, type: Symbol("org.suspended") }],
    ["one of no organization", { type: "org.suspended", orgId: null }],
    ["one of something else", { type: "org.suspended", orgId: idNo("usr", 1) }],
    ["one that cannot be read", new Proxy({}, { get: fail })],
  ])("that is none changes nothing: %s", async (_, event) => {
    const { validator, asked } = open();
    await validator.lookup(slug);
    validator.onEvent(event as never);
    await validator.lookup(slug);
    expect(asked.find).toBe(1);
  });

  test.each([
    ["org.created", undefined],
    ["org.created", { slug: 7 }],
    ["org.updated", null],
    ["org.updated", { changes: null }],
    ["org.updated", { changes: { slug: null } }],
  ] as const)("%s of the tenant ends what is kept, also with the data %j", async (type, data) => {
    const { validator, asked } = open();
    await validator.lookup(slug);
    validator.onEvent({ orgId: id, type, data } as never);
    await validator.lookup(slug);
    expect(asked.find).toBe(2);
  });

  test("of one tenant leaves the others", async () => {
    const { validator, asked } = open();
    await validator.lookup(id);
    validator.invalidate(idNo("org", 2));
    await validator.lookup(id);
    expect(asked.find).toBe(1);
  });
});

describe("an invalidation while a look-up is under way", () => {
  test.each(["invalidate", "invalidateAll", "onEvent"] as const)("by %s: nobody gets what is old", async (how) => {
    const { directory, asked } = scripted();
    const validator = new TenantValidator(directory);
    const early = validator.lookup(slug);
    await settled();
    if (how === "onEvent") {
      validator.onEvent(event("org.suspended"));
    } else {
      validator[how](id);
    }
    const late = validator.lookup(slug);
    asked[0]?.answer(info);
    await settled();
    asked[1]?.answer({ ...info, status: "suspended", version: 4 });
    expect(await early).toMatchObject({ status: "suspended" });
    expect(await late).toMatchObject({ status: "suspended" });
    expect(await validator.lookup(id)).toMatchObject({ status: "suspended" });
    expect(asked).toHaveLength(2);
  });

  test("of another tenant makes nothing old", async () => {
    const { directory, asked } = scripted();
    const validator = new TenantValidator(directory);
    const found = validator.lookup(slug);
    await settled();
    validator.invalidate(idNo("org", 2));
    asked[0]?.answer(info);
    expect(await found).toEqual(info);
    expect(asked).toHaveLength(1);
  });

  test("counts for those that were begun for a fresh answer too", async () => {
    const { directory, asked } = scripted();
    const validator = new TenantValidator(directory);
    const [first, second] = [validator.lookup(slug), validator.validate(slug, { fresh: true })];
    await settled();
    validator.invalidate(id);
    asked[0]?.answer(info);
    asked[1]?.answer(info);
    await settled();
    expect(asked).toHaveLength(4);
    asked[2]?.answer({ ...info, status: "suspended", version: 4 });
    asked[3]?.answer({ ...info, status: "suspended", version: 4 });
    expect([await first, await second]).toMatchObject([{ status: "suspended" }, null]);
  });
});

describe("over a store", () => {
  test("a suspension is seen at once by who hears of it, and by others within the time", async () => {
    const { store, directory, acme } = await openWorld();
    let now = 1_900_000_000_000;
    const [here, there] = [0, 1].map(() => new TenantValidator(directory, { clock: () => new Date(now) }));
    expect([await here?.validate(acme), await there?.validate(acme)]).toMatchObject([{ id: acme }, { id: acme }]);
    await store.suspendOrg(acme);
    for (const happened of (await store.listEvents(acme)).data) {
      here?.onEvent(happened);
    }
    expect(await here?.validate(acme)).toBeNull();
    expect(await there?.validate(acme)).toMatchObject({ id: acme });
    now += 300_001;
    expect(await there?.validate(acme)).toBeNull();
  });

  test("a slug that passed to another organization names that one", async () => {
    const { store, directory, acme, beta } = await openWorld();
    const validator = new TenantValidator(directory);
    await validator.lookup(slug);
    await store.updateOrg({ orgId: acme, slug: "apex" }, { actor: alice });
    await store.updateOrg({ orgId: beta, slug: "acme" }, { actor: carol });
    for (const orgId of [acme, beta]) {
      for (const happened of (await store.listEvents(orgId)).data) {
        validator.onEvent(happened);
      }
    }
    expect(await validator.lookup(slug)).toMatchObject({ id: beta });
    expect(await validator.lookup(acme)).toMatchObject({ slug: "apex" });
  });
});
