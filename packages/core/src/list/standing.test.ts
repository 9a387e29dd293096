import { describe, expect, test } from "vitest";
import { codeThrown } from "../../test/precedence.ts";
import { answering } from "../../test/scripted-port.ts";
import { open } from "../../test/scripted-store.ts";
import { acme, after, alice, bob, now, owner } from "../../test/world.ts";
import { ROLES } from "../model.ts";
import { type StandingInput, standing } from "./standing.ts";

const orgId = acme.id;
const project = { relation: "editor", objectType: "project", objectId: "42" };
const nothing = { org: null, membership: null };

function answer(input: StandingInput, answers: object): unknown {
  return standing.answer(standing.parse(input), answers as never, now);
}

describe("where somebody stands", () => {
  test("is asked in one plan: organization, membership, each role tuple, each tuple", () => {
    const plan = standing.reads(standing.parse({ orgId, usrId: alice, tuples: [project] }), now);
    const on = { read: "anyTuple", usrId: alice, at: now };
    expect(plan).toEqual({
      org: { read: "org", of: { org: orgId } },
      membership: { read: "liveMembership", of: { org: orgId }, usrId: alice },
      ...Object.fromEntries(
        ROLES.map((role) => [`role ${role}`, { ...on, objectType: "org", objectId: orgId, relations: [role] }]),
      ),
      "tuple 0": { ...on, objectType: "project", objectId: "42", relations: ["editor"] },
    });
  });

  test("of nobody is the organization alone", () => {
    expect(standing.reads(standing.parse({ orgId, tuples: [project] }), now)).toEqual({
      org: { read: "org", of: { org: orgId } },
      membership: { read: "liveMembership", of: { org: orgId }, usrId: null },
    });
    expect(answer({ orgId, tuples: [project] }, { ...nothing, org: acme })).toEqual({
      ok: true,
      facts: { org: acme, membership: null, roles: [], tuples: [false] },
    });
  });

  test("is what the answers say, and what is not there is no error", () => {
    const input = { orgId, usrId: alice, tuples: [project, { ...project, relation: "viewer" }] };
    const answers = { org: acme, membership: owner, "role owner": true, "role admin": false, "tuple 1": true };
    const facts = { org: acme, membership: owner, roles: ["owner"], tuples: [false, true] };
    expect(answer(input, answers)).toEqual({ ok: true, facts });
    expect(answer({ orgId, usrId: alice }, nothing)).toEqual({
      ok: true,
      facts: { ...nothing, roles: [], tuples: [] },
    });
  });

  test("ends with the time box", () => {
    const boxed = { ...owner, expiresAt: now };
    const [membership, lapsed] = [boxed, { ...boxed, expiresAt: after(-1) }];
    expect(answer({ orgId, usrId: alice }, { ...nothing, membership })).toMatchObject({ facts: { membership } });
    expect(answer({ orgId, usrId: alice }, { ...nothing, membership: lapsed })).toMatchObject({ facts: nothing });
  });

  test("is one look of a store", async () => {
    const { store, calls } = open({ load: [answering({ org: acme, membership: owner, "role owner": true })] });
    await expect(store.standing({ orgId, usrId: alice })).resolves.toEqual({
      org: acme,
      membership: owner,
      roles: ["owner"],
      tuples: [],
    });
    expect(calls).toEqual(["load"]);
  });

  test.each([
    [{ orgId: bob, usrId: "x" }, "invalid_type"],
    [{ orgId, usrId: orgId, tuples: 1 }, "invalid_type"],
    [{ orgId, tuples: [] }, "precondition.invalid_input"],
    [{ orgId, tuples: Array.from({ length: 21 }, () => project) }, "precondition.invalid_input"],
    [{ orgId, tuples: [{ ...project, subject: alice }] }, "precondition.invalid_input"],
    [{ orgId, tuples: [{ relation: "X", objectType: "X", objectId: "" }] }, "precondition.invalid_relation"],
    [{ orgId, tuples: [{ ...project, objectType: "X", objectId: "" }] }, "precondition.invalid_object"],
    [{ orgId, tuples: [{ ...project, objectId: "" }] }, "precondition.invalid_object"],
    [{ orgId, requireActiveOrg: true }, "precondition.invalid_input"],
  ])("%j is %s", (input, code) => {
    expect(codeThrown(() => standing.parse(input as never))).toBe(code);
  });
});
