import { describe, expect, test } from "vitest";
import { everythingElse, HeldPort, type UnderWay } from "../test/held-port.ts";
import { acme, idNo, otherOrg } from "../test/world.ts";
import { Gathering } from "./gather.ts";
import type { OrgId } from "./model.ts";
import { type Commit, type CommitOutcome, StoreFault } from "./store.ts";

const committed = (seq: number): CommitOutcome => ({ outcome: "committed", seq });
const conflict: CommitOutcome = { outcome: "conflict", constraint: null };

/** A commit that touches one thing: who is named, with a key of the same name. */
function commitOf(name: number, orgId: OrgId = acme.id): Commit {
  return {
    org: { is: "existing", id: orgId, status: "active", version: null },
    changes: [
      { op: "expectMembership", memId: idNo("mem", name), expect: { status: "active", updatedAt: new Date(0) } },
    ],
    events: [{ type: "org.suspended", data: {}, at: new Date(0), actor: null, idempotencyKey: null }],
    keys: [{ scope: orgId, key: `k${name}`, operation: "test", fingerprint: "f", result: name, event: 0 }],
  };
}

/** Commits in a gathering, in order, and what comes of each: nothing yet, an outcome or a fault. */
function commits(gathering: Gathering, ...all: readonly Commit[]): (CommitOutcome | StoreFault | null)[] {
  const ends: (CommitOutcome | StoreFault | null)[] = all.map(() => null);
  for (const [place, commit] of all.entries()) {
    gathering.commit(commit).then(
      (outcome) => {
        ends[place] = outcome;
      },
      (fault: StoreFault) => {
        ends[place] = fault;
      },
    );
  }
  return ends;
}

function opened(): { readonly port: HeldPort; readonly gathering: Gathering; readonly next: () => UnderWay } {
  const port = new HeldPort();
  let seen = 0;
  const next = (): UnderWay => {
    const under = port.underWay[seen];
    seen += 1;
    if (under === undefined) {
      throw new Error("nothing is under way");
    }
    return under;
  };
  return { port, gathering: new Gathering(port), next };
}

const keysOf = ({ commit }: UnderWay): readonly string[] => commit.keys.map(({ key }) => key);

describe("while a commit of an organization is under way", () => {
  test("the next ones gather, and go out as one when it ends", async () => {
    const { port, gathering, next } = opened();
    const ends = commits(gathering, commitOf(1), commitOf(2), commitOf(3), commitOf(4));
    expect(port.underWay).toHaveLength(1);
    await next().end(committed(8));
    const joint = next();
    expect(keysOf(joint)).toEqual(["k2", "k3", "k4"]);
    expect(joint.commit.keys.map(({ event }) => event)).toEqual([0, 1, 2]);
    await joint.end(committed(11));
    expect(ends).toEqual([committed(8), committed(9), committed(10), committed(11)]);
  });

  test("those of another organization wait for nobody, nor does a new organization", () => {
    const { port, gathering } = opened();
    commits(gathering, commitOf(1), commitOf(2, otherOrg.id), {
      ...commitOf(3),
      org: { is: "new", id: idNo("org", 9) },
    });
    expect(port.underWay).toHaveLength(3);
  });

  test("what touches the same thing is not in the same commit, and what comes later may be", async () => {
    const { gathering, next } = opened();
    const writing = (name: number): Commit => ({
      ...commitOf(name),
      changes: [
        {
          op: "deleteTuple",
          tuple: {
            subjectType: "usr",
            subjectId: idNo("usr", 1),
            relation: "viewer",
            objectType: "x",
            objectId: "1",
            expiresAt: null,
          },
        },
      ],
    });
    commits(gathering, commitOf(1), writing(2), writing(3), commitOf(4));
    await next().end(committed(8));
    const first = next();
    expect(keysOf(first)).toEqual(["k2", "k4"]);
    await first.end(committed(10));
    expect(keysOf(next())).toEqual(["k3"]);
  });

  test("at most 64 go together", async () => {
    const { gathering, next } = opened();
    commits(gathering, ...Array.from({ length: 70 }, (_, name) => commitOf(name)));
    await next().end(committed(8));
    const joint = next();
    expect(joint.commit.events).toHaveLength(64);
    await joint.end(committed(72));
    expect(next().commit.events).toHaveLength(5);
  });
});

