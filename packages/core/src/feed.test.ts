import { describe, expect, test, vi } from "vitest";
import { everythingElse, HeldPort, type UnderWay } from "../test/held-port.ts";
import { codeThrown } from "../test/precedence.ts";
import { answering, committed, conflicting, faulty, scriptedPort, times } from "../test/scripted-port.ts";
import { open, rejection } from "../test/scripted-store.ts";
import { acme, alice, bob, idNo, member, now, otherOrg, owner } from "../test/world.ts";
import { errorFor } from "./errors.ts";
import type { TenancyEvent } from "./event.ts";
import { Feed, toldOnceCommitted, toldTo } from "./feed.ts";
import type { OrgId } from "./model.ts";
import { type Commit, type CommitOutcome, StoreFault, type StorePort } from "./store.ts";
import { Tenancy } from "./tenancy.ts";
import { eventsWritten } from "./written.ts";

const facts = { membership: member, org: acme, owners: [owner.id, member.id] };
const look = answering(facts);

/** What is written down here is what was heard. */
function listening() {
  const heard: TenancyEvent[] = [];
  return { heard, hear: (event: TenancyEvent) => heard.push(event) };
}

function commitOf(
  name: number,
  orgId: OrgId = acme.id,
  type: "org.suspended" | "org.reinstated" = "org.suspended",
): Commit {
  return {
    org: { is: "existing", id: orgId, status: "active", version: null },
    changes: [],
    events: [{ type, data: {}, at: now, actor: null, idempotencyKey: `k${name}` }],
    keys: [],
  };
}

const seqs = (heard: readonly TenancyEvent[]): readonly number[] => heard.map(({ seq }) => seq);

describe("a subscriber", () => {
  test("is told what was committed, before the caller has the result", async () => {
    const { store } = open({ load: [look], commit: [committed] });
    const order: string[] = [];
    store.subscribe(({ orgId, seq, type, at, actor }) => {
      order.push(`${type} ${seq}`);
      expect([orgId, at, actor]).toEqual([acme.id, now, bob]);
    });
    await store.suspendMembership(member.id, { actor: bob }).then(() => order.push("result"));
    expect(order).toEqual(["membership.suspended 8", "result"]);
  });

  test("gets events that nobody can change, one object each", async () => {
    const { store } = open({ load: [look], commit: [committed] });
    const [first, second] = [listening(), listening()];
    store.subscribe(first.hear);
    store.subscribe(second.hear);
    await store.suspendMembership(member.id);
    expect(first.heard).toEqual(second.heard);
    expect(first.heard[0]).not.toBe(second.heard[0]);
    expect([first.heard[0], first.heard[0]?.data].every(Object.isFrozen)).toBe(true);
  });

  test("hears of views made by `as` too", async () => {
    const { store } = open({ load: [answering({ org: acme, acting: owner })], commit: [committed] });
    const { heard, hear } = listening();
    store.subscribe(hear);
    await store.as(alice).updateOrg({ orgId: acme.id, name: "New" });
    expect(heard).toMatchObject([{ type: "org.updated", actor: alice }]);
  });

  test.each([
    ["a refusal", { load: [answering({ ...facts, membership: { ...member, status: "revoked" } })] }],
    ["a lost connection whose commit may be there", { load: [look], commit: [faulty("indeterminate")] }],
    ["a store that was never there", { load: [look], commit: times(9, faulty("unavailable")) }],
  ])("hears nothing of %s", async (_, script) => {
    const { store } = open(script);
    const { heard, hear } = listening();
    store.subscribe(hear);
    await rejection(store.suspendMembership(member.id));
    expect(heard).toEqual([]);
  });

  test("hears once of what was lost and committed then", async () => {
    const { store } = open({ load: times(2, look), commit: [conflicting(), committed] });
    const { heard, hear } = listening();
    store.subscribe(hear);
    await store.suspendMembership(member.id);
    expect(seqs(heard)).toEqual([8]);
  });

  test("hears what it asks for: types, organizations, both", () => {
    const feed = new Feed();
    const told = (options: object): readonly number[] => {
      const { heard, hear } = listening();
      const end = feed.subscribe(hear, options);
      const event = { at: now, actor: null, idempotencyKey: null, data: {} };
      feed.tell([
        { ...event, orgId: acme.id, seq: 1, type: "org.suspended" },
        { ...event, orgId: acme.id, seq: 2, type: "org.reinstated" },
        { ...event, orgId: otherOrg.id, seq: 3, type: "org.suspended" },
      ]);
      end();
      return seqs(heard);
    };
    expect(told({})).toEqual([1, 2, 3]);
    expect(told({ types: ["org.suspended"] })).toEqual([1, 3]);
    expect(told({ orgs: [acme.id] })).toEqual([1, 2]);
    expect(told({ types: ["org.suspended"], orgs: [otherOrg.id] })).toEqual([3]);
    expect(told({ types: undefined, orgs: undefined, onError: undefined })).toEqual([1, 2, 3]);
  });

  test("is told no more once it ended that, even of the same event", () => {
    const feed = new Feed();
    const { heard, hear } = listening();
    const first = feed.subscribe(() => second());
    const second = feed.subscribe(hear);
    expect(feed.isHeard).toBe(true);
    feed.tell([
      { orgId: acme.id, seq: 1, type: "org.suspended", at: now, actor: null, idempotencyKey: null, data: {} },
    ]);
    expect(heard).toEqual([]);
    first();
    first();
    expect(feed.isHeard).toBe(false);
  });

  test("that comes meanwhile hears what is committed from then on", () => {
    const feed = new Feed();
    const { heard, hear } = listening();
    const event = {
      orgId: acme.id,
      type: "org.suspended",
      at: now,
      actor: null,
      idempotencyKey: null,
      data: {},
    } as const;
    const end = feed.subscribe(() => {
      end();
      feed.subscribe(hear);
    });
    feed.tell([{ ...event, seq: 1 }]);
    feed.tell([{ ...event, seq: 2 }]);
    expect(seqs(heard)).toEqual([2]);
  });

  test.each([
    ["throws", () => broken()],
    ["rejects", () => Promise.reject(failure)],
  ])("that %s disturbs neither the mutation nor the others", async (_, handler) => {
    const { store } = open({ load: [look], commit: [committed] });
    const { heard, hear } = listening();
    const onError = vi.fn();
    store.subscribe(handler, { onError });
    store.subscribe(hear);
    await expect(store.suspendMembership(member.id)).resolves.toMatchObject({ status: "suspended" });
    await everythingElse();
    expect(heard).toHaveLength(1);
    expect(onError.mock.calls).toEqual([[failure, heard[0]]]);
  });

  test("whose errors nobody wants makes an unhandled rejection", async () => {
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    try {
      const unhandled = new Promise((resolve) => process.once("unhandledRejection", resolve));
      const { store } = open({ load: [look], commit: [committed] });
      store.subscribe(broken);
      await store.suspendMembership(member.id);
      expect(await unhandled).toBe(failure);
    } finally {
      for (const listener of others) {
        process.on("unhandledRejection", listener);
      }
    }
  });
});

