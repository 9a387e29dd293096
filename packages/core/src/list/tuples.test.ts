import { describe, expect, test } from "vitest";
import { codeThrown, testPrecedence } from "../../test/precedence.ts";
import { acme, alice, now, owner } from "../../test/world.ts";
import { roleTuple } from "../model.ts";
import { type CheckInput, check, listTuplesForObject, listTuplesForSubject } from "./tuples.ts";

describe("tuples", () => {
  const tuples = [roleTuple(owner)];

  test("those of a user", () => {
    expect(listTuplesForSubject.parse("usr", alice)).toBe(alice);
    expect(listTuplesForSubject.reads(alice, now)).toEqual({
      tuples: { read: "tuplesOfSubject", usrId: alice, at: now },
    });
    expect(listTuplesForSubject.answer(alice, { tuples }, now)).toEqual({ ok: true, facts: tuples });
  });

  test("only users are subjects, whatever id is given", () => {
    expect(codeThrown(() => listTuplesForSubject.parse("org" as never, acme.id as never))).toBe(
      "precondition.invalid_subject",
    );
    expect(codeThrown(() => listTuplesForSubject.parse("usr", acme.id as never))).toBe("invalid_type");
  });

  test("those on an object, of one relation or of any", () => {
    const any = { objectType: "org", objectId: acme.id, relation: null };
    expect(listTuplesForObject.parse("org", acme.id)).toEqual(any);
    expect(listTuplesForObject.parse("org", acme.id, undefined)).toEqual(any);
    expect(listTuplesForObject.parse("org", acme.id, "owner")).toEqual({ ...any, relation: "owner" });
    expect(listTuplesForObject.reads(any, now)).toEqual({
      tuples: { read: "tuplesOfObject", ...any, at: now, take: null },
    });
    expect(listTuplesForObject.answer(any, { tuples }, now)).toEqual({ ok: true, facts: tuples });
  });

  test.each([
    [["Project", "", "X"], "precondition.invalid_object"],
    [["project", "", "X"], "precondition.invalid_object"],
    [["project", "p", "X"], "precondition.invalid_relation"],
    [["project", "p", null], "precondition.invalid_relation"],
  ] as const)("type, id and relation of %j are checked in this order", (args, code) => {
    expect(codeThrown(() => listTuplesForObject.parse(...(args as readonly [string, string, string])))).toBe(code);
  });
});

describe("check", () => {
  const input: CheckInput = { subject: alice, relation: "owner", object: acme.id };
  const org = { type: "org", id: acme.id };
  const project = { type: "project", id: "p1" };

  test("asks whether one of the tuples exists", () => {
    expect(check.reads(check.parse(input), now)).toEqual({
      tuple: { read: "anyTuple", usrId: alice, objectType: "org", objectId: acme.id, relations: ["owner"], at: now },
    });
    const several = check.parse({ subject: alice, relations: ["editor", "viewer"], object: project });
    expect(check.reads(several, now)).toEqual({
      tuple: {
        read: "anyTuple",
        usrId: alice,
        objectType: "project",
        objectId: "p1",
        relations: ["editor", "viewer"],
        at: now,
      },
    });
    expect(check.answer(several, { tuple: true }, now)).toEqual({ ok: true, facts: true });
    expect(check.answer(several, { tuple: false }, now)).toEqual({ ok: true, facts: false });
  });

  test("the id of an organization stands for the object", () => {
    expect(check.parse(input)).toEqual(check.parse({ ...input, object: org }));
  });

  describe("of an active organization", () => {
    const asked = check.parse({ ...input, requireActiveOrg: true });

    test("asks for the organization too", () => {
      expect(check.reads(asked, now)).toHaveProperty("org", { read: "org", of: { org: acme.id } });
    });

    test.each([
      ["active", true],
      ["suspended", false],
      ["revoked", false],
    ] as const)("that is %s: %s", (status, answer) => {
      expect(check.answer(asked, { tuple: true, org: { ...acme, status } }, now)).toEqual({ ok: true, facts: answer });
      expect(check.answer(asked, { tuple: false, org: { ...acme, status } }, now)).toEqual({ ok: true, facts: false });
    });

    test("that does not exist is not active, nor is one whose id is none", () => {
      expect(check.answer(asked, { tuple: true, org: null }, now)).toEqual({ ok: true, facts: false });
      const nowhere = check.parse({ ...input, object: { type: "org", id: "acme" }, requireActiveOrg: true });
      expect(check.reads(nowhere, now)).not.toHaveProperty("org");
      expect(check.answer(nowhere, { tuple: true }, now)).toEqual({ ok: true, facts: false });
    });

    test("means nothing to objects of other types", () => {
      const other = check.parse({ ...input, object: project, requireActiveOrg: true });
      expect(check.reads(other, now)).not.toHaveProperty("org");
      expect(check.answer(other, { tuple: true }, now)).toEqual({ ok: true, facts: true });
    });
  });

  describe("input", () => {
    const given = { subject: alice, relation: "owner", object: org };
    testPrecedence<object>((wrong) => codeThrown(() => check.parse(wrong as never)), given, [
      { code: "precondition.invalid_input", spoil: (wrong) => ({ ...wrong, role: "owner" }) },
      { code: "invalid_type", spoil: (wrong) => ({ ...wrong, subject: acme.id }) },
      { code: "precondition.invalid_relation", spoil: (wrong) => ({ ...wrong, relations: ["owner"] }) },
      { code: "precondition.invalid_object", spoil: (wrong) => ({ ...wrong, object: { type: "Org", id: "x" } }) },
      { code: "precondition.invalid_input", spoil: (wrong) => ({ ...wrong, requireActiveOrg: 1 }) },
    ]);

    test("an object that is given as text is an id, and checked with the subject", () => {
      expect(codeThrown(() => check.parse({ ...input, object: alice as never, relation: "X" }))).toBe("invalid_type");
      expect(codeThrown(() => check.parse({ ...input, object: "org_" as never, relation: "X" }))).toBe("invalid_id");
      expect(codeThrown(() => check.parse({ ...input, object: null as never }))).toBe("precondition.invalid_object");
    });
  });
});
