import { describe, expect, test } from "vitest";
import { codeThrown, testPrecedence } from "../test/precedence.ts";
import { MEGA, refusal, revoked, testRule } from "../test/value-rules.ts";
import { acme, alice } from "../test/world.ts";
import { actorOption, fields, mutationOptions, optionalId, roleArgument, slugArgument } from "./input.ts";
import {
  cursorArgument,
  limitArgument,
  objectIdArgument,
  objectTypeArgument,
  optionalStatus,
  queryArgument,
  relationArgument,
  subjectTypeArgument,
} from "./list-input.ts";

// Objects, ids and options. What is stored has its rules in value-rules.test.ts and pre-tuples.test.ts, what lists ask in
// list-input.test.ts.

describe("fields", () => {
  test("own properties of known keys, each read once", () => {
    let reads = 0;
    const input = {
      get orgId() {
        reads += 1;
        return reads;
      },
    };
    const given = fields(input, ["orgId", "name"]);
    expect([given.orgId, given.orgId, given.name]).toEqual([1, 1, undefined]);
    expect(reads).toBe(1);
  });

  test.each<readonly [what: string, input: object]>([
    ["a frozen object", Object.freeze({ a: 1 })],
    ["an object without prototype", Object.assign(Object.create(null), { a: 1 })],
    ["an instance of a class", Object.assign(new (class Input {})(), { a: 1 })],
    ["a transparent proxy", new Proxy({ a: 1 }, {})],
  ])("%s is read like any other", (_, input) => {
    expect(fields(input, ["a"]).a).toBe(1);
  });

  test("what is inherited does not count", () => {
    const input = Object.create({ a: 1, other: 2 });
    expect(fields(input, ["a"]).a).toBeUndefined();
    expect(fields({}, ["constructor", "toString", "__proto__"]).constructor).toBeUndefined();
  });

  test("a polluted Object.prototype changes nothing", () => {
    const polluted = { value: "polluted", configurable: true, enumerable: true, writable: true };
    let given: readonly [unknown, string[]];
    Object.defineProperty(Object.prototype, "transferTo", polluted);
    try {
      const read = fields({ memId: 1 }, ["memId", "transferTo"]);
      given = [read.transferTo, Object.keys(read)];
    } finally {
      Reflect.deleteProperty(Object.prototype, "transferTo");
    }
    expect(given).toEqual([undefined, ["memId"]]);
  });

  test.each(["asUserId", "constructor", "prototype", "idempotencykey", "", "é\n"])(
    "the unknown key %j is named",
    (key) => {
      const error = refusal(() => fields({ [key]: 1 }, ["asUsrId"]));
      expect(error.code).toBe("precondition.invalid_input");
      expect(error.details).toEqual({ key: JSON.stringify(key).slice(1, -1).replace("é", "\\u00e9") });
    },
  );

  test("an own __proto__ of parsed JSON is an unknown key and pollutes nothing", () => {
    const error = refusal(() => fields(JSON.parse('{"__proto__":{"actor":"x"}}'), ["actor"]));
    expect(error.details).toEqual({ key: "__proto__" });
    expect("actor" in {}).toBe(false);
  });

  test("a hidden or a symbol key is unknown too, and a long one is cut", () => {
    const hidden = Object.defineProperty({}, "secret", { value: 1, enumerable: false });
    expect(refusal(() => fields(hidden, ["a"])).details).toEqual({ key: "secret" });
    expect(refusal(() => fields({ [Symbol("a")]: 1 }, ["a"])).details).toEqual({ key: null });
    expect(refusal(() => fields({ ["k".repeat(MEGA)]: 1 }, ["a"])).details).toEqual({ key: "k".repeat(64) });
  });

  test.each([undefined, null, 42, "text", true, 1n, Symbol("input"), () => ({}), [], [{ a: 1 }]])(
    "what is no object is invalid input",
    (input) => {
      const error = refusal(() => fields(input, ["a"]));
      expect(error.code).toBe("precondition.invalid_input");
      expect(error.details).toEqual({ key: null });
    },
  );

  const accident = new Error("accident");
  function thrower(): never {
    throw accident;
  }
  test.each<readonly [what: string, input: object]>([
    ["a getter that throws", Object.defineProperty({}, "a", { get: thrower, enumerable: true })],
    ["a proxy that throws when its keys are asked for", new Proxy({ a: 1 }, { ownKeys: thrower })],
    ["a proxy that throws on reading", new Proxy({ a: 1 }, { get: thrower })],
  ])("%s is invalid input, with what was thrown as its cause", (_, input) => {
    const error = refusal(() => fields(input, ["a"]));
    expect(error.code).toBe("precondition.invalid_input");
    expect(error.cause).toBe(accident);
  });

  test.each([{}, []])("a revoked proxy is invalid input", (target) => {
    expect(refusal(() => fields(revoked(target), ["a"])).code).toBe("precondition.invalid_input");
  });
});