const failure = new Error("the handler's own");
function broken(): never {
  throw failure;
}

describe("the order within an organization is that of seq", () => {
  function told(): { readonly port: StorePort; readonly heard: TenancyEvent[]; readonly held: HeldPort } {
    const held = new HeldPort();
    const feed = new Feed();
    const { heard, hear } = listening();
    feed.subscribe(hear);
    return { port: toldTo(feed, held), heard, held };
  }
  const at = (held: HeldPort, place: number): UnderWay => {
    const under = held.underWay[place];
    if (under === undefined) {
      throw new Error(`number ${place} is not under way`);
    }
    return under;
  };
  const wrote = (seq: number): CommitOutcome => ({ outcome: "committed", seq });

  test("answers that come back in another order than they were given wait for one another", async () => {
    const { port, heard, held } = told();
    void Promise.all([1, 2, 3].map((name) => port.commit(commitOf(name))));
    await at(held, 2).end(wrote(3));
    expect(seqs(heard)).toEqual([]);
    await at(held, 0).end(wrote(2));
    expect(seqs(heard)).toEqual([]);
    await at(held, 1).end(wrote(1));
    expect(seqs(heard)).toEqual([1, 2, 3]);
  });

  test("each waits for what was under way when it ended", async () => {
    const { port, heard, held } = told();
    void port.commit(commitOf(1));
    void port.commit(commitOf(2));
    await at(held, 1).end(wrote(1));
    void port.commit(commitOf(3));
    expect(seqs(heard)).toEqual([]);
    await at(held, 0).end(wrote(2));
    expect(seqs(heard)).toEqual([1]);
    await at(held, 2).end(wrote(3));
    expect(seqs(heard)).toEqual([1, 2, 3]);
  });

  test("what began after a later one had ended holds nobody up", async () => {
    const { port, heard, held } = told();
    void port.commit(commitOf(1));
    void port.commit(commitOf(2));
    await at(held, 1).end(wrote(6));
    void port.commit(commitOf(3));
    void port.commit(commitOf(4));
    // 5 is earlier than 6, which had ended before the last two began: those are later than both.
    await at(held, 2).end(wrote(8));
    await at(held, 0).end(wrote(5));
    expect(seqs(heard)).toEqual([5, 6]);
    await at(held, 3).end(wrote(7));
    expect(seqs(heard)).toEqual([5, 6, 7, 8]);
  });

  test("a commit that fails or writes nothing holds nobody up", async () => {
    const { port, heard, held } = told();
    const failing = port.commit(commitOf(1)).catch(() => "failed");
    void port.commit(commitOf(2));
    void port.commit(commitOf(3));
    await at(held, 2).end(wrote(4));
    await at(held, 0).end(new StoreFault("indeterminate"));
    await at(held, 1).end({ outcome: "conflict", constraint: null });
    expect(await failing).toBe("failed");
    expect(seqs(heard)).toEqual([4]);
  });

  test("organizations wait for themselves alone", async () => {
    const { port, heard, held } = told();
    void port.commit(commitOf(1));
    void port.commit(commitOf(2, otherOrg.id));
    await at(held, 1).end(wrote(9));
    expect(heard).toMatchObject([{ orgId: otherOrg.id, seq: 9 }]);
  });

  test("what is told here may be more than what is kept", async () => {
    const kept = { key: "a", from: null, to: { sha256: "0", bytes: 2000 } };
    const heard: unknown[] = [];
    const feed = new Feed();
    feed.subscribe(({ data }: TenancyEvent) => heard.push(data));
    const commit: Commit = {
      ...commitOf(1),
      events: [
        {
          ...{ type: "setting.changed", at: now, actor: null, idempotencyKey: null },
          ...{ data: kept, heard: { key: "a", from: null, to: { value: "long" } } },
        },
      ],
    };
    const { port, commits } = scriptedPort({ commit: [committed] });
    await toldTo(feed, port).commit(commit);
    expect(heard).toEqual([{ key: "a", from: null, to: { value: "long" } }]);
    expect(eventsWritten(commit, { outcome: "committed", seq: 8 })).toMatchObject([{ data: kept }]);
    expect(commits).toHaveLength(1);
  });

  test("a commit of several events tells them one after the other", async () => {
    const { port, heard, held } = told();
    const [first, second] = [commitOf(1), commitOf(2, acme.id, "org.reinstated")];
    void port.commit({ ...first, events: [...first.events, ...second.events] });
    await at(held, 0).end(wrote(12));
    expect(heard).toMatchObject([
      { type: "org.suspended", seq: 11, idempotencyKey: "k1" },
      { type: "org.reinstated", seq: 12, idempotencyKey: "k2" },
    ]);
  });
});

