import { expect, test } from "vitest";
import { answering, committed, conflicting, faulty, scriptedPort, times } from "../test/scripted-port.ts";
import { rejection } from "../test/scripted-store.ts";
import { acme, member, now, owner } from "../test/world.ts";
import { type Access, type CommitOutcome, StoreFault, type StorePort } from "./store.ts";
import { Tenancy } from "./tenancy.ts";
import { eventsOf } from "./written.ts";

// A call that has lost two races decides with the organization to itself.

const facts = { membership: member, org: acme, owners: [owner.id, member.id] };
const look = answering(facts);

/** A port that can hold the organization's lock, and says when it does. */
function holding(
  script: Parameters<typeof scriptedPort>[0],
  end: (outcome: CommitOutcome) => CommitOutcome = (outcome) => outcome,
  options: ConstructorParameters<typeof Tenancy>[1] = {},
) {
  const scripted = scriptedPort(script);
  const port: StorePort = {
    ...scripted.port,
    async hold(orgId, work) {
      scripted.calls.push(`hold ${orgId === acme.id ? "acme" : orgId}`);
      const outcome = await work(scripted.port as Access);
      scripted.calls.push("let go");
      return end(outcome);
    },
  };
  return { ...scripted, store: new Tenancy(port, { clock: () => now, ...options }) };
}

test("after two lost races it holds the lock, looks again and commits", async () => {
  const { store, calls } = holding({ load: times(3, look), commit: [conflicting(), conflicting(), committed] });
  const suspended = await store.suspendMembership(member.id);
  expect(suspended.status).toBe("suspended");
  expect(eventsOf(suspended)).toMatchObject([{ seq: 8, type: "membership.suspended" }]);
  expect(calls).toEqual(["load", "commit", "load", "commit", "hold acme", "load", "commit", "let go"]);
});

test("so does a store whose calls do not share commits", async () => {
  const script = { load: times(3, look), commit: [conflicting(), conflicting(), committed] };
  const { store, calls } = holding(script, undefined, { groupCommit: false });
  await store.suspendMembership(member.id);
  expect(calls).toContain("hold acme");
});

test("what it then finds can refuse the call, which commits nothing", async () => {
  const gone = answering({ ...facts, membership: { ...member, status: "revoked" } });
  const { store, calls } = holding({ load: [look, look, gone], commit: times(2, conflicting()) });
  expect((await rejection(store.suspendMembership(member.id))).code).toBe("precondition.mem_not_active");
  expect(calls.slice(-3)).toEqual(["hold acme", "load", "let go"]);
});

test("what it then finds can be that nothing is left to do", async () => {
  const done = answering({ ...facts, membership: { ...member, role: "admin" } });
  const { store, calls } = holding({ load: [look, look, done], commit: times(2, conflicting()) });
  await expect(store.changeRole({ memId: member.id, newRole: "admin" })).resolves.toMatchObject({ role: "admin" });
  expect(calls.slice(-3)).toEqual(["hold acme", "load", "let go"]);
});

test("what a database still refuses is tried again, to the end of the patience", async () => {
  const { store, calls } = holding({ load: times(99, look), commit: times(99, conflicting()) });
  expect((await rejection(store.suspendMembership(member.id))).code).toBe("unavailable.contention");
  expect(calls.filter((call) => call === "commit")).toHaveLength(25);
});

test("a connection that was lost before its end is met with another attempt", async () => {
  const { store } = holding({
    load: [look, look, faulty("retryable"), look],
    commit: [conflicting(), conflicting(), committed],
  });
  await expect(store.suspendMembership(member.id)).resolves.toMatchObject({ status: "suspended" });
});

test("one that was lost at its end leaves the outcome unknown", async () => {
  const lost = (): CommitOutcome => {
    throw new StoreFault("indeterminate");
  };
  const script = { load: times(3, look), commit: [conflicting(), conflicting(), committed] };
  const { store } = holding(script, lost);
  expect((await rejection(store.suspendMembership(member.id))).code).toBe("indeterminate.commit");
});

test("a clock that fails there is a defect of the host's, not of the database", async () => {
  let asked = 0;
  const clock = () => {
    asked += 1;
    if (asked > 2) {
      throw new Error("no time");
    }
    return now;
  };
  const script = { load: times(3, look), commit: times(2, conflicting()) };
  const { store } = holding(script, undefined, { clock });
  expect((await rejection(store.suspendMembership(member.id))).code).toBe("internal.unexpected");
});

test("without a lock to hold it has the organization of this process to itself", async () => {
  const { port, calls } = scriptedPort({ load: times(3, look), commit: [conflicting(), conflicting(), committed] });
  await new Tenancy(port, { clock: () => now }).suspendMembership(member.id);
  expect(calls).toEqual(["load", "commit", "load", "commit", "load", "commit"]);
});

test("a store that shares nothing and holds nothing goes on as before", async () => {
  const { port, calls } = scriptedPort({ load: times(4, look), commit: [...times(3, conflicting()), committed] });
  await new Tenancy({ ...port, isRemote: false }, { clock: () => now }).suspendMembership(member.id);
  expect(calls.filter((call) => call === "commit")).toHaveLength(4);
});
