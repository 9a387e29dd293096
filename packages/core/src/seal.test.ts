import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { idNo } from "../test/world.ts";
import { ConfigError, IsolationError, PreconditionError } from "./error-classes.ts";
import { createSealer, type KeyService, type SealedFor, type SealKey, Secret } from "./seal.ts";

const acme = idNo("org", 1);
const beta = idNo("org", 2);
const dsn: SealedFor = { purpose: "placement.dsn", orgId: acme };
const old: SealKey = { id: "2031-a", secret: new Uint8Array(32).fill(1) };
const current: SealKey = { id: "2032_b", secret: new Uint8Array(32).fill(2) };
const text = "postgres://t:canary@db/t?café=\u{1f512}";

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "opened",
    (error: IsolationError) => error.code,
  );

describe("a ring of keys", () => {
  const ring = createSealer([current, old]);

  test.each(["", "x", text, "x".repeat(65_536)])("opens what it sealed", async (plain) => {
    const sealed = await ring.seal(plain, dsn);
    expect(sealed).toMatch(/^s1\.2032_b\.[\w-]{16}\.[\w-]{22,}$/);
    expect((await ring.open(sealed, dsn)).reveal()).toBe(plain);
  });

  test("two sealings of a text differ", async () => {
    expect(await ring.seal(text, dsn)).not.toBe(await ring.seal(text, dsn));
  });

  test("the format is the one that was released", async () => {
    const counted = createSealer([old], (length) => new Uint8Array(length).fill(7));
    const sealed = "s1.2031-a.BwcHBwcHBwcHBwcH.7pKExX3Xp-PcjCt__ZJAmB6MNUp4dQ";
    expect(await counted.seal("canary", dsn)).toBe(sealed);
    expect((await createSealer([old]).open(sealed, dsn)).reveal()).toBe("canary");
  });

  test("seals with the first key and opens with every one", async () => {
    const sealed = await createSealer([old]).seal(text, dsn);
    expect((await ring.open(sealed, dsn)).reveal()).toBe(text);
    expect(ring.isCurrent(sealed)).toBe(false);
    const again = await ring.rewrap(sealed, dsn);
    expect(ring.isCurrent(again)).toBe(true);
    expect((await createSealer([current]).open(again, dsn)).reveal()).toBe(text);
    await expect(createSealer([old]).open(again, dsn)).rejects.toMatchObject({
      code: "isolation.key_unknown",
      details: { keyId: "2032_b" },
    });
  });

  test.each<[string, SealedFor]>([
    ["another organization", { ...dsn, orgId: beta }],
    ["no organization", { ...dsn, orgId: null }],
    ["another purpose", { ...dsn, purpose: "placement.ds" }],
  ])("what was sealed for acme does not open for %s", async (_, context) => {
    expect(await codeOf(ring.open(await ring.seal(text, dsn), context))).toBe("isolation.seal_broken");
  });

  test("what belongs to no single organization does not open for one", async () => {
    const nobodys = { ...dsn, orgId: null };
    const sealed = await ring.seal(text, nobodys);
    expect((await ring.open(sealed, nobodys)).reveal()).toBe(text);
    expect(await codeOf(ring.open(sealed, dsn))).toBe("isolation.seal_broken");
  });

  test("a value with any character changed, or cut anywhere, does not open", async () => {
    const sealed = await ring.seal("canary", dsn);
    for (let at = 0; at < sealed.length; at += 1) {
      const flipped = `${sealed.slice(0, at)}${sealed[at] === "A" ? "B" : "A"}${sealed.slice(at + 1)}`;
      expect(await codeOf(ring.open(flipped, dsn))).toMatch(/^isolation\.(seal_broken|key_unknown)$/);
      expect(await codeOf(ring.open(sealed.slice(0, at), dsn))).toBe("isolation.seal_broken");
    }
    expect(await codeOf(ring.open(`${sealed}A`, dsn))).toBe("isolation.seal_broken");
    expect(await codeOf(ring.open(`${sealed}\n`, dsn))).toBe("isolation.seal_broken");
    expect(await codeOf(ring.open(null as never, dsn))).toBe("isolation.seal_broken");
  });

  test("other bytes under the same id open nothing", async () => {
    const sealed = await ring.seal(text, dsn);
    expect(await codeOf(createSealer([{ ...old, id: current.id }]).open(sealed, dsn))).toBe("isolation.seal_broken");
  });

  test("bytes and their text in both alphabets are the same key", async () => {
    const secret = new Uint8Array(32).fill(0xfb);
    const sealed = await createSealer([{ id: "k", secret }]).seal(text, dsn);
    for (const same of [Buffer.from(secret).toString("base64"), Buffer.from(secret).toString("base64url")]) {
      expect((await createSealer([{ id: "k", secret: same }]).open(sealed, dsn)).reveal()).toBe(text);
    }
  });

  test("a key that is wiped after construction still opens", async () => {
    const secret = new Uint8Array(32).fill(3);
    const sealer = createSealer([{ id: "k", secret }]);
    secret.fill(0);
    expect(await codeOf(createSealer([{ id: "k", secret }]).open(await sealer.seal(text, dsn), dsn))).toBe(
      "isolation.seal_broken",
    );
  });

  test.each<[string, unknown]>([
    ["no list", undefined],
    ["no key", []],
    ["null", [null]],
    ["a name with a dot", [{ ...old, id: "a.b" }]],
    ["two of a name", [old, { ...current, id: old.id }]],
    ["31 bytes", [{ ...old, secret: new Uint8Array(31) }]],
    ["a pass phrase", [{ ...old, secret: "correct horse battery staple" }]],
    ["44 characters that are 33 bytes", [{ ...old, secret: `${"A".repeat(44)}` }]],
    ["no secret", [{ id: "k" }]],
    ["half a service", { seal: async () => "" }],
  ])("%s is no ring", (_, keys) => {
    expect(() => createSealer(keys as never)).toThrow(ConfigError);
  });

  test("no error of a ring shows a key", () => {
    try {
      createSealer([{ id: "k", secret: "canary" }]);
      expect.unreachable();
    } catch (error) {
      expect(inspect(error) + JSON.stringify(error)).not.toContain("canary");
    }
  });

  test.each<[unknown, unknown]>([
    [1, dsn],
    ["\ud800", dsn],
    ["x".repeat(65_537), dsn],
    [text, null],
    [text, { ...dsn, purpose: "" }],
    [text, { ...dsn, purpose: "a b" }],
    [text, { ...dsn, purpose: 1 }],
    [text, { purpose: "x" }],
    [text, { ...dsn, orgId: idNo("usr", 1) }],
  ])("what cannot be sealed is refused before anything", async (plain, context) => {
    await expect(ring.seal(plain as never, context as never)).rejects.toThrow(PreconditionError);
  });
});