describe("a store that holds the lock", () => {
  /** Two lost races, then the third commit under the lock; `end` is what its COMMIT comes to. */
  function holding(end: (outcome: CommitOutcome) => CommitOutcome) {
    const scripted = scriptedPort({ load: times(3, look), commit: [conflicting(), conflicting(), committed] });
    const { heard, hear } = listening();
    const port: StorePort = {
      ...scripted.port,
      async hold(_, work) {
        const outcome = await work(scripted.port);
        expect(heard).toEqual([]);
        return end(outcome);
      },
    };
    return { store: new Tenancy(port, { clock: () => now }), heard, hear };
  }

  test("tells what was written under it once it let go", async () => {
    const { store, heard, hear } = holding((outcome) => outcome);
    store.subscribe(hear);
    await store.suspendMembership(member.id);
    expect(seqs(heard)).toEqual([8]);
  });

  test("tells nothing where that was undone", async () => {
    const { store, heard, hear } = holding(() => {
      throw new StoreFault("unavailable");
    });
    store.subscribe(hear);
    expect((await rejection(store.suspendMembership(member.id))).name).toBe("UnavailableError");
    expect(heard).toEqual([]);
  });

  test("tells nothing where it ended in a conflict", async () => {
    const scripted = scriptedPort({ commit: [committed] });
    const feed = new Feed();
    const { heard, hear } = listening();
    feed.subscribe(hear);
    const port = toldTo(feed, {
      ...scripted.port,
      async hold(_, work) {
        await work(scripted.port);
        return { outcome: "conflict", constraint: null };
      },
    });
    await port.hold?.(acme.id, (access) => access.commit(commitOf(1)));
    expect(heard).toEqual([]);
  });
});

