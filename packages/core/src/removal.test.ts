import { expect, test } from "vitest";
import { answering, committed, conflicting, type Facts, faulty, times } from "../test/scripted-port.ts";
import { eventOf, keyUseOf, open, rejection } from "../test/scripted-store.ts";
import {
  acme,
  admin,
  after,
  alice,
  bob,
  carol,
  idNo,
  member,
  membership,
  now,
  otherOrg,
  owner,
} from "../test/world.ts";
import { type Organization, roleTuple, type Tuple } from "./model.ts";
import type { UserStanding } from "./read.ts";
import { eventsOf } from "./written.ts";

const grant = { relation: "editor", objectType: "project", objectId: "p", expiresAt: null };
const granted: Tuple = { subjectType: "usr", subjectId: alice, ...grant };
const badge = { relation: "badge", objectType: "org", objectId: acme.id, expiresAt: null };
const nothing: Facts = { standings: [], left: [] };

function standing(facts: Partial<UserStanding> = {}): UserStanding {
  return { membership: owner, org: acme, otherOwner: true, successor: null, tuples: [roleTuple(owner)], ...facts };
}

function elsewhere(facts: Partial<UserStanding> = {}): UserStanding {
  const org: Organization = otherOrg;
  const member = membership({ id: idNo("mem", 9), usrId: alice, orgId: org.id });
  return standing({ membership: member, org, otherOwner: false, tuples: [roleTuple(member)], ...facts });
}

const seen = (...standings: readonly UserStanding[]) => answering({ standings, left: [] });

test("it is a look, and a commit for each organization", async () => {
  const { store, calls, commits } = open({
    load: [seen(standing(), elsewhere())],
    commit: [committed, committed],
  });
  await expect(store.removeUser({ usrId: alice })).resolves.toEqual({
    done: [
      { orgId: acme.id, memId: owner.id, how: "left", tuples: 0 },
      { orgId: otherOrg.id, memId: idNo("mem", 9), how: "left", tuples: 0 },
    ],
    left: [],
    more: false,
  });
  expect(calls).toEqual(["load", "commit", "commit"]);
  expect(commits.map((commit) => [commit.org.id, eventOf(commit).type, eventOf(commit).actor])).toEqual([
    [acme.id, "membership.left", alice],
    [otherOrg.id, "membership.left", alice],
  ]);
});

test("of a user who is nowhere it is one look", async () => {
  const { store, calls } = open({ load: [answering(nothing)] });
  await expect(store.removeUser({ usrId: alice })).resolves.toEqual({ done: [], left: [], more: false });
  expect(calls).toEqual(["load"]);
});

test("what the user held goes with the membership, and is told", async () => {
  const tuples = [roleTuple(owner), { subjectType: "usr", subjectId: alice, ...badge } as const, granted];
  const { store, commits } = open({
    load: [seen(standing({ tuples }))],
    commit: [committed],
  });
  const answer = await store.removeUser({ usrId: alice, grants: true }, { actor: carol });
  expect(answer.done).toMatchObject([{ how: "left", tuples: 2 }]);
  expect(eventsOf(answer).map(({ type }) => type)).toEqual(["membership.left", "grants.removed"]);
  expect(commits[0]?.events).toMatchObject([
    { type: "membership.left", actor: carol },
    { type: "grants.removed", at: now, actor: carol, data: { usrId: alice, tuples: [badge, grant] } },
  ]);
});

test("the only owner's choice: a successor, or the end", async () => {
  const choice = { orgId: acme.id, transferTo: bob };
  const handed = open({
    load: [seen(standing({ otherOwner: false, successor: admin }))],
    commit: [committed],
  });
  expect((await handed.store.removeUser({ usrId: alice, choices: [choice] })).done).toMatchObject([
    { how: "transferred" },
  ]);
  // Another owner, even one who comes after the look, makes the choice mean nothing.
  expect(handed.commits.map(({ org }) => org)).toEqual([
    { is: "existing", id: acme.id, status: null, version: acme.version },
  ]);
  const tuples = [roleTuple(owner), granted];
  const ended = open({
    load: [seen(standing({ otherOwner: false, tuples }))],
    commit: [committed],
  });
  const answer = await ended.store.removeUser({ usrId: alice, choices: [{ orgId: acme.id, revoke: true }] });
  expect(answer.done).toMatchObject([{ how: "revoked", tuples: 1 }]);
  expect(ended.commits[0]?.events).toMatchObject([
    { type: "org.revoked", actor: alice },
    { type: "grants.removed", data: { tuples: [grant] } },
  ]);
});

test("in mode all the first refusal is thrown before anything is written", async () => {
  const { store, calls } = open({ load: [seen(elsewhere(), standing({ otherOwner: false }))] });
  const error = await rejection(store.removeUser({ usrId: alice }));
  expect([error.code, error.details]).toEqual(["conflict.sole_owner", { orgId: acme.id }]);
  expect(calls).toEqual(["load"]);
});

