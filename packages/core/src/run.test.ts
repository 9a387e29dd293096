import { describe, expect, test } from "vitest";
import { answering, committed, conflicting, faulty, scriptedPort, throwing, times } from "../test/scripted-port.ts";
import { eventOf, keyOf, open, rejection } from "../test/scripted-store.ts";
import { acme, after, alice, bob, carol, fresh, idNo, member, now, offer, owner } from "../test/world.ts";
import { isId } from "./id.ts";
import type { IdType } from "./model.ts";
import type { Rejections } from "./rejections.ts";
import type { StorePort } from "./store.ts";
import { Tenancy } from "./tenancy.ts";

// The loop on a port that does what a test tells it. Suspending is a mutation that reads first; adding and founding are
// decided on assumed facts.

const facts = { membership: member, org: acme, owners: [owner.id, member.id] };
const asked = { orgId: acme.id, usrId: carol, role: "member" } as const;

describe("a query", () => {
  test("is answered by one load", async () => {
    const { store, calls, plans } = open({ load: [answering({ org: acme })] });
    await expect(store.getOrg(acme.id)).resolves.toEqual(acme);
    expect(calls).toEqual(["load"]);
    expect(plans).toEqual([{ org: { read: "org", of: { org: acme.id } } }]);
  });

  test("answers a frozen copy", async () => {
    const org = { ...acme, updatedAt: new Date(now) };
    const { store } = open({ load: [answering({ org })] });
    const answer = await store.getOrg(acme.id);
    org.updatedAt.setTime(0);
    expect(answer.updatedAt).toEqual(now);
    expect(Object.isFrozen(answer)).toBe(true);
  });

  test("sees the state of an invitation at the time of the store's clock", async () => {
    const load = [answering({ invitation: offer })];
    const late = open({ load }, { clock: () => new Date(offer.expiresAt.getTime() + 1) });
    await expect(late.store.getInvitation(offer.id)).resolves.toMatchObject({ status: "expired" });
    const inTime = open({ load }, { clock: () => offer.expiresAt });
    await expect(inTime.store.getInvitation(offer.id)).resolves.toMatchObject({ status: "pending" });
  });

  test("of what does not exist is a NotFoundError", async () => {
    const { store } = open({ load: [answering({})] });
    const error = await rejection(store.getMembership(member.id));
    expect([error.name, error.details]).toEqual(["NotFoundError", { what: "membership", id: member.id }]);
  });

  test("with a malformed argument asks nothing", async () => {
    const { store, calls } = open({});
    expect((await rejection(store.getOrg("" as never))).code).toBe("invalid_id");
    expect(calls).toEqual([]);
  });

  test("is repeated after a fault that another attempt may mend", async () => {
    const { store, calls } = open({ load: [faulty("retryable"), answering({ org: acme })] });
    await expect(store.getOrg(acme.id)).resolves.toEqual(acme);
    expect(calls).toEqual(["load", "load"]);
  });
});

