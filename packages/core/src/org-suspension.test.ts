import { describe, expect, test } from "vitest";
import { codeThrown } from "../test/precedence.ts";
import { acme, after, alice, environment, now, settings } from "../test/world.ts";
import { decideReinstateOrg, decideRevokeOrg, decideSuspendOrg } from "./org.ts";
import { reasonArgument, type SuspendOrgInput, suspendOrgArgument } from "./org-suspension.ts";

const keeping = settings({ groups: ["lifecycle", "domains"] });
const kept = { ...environment, settings: keeping };
const orgId = acme.id;
const dueAt = after(1000);
const suspended = { ...acme, status: "suspended" } as const;

describe("what suspendOrg takes", () => {
  test("an id, or an input with everything that was said and nothing else", () => {
    expect(suspendOrgArgument(keeping, orgId)).toStrictEqual({ orgId, held: undefined });
    expect(suspendOrgArgument(keeping, { orgId })).toStrictEqual({ orgId, held: undefined });
    expect(suspendOrgArgument(keeping, { orgId, reason: null, dueAt: null })).toStrictEqual({ orgId, held: undefined });
    expect(suspendOrgArgument(keeping, { orgId, kind: "deletion", reason: "closed", dueAt })).toStrictEqual({
      orgId,
      held: undefined,
      kind: "deletion",
      reason: "closed",
      dueAt,
    });
  });

  test.each<readonly [input: unknown, code: string]>([
    [{ orgId, kind: "paused" }, "precondition.invalid_input"],
    [{ orgId, reason: 7 }, "precondition.invalid_input"],
    [{ orgId, reason: "x".repeat(1025) }, "precondition.invalid_input"],
    [{ orgId, reason: "bell \u0007" }, "precondition.invalid_input"],
    [{ orgId, kind: "deletion" }, "precondition.invalid_input"],
    [{ orgId, kind: "suspended", dueAt }, "precondition.invalid_input"],
    [{ orgId, dueAt }, "precondition.invalid_input"],
    [{ orgId, kind: "deletion", dueAt: "tomorrow" }, "precondition.invalid_expiration"],
    [{ orgId, until: dueAt }, "precondition.invalid_input"],
    [{ ...acme }, "invalid_id"],
    [null, "invalid_id"],
  ])("%j is %s", (input, code) => {
    expect(codeThrown(() => suspendOrgArgument(keeping, input))).toBe(code);
  });

  test("a reason has 1,024 units at most", () => {
    expect(reasonArgument("x".repeat(1024))).toEqual({ reason: "x".repeat(1024) });
  });

  test("a proxy that throws is no id", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(codeThrown(() => suspendOrgArgument(keeping, proxy))).toBe("invalid_id");
  });

  test.each<Partial<SuspendOrgInput>>([{ kind: "suspended" }, { reason: "late" }, { kind: "deletion", dueAt }])(
    "%j needs a store that keeps it",
    (said) => {
      expect(codeThrown(() => suspendOrgArgument(settings(), { orgId, ...said }))).toBe("config.capability_missing");
      expect(codeThrown(() => suspendOrgArgument(settings(), { orgId }))).toBeNull();
    },
  );
});

describe("in a store that keeps suspensions", () => {
  test("one begins with the organization's", () => {
    expect(decideSuspendOrg({ orgId }, { org: acme }, kept)).toMatchObject({
      write: {
        changes: [
          { op: "updateOrg" },
          {
            op: "putSuspension",
            row: { orgId, kind: "suspended", reason: null, since: now, dueAt: null, requestedBy: null },
          },
        ],
        event: { type: "org.suspended", data: {} },
      },
    });
  });

  test("one says why, until when and who asked for it; the event says what was said", () => {
    const said = { kind: "deletion", reason: "closed", dueAt } as const;
    const decision = decideSuspendOrg({ orgId, ...said }, { org: acme }, { ...kept, actor: alice });
    expect(decision).toMatchObject({
      write: {
        changes: [{}, { row: { ...said, since: now, requestedBy: alice } }],
        event: { data: { kind: "deletion", reason: "closed", dueAt: dueAt.toISOString() } },
      },
    });
  });

  test("one begins no earlier than the organization was changed, however the clock goes", () => {
    const org = { ...acme, updatedAt: after(500) };
    expect(decideSuspendOrg({ orgId }, { org }, kept)).toMatchObject({
      write: { changes: [{}, { row: { since: after(500) } }] },
    });
    const said = { kind: "deletion", dueAt: after(499) } as const;
    expect(decideSuspendOrg({ orgId, ...said }, { org }, kept)).toMatchObject({
      code: "precondition.past_expiration",
      details: { expiresAt: after(499).toISOString() },
    });
    expect(decideSuspendOrg({ orgId, kind: "deletion", dueAt: after(500) }, { org }, kept)).toMatchObject({ ok: true });
  });

  test("its state answers before its date", () => {
    const said = { kind: "deletion", dueAt: after(-1) } as const;
    expect(decideSuspendOrg({ orgId, ...said }, { org: suspended }, kept)).toMatchObject({
      code: "conflict.already_terminal",
    });
  });

  test("it ends with the organization's, and domains are free with a revocation", () => {
    expect(decideReinstateOrg({ orgId }, { org: suspended }, kept)).toMatchObject({
      write: { changes: [{ op: "updateOrg" }, { op: "deleteSuspension", orgId }] },
    });
    expect(decideRevokeOrg({ orgId }, { org: suspended }, kept)).toMatchObject({
      write: {
        changes: [
          { op: "updateOrg" },
          { op: "endEverything" },
          { op: "deleteSuspension", orgId },
          { op: "deleteDomains", orgId },
        ],
      },
    });
  });
});