test("what is beside commits is the port's own", () => {
  const { port } = scriptedPort({});
  const beside = { relay: { name: "relay" }, audit: { name: "audit" } };
  const told = toldTo(new Feed(), { ...port, ...(beside as object) });
  expect({ relay: told.relay, audit: told.audit }).toEqual(beside);
});

describe("a transaction that a store opened", () => {
  function opened() {
    const scripted = scriptedPort({ load: [look, look, look], commit: [committed, conflicting(), committed] });
    const inside = new Tenancy({ ...scripted.port, join: (_, work) => work(scripted.port) }, { clock: () => now });
    const { store } = open({ load: [look], commit: [() => ({ outcome: "committed", seq: 20 })] });
    const { heard, hear } = listening();
    store.subscribe(hear);
    return { store, inside, heard, ended: toldOnceCommitted(store, inside) };
  }

  test("is told to that one's subscribers once it is committed, in order", async () => {
    const { store, inside, heard, ended } = opened();
    await inside.suspendMembership(member.id);
    await inside.suspendMembership(member.id);
    // Of the same organization, and later: its commit was answered first.
    await store.suspendMembership(member.id);
    expect(heard).toEqual([]);
    ended(true);
    expect(seqs(heard)).toEqual([8, 8, 20]);
  });

  test("is told to nobody where it was not", async () => {
    const { store, inside, heard, ended } = opened();
    await inside.suspendMembership(member.id);
    ended(false);
    expect(heard).toEqual([]);
    await store.suspendMembership(member.id);
    expect(seqs(heard)).toEqual([20]);
  });

  test("has an end: what is written behind it is nobody's", async () => {
    const { inside, heard, ended } = opened();
    ended(true);
    await inside.suspendMembership(member.id);
    expect(heard).toEqual([]);
  });

  test("what is no store tells nobody", () => {
    const { store } = opened();
    expect(codeThrown(() => toldOnceCommitted(store, {}))).toBe("precondition.invalid_input");
    expect(codeThrown(() => toldOnceCommitted({}, store))).toBe("precondition.invalid_input");
  });
});

test("inside the host's transaction nobody is told: it is not true yet", async () => {
  const scripted = scriptedPort({ load: [look], commit: [committed] });
  const store = new Tenancy({ ...scripted.port, join: (_, work) => work(scripted.port) }, { clock: () => now });
  const { heard, hear } = listening();
  store.subscribe(hear);
  await store.suspendMembership(member.id);
  expect(heard).toEqual([]);
});

test("a connection on which no transaction is open tells like any store", async () => {
  const scripted = scriptedPort({ load: [look], commit: [committed] });
  const store = new Tenancy({ ...scripted.port, join: (_, work) => work(null) }, { clock: () => now });
  const { heard, hear } = listening();
  store.subscribe(hear);
  await store.suspendMembership(member.id);
  expect(seqs(heard)).toEqual([8]);
});

test.each<readonly [what: string, handler: unknown, options: unknown, key: string | null]>([
  ["no handler", undefined, {}, null],
  ["a handler that is none", "log", {}, null],
  ["options that are none", () => undefined, 7, null],
  ["an unknown type", () => undefined, { types: ["org.renamed"] }, "types"],
  ["types that are no list", () => undefined, { types: "org.created" }, "types"],
  ["organizations that are no list", () => undefined, { orgs: acme.id }, "orgs"],
  ["too many organizations", () => undefined, { orgs: Array.from({ length: 10_001 }, () => acme.id) }, "orgs"],
  ["an onError that is none", () => undefined, { onError: true }, "onError"],
])("%s is no subscription", (_, handler, options, key) => {
  const { store } = open({});
  expect(() => store.subscribe(handler as () => void, options as object)).toThrow(
    errorFor("precondition.invalid_input", { key }),
  );
});

test.each([
  ["invalid_id", "org_7"],
  ["invalid_type", idNo("usr", 1)],
])("an organization whose id is none is %s", (code, id) => {
  const { store } = open({});
  expect(() => store.subscribe(() => undefined, { orgs: [id as OrgId] })).toThrow(expect.objectContaining({ code }));
});