test("in mode each what can be done is, and a refused organization is tried once", async () => {
  const stays = standing({ otherOwner: false });
  const { store, calls } = open({
    load: [seen(stays, elsewhere()), seen(stays)],
    commit: [committed],
  });
  await expect(store.removeUser({ usrId: alice, mode: "each" })).resolves.toEqual({
    done: [{ orgId: otherOrg.id, memId: idNo("mem", 9), how: "left", tuples: 0 }],
    left: [{ orgId: acme.id, code: "conflict.sole_owner", details: { orgId: acme.id } }],
    more: false,
  });
  expect(calls).toEqual(["load", "load", "commit"]);
});

test("where others change it meanwhile, what refuses later is in the answer", async () => {
  const { store } = open({
    load: [seen(standing()), seen(standing({ otherOwner: false }))],
    commit: [conflicting()],
  });
  await expect(store.removeUser({ usrId: alice })).resolves.toEqual({
    done: [],
    left: [{ orgId: acme.id, code: "conflict.sole_owner", details: { orgId: acme.id } }],
    more: false,
  });
});

test("what somebody else has done meanwhile is in nobody's answer but theirs", async () => {
  const { store } = open({
    load: [seen(standing()), answering(nothing)],
    commit: [conflicting()],
  });
  await expect(store.removeUser({ usrId: alice })).resolves.toEqual({ done: [], left: [], more: false });
});

test("grants of organizations that they left before go too, also after a lost race", async () => {
  const left = [{ orgId: otherOrg.id, tuples: [granted] }];
  const { store, commits } = open({
    load: [answering({ standings: [], left }), answering({ standings: [], left })],
    commit: [conflicting(), committed],
  });
  const { done } = await store.removeUser({ usrId: alice, grants: true });
  expect(done).toEqual([{ orgId: otherOrg.id, memId: null, how: "grants", tuples: 1 }]);
  expect(commits.map((commit) => eventOf(commit).type)).toEqual(["grants.removed", "grants.removed"]);
});

test("a membership or a grant that lapses meanwhile is gone, and nothing is told of it", async () => {
  const soon = { ...member, usrId: alice, expiresAt: after(1) };
  const brief = { ...granted, expiresAt: after(1) };
  const looks = answering({
    standings: [standing({ membership: soon, tuples: [] })],
    left: [{ orgId: otherOrg.id, tuples: [brief] }],
  });
  let reads = 0;
  const clock = () => {
    reads += 1;
    return after(reads === 1 ? 0 : 2);
  };
  const { store, calls, commits } = open({ load: [looks, answering(nothing), answering(nothing)] }, { clock });
  await expect(store.removeUser({ usrId: alice, grants: true })).resolves.toEqual({ done: [], left: [], more: false });
  expect([calls, commits]).toEqual([["load", "load", "load"], []]);
});

test("an owner with a time box goes as others do, and follows nobody", async () => {
  const boxed = { ...owner, expiresAt: after(1) };
  const choices = [{ orgId: acme.id, revoke: true } as const];
  const leaves = open({ load: [seen(standing({ membership: boxed }))], commit: [committed] });
  expect((await leaves.store.removeUser({ usrId: alice, choices })).done).toMatchObject([{ how: "left" }]);
  const successor = { ...admin, expiresAt: after(1) };
  const { store } = open({ load: [seen(standing({ otherOwner: false, successor }))] });
  const asked = { usrId: alice, choices: [{ orgId: acme.id, transferTo: bob }] };
  expect((await rejection(store.removeUser(asked))).code).toBe("precondition.to_time_boxed");
});

test("inside one organization nothing else is looked at", async () => {
  const { store, plans } = open({ load: [seen(standing(), elsewhere())], commit: [committed] });
  const { done } = await store.within(acme.id).removeUser({ usrId: alice });
  expect(done.map(({ orgId }) => orgId)).toEqual([acme.id]);
  expect(plans[0]).toMatchObject({ standings: { orgId: acme.id, at: now }, left: { orgId: acme.id, at: now } });
});

test("at the limit it stops and says that there is more", async () => {
  const { store, calls } = open({ load: [seen(standing(), elsewhere())], commit: [committed] });
  const answer = await store.removeUser({ usrId: alice, limit: 1 });
  expect([answer.done.length, answer.more]).toEqual([1, true]);
  expect(calls).toEqual(["load", "commit"]);
});

test("a look that is full is followed by one behind it", async () => {
  const stays = standing({ otherOwner: false });
  const full = Array.from({ length: 1000 }, (_, number) => ({
    ...stays,
    membership: { ...owner, id: idNo("mem", number + 10) },
    org: { ...acme, id: idNo("org", number + 10) },
  }));
  const { store, plans } = open({
    load: [seen(...full), ...times(1000, seen(stays)), seen(elsewhere())],
    commit: [committed],
  });
  const { done, left, more } = await store.removeUser({ usrId: alice, mode: "each" });
  expect([done.length, left.length, more]).toEqual([1, 1000, false]);
  const looks = plans.filter(({ standings }) => Object(standings).take === 1000);
  expect(looks.map(({ standings }) => Object(standings).after)).toEqual([null, idNo("mem", 1009)]);
});