describe("a mutation that reads first", () => {
  test("loads, decides and commits: two round trips", async () => {
    const { store, calls, plans, commits } = open({ load: [answering(facts)], commit: [committed] });
    const suspended = { ...member, status: "suspended", updatedAt: now };
    await expect(store.suspendMembership(member.id)).resolves.toEqual(suspended);
    expect(calls).toEqual(["load", "commit"]);
    expect(Object.keys(plans[0] ?? {}).sort()).toEqual(["membership", "org", "owners"]);
    expect(commits).toMatchObject([
      {
        org: { is: "existing", id: acme.id, status: null, version: null },
        changes: [{ op: "updateMembership", row: suspended }, { op: "deleteTuple" }],
        events: [{ type: "membership.suspended", at: now, actor: null, idempotencyKey: null }],
        keys: [{ scope: acme.id, operation: "suspendMembership" }],
      },
    ]);
  });

  test("commits with what the decision expects of the organization", async () => {
    const { store, commits } = open({ load: [answering({ ...facts, membership: owner })], commit: [committed] });
    await store.suspendMembership(owner.id);
    expect(commits[0]?.org).toEqual({ is: "existing", id: acme.id, status: null, version: acme.version });
  });

  test("answers a frozen copy of what was committed", async () => {
    const { store, commits } = open({ load: [answering(facts)], commit: [committed] });
    const answer = await store.suspendMembership(member.id);
    const [written] = commits.flatMap(({ changes }) =>
      changes.flatMap((change) => ("row" in change ? [change.row] : [])),
    );
    expect(answer).toEqual(written);
    expect(answer).not.toBe(written);
    expect(Object.isFrozen(answer)).toBe(true);
  });

  test("commits nothing where a rule refuses it", async () => {
    const { store, calls } = open({ load: [answering({ ...facts, membership: owner, owners: [owner.id] })] });
    const error = await rejection(store.suspendMembership(owner.id));
    expect([error.name, error.details]).toEqual(["SoleOwnerError", { orgId: acme.id }]);
    expect(calls).toEqual(["load"]);
  });

  test("commits nothing where nothing changes", async () => {
    const { store, calls } = open({ load: [answering({ ...facts, owners: [] })] });
    const answer = await store.changeRole({ memId: member.id, newRole: "member" });
    expect(answer).toEqual(member);
    expect(Object.isFrozen(answer)).toBe(true);
    expect(calls).toEqual(["load"]);
  });

  test("after a conflict is decided again, on what is true by then", async () => {
    const { store, calls } = open({
      load: [
        answering({ ...facts, membership: owner, owners: [owner.id, member.id] }),
        answering({ ...facts, membership: owner, owners: [owner.id] }),
      ],
      commit: [conflicting()],
    });
    expect((await rejection(store.suspendMembership(owner.id))).code).toBe("conflict.sole_owner");
    expect(calls).toEqual(["load", "commit", "load"]);
  });

  test("reads the clock once for each decision, and gives out the same ids and key every time", async () => {
    let asked = 0;
    const clock = () => {
      asked += 1;
      return after(asked);
    };
    const { store, commits } = open(
      { load: times(3, answering(facts)), commit: [conflicting(), conflicting(), committed] },
      { clock },
    );
    const answer = await store.changeRole({ memId: member.id, newRole: "admin" });
    expect(answer).toMatchObject({ id: fresh.mem, createdAt: after(3) });
    expect(commits.map((commit) => eventOf(commit).at)).toEqual([after(1), after(2), after(3)]);
    expect(new Set(commits.map((commit) => keyOf(commit).key)).size).toBe(1);
    expect(commits.map((commit) => eventOf(commit).data)).toEqual(times(3, eventOf(commits[0]).data as never));
  });
});

describe("a mutation on assumed facts", () => {
  test("is one commit, without a read", async () => {
    const { store, calls, commits } = open({ commit: [committed] });
    await expect(store.addMember(asked)).resolves.toMatchObject({ id: fresh.mem, usrId: carol, status: "active" });
    expect(calls).toEqual(["commit"]);
    expect(commits).toMatchObject([{ org: { is: "existing", id: acme.id, status: "active", version: null } }]);
  });

  test("is refused only after a look at the facts", async () => {
    const { store, calls } = open({
      commit: [conflicting("mem_live")],
      load: [answering({ org: acme, live: member })],
    });
    expect((await rejection(store.addMember(asked))).code).toBe("conflict.duplicate_membership");
    expect(calls).toEqual(["commit", "load"]);
  });

  test("is decided again where the facts do not refuse it", async () => {
    const { store, calls, commits } = open({ commit: [conflicting(), committed], load: [answering({ org: acme })] });
    await store.addMember(asked);
    expect(calls).toEqual(["commit", "load", "commit"]);
    expect(commits[1]).toEqual(commits[0]);
  });

  test("founds an organization under the keys of its creator", async () => {
    const { store, commits } = open({ commit: [committed] });
    const { org } = await store.createOrg({ creator: alice, slug: "acme" }, { idempotencyKey: "k" });
    expect(org.id).toBe(fresh.org);
    expect(commits).toMatchObject([{ org: { is: "new", id: fresh.org }, keys: [{ scope: alice, key: "k" }] }]);
  });

  test("that finds the slug taken is refused", async () => {
    const { store, calls } = open({ commit: [conflicting("org_slug")], load: [answering({ slugHolder: acme.id })] });
    expect((await rejection(store.createOrg({ creator: alice, slug: "acme" }))).code).toBe("conflict.org_slug");
    expect(calls).toEqual(["commit", "load"]);
  });
});

