import { describe, expect, test } from "vitest";
import { codeThrown } from "../test/precedence.ts";
import { refusal } from "../test/value-rules.ts";
import {
  decode,
  decodeAny,
  deriveUsrId,
  encode,
  generate,
  idArgument,
  idOf,
  isId,
  isValid,
  isValidShape,
  typeOf,
  uuidOf,
} from "./id.ts";
import { ID_TYPES, type IdType } from "./model.ts";

const uuid = "0190f2a8-1b3c-7abc-8123-456789abcdef";
const digits = "0190f2a81b3c7abc8123456789abcdef";
const id = `usr_${digits}`;

/** The reason that an `invalid_id` gives, or the code of another error. */
function reasonOf(run: () => unknown): string {
  const { code, details } = refusal(run);
  return code === "invalid_id" ? (details as { readonly reason: string }).reason : code;
}

/** Values that are no strings; those that are objects run code of their own when touched. */
const noStrings: readonly (readonly [what: string, value: unknown])[] = [
  ["undefined", undefined],
  ["null", null],
  ["a number", 42],
  ["a boolean", true],
  ["an array", [id]],
  ["an object", {}],
  ["a symbol", Symbol("id")],
  ["a String", new String(id)],
  ["an object whose toString throws", { toString: explode }],
  ["a proxy", new Proxy({}, { get: explode, has: explode, ownKeys: explode, getPrototypeOf: explode })],
];

function explode(): never {
  throw new Error("code of the value ran");
}

describe("encode", () => {
  test.each(ID_TYPES)("a UUID becomes an id of type %s, and decode gives both back", (type) => {
    expect(encode(type, uuid)).toBe(`${type}_${digits}`);
    expect(decode(encode(type, uuid))).toEqual({ type, uuid });
  });

  test("upper case is accepted and lowered", () => {
    expect(encode("org", uuid.toUpperCase())).toBe(`org_${digits}`);
  });

  test.each(["1", "2", "3", "4", "5", "6", "7", "8"])("version %s is fine", (version) => {
    const some = `0190f2a8-1b3c-${version}abc-8123-456789abcdef`;
    expect(decode(encode("org", some)).uuid).toBe(some);
  });

  test.each(["xyz", "aud", "not", "file", "flag", "sub", "", "USR", "toString", "__proto__", 42, undefined])(
    "%s is no registered prefix",
    (type) => {
      expect(codeThrown(() => encode(type as IdType, uuid))).toBe("invalid_type");
    },
  );

  test("the prefix is judged before the UUID", () => {
    expect(codeThrown(() => encode("xyz" as IdType, "nope"))).toBe("invalid_type");
  });

  test.each<readonly [uuid: string, reason: string]>([
    ["nope", "digits"],
    ["", "digits"],
    [digits, "digits"],
    [`{${uuid}}`, "digits"],
    [`${uuid}\n`, "digits"],
    [` ${uuid}`, "digits"],
    [uuid.replace("f", "g"), "digits"],
    ["00000000-0000-0000-0000-000000000000", "version"],
    ["ffffffff-ffff-ffff-ffff-ffffffffffff", "version"],
    ["0190f2a8-1b3c-9abc-8123-456789abcdef", "version"],
  ])("%j is no UUID that an id may have: %s", (value, reason) => {
    expect(reasonOf(() => encode("org", value))).toBe(reason);
  });

  test.each(noStrings)("%s is no UUID, and no code of it runs", (_, value) => {
    expect(reasonOf(() => encode("org", value as string))).toBe("not_a_string");
  });
});

describe("decode", () => {
  test.each<readonly [id: string, why: string]>([
    ["", "separator"],
    ["usr", "separator"],
    [uuid, "separator"],
    ["usr_", "digits"],
    [`usr_${digits.slice(1)}`, "digits"],
    [`usr_${digits}0`, "digits"],
    [`usr_${digits.toUpperCase()}`, "digits"],
    [`usr_${uuid}`, "digits"],
    [`usr_g${digits.slice(1)}`, "digits"],
    [`usr_${digits}\n`, "digits"],
    [`usr_${digits} `, "digits"],
    [`usr_${digits}\0`, "digits"],
    [`usr_x_${digits}`, "digits"],
    [`usr_${"0".repeat(32)}`, "version"],
    [`usr_${"f".repeat(32)}`, "version"],
    [`usr_${digits.replace("7abc", "0abc")}`, "version"],
    [`usr_${digits.replace("7abc", "9abc")}`, "version"],
    [`usr_${digits.replace("7abc", "aabc")}`, "version"],
    ["xyz_nothex", "invalid_type"],
    [`_${digits}`, "invalid_type"],
    [`USR_${digits}`, "invalid_type"],
    [` usr_${digits}`, "invalid_type"],
    [`\ufeffusr_${digits}`, "invalid_type"],
    [`u\u0455r_${digits}`, "invalid_type"],
    [`aud_${digits}`, "invalid_type"],
    [`constructor_${digits}`, "invalid_type"],
  ])("%j is refused: %s", (value, why) => {
    expect(reasonOf(() => decode(value))).toBe(why);
  });

  test.each(noStrings)("%s is refused, and no code of it runs", (_, value) => {
    expect(reasonOf(() => decode(value as string))).toBe("not_a_string");
  });

  test("what is far too long is refused, and quoted to 64 characters", () => {
    const long = "0".repeat(1_000_000);
    for (const run of [() => decode(long), () => decode(`usr_${long}`), () => encode("org", long)]) {
      const { code, details, message } = refusal(run);
      expect(code).toBe("invalid_id");
      expect(JSON.stringify(details).length + message.length).toBeLessThan(300);
    }
  });

  test("typeOf answers the type, and refuses as decode does", () => {
    expect(typeOf(id)).toBe("usr");
    expect(reasonOf(() => typeOf("xyz_nothex"))).toBe("invalid_type");
    expect(reasonOf(() => typeOf("usr"))).toBe("separator");
  });
});

