import { describe, expect, test } from "vitest";
import { answering, committed, conflicting, type Facts } from "../test/scripted-port.ts";
import { eventOf, keyOf, keyUseOf, open, rejection } from "../test/scripted-store.ts";
import { acme, bob, carol, member, now, owner } from "../test/world.ts";
import type { KeyUse } from "./read.ts";
import type { Code } from "./rejections.ts";
import type { Tenancy } from "./tenancy.ts";

// What is checked between existence and the rules of an operation: the key, then the version.

const facts = { membership: member, org: acme, owners: [owner.id] };
const asked = { orgId: acme.id, usrId: carol, role: "member" } as const;

describe("an idempotency key", () => {
  /** The use of the key `k` by a call, as the store would answer it afterwards. */
  async function useOf(call: (store: Tenancy) => Promise<unknown>): Promise<KeyUse> {
    const { store, commits } = open({ load: [answering(facts)], commit: [committed] });
    await call(store);
    return keyUseOf(commits[0]);
  }
  const suspend = (store: Tenancy) => store.suspendMembership(member.id, { idempotencyKey: "k" });
  const suspended = { ...member, status: "suspended", updatedAt: now };

  test("of the caller's is asked for in the same load, in the scope of the organization", async () => {
    const { store, plans, commits } = open({ load: [answering(facts)], commit: [committed] });
    await suspend(store);
    expect(plans[0]).toMatchObject({ keyUse: { read: "keyUse", scope: { membership: member.id }, key: "k" } });
    expect(keyOf(commits[0])).toMatchObject({ scope: acme.id, key: "k" });
    expect(eventOf(commits[0]).idempotencyKey).toBe("k");
  });

  test("that the library makes is new by construction: nobody is asked, and the event does not show it", async () => {
    const { store, plans, commits } = open({ load: [answering(facts)], commit: [committed] });
    await store.suspendMembership(member.id);
    expect(plans[0]).not.toHaveProperty("keyUse");
    expect(eventOf(commits[0]).idempotencyKey).toBeNull();
    expect(keyOf(commits[0]).key).toMatch(/^[\x21-\x7e]{1,255}$/);
  });

  test("that was used for the same call answers the stored result, whatever has happened since", async () => {
    const keyUse = await useOf(suspend);
    const { store, calls } = open({ load: [answering({ ...facts, membership: suspended, keyUse })] });
    const answer = await suspend(store);
    expect(answer).toEqual(suspended);
    expect(Object.isFrozen(answer)).toBe(true);
    expect(calls).toEqual(["load"]);
  });

  test("that was used by a rival a moment ago replays on the second look", async () => {
    const add = (store: Tenancy) => store.addMember(asked, { idempotencyKey: "k" });
    const keyUse = await useOf(add);
    const { store, calls } = open({ commit: [conflicting("idem_pkey")], load: [answering({ org: acme, keyUse })] });
    await expect(add(store)).resolves.toMatchObject({ usrId: carol, createdAt: now });
    expect(calls).toEqual(["commit", "load"]);
  });

  test("is the same for left out, undefined and default", async () => {
    const keyUse = await useOf((store) => store.addMember(asked, { idempotencyKey: "k" }));
    const load = [answering({ org: acme, keyUse })];
    for (const input of [
      { ...asked, invitedBy: undefined },
      { ...asked, invitedBy: null },
      { role: asked.role, usrId: asked.usrId, orgId: asked.orgId },
    ]) {
      const { store } = open({ commit: [conflicting("idem_pkey")], load });
      await expect(store.addMember(input as never, { idempotencyKey: "k", actor: bob })).resolves.toBeDefined();
    }
  });

  test.each<readonly [what: string, call: (store: Tenancy) => Promise<unknown>]>([
    ["another input", (store) => store.changeRole({ memId: member.id, newRole: "guest" }, { idempotencyKey: "k" })],
    ["another operation", (store) => store.suspendMembership(member.id, { idempotencyKey: "k" })],
  ])("that was used for %s is a conflict", async (_, call) => {
    const keyUse = await useOf((store) =>
      store.changeRole({ memId: member.id, newRole: "admin" }, { idempotencyKey: "k" }),
    );
    const { store, calls } = open({ load: [answering({ ...facts, keyUse })] });
    const error = await rejection(call(store));
    expect([error.name, error.details]).toEqual(["IdempotencyConflictError", { reason: "mismatch" }]);
    expect(calls).toEqual(["load"]);
  });

  test("that was fenced is spent", async () => {
    const { store } = open({ load: [answering({ ...facts, keyUse: { state: "fenced" } })] });
    const error = await rejection(suspend(store));
    expect([error.name, error.details]).toEqual(["IdempotencyConflictError", { reason: "abandoned" }]);
  });
});

describe("expectedVersion", () => {
  test("that is the organization's is part of what the commit expects", async () => {
    const { store, commits } = open({ load: [answering(facts)], commit: [committed] });
    await store.suspendMembership(member.id, { expectedVersion: 7 });
    expect(commits[0]?.org).toEqual({ is: "existing", id: acme.id, status: null, version: 7 });
  });

  test("that is another one is refused", async () => {
    const { store, calls } = open({ load: [answering(facts)] });
    const error = await rejection(store.suspendMembership(member.id, { expectedVersion: 6 }));
    expect([error.name, error.details]).toEqual(["VersionConflictError", { expected: 6, actual: 7 }]);
    expect(calls).toEqual(["load"]);
  });

  test("that goes stale before the commit is refused after it, and not tried again", async () => {
    const { store, calls } = open({
      load: [answering(facts), answering({ ...facts, org: { ...acme, version: 8 } })],
      commit: [conflicting()],
    });
    const error = await rejection(store.suspendMembership(member.id, { expectedVersion: 7 }));
    expect(error.details).toEqual({ expected: 7, actual: 8 });
    expect(calls).toEqual(["load", "commit", "load"]);
  });

  test("goes with assumed facts too: the commit expects it", async () => {
    const { store, calls, commits } = open({ commit: [conflicting()], load: [answering({ org: acme })] });
    const error = await rejection(store.addMember(asked, { expectedVersion: 6 }));
    expect(commits[0]?.org).toMatchObject({ status: "active", version: 6 });
    expect(error.code).toBe("conflict.version");
    expect(calls).toEqual(["commit", "load"]);
  });
});

describe("the checks that all mutations share", () => {
  const keyUse: KeyUse = { state: "fenced" };
  const revoked = { ...member, status: "revoked" };

  test.each<readonly [earlier: Code, facts: Facts]>([
    ["not_found", { keyUse }],
    ["conflict.idempotency", { org: acme, membership: revoked, owners: [], keyUse }],
    ["conflict.version", { org: acme, membership: revoked, owners: [] }],
    ["precondition.mem_not_active", { org: { ...acme, version: 6 }, membership: revoked, owners: [] }],
  ])("come in the order existence, replay, version, rules: %s is first", async (code, given) => {
    const { store } = open({ load: [answering(given)] });
    const options = { idempotencyKey: "k", expectedVersion: 6 };
    expect((await rejection(store.suspendMembership(member.id, options))).code).toBe(code);
  });

  test("a replay comes before a stale version", async () => {
    const first = open({ load: [answering(facts)], commit: [committed] });
    await first.store.suspendMembership(member.id, { idempotencyKey: "k" });
    const again = open({ load: [answering({ ...facts, keyUse: keyUseOf(first.commits[0]) })] });
    const options = { idempotencyKey: "k", expectedVersion: 1 };
    await expect(again.store.suspendMembership(member.id, options)).resolves.toMatchObject({ status: "suspended" });
  });
});
