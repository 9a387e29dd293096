import { describe, expect, test } from "vitest";
import { codeThrown, testPrecedence } from "../../test/precedence.ts";
import { acme, alice, member, notFound, now, otherOrg } from "../../test/world.ts";
import { getOrg, getOrgBySlug, listOrgs } from "./orgs.ts";

const ended = { ...acme, status: "revoked" } as const;

describe("getOrg", () => {
  test("asks for one row, by an id of its type", () => {
    expect(getOrg.parse(acme.id)).toBe(acme.id);
    expect(codeThrown(() => getOrg.parse(alice as never))).toBe("invalid_type");
    expect(getOrg.reads(acme.id, now)).toEqual({ org: { read: "org", of: { org: acme.id } } });
  });

  test("what exists is answered in whatever state it is; what does not is not found", () => {
    expect(getOrg.answer(acme.id, { org: ended }, now)).toEqual({ ok: true, facts: ended });
    expect(getOrg.answer(acme.id, { org: null }, now)).toEqual(notFound("organization", acme.id));
  });
});

describe("getOrgBySlug", () => {
  test("asks for the holder of a slug", () => {
    const asked = getOrgBySlug.parse("acme");
    expect(getOrgBySlug.reads(asked, now)).toEqual({ org: { read: "orgBySlug", slug: "acme" } });
    expect(getOrgBySlug.answer(asked, { org: acme }, now)).toEqual({ ok: true, facts: acme });
  });

  test("a slug that nobody holds is not found, and named", () => {
    expect(getOrgBySlug.answer(getOrgBySlug.parse("acme"), { org: null }, now)).toEqual(
      notFound("organization", "acme"),
    );
  });

  test.each(["ACME", "", "acme\n", "a".repeat(100)])("%j is the slug of none: nobody is asked for it", (slug) => {
    const asked = getOrgBySlug.parse(slug);
    expect(getOrgBySlug.reads(asked, now)).toEqual({ org: { read: "orgBySlug", slug: null } });
    const shown = JSON.stringify(slug).slice(1, -1).slice(0, 64);
    expect(getOrgBySlug.answer(asked, { org: null }, now)).toEqual(notFound("organization", shown));
  });

  test("what is no text is no slug", () => {
    expect(codeThrown(() => getOrgBySlug.parse(42 as never))).toBe("precondition.invalid_input");
  });
});

describe("listOrgs", () => {
  const plain = { cursor: null, limit: 50, where: { query: null, status: null } };

  test("without options it is the first fifty of any status", () => {
    expect(listOrgs.parse()).toEqual(plain);
    expect(listOrgs.parse({})).toEqual(plain);
    expect(listOrgs.parse({ query: "" })).toEqual(plain);
  });

  test("filters and position are taken over; what is looked for has its ASCII letters in lower case", () => {
    expect(listOrgs.parse({ cursor: acme.id, limit: 2, query: "Acme Ä", status: "suspended" })).toEqual({
      cursor: acme.id,
      limit: 2,
      where: { query: "acme Ä", status: "suspended" },
    });
  });

  describe("input", () => {
    const withOption = (option: object) => (options: object) => ({ ...options, ...option });
    testPrecedence<object>((options) => codeThrown(() => listOrgs.parse(options)), {}, [
      { code: "precondition.invalid_input", spoil: withOption({ name: "Acme" }) },
      { code: "precondition.invalid_cursor", spoil: withOption({ cursor: member.id }) },
      { code: "precondition.invalid_limit", spoil: withOption({ limit: 201 }) },
      { code: "precondition.invalid_query", spoil: withOption({ query: "q".repeat(201) }) },
      { code: "precondition.invalid_status", spoil: withOption({ status: "pending" }) },
    ]);
  });

  test("one row more than the page holds is asked for; it says that another page follows", () => {
    const page = { ...plain, limit: 1 };
    expect(listOrgs.reads({ ...page, cursor: acme.id }, now)).toEqual({
      orgs: { read: "orgs", where: plain.where, after: acme.id, take: 2 },
    });
    expect(listOrgs.answer(page, { orgs: [acme, otherOrg] }, now)).toEqual({
      ok: true,
      facts: { data: [acme], nextCursor: acme.id },
    });
    expect(listOrgs.answer(page, { orgs: [acme] }, now)).toEqual({
      ok: true,
      facts: { data: [acme], nextCursor: null },
    });
  });
});
