import { describe, expect, test } from "vitest";
import { brokenText, MEGA, noText, refusal, revoked, testRule, thrown } from "../test/value-rules.ts";
import { acme, idNo, now } from "../test/world.ts";
import { EVENT_TYPES } from "./event.ts";
import {
  cursorArgument,
  eventTypesArgument,
  flagArgument,
  heldSlug,
  instantArgument,
  limitArgument,
  objectArgument,
  objectIdArgument,
  objectTypeArgument,
  optionalInvitationStatus,
  optionalStatus,
  positionArgument,
  queryArgument,
  relationArgument,
  relationsArgument,
  subjectTypeArgument,
} from "./list-input.ts";
import { INVITATION_STATUSES, STATUSES } from "./model.ts";

// What lists and other queries ask.

describe("a relation, an object and a subject type of a query", () => {
  testRule(
    relationArgument,
    "precondition.invalid_relation",
    ["vi", "viewer", "_a", "r".repeat(32)],
    ["", "v", "VIEWER", "viewer\n", "v1", "r".repeat(33), null, ...noText],
  );
  testRule(
    objectTypeArgument,
    "precondition.invalid_object",
    ["org", "project", "doc2", "p".repeat(32)],
    ["", "P", "a", "Project", "project\n", "p".repeat(33), null, ...noText],
  );
  testRule(
    objectIdArgument,
    "precondition.invalid_object",
    ["x", acme.id, "%", "o".repeat(256)],
    ["", "o".repeat(257), null, ...brokenText, ...noText],
  );
  testRule(subjectTypeArgument, "precondition.invalid_subject", ["usr"], ["org", "USR", "", "usr ", null, ...noText]);
});

describe("a limit", () => {
  testRule(
    limitArgument,
    "precondition.invalid_limit",
    [1, 50, 200],
    [0, -1, 201, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e9, "10", null, 10n, [10], {}],
  );

  test("that is left out is 50", () => {
    expect(limitArgument(undefined)).toBe(50);
  });
});

describe("a cursor", () => {
  testRule(
    (value) => cursorArgument("mem", value),
    "precondition.invalid_cursor",
    [idNo("mem", 1), null],
    ["", "garbage", idNo("org", 1), `${idNo("mem", 1)} `, "x".repeat(MEGA), 42, {}, []],
  );

  test("that is left out begins at the first row", () => {
    expect(cursorArgument("mem", undefined)).toBeNull();
  });
});

describe("a status filter", () => {
  testRule(optionalStatus, "precondition.invalid_status", STATUSES, ["Active", "pending", "", null, ["active"], 1]);
  testRule(optionalInvitationStatus, "precondition.invalid_status", INVITATION_STATUSES, [
    "active",
    "suspended",
    "PENDING",
    null,
    ["pending"],
  ]);

  test("that is left out is all", () => {
    expect(optionalStatus(undefined)).toBeNull();
    expect(optionalInvitationStatus(undefined)).toBeNull();
  });
});

describe("a flag", () => {
  testRule(
    (value) => flagArgument(value, "total"),
    "precondition.invalid_input",
    [true, false],
    ["yes", 1, 0, null, {}],
  );

  test("that is left out is false; a wrong one is named", () => {
    expect(flagArgument(undefined, "total")).toBe(false);
    expect(refusal(() => flagArgument("yes", "total")).details).toEqual({ key: "total" });
  });
});

describe("a position in a feed", () => {
  testRule(
    positionArgument,
    "precondition.invalid_cursor",
    [0, 1, Number.MAX_SAFE_INTEGER],
    [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "5", null, 1n, [0], {}],
  );

  test("that is left out is the beginning", () => {
    expect(positionArgument(undefined)).toBe(0);
  });
});

describe("text to look for", () => {
  testRule(
    queryArgument,
    "precondition.invalid_query",
    ["acme", " ", "%", "_", "\\", "ä", "q".repeat(200), "👩".repeat(100)],
    ["q".repeat(201), "q".repeat(MEGA), null, ...brokenText, ...noText.slice(1)],
  );

  test("that is left out or empty looks for nothing", () => {
    expect(queryArgument(undefined)).toBeNull();
    expect(queryArgument("")).toBeNull();
  });

  test("has its ASCII letters in lower case, and no others", () => {
    expect(queryArgument("ACME Ä İ Σ \u212a")).toBe("acme Ä İ Σ \u212a");
  });
});