describe("decodeAny", () => {
  test("any prefix that is not empty will do", () => {
    expect(decodeAny(`proj_${digits}`)).toEqual({ type: "proj", uuid });
    expect(decodeAny(id)).toEqual({ type: "usr", uuid });
  });

  test.each([
    ["proj", "separator"],
    [`_${digits}`, "prefix"],
    ["proj_x", "digits"],
    [`proj_${"0".repeat(32)}`, "version"],
    [42, "not_a_string"],
  ] as const)("%s is refused: %s", (value, reason) => {
    expect(reasonOf(() => decodeAny(value as string))).toBe(reason);
  });
});

describe("isValid, isValidShape, isId", () => {
  test("isValid follows decode, isValidShape follows decodeAny", () => {
    expect(isValid(id)).toBe(true);
    expect(isValid(`proj_${digits}`)).toBe(false);
    expect(isValidShape(`proj_${digits}`)).toBe(true);
    expect(isValidShape("proj_x")).toBe(false);
  });

  test("an expected type must be the id's", () => {
    expect(isValid(id, "usr")).toBe(true);
    expect(isValid(id, "org")).toBe(false);
    expect(isId(id, "usr")).toBe(true);
    expect(isId(id, "org")).toBe(false);
    expect(isId(id, "xyz" as IdType)).toBe(false);
  });

  test.each(noStrings)("%s is no id, and no code of it runs", (_, value) => {
    expect(isId(value)).toBe(false);
    expect(isValid(value as string)).toBe(false);
    expect(isValidShape(value as string)).toBe(false);
  });
});

describe("idArgument", () => {
  test("an id of the type asked for is that id", () => {
    expect(idArgument("usr", id)).toBe(id);
  });

  test("an id of another type is refused, whatever entity has its UUID", () => {
    expect(reasonOf(() => idArgument("org", id))).toBe("invalid_type");
  });

  test("a malformed one is refused as decode refuses it", () => {
    expect(reasonOf(() => idArgument("org", ""))).toBe("separator");
    expect(reasonOf(() => idArgument("org", undefined))).toBe("not_a_string");
  });
});

describe("generate", () => {
  test.each(ID_TYPES)("a fresh id of type %s has a UUID of version 7", (type) => {
    const { type: made, uuid: fresh } = decode(generate(type));
    expect(made).toBe(type);
    expect(fresh.charAt(14)).toBe("7");
  });

  test("ids are strictly increasing as strings, also within one millisecond", () => {
    const ids = Array.from({ length: 20_000 }, () => generate("mem"));
    expect(ids.every((each, index) => index === 0 || each > (ids[index - 1] ?? ""))).toBe(true);
  });

  test("no chance is used twice", () => {
    const chances = Array.from({ length: 2_000 }, () => generate("mem").slice(-12));
    expect(new Set(chances).size).toBe(chances.length);
  });

  test("an unregistered prefix is refused", () => {
    expect(codeThrown(() => generate("xyz" as IdType))).toBe("invalid_type");
  });
});

describe("deriveUsrId", () => {
  const dns = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";

  test.each([
    [dns, "www.example.com", "usr_2ed6657de927568b95e12665a8aea6a2"],
    [dns.toUpperCase(), "www.example.com", "usr_2ed6657de927568b95e12665a8aea6a2"],
    [uuid, "auth0|67890abc", "usr_527987dac2ff522c935019da6dcee11e"],
  ])("the namespace %s and %s give %s", (namespace, externalId, usrId) => {
    expect(deriveUsrId(namespace, externalId)).toBe(usrId);
  });

  test("the external id is not normalised: other bytes are another user", () => {
    expect(deriveUsrId(dns, "é")).not.toBe(deriveUsrId(dns, "e\u0301"));
    expect(deriveUsrId(dns, "A")).not.toBe(deriveUsrId(dns, "a"));
  });

  test("a namespace may have any variant, like the UUID of an id", () => {
    const namespace = "6ba7b810-9dad-11d1-00b4-00c04fd430c8";
    expect(isId(deriveUsrId(namespace, "x"), "usr")).toBe(true);
    expect(deriveUsrId(namespace, "x")).not.toBe(deriveUsrId(dns, "x"));
  });

  test.each(["", "nope", digits, "00000000-0000-0000-0000-000000000000", 42, undefined])(
    "the namespace %s is malformed",
    (namespace) => {
      expect(codeThrown(() => deriveUsrId(namespace as string, "x"))).toBe("invalid_id");
    },
  );

  test("1,024 units are an external id, one more is none", () => {
    expect(isId(deriveUsrId(dns, "a".repeat(1024)), "usr")).toBe(true);
    expect(codeThrown(() => deriveUsrId(dns, "a".repeat(1025)))).toBe("precondition.invalid_external_id");
  });

  test.each(["", "a\nb", "\ud800", 42, null, undefined])("%j is no external id", (externalId) => {
    expect(codeThrown(() => deriveUsrId(dns, externalId as string))).toBe("precondition.invalid_external_id");
  });

  test("the namespace is judged before the external id", () => {
    expect(codeThrown(() => deriveUsrId("nope", ""))).toBe("invalid_id");
  });
});

test("idOf and uuidOf translate between ids and native UUIDs", () => {
  expect(idOf("usr", uuid)).toBe(id);
  expect(uuidOf(id)).toBe(uuid);
});
