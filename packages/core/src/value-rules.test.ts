import { describe, expect, test } from "vitest";
import { brokenText, MEGA, noText, refusal, testRule } from "../test/value-rules.ts";
import { now } from "../test/world.ts";
import {
  canonicalOf,
  expirationArgument,
  identifierArgument,
  nameArgument,
  optionalIdentifier,
  roleArgument,
  slugArgument,
  timeOf,
} from "./input.ts";
import { ROLES } from "./model.ts";
import { emailIdentifiers, exactIdentifiers, type IdentifierPolicy } from "./policy.ts";

describe("a role", () => {
  testRule(roleArgument, "precondition.invalid_role", ROLES, [
    "superadmin",
    "Owner",
    "owner ",
    "owner\n",
    "",
    "__proto__",
    "constructor",
    null,
    4,
    ["owner"],
    "o".repeat(MEGA),
  ]);
});

describe("a name", () => {
  testRule(
    nameArgument,
    "precondition.invalid_name",
    [null, "", " ", " Acme ", "a".repeat(1024), "👩".repeat(512), "\u202eAcme", "a\u200db", "<b>", "日本"],
    ["a".repeat(1025), "👩".repeat(513), "a".repeat(MEGA), ...brokenText, ...noText],
  );
});

describe("a slug", () => {
  const check = (value: unknown) => slugArgument(value, () => false);
  testRule(
    check,
    "precondition.org_slug_format",
    [null, "a", "7", "acme", "a--b", "xn--80ak6aa92e", "admin", "0".repeat(32), "a".repeat(63), `a${"-".repeat(61)}b`],
    [
      "",
      "Acme",
      "-acme",
      "acme-",
      "-",
      "acme_corp",
      "acme.corp",
      "a b",
      "a/b",
      "__proto__",
      "acmé",
      "\u0430cme",
      "\uff41cme",
      "ac\u00adme",
      "acme\n",
      "acme\0",
      "a".repeat(64),
      "a-".repeat(MEGA / 2),
      ...noText,
    ],
  );

  test("a reserved one is well-formed and refused", () => {
    const error = refusal(() => slugArgument("admin", (slug) => slug === "admin"));
    expect(error.code).toBe("precondition.org_slug_reserved");
    expect(error.details).toEqual({ slug: "admin" });
  });

  test("the host is asked about well-formed slugs only", () => {
    const asked: string[] = [];
    const isReserved = (slug: string) => asked.push(slug) < 0;
    slugArgument("acme", isReserved);
    slugArgument(null, isReserved);
    refusal(() => slugArgument("Acme", isReserved));
    expect(asked).toEqual(["acme"]);
  });

  test("what the host's function throws is a defect there, never an answer", () => {
    const cause = new Error("accident");
    const error = refusal(() =>
      slugArgument("acme", () => {
        throw cause;
      }),
    );
    expect(error.code).toBe("internal.unexpected");
    expect(error.cause).toBe(cause);
  });
});

describe("an identifier", () => {
  testRule(
    (value) => identifierArgument(value, exactIdentifiers).raw,
    "precondition.invalid_identifier",
    ["d", "dave@example.com", " ", "d".repeat(320), "👩".repeat(160), "%_'\\"],
    ["", null, "d".repeat(321), "👩".repeat(161), "d".repeat(MEGA), "a\tb", ...brokenText, ...noText],
  );

  test("keeps its raw form beside the canonical one", () => {
    expect(identifierArgument(" D@X ", emailIdentifiers)).toEqual({ raw: " D@X ", canonical: "d@x" });
  });

  test.each(["dave", "@x", "x@"])("that the policy refuses is none: %s", (raw) => {
    expect(refusal(() => identifierArgument(raw, emailIdentifiers)).code).toBe("precondition.invalid_identifier");
  });

  test("of somebody who answers may be left out; otherwise it is text like any identifier", () => {
    expect(optionalIdentifier(undefined)).toBeNull();
    expect(optionalIdentifier(null)).toBeNull();
    expect(optionalIdentifier("dave")).toBe("dave");
    for (const value of ["", "d".repeat(321), "a\nb", 42, {}]) {
      expect(refusal(() => optionalIdentifier(value)).code).toBe("precondition.invalid_identifier");
    }
  });

  test("in its refusal shows neither in details nor in the message", () => {
    const error = refusal(() => identifierArgument("secret\n", exactIdentifiers));
    expect(JSON.stringify(error)).not.toContain("secret");
  });
});

describe("a policy of the host's", () => {
  const answering = (canonical: unknown) => ({ name: "own", canonical: () => canonical }) as IdentifierPolicy;

  test("answers text of at most 320 units, or null", () => {
    expect(canonicalOf(answering("x".repeat(320)), "raw")).toBe("x".repeat(320));
    expect(canonicalOf(answering(""), "raw")).toBe("");
    expect(canonicalOf(answering(null), "raw")).toBeNull();
  });

  test.each([undefined, 42, "x".repeat(321), "a\nb", "\ud800", {}])(
    "that answers anything else is a defect",
    (answer) => {
      expect(refusal(() => canonicalOf(answering(answer), "raw")).code).toBe("internal.unexpected");
    },
  );

  test("that throws is a defect, and what it threw is the cause", () => {
    const cause = new Error("accident");
    const policy = {
      name: "own",
      canonical: () => {
        throw cause;
      },
    };
    expect(refusal(() => canonicalOf(policy, "raw")).cause).toBe(cause);
  });
});

describe("an expiry", () => {
  testRule(
    expirationArgument,
    "precondition.invalid_expiration",
    [now, new Date(0), new Date("9999-12-31T23:59:59.999Z"), new Date("-000001-01-01T00:00:00.000Z")],
    [
      new Date(Number.NaN),
      new Date("+010000-01-01T00:00:00.000Z"),
      new Date(8.64e15),
      undefined,
      null,
      now.toISOString(),
      now.getTime(),
      {},
      Object.create(Date.prototype),
      { getTime: () => now.getTime() },
      new Proxy(now, {}),
    ],
  );

  test("is a value of its own: changing the given one changes nothing", () => {
    const given = new Date(now);
    const taken = expirationArgument(given);
    given.setTime(0);
    expect(taken).toEqual(now);
  });

  test("is read without running code of the given one", () => {
    class Liar extends Date {
      override getTime(): number {
        throw new Error("code of the value ran");
      }
    }
    expect(timeOf(new Liar(now.toISOString()))).toBe(now.getTime());
  });
});