describe("a slug to look up", () => {
  test.each(["acme", "a", "0".repeat(63)])("%s may be held", (slug) => {
    expect(heldSlug(slug)).toBe(slug);
  });

  test.each(["", "ACME", "acme\n", "__proto__", "a".repeat(64), "\ud800", "\0"])("%j is held by nobody", (slug) => {
    expect(heldSlug(slug)).toBeNull();
  });

  test.each([undefined, null, 42, {}, ["acme"]])("%j is no text", (value) => {
    expect(refusal(() => heldSlug(value)).code).toBe("precondition.invalid_input");
  });
});

describe("an instant to look back to", () => {
  testRule(
    instantArgument,
    "precondition.invalid_date",
    [now, new Date(0), new Date(8.64e15), new Date(-8.64e15)],
    [
      new Date(Number.NaN),
      undefined,
      null,
      now.toISOString(),
      now.getTime(),
      {},
      Object.create(Date.prototype),
      { getTime: () => 0 },
      new Proxy(now, {}),
    ],
  );

  test("is a value of its own: changing the given one changes nothing", () => {
    const given = new Date(now);
    const taken = instantArgument(given);
    given.setTime(0);
    expect(taken).toEqual(now);
  });
});

describe("types of events", () => {
  testRule(
    eventTypesArgument,
    "precondition.invalid_input",
    [["org.created"], [...EVENT_TYPES]],
    [
      [],
      ["org.Created"],
      ["org.created", "member.added"],
      ["constructor"],
      [undefined],
      [...EVENT_TYPES, "org.created"],
      Array.from({ length: MEGA }, () => "org.created"),
      "org.created",
      new Set(["org.created"]),
      null,
    ],
  );

  test("that are left out are all, those included that nobody knows yet", () => {
    expect(eventTypesArgument(undefined)).toBeNull();
  });

  test("that are named twice are meant once; a wrong one is named by its key", () => {
    expect(eventTypesArgument(["org.created", "org.updated", "org.created"])).toEqual(["org.created", "org.updated"]);
    expect(refusal(() => eventTypesArgument(["x"])).details).toEqual({ key: "types" });
  });

  test("are read once each; what a getter throws is a wrong input", () => {
    const types = Object.defineProperty(["org.created"], 0, { get: thrown });
    for (const value of [types, revoked([])]) {
      expect(refusal(() => eventTypesArgument(value)).code).toBe("precondition.invalid_input");
    }
  });
});

describe("a relation or several", () => {
  test("one is a list of one, and each is meant once", () => {
    expect(relationsArgument("owner", undefined)).toEqual(["owner"]);
    expect(relationsArgument(undefined, ["owner", "admin", "owner"])).toEqual(["owner", "admin"]);
    expect(
      relationsArgument(
        undefined,
        Array.from({ length: 100 }, () => "owner"),
      ),
    ).toEqual(["owner"]);
  });

  test.each<readonly [what: string, one: unknown, several: unknown]>([
    ["neither", undefined, undefined],
    ["both", "owner", ["admin"]],
    ["none in the list", undefined, []],
    ["more than a hundred", undefined, Array.from({ length: 101 }, () => "owner")],
    ["a malformed one", "Owner", undefined],
    ["a malformed one in the list", undefined, ["owner", "Owner"]],
    ["a hole in the list", undefined, [undefined]],
    ["a text for a list", undefined, "owner"],
    ["null for a list", undefined, null],
    ["null for one", null, undefined],
  ])("%s is no relation", (_, one, several) => {
    expect(refusal(() => relationsArgument(one, several)).code).toBe("precondition.invalid_relation");
  });
});

describe("an object by type and id", () => {
  test("is taken over", () => {
    expect(objectArgument({ type: "project", id: "%" })).toEqual({ type: "project", id: "%" });
  });

  test.each([
    { type: "Project", id: "p" },
    { type: "project", id: "" },
    { type: "project" },
    { type: "project", id: "p", relation: "owner" },
    null,
    undefined,
    42,
    [],
  ])("%j is none", (value) => {
    expect(refusal(() => objectArgument(value)).code).toBe("precondition.invalid_object");
  });

  test("what a getter throws is the cause", () => {
    const error = refusal(() => objectArgument(Object.defineProperty({}, "type", { get: thrown, enumerable: true })));
    expect(error.code).toBe("precondition.invalid_object");
    expect(error.cause).toMatchObject({ code: "precondition.invalid_input" });
  });
});
