import { emailIdentifiers, type Membership, type TenancyError } from "@tenantry/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openMemory, testsOf } from "../../test/suite.ts";
import { Failure } from "../assertions.ts";
import type { Open } from "../open-store.ts";
import { makers } from "./arguments.ts";
import { playMany } from "./describe-model.ts";
import { fixtureOf } from "./fixture.ts";
import { runs } from "./generator.ts";
import { type PlayedStep, play } from "./play.ts";

const nobody = (): void => {};

async function playedBy(seed: number, numRuns: number): Promise<readonly PlayedStep[]> {
  const played: PlayedStep[] = [];
  for (const run of fc.sample(runs(120), { seed, numRuns })) {
    played.push(...(await play(run, null)));
  }
  return played;
}

test("a seed repeats its steps", async () => {
  const told = async (seed: number) =>
    JSON.stringify((await playedBy(seed, 5)).map(({ call, advanceMs }) => [call, advanceMs]));
  expect(await told(11)).toBe(await told(11));
  expect(await told(11)).not.toBe(await told(12));
});

test("every operation is accepted and refused in many ways", async () => {
  const ends = new Map<string, Set<string>>(Object.keys(makers).map((op) => [op, new Set()]));
  const played = await playedBy(5, 320);
  for (const { call, outcome } of played) {
    ends.get(call.op)?.add(outcome.ok ? "ok" : (outcome.error as TenancyError).code);
  }
  // In parts: of many rows some are done and some refused, of many organizations some are left.
  const answers = played.flatMap(({ call, outcome }) => (outcome.ok ? [[call.op, outcome.result] as const] : []));
  const said = (op: string, isMeant: (answer: Record<string, unknown>) => boolean): boolean =>
    answers.some(([name, answer]) => name === op && isMeant(answer as Record<string, unknown>));
  for (const op of ["addMembers", "createInvitations", "changeRoles", "removeMembers"]) {
    expect(
      said(op, ({ done, refused }) => done !== 0 && refused !== 0),
      op,
    ).toBe(true);
  }
  for (const how of ["left", "transferred", "revoked", "grants"]) {
    expect(
      said("removeUser", ({ done }) => (done as readonly { readonly how: string }[]).some((part) => part.how === how)),
      how,
    ).toBe(true);
  }
  for (const [op, codes] of ends) {
    expect(codes, op).toContain("ok");
    expect(codes.size, op).toBeGreaterThan(1);
  }
  const all = new Set([...ends.values()].flatMap((codes) => [...codes]));
  for (const code of [
    "conflict.already_terminal",
    "conflict.duplicate_invitation",
    "conflict.duplicate_membership",
    "conflict.idempotency",
    "conflict.invitation_expired",
    "conflict.invitation_limit",
    "conflict.invitation_not_pending",
    "conflict.member_limit",
    "conflict.org_slug",
    "conflict.organization_limit",
    "conflict.sole_owner",
    "conflict.version",
    "forbidden",
    "forbidden.role_hierarchy",
    "not_found",
    "precondition.duplicate_pre_tuple",
    "precondition.from_not_active",
    "precondition.from_not_owner",
    "precondition.identifier_binding_required",
    "precondition.identifier_mismatch",
    "precondition.invalid_transition",
    "precondition.mem_not_active",
    "precondition.membership_suspended",
    "precondition.org_mismatch",
    "precondition.org_not_active",
    "precondition.org_slug_reserved",
    "precondition.past_expiration",
    "precondition.scope_mismatch",
    "precondition.self_transfer",
    "precondition.short_time_box",
    "precondition.to_not_active",
    "precondition.to_time_boxed",
  ]) {
    expect(all, code).toContain(code);
  }
});

test("the reference store obeys the rules as they are stated a second time", async () => {
  await playMany({ open: null, seed: 1, steps: Number(process.env["MODEL_STEPS"] ?? 20_000), note: nobody });
});

test("an honest store passes", async () => {
  await playMany({ open: openMemory, seed: 2, steps: 4000, note: nobody });
});

type Method = (...args: unknown[]) => Promise<unknown>;

/** The honest store with something done around every call of one method. */
function around(name: string, change: (method: Method, args: readonly unknown[]) => Promise<unknown>): Open {
  return async (options) => {
    const world = await openMemory(options);
    const store = new Proxy(world.store, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== "function") {
          return value;
        }
        const method = (...args: unknown[]): Promise<unknown> => Reflect.apply(value, target, args);
        return key === name ? (...args: unknown[]) => change(method, args) : method;
      },
    });
    return { ...world, store };
  };
}

const planted: readonly (readonly [bug: string, open: Open, most: number])[] = [
  [
    "a role change answers another role",
    around("changeRole", async (method, args) =>
      Object.freeze({ ...((await method(...args)) as Membership), role: "guest" }),
    ),
    4,
  ],
  ["identifiers are folded", (options) => openMemory({ ...options, identifierPolicy: emailIdentifiers }), 3],
  ["an expected version is ignored", around("suspendOrg", (method, [orgId]) => method(orgId)), 3],
  [
    "whoever leaves is gone from the tables",
    async (options) => {
      const world = await openMemory(options);
      return {
        ...world,
        async tables() {
          const tables = await world.tables();
          const left = new Set(
            tables.evt.flatMap((event) => (event.type === "membership.left" ? [event.data.memId] : [])),
          );
          return { ...tables, mem: tables.mem.filter(({ id }) => !left.has(id)) };
        },
      };
    },
    4,
  ],
  [
    "a list forgets its last row",
    around("listMembers", async (method, args) => {
      const { data, ...page } = (await method(...args)) as { readonly data: readonly unknown[] };
      return Object.freeze({ ...page, data: Object.freeze(data.slice(0, -1)) });
    }),
    2,
  ],
];

describe.each(planted)("a store in which %s", (_, open, most) => {
  test(`is found out, in a fixture of at most ${most} steps that fails there and passes on the honest store`, async () => {
    const failure = await playMany({ open, seed: 3, steps: 20_000, note: nobody }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Failure);
    const { message } = failure as Failure;
    const content = JSON.parse(message.slice(message.indexOf("{\n"))) as {
      readonly tests: readonly [{ readonly id: string; readonly steps: readonly unknown[] }];
    };
    const [{ id, steps }] = content.tests;
    expect(steps.length).toBeLessThanOrEqual(most);
    const verdict = (store: Open) =>
      testsOf({ open: store, fixtures: [{ path: "f", content }] }).get(`fixtures > f > ${id}`)?.();
    expect(await verdict(openMemory)).toBe("passed");
    expect(await verdict(open)).toBe("failed");
  });
});

test("any run can be told as a fixture that the honest store passes", async () => {
  for (const run of fc.sample(runs(12), { seed: 9, numRuns: 60 })) {
    const content = await fixtureOf(run.options, await play(run, null));
    const [[name, verdict] = ["", null]] = [
      ...testsOf({ open: openMemory, fixtures: [{ path: "f", content }] }),
    ].filter(([title]) => title.startsWith("fixtures > "));
    expect([name, await verdict?.(), JSON.stringify(content)]).toEqual([name, "passed", JSON.stringify(content)]);
  }
});