describe("a key service", () => {
  const service: KeyService = {
    seal: async (plain, { purpose, orgId }) => `${purpose} ${orgId} ${plain}`,
    async open(sealed, { purpose, orgId }) {
      if (!sealed.startsWith(`${purpose} ${orgId} `)) {
        throw new RangeError("of another context");
      }
      return sealed.slice(`${purpose} ${orgId} `.length);
    },
  };
  const sealer = createSealer(service);

  test("seals, opens and seals anew", async () => {
    const sealed = await sealer.seal(new Secret(text), dsn);
    expect(sealed).toBe(`placement.dsn ${acme} ${text}`);
    expect((await sealer.open(sealed, dsn)).reveal()).toBe(text);
    expect(await sealer.rewrap(sealed, dsn)).toBe(sealed);
    expect(sealer.isCurrent(sealed)).toBe(false);
  });

  test("what it throws reaches the caller", async () => {
    await expect(sealer.open("x", dsn)).rejects.toThrow(RangeError);
  });

  test("what it answers is text, or broken", async () => {
    const none = createSealer({ seal: async () => "", open: async () => 1 as never });
    await expect(none.seal(text, dsn)).rejects.toThrow(IsolationError);
    await expect(none.open("x", dsn)).rejects.toThrow(IsolationError);
    await expect(none.open(1 as never, dsn)).rejects.toThrow(IsolationError);
  });
});

test("a secret says itself nowhere but where it is asked to", () => {
  const secret = new Secret("canary");
  expect(
    [`${secret}`, JSON.stringify({ secret }), inspect({ secret }), String(Object.entries(secret))].join(),
  ).not.toContain("canary");
  expect(secret.reveal()).toBe("canary");
  expect(inspect(secret)).toBe("[redacted]");
});