test("a look that is full of grants is followed by another", async () => {
  const left = Array.from({ length: 200 }, (_, number) => ({
    orgId: idNo("org", number + 10),
    tuples: [{ ...granted, objectId: `p${number}` }],
  }));
  const spent = { state: "fenced" } as const;
  const refused = left.map(() => answering({ ...nothing, keyUse: spent }));
  const { store, calls } = open({
    load: [answering({ standings: [], left }), ...refused, answering({ standings: [], left })],
    commit: times(200, conflicting()),
  });
  const answer = await store.removeUser({ usrId: alice, grants: true }, { idempotencyKey: "k" });
  expect([answer.left.length, answer.more]).toEqual([200, false]);
  expect(calls.filter((call) => call === "load")).toHaveLength(202);
});

test("a key takes effect in an organization once", async () => {
  const first = open({ load: [seen(standing())], commit: [committed] });
  await first.store.removeUser({ usrId: alice }, { idempotencyKey: "k" });
  const keyUse = keyUseOf(first.commits[0]);
  const again = open({
    load: [seen(standing()), answering({ ...nothing, keyUse })],
    commit: [conflicting()],
  });
  await expect(again.store.removeUser({ usrId: alice }, { idempotencyKey: "k" })).resolves.toEqual({
    done: [],
    left: [{ orgId: acme.id, code: "conflict.idempotency", details: { reason: "spent" } }],
    more: false,
  });
});

test("after an error what was done before it stays done", async () => {
  const { store, commits } = open({
    load: [seen(standing(), elsewhere())],
    commit: [committed, faulty("unavailable")],
  });
  expect((await rejection(store.removeUser({ usrId: alice }))).code).toBe("unavailable.connection");
  expect(commits).toHaveLength(2);
});

test("on behalf of somebody nobody else goes, and nobody else is the actor", async () => {
  const { store } = open({ load: [answering(nothing), answering(nothing)] });
  await expect(store.as(alice).removeUser({ usrId: alice })).resolves.toMatchObject({ more: false });
  expect((await rejection(store.as(bob).removeUser({ usrId: alice }))).code).toBe("forbidden");
  expect((await rejection(store.as(alice).removeUser({ usrId: alice }, { actor: bob }))).code).toBe("forbidden");
});

test("on behalf of oneself every commit is one's own", async () => {
  const { store, commits } = open({ load: [seen(standing())], commit: [committed] });
  await store.as(alice).removeUser({ usrId: alice });
  expect(commits.map((commit) => eventOf(commit).actor)).toEqual([alice]);
});

test.each<readonly [code: string, input: unknown, options?: object]>([
  ["precondition.invalid_input", undefined],
  ["precondition.invalid_input", { usrId: alice, x: 1 }],
  ["invalid_type", { usrId: acme.id, choices: 1 }],
  ["precondition.invalid_input", { usrId: alice, choices: {} }],
  ["precondition.invalid_input", { usrId: alice, choices: Array(1001).fill({ orgId: acme.id, revoke: true }) }],
  ["precondition.invalid_input", { usrId: alice, choices: [null] }],
  ["invalid_type", { usrId: alice, choices: [{ orgId: alice, revoke: true }] }],
  ["invalid_type", { usrId: alice, choices: [{ orgId: acme.id, transferTo: acme.id }] }],
  ["precondition.invalid_input", { usrId: alice, choices: [{ orgId: acme.id }] }],
  ["precondition.invalid_input", { usrId: alice, choices: [{ orgId: acme.id, revoke: false }] }],
  ["precondition.invalid_input", { usrId: alice, choices: [{ orgId: acme.id, transferTo: bob, revoke: true }] }],
  ["precondition.invalid_input", { usrId: alice, choices: Array(2).fill({ orgId: acme.id, revoke: true }), grants: 1 }],
  ["precondition.invalid_input", { usrId: alice, grants: 1, limit: 0 }],
  ["precondition.invalid_input", { usrId: alice, mode: "some", limit: 0 }],
  ["precondition.invalid_limit", { usrId: alice, limit: 201 }, { idempotencyKey: "" }],
  ["precondition.invalid_idempotency_key", { usrId: alice }, { idempotencyKey: "" }],
  ["precondition.invalid_expected_version", { usrId: alice }, { expectedVersion: 1 }],
])("%s of %j, before anything is read", async (code, input, options) => {
  const { store, calls } = open({});
  expect((await rejection(store.removeUser(input as never, options as never))).code).toBe(code);
  expect(calls).toEqual([]);
});

test("what several organizations granted is taken once", async () => {
  const third = idNo("org", 7);
  const { store, commits } = open({
    load: [
      answering({
        standings: [standing({ tuples: [granted] }), elsewhere({ tuples: [granted] })],
        left: [{ orgId: third, tuples: [granted] }],
      }),
    ],
    commit: [committed, committed],
  });
  const { done } = await store.removeUser({ usrId: alice, grants: true });
  expect(done.map(({ orgId, tuples }) => [orgId, tuples])).toEqual([
    [acme.id, 1],
    [otherOrg.id, 0],
  ]);
  expect(commits.map(({ events }) => events.map(({ type }) => type))).toEqual([
    ["membership.left", "grants.removed"],
    ["membership.left"],
  ]);
});
