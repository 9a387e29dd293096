import { describe, expect, test } from "vitest";
import { codeThrown } from "../test/precedence.ts";
import { refusal, revoked } from "../test/value-rules.ts";
import { now } from "../test/world.ts";
import { isId } from "./id.ts";
import { slugArgument } from "./input.ts";
import { PERMISSIONS } from "./permissions.ts";
import { emailIdentifiers, exactIdentifiers } from "./policy.ts";
import { settingsFrom } from "./settings.ts";

test("without options everything has its default", () => {
  const { clock, idSource, isReserved, ...rest } = settingsFrom({});
  expect(rest).toEqual({
    identifierPolicy: exactIdentifiers,
    reinvite: "allow",
    inviterCheck: "authority",
    recheckInviter: true,
    declineBinding: "any",
    groupCommit: true,
    permissions: PERMISSIONS,
    metadata: { organization: null, membership: null },
    limits: { members: null, pendingInvitations: null, organizationsPerUser: null },
    groups: [],
  });
  expect(Math.abs(clock().getTime() - Date.now())).toBeLessThan(60_000);
  expect(isId(idSource("org"), "org")).toBe(true);
  expect(isReserved("admin")).toBe(false);
});

test("an option that is undefined is left out", () => {
  expect(settingsFrom({ reinvite: undefined, recheckInviter: undefined, clock: undefined })).toMatchObject({
    reinvite: "allow",
    recheckInviter: true,
  });
});

test("given options are taken over", () => {
  const options = {
    clock: () => now,
    idSource: () => "org_x",
    identifierPolicy: emailIdentifiers,
    reinvite: "replace",
    inviterCheck: "any",
    recheckInviter: false,
    declineBinding: "required",
  };
  expect(settingsFrom(options)).toMatchObject(options);
});

describe("reserved slugs", () => {
  test("are listed, compared exactly, and taken over once", () => {
    const reservedSlugs = ["admin"];
    const { isReserved } = settingsFrom({ reservedSlugs });
    reservedSlugs.push("www");
    expect(["admin", "admins", "www", "constructor"].map(isReserved)).toEqual([true, false, false, false]);
  });

  test("or decided by a function", () => {
    const { isReserved } = settingsFrom({ reservedSlugs: (slug: string) => slug === "www" });
    expect(["www", "acme"].map(isReserved)).toEqual([true, false]);
  });

  test.each([undefined, null, 0, 1, "no", Promise.resolve(false)])(
    "an answer that is neither yes nor no is a defect of the host",
    (answer) => {
      const { isReserved } = settingsFrom({ reservedSlugs: () => answer });
      expect(codeThrown(() => slugArgument("acme", isReserved))).toBe("internal.unexpected");
    },
  );
});

describe("wrong options", () => {
  test.each(["clocks", "schema", "__proto__"])("an unknown key %s is refused", (key) => {
    const options = Object.defineProperty({}, key, { value: 1, enumerable: true });
    expect(refusedKey(options)).toBe(key);
  });

  test.each<readonly [key: string, value: unknown]>([
    ["clock", now],
    ["clock", null],
    ["idSource", "usr"],
    ["identifierPolicy", null],
    ["identifierPolicy", "email"],
    ["identifierPolicy", { name: "x" }],
    ["identifierPolicy", { name: 1, canonical: () => null }],
    [
      "identifierPolicy",
      {
        get name() {
          throw new Error("not readable");
        },
      },
    ],
    ["reinvite", "Allow"],
    ["reinvite", ["allow"]],
    ["reinvite", "toString"],
    ["inviterCheck", "none"],
    ["inviterCheck", null],
    ["recheckInviter", "false"],
    ["recheckInviter", 0],
    ["declineBinding", "optional"],
    ["reservedSlugs", "admin"],
    ["reservedSlugs", ["admin", 1]],
    ["reservedSlugs", new Set(["admin"])],
    ["reservedSlugs", revoked([])],
  ])("a wrong value of %s is refused", (key, value) => {
    expect(refusedKey({ [key]: value })).toBe(key);
  });

  test.each([undefined, null, 42, "options", [], () => ({})])("what is no object is refused", (options) => {
    expect(codeThrown(() => settingsFrom(options))).toBe("precondition.invalid_input");
  });
});

/** The key that a refusal of options names. */
function refusedKey(options: unknown): unknown {
  const { code, details } = refusal(() => settingsFrom(options));
  return code === "precondition.invalid_input" ? (details as { readonly key: unknown }).key : code;
}

test("a line of the permissions replaces the default one, and the others stay", () => {
  const line = { roles: ["admin", "owner"], oneself: true, withinRank: false } as const;
  const { permissions } = settingsFrom({ permissions: { updateOrg: line, getOrg: undefined } });
  expect(permissions.updateOrg).toEqual({ ...line, roles: ["owner", "admin"] });
  expect(permissions.getOrg).toBe(PERMISSIONS.getOrg);
});

test.each<readonly [what: string, permissions: unknown]>([
  ["no object", 42],
  ["an operation that there is not", { updateOrgs: PERMISSIONS.updateOrg }],
  ["half a line", { updateOrg: { roles: ["owner"] } }],
  ["a role that there is not", { updateOrg: { ...PERMISSIONS.updateOrg, roles: ["boss"] } }],
  ["roles that are no list", { updateOrg: { ...PERMISSIONS.updateOrg, roles: "owner" } }],
  ["a flag that is none", { updateOrg: { ...PERMISSIONS.updateOrg, oneself: "yes" } }],
  ["another flag that is none", { updateOrg: { ...PERMISSIONS.updateOrg, withinRank: 1 } }],
  ["a key that there is not", { updateOrg: { ...PERMISSIONS.updateOrg, everybody: true } }],
  ["null for a line", { updateOrg: null }],
])("permissions that are %s are refused", (_, permissions) => {
  expect(codeThrown(() => settingsFrom({ permissions }))).toBe("precondition.invalid_input");
});