describe("ids", () => {
  test("an id that is left out, undefined or null is absent; an empty one is malformed", () => {
    expect(optionalId("usr", undefined)).toBeNull();
    expect(optionalId("usr", null)).toBeNull();
    expect(optionalId("usr", alice)).toBe(alice);
    expect(refusal(() => optionalId("usr", "")).code).toBe("invalid_id");
    expect(refusal(() => optionalId("usr", acme.id)).code).toBe("invalid_type");
  });
});

describe("the second argument of a mutation", () => {
  const nothing = { actor: null, idempotencyKey: null, expectedVersion: null };

  test("may be left out, with everything in it; an actor may be null", () => {
    expect(mutationOptions(undefined, true)).toEqual(nothing);
    expect(mutationOptions({}, true)).toEqual(nothing);
    const undefineds = { actor: undefined, idempotencyKey: undefined, expectedVersion: undefined };
    expect(mutationOptions(undefineds, false)).toEqual(nothing);
    expect(mutationOptions({ actor: null }, true)).toEqual(nothing);
  });

  test("is taken over", () => {
    const options = { actor: alice, idempotencyKey: "k-1", expectedVersion: 3 };
    expect(mutationOptions(options, true)).toEqual(options);
  });

  test("must be an object of known keys", () => {
    for (const value of [null, 42, "k", [], { idempotencykey: "k" }]) {
      expect(refusal(() => mutationOptions(value, true)).code).toBe("precondition.invalid_input");
    }
  });

  describe("its idempotency key", () => {
    testRule(
      (idempotencyKey) => mutationOptions({ idempotencyKey }, true).idempotencyKey,
      "precondition.invalid_idempotency_key",
      ["k", "!", "~", "__proto__", "k".repeat(255)],
      ["", " ", "a b", "k\n", "\u007f", "é", "k".repeat(256), "k".repeat(MEGA), null, 42, {}, ["k"]],
    );
  });

  describe("its expected version", () => {
    testRule(
      (expectedVersion) => mutationOptions({ expectedVersion }, true).expectedVersion,
      "precondition.invalid_expected_version",
      [1, 2, Number.MAX_SAFE_INTEGER],
      [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "1", 1n, null, {}],
    );

    test("is refused where there is no version yet", () => {
      expect(refusal(() => mutationOptions({ expectedVersion: 1 }, false)).code).toBe(
        "precondition.invalid_expected_version",
      );
    });
  });

  test("is checked in the order actor, key, version", () => {
    const wrong = { expectedVersion: 0, idempotencyKey: "", actor: acme.id };
    expect(refusal(() => mutationOptions(wrong, true)).code).toBe("invalid_type");
    expect(refusal(() => mutationOptions({ ...wrong, actor: null }, true)).code).toBe(
      "precondition.invalid_idempotency_key",
    );
  });
});

describe("the second argument of a mutation that is several commits", () => {
  test("holds an actor and nothing else", () => {
    expect(actorOption(undefined)).toEqual({ actor: null });
    expect(actorOption({ actor: null, idempotencyKey: undefined, expectedVersion: undefined })).toEqual({
      actor: null,
    });
    expect(actorOption({ actor: alice })).toEqual({ actor: alice });
  });

  describe("checks", () => {
    testPrecedence<object>((given) => codeThrown(() => actorOption(given)), { actor: alice }, [
      { code: "precondition.invalid_input", spoil: (given) => ({ ...given, key: "k" }) },
      { code: "invalid_type", spoil: (given) => ({ ...given, actor: acme.id }) },
      { code: "precondition.invalid_idempotency_key", spoil: (given) => ({ ...given, idempotencyKey: "k" }) },
      { code: "precondition.invalid_expected_version", spoil: (given) => ({ ...given, expectedVersion: 1 }) },
    ]);

    test.each([null, 42, "k", []])("%j is no options", (value) => {
      expect(codeThrown(() => actorOption(value))).toBe("precondition.invalid_input");
    });
  });
});

test("no refusal quotes more than 64 characters of a long value", () => {
  const long = "é".repeat(MEGA);
  const checks: readonly ((value: unknown) => unknown)[] = [
    roleArgument,
    relationArgument,
    objectTypeArgument,
    objectIdArgument,
    subjectTypeArgument,
    limitArgument,
    optionalStatus,
    queryArgument,
    (value) => slugArgument(value, () => false),
    (value) => cursorArgument("mem", value),
    (value) => optionalId("usr", value),
    (value) => mutationOptions({ expectedVersion: value }, true),
  ];
  for (const check of checks) {
    const { message, details } = refusal(() => check(long));
    expect(message.length).toBeLessThan(500);
    expect(JSON.stringify(details)).toContain("\\\\u00e9".repeat(64));
    expect(JSON.stringify(details)).not.toContain("\\\\u00e9".repeat(65));
  }
});
