import { expect, test } from "vitest";
import { answering, committed, conflicting, faulty } from "../test/scripted-port.ts";
import { eventOf, open, rejection } from "../test/scripted-store.ts";
import { acme, after, alice, bob, idNo, member, offer, otherOrg } from "../test/world.ts";
import { roleTuple } from "./model.ts";

const here = { ...offer, expiresAt: after(-1) };
const there = { ...here, id: idNo("inv", 2), orgId: otherOrg.id };

test("a sweep is one look and one commit for each organization", async () => {
  const { store, calls, commits } = open({
    load: [answering({ lapsed: [there, here] })],
    commit: [committed, committed],
  });
  await expect(store.expireInvitations()).resolves.toEqual({ expired: [here.id, there.id], more: false });
  expect(calls).toEqual(["load", "commit", "commit"]);
  expect(commits.map(({ org }) => org.id)).toEqual([acme.id, otherOrg.id]);
  expect(commits.map((commit) => eventOf(commit).data)).toEqual([{ invIds: [here.id] }, { invIds: [there.id] }]);
});

test("where nothing has lapsed nothing is written", async () => {
  const { store, calls } = open({ load: [answering({ org: acme, lapsed: [] })] });
  await expect(store.expireInvitations({ orgId: acme.id })).resolves.toEqual({ expired: [], more: false });
  expect(calls).toEqual(["load"]);
});

test("the answer is frozen", async () => {
  const { store } = open({ load: [answering({ lapsed: [here] })], commit: [committed] });
  const answer = await store.expireInvitations();
  expect([answer, answer.expired].every(Object.isFrozen)).toBe(true);
});

test("whom the caller names is the actor, otherwise nobody is", async () => {
  for (const [options, actor] of [
    [undefined, null],
    [{ actor: bob }, bob],
  ] as const) {
    const { store, commits } = open({ load: [answering({ lapsed: [here] })], commit: [committed] });
    await store.expireInvitations({}, options);
    expect(commits).toMatchObject([{ events: [{ actor, idempotencyKey: null }] }]);
  }
});

test("one that somebody else ended meanwhile is in nobody's answer but theirs", async () => {
  const { store, calls } = open({
    load: [answering({ lapsed: [here] }), answering({ lapsed: [] })],
    commit: [conflicting()],
  });
  await expect(store.expireInvitations()).resolves.toEqual({ expired: [], more: false });
  expect(calls).toEqual(["load", "commit", "load"]);
});

test("an unknown organization is not found", async () => {
  const { store } = open({ load: [answering({ lapsed: [] })] });
  expect((await rejection(store.expireInvitations({ orgId: acme.id }))).code).toBe("not_found");
});

test("input and options are checked in this order, before anything is read", async () => {
  const wrong: readonly (readonly [code: string, input: object, options: object])[] = [
    ["invalid_type", { orgId: alice, limit: 0 }, { actor: acme.id }],
    ["precondition.invalid_limit", { limit: 0 }, { actor: acme.id }],
    ["invalid_type", {}, { actor: acme.id, idempotencyKey: "k" }],
    ["precondition.invalid_idempotency_key", {}, { idempotencyKey: "k", expectedVersion: 1 }],
    ["precondition.invalid_expected_version", {}, { expectedVersion: 1 }],
  ];
  for (const [code, input, options] of wrong) {
    const { store, calls } = open({});
    expect((await rejection(store.expireInvitations(input as never, options as never))).code).toBe(code);
    expect(calls).toEqual([]);
  }
});

test("after an error what was done before it stays done", async () => {
  const { store, commits } = open({
    load: [answering({ lapsed: [here, there] })],
    commit: [committed, faulty("unavailable")],
  });
  expect((await rejection(store.expireInvitations())).code).toBe("unavailable.connection");
  expect(commits).toHaveLength(2);
});

test("memberships and grants are swept like invitations", async () => {
  const lapsed = { ...member, expiresAt: after(-1) };
  const { store } = open({ load: [answering({ lapsed: [lapsed] })], commit: [committed] });
  await expect(store.expireMemberships()).resolves.toEqual({ expired: [lapsed.id], more: false });
  const tuple = { ...roleTuple(lapsed), relation: "viewer" };
  const grants = open({ load: [answering({ lapsed: [{ orgId: acme.id, tuple }] })], commit: [committed] });
  await expect(grants.store.expireGrants()).resolves.toEqual({ expired: [tuple], more: false });
});
