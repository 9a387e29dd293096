import { expect, test } from "vitest";
import { answering, committed, conflicting, faulty, times } from "../test/scripted-port.ts";
import { keyUseOf, open, rejection } from "../test/scripted-store.ts";
import { acme, after, alice, idNo, member, now, offer, otherOrg, owner } from "../test/world.ts";
import { IndeterminateError } from "./error-classes.ts";
import { eventsOf } from "./written.ts";

const facts = { membership: member, org: acme, owners: [owner.id, member.id] };
const look = answering(facts);

test("a result tells the events that it stands for, frozen", async () => {
  const { store } = open({ load: [look], commit: [committed] });
  const events = eventsOf(await store.suspendMembership(member.id, { idempotencyKey: "k" }));
  expect(events).toEqual([
    {
      orgId: acme.id,
      seq: 8,
      type: "membership.suspended",
      at: now,
      actor: null,
      idempotencyKey: "k",
      data: { memId: member.id, usrId: member.usrId, role: "member" },
    },
  ]);
  expect([events, events[0], events[0]?.data].every(Object.isFrozen)).toBe(true);
});

test("what the store counted is in the data", async () => {
  const ended = { memberships: 3, invitations: 2, tuples: 9 };
  const { store } = open({
    load: [answering({ org: acme })],
    commit: [answering({ outcome: "committed", seq: 8, ended })],
  });
  expect(eventsOf(await store.revokeOrg(acme.id))).toMatchObject([
    { type: "org.revoked", data: { from: "active", slug: "acme", ...ended } },
  ]);
});

test("a lost race leaves nothing of itself", async () => {
  const { store } = open({ load: times(2, look), commit: [conflicting(), committed] });
  expect(eventsOf(await store.suspendMembership(member.id))).toHaveLength(1);
});

test("without effect there is no event", async () => {
  const { store } = open({ load: [look] });
  expect(eventsOf(await store.changeRole({ memId: member.id, newRole: "member" }))).toEqual([]);
});

test("a used key's result stands for what was written then, not now", async () => {
  const first = open({ load: [look], commit: [committed] });
  await first.store.suspendMembership(member.id, { idempotencyKey: "k" });
  const { store } = open({ load: [answering({ ...facts, keyUse: keyUseOf(first.commits[0]) })] });
  expect(eventsOf(await store.suspendMembership(member.id, { idempotencyKey: "k" }))).toEqual([]);
});

test("what an unknown outcome resolves to has none: nobody here saw it", async () => {
  const { store, commits } = open({
    load: [look],
    commit: [faulty("indeterminate")],
    settle: [() => keyUseOf(commits[0])],
  });
  const error = await rejection(store.suspendMembership(member.id));
  if (!(error instanceof IndeterminateError)) {
    throw error;
  }
  const { result } = (await error.resolve()) as { readonly result: object };
  expect(eventsOf(result)).toEqual([]);
});

test("a sweep's result has those of all organizations", async () => {
  const lapsed = [
    { ...offer, expiresAt: after(-1) },
    { ...offer, id: idNo("inv", 2), orgId: otherOrg.id, expiresAt: after(-1) },
  ];
  const { store } = open({ load: [answering({ lapsed })], commit: times(2, committed) });
  const events = eventsOf(await store.expireInvitations());
  expect(events.map(({ orgId, type }) => [orgId, type])).toEqual([
    [acme.id, "invitation.expired"],
    [otherOrg.id, "invitation.expired"],
  ]);
});

test("an object that is no result of a mutation has none to tell", async () => {
  const { store } = open({ load: [answering({ org: acme }), look], commit: [committed] });
  const read = await store.getOrg(acme.id);
  const copy = { ...(await store.suspendMembership(member.id)) };
  for (const other of [read, copy, alice, null, undefined, 7]) {
    expect(() => eventsOf(other as object)).toThrow(
      expect.objectContaining({ code: "precondition.invalid_input", details: { key: null } }),
    );
  }
});