describe("the second argument", () => {
  test("names the actor of the event, in place of the one whom the operation names", async () => {
    const { store, commits } = open({ commit: [committed, committed] });
    await store.addMember({ ...asked, invitedBy: alice });
    await store.addMember({ ...asked, invitedBy: alice }, { actor: bob });
    expect(commits.map((commit) => eventOf(commit).actor)).toEqual([alice, bob]);
  });

  test("reaches the decision: who revokes an organization ends its invitations", async () => {
    const { store, commits } = open({ load: [answering({ org: acme })], commit: [committed] });
    await store.revokeOrg(acme.id, { actor: bob });
    expect(commits[0]?.changes[1]).toMatchObject({ op: "endEverything", by: bob });
  });

  test("is checked after the first, and both before any I/O", async () => {
    const { store, calls } = open({});
    const wrong = { idempotencyKey: "" };
    expect((await rejection(store.addMember({ ...asked, role: "boss" as never }, wrong))).code).toBe(
      "precondition.invalid_role",
    );
    expect((await rejection(store.addMember(asked, wrong))).code).toBe("precondition.invalid_idempotency_key");
    expect((await rejection(store.addMember(asked, null as never))).code).toBe("precondition.invalid_input");
    expect((await rejection(store.createOrg(alice, { expectedVersion: 1 } as never))).code).toBe(
      "precondition.invalid_expected_version",
    );
    expect(calls).toEqual([]);
  });
});

describe("a fault on loading", () => {
  test.each([
    ["unavailable", "unavailable.connection"],
    ["bug", "internal.unexpected"],
  ] as const)("that is %s ends the call with %s", async (kind, code) => {
    const { store, calls } = open({ load: [faulty(kind)] });
    expect((await rejection(store.suspendMembership(member.id))).code).toBe(code);
    expect(calls).toEqual(["load"]);
  });

  test.each(["contention", "retryable", "indeterminate"] as const)(
    "that is %s is mended by another load",
    async (kind) => {
      const { store, calls } = open({ load: [faulty(kind), answering(facts)], commit: [committed] });
      await expect(store.suspendMembership(member.id)).resolves.toMatchObject({ status: "suspended" });
      expect(calls).toEqual(["load", "load", "commit"]);
    },
  );
});

describe("a fault on committing", () => {
  test.each(["contention", "retryable"] as const)("that is %s leads to a new look and a new decision", async (kind) => {
    const { store, calls } = open({ load: times(2, answering(facts)), commit: [faulty(kind), committed] });
    await expect(store.suspendMembership(member.id)).resolves.toMatchObject({ status: "suspended" });
    expect(calls).toEqual(["load", "commit", "load", "commit"]);
  });

  test.each([
    ["unavailable", "unavailable.connection"],
    ["bug", "internal.unexpected"],
  ] as const)("that is %s ends the call with %s", async (kind, code) => {
    const { store, calls } = open({ load: [answering(facts)], commit: [faulty(kind)] });
    expect((await rejection(store.suspendMembership(member.id))).code).toBe(code);
    expect(calls).toEqual(["load", "commit"]);
  });

  test("because of a user whom the host's table lacks is a refusal", async () => {
    const { store } = open({ commit: [answering({ outcome: "unknown_user" })] });
    expect((await rejection(store.addMember(asked))).code).toBe("precondition.unknown_user");
  });

  test("by one unique rule, three times on fresh facts that admit it, is an internal error", async () => {
    const { store, calls } = open({
      load: times(9, answering({ org: acme })),
      commit: times(9, conflicting("mem_live")),
    });
    expect((await rejection(store.addMember(asked))).code).toBe("internal.unexpected");
    expect(calls.filter((call) => call === "commit")).toHaveLength(3);
  });

  test("of races that are always lost is contention, in the end", async () => {
    const { store, calls } = open({ load: times(99, answering(facts)), commit: times(99, conflicting()) });
    const error = await rejection(store.suspendMembership(member.id));
    expect([error.name, error.retryable, error.details]).toEqual(["ContentionError", true, { attempts: 25 }]);
    expect(calls.filter((call) => call === "commit")).toHaveLength(25);
  });
});