describe("an idle organization", () => {
  test("waits for nobody: its commit is under way before the call returns", () => {
    const { port, gathering } = opened();
    void gathering.commit(commitOf(1));
    expect(port.underWay).toHaveLength(1);
  });

  test("is forgotten: the next commit is the first again", async () => {
    const { gathering, next } = opened();
    const [first] = [commits(gathering, commitOf(1))];
    await next().end(committed(8));
    expect(first).toEqual([committed(8)]);
    commits(gathering, commitOf(2));
    expect(keysOf(next())).toEqual(["k2"]);
  });
});

describe("a joint commit that is refused", () => {
  test.each([
    ["for an expectation", conflict],
    ["for a unique rule", { outcome: "conflict", constraint: "mem_one_live" } as const],
    ["for an unknown user", { outcome: "unknown_user" } as const],
  ])("%s falls back to single ones, so that one that must fail fails alone", async (_, refusal) => {
    const { gathering, next } = opened();
    const ends = commits(gathering, commitOf(1), commitOf(2), commitOf(3));
    await next().end(committed(8));
    await next().end(refusal);
    expect(ends).toEqual([committed(8), null, null]);
    const second = next();
    expect(keysOf(second)).toEqual(["k2"]);
    await second.end(refusal);
    expect(ends).toEqual([committed(8), refusal, null]);
    await next().end(committed(9));
    expect(ends).toEqual([committed(8), refusal, committed(9)]);
  });

  test("as a defect falls back too: it may be one's alone", async () => {
    const { gathering, next } = opened();
    const ends = commits(gathering, commitOf(1), commitOf(2), commitOf(3));
    await next().end(committed(8));
    await next().end(new StoreFault("bug"));
    const fault = new StoreFault("bug");
    await next().end(fault);
    await next().end(committed(9));
    expect(ends).toEqual([committed(8), fault, committed(9)]);
  });

  test.each(["contention", "retryable", "unavailable", "indeterminate"] as const)(
    "with a fault of kind %s is that for all of them",
    async (kind) => {
      const { port, gathering, next } = opened();
      const ends = commits(gathering, commitOf(1), commitOf(2), commitOf(3));
      const fault = new StoreFault(kind);
      await next().end(committed(8));
      await next().end(fault);
      expect(ends).toEqual([committed(8), fault, fault]);
      expect(port.underWay).toHaveLength(2);
    },
  );

  test("does not hold up who came meanwhile", async () => {
    const { gathering, next } = opened();
    const ends = commits(gathering, commitOf(1), commitOf(2), commitOf(3));
    await next().end(committed(8));
    const joint = next();
    const later = commits(gathering, commitOf(4));
    await joint.end(new StoreFault("contention"));
    await next().end(committed(9));
    expect([...ends.slice(0, 1), ...later]).toEqual([committed(8), committed(9)]);
  });
});

describe("who asks to be alone", () => {
  test("comes after everybody who waits, and before everybody who comes", async () => {
    const { gathering, next } = opened();
    const done: string[] = [];
    commits(gathering, commitOf(1), commitOf(2));
    let leave = (): void => {};
    const alone = gathering.alone(
      acme.id,
      () =>
        new Promise<string>((resolve) => {
          done.push("alone");
          leave = () => resolve("left");
        }),
    );
    commits(gathering, commitOf(3));
    await next().end(committed(8));
    expect(done).toEqual([]);
    const second = next();
    expect(keysOf(second)).toEqual(["k2"]);
    await second.end(committed(9));
    expect(done).toEqual(["alone"]);
    leave();
    expect(await alone).toBe("left");
    await everythingElse();
    expect(keysOf(next())).toEqual(["k3"]);
  });

  test("and fails is told so, and leaves the organization to the next", async () => {
    const { gathering, next } = opened();
    const failure = new Error("mine");
    await expect(gathering.alone(acme.id, () => Promise.reject(failure))).rejects.toBe(failure);
    commits(gathering, commitOf(1));
    expect(keysOf(next())).toEqual(["k1"]);
  });
});