describe("the host's functions", () => {
  const broken: readonly (readonly [what: string, answer: () => unknown])[] = [
    ["an invalid Date", () => new Date(Number.NaN)],
    ["the year 0", () => new Date("0000-12-31T23:59:59.999Z")],
    ["the year 10000", () => new Date("+010000-01-01T00:00:00.000Z")],
    ["a number", () => now.getTime()],
    ["nothing", () => undefined],
    ["an error", throwing(new Error("accident"))],
  ];

  test.each(broken)("a clock that answers %s is an internal error, for reads and writes", async (_, clock) => {
    const { store, calls } = open({}, { clock: clock as () => Date });
    expect((await rejection(store.getOrg(acme.id))).code).toBe("internal.unexpected");
    expect((await rejection(store.addMember(asked))).code).toBe("internal.unexpected");
    expect(calls).toEqual([]);
  });

  test("a clock may answer the first millisecond of the year 1", async () => {
    const first = new Date("0001-01-01T00:00:00.000Z");
    const { store } = open({ commit: [committed] }, { clock: () => first });
    await expect(store.addMember(asked)).resolves.toMatchObject({ createdAt: first });
  });

  test("the clock's own Date is not kept", async () => {
    const mine = new Date(now);
    const { store, commits } = open({ commit: [committed] }, { clock: () => mine });
    await store.addMember(asked);
    mine.setTime(0);
    expect(eventOf(commits[0]).at).toEqual(now);
  });

  test.each<readonly [what: string, idSource: () => unknown]>([
    ["an id of another type", () => idNo("org", 1)],
    ["no id", () => "nobody"],
    ["nothing", () => undefined],
    ["an error", throwing(new Error("accident"))],
  ])("an id source that answers %s is an internal error", async (_, idSource) => {
    const { store, calls } = open({}, { idSource: idSource as (type: IdType) => string });
    expect((await rejection(store.addMember(asked))).code).toBe("internal.unexpected");
    expect(calls).toEqual([]);
  });

  test("what they throw is the cause", async () => {
    const cause = new Error("accident");
    const { store } = open({}, { clock: throwing(cause) });
    expect((await rejection(store.getOrg(acme.id))).cause).toBe(cause);
  });

  test("without them the system's clock and fresh ids are used", async () => {
    const { port } = scriptedPort({ commit: [committed] });
    const member = await new Tenancy(port).addMember(asked);
    expect(isId(member.id, "mem")).toBe(true);
    expect(Math.abs(member.createdAt.getTime() - Date.now())).toBeLessThan(60_000);
  });
});

test("a refusal carries what is hidden as properties that are not enumerable", async () => {
  const { store } = open({ load: [answering({ invitation: offer, org: acme })] });
  const error = await rejection(store.declineInvitation({ invId: offer.id, acceptingIdentifier: "eve@example.com" }));
  const details: Rejections["precondition.identifier_mismatch"] = { invId: offer.id };
  expect(error.details).toEqual(details);
  expect(error).toMatchObject({ acceptingIdentifier: "eve@example.com", invitationIdentifier: offer.identifier });
  expect(JSON.stringify([error, { ...error }, error.stack])).not.toContain("example.com");
});

describe("where the store may be given the host's transaction", () => {
  /** A port that says how it was entered, and whether the call in it failed. */
  function joining(script: Parameters<typeof open>[0], enter: () => void = () => {}) {
    const scripted = scriptedPort(script);
    const seen: string[] = [];
    const port: StorePort = {
      ...scripted.port,
      async join({ operation, isMutation }, work) {
        seen.push(`${operation} ${isMutation ? "writes" : "reads"}`);
        enter();
        try {
          return await work(scripted.port);
        } catch (error) {
          seen.push("undone");
          throw error;
        }
      },
    };
    return { store: new Tenancy(port), seen, calls: scripted.calls };
  }

  test("the whole of a mutation runs there, attempts included", async () => {
    const { store, seen, calls } = joining({ load: times(2, answering(facts)), commit: [conflicting(), committed] });
    await store.suspendMembership(member.id);
    expect(seen).toEqual(["suspendMembership writes"]);
    expect(calls).toEqual(["load", "commit", "load", "commit"]);
  });

  test("a query says that it only reads", async () => {
    const { store, seen } = joining({ load: [answering({ org: acme })] });
    await store.getOrg(acme.id);
    expect(seen).toEqual(["getOrg reads"]);
  });

  test("a refusal is undone there, and a malformed value never gets there", async () => {
    const { store, seen } = joining({ load: [answering({})] });
    await rejection(store.suspendMembership(member.id));
    await rejection(store.suspendMembership("" as never));
    expect(seen).toEqual(["suspendMembership writes", "undone"]);
  });

  test.each([
    ["unavailable", "unavailable.connection"],
    ["bug", "internal.unexpected"],
  ] as const)("a fault of kind %s at its edge is %s", async (kind, code) => {
    const { store, calls } = joining({}, faulty(kind));
    expect((await rejection(store.getOrg(acme.id))).code).toBe(code);
    expect(calls).toEqual([]);
  });
});
