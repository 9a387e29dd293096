import { describe, expect, test } from "vitest";
import { answering, committed, conflicting, faulty, scriptedPort, throwing, times } from "../test/scripted-port.ts";
import { rejection } from "../test/scripted-store.ts";
import { acme } from "../test/world.ts";
import type { OrgGuard } from "./change.ts";
import { errorFor } from "./errors.ts";
import { attempts } from "./patience.ts";
import type { Commit } from "./store.ts";

const unknown = () => errorFor("indeterminate.commit", {});
const address = { scope: acme.id, key: "k" };
const guard: OrgGuard = { is: "existing", id: acme.id, status: null, version: 7 };
const commit: Commit = {
  org: guard,
  changes: [],
  events: [{ type: "org.suspended", data: {}, at: new Date(0), actor: null, idempotencyKey: null }],
  keys: [{ ...address, operation: "suspendOrg", fingerprint: "f", result: null, event: 0 }],
};

describe("load", () => {
  test.each(["retryable", "indeterminate"] as const)("a %s fault is met with three more attempts", async (kind) => {
    const { port, calls } = scriptedPort({ load: [...times(3, faulty(kind)), answering({ org: acme })] });
    await expect(attempts().load(() => port.load({}))).resolves.toEqual({});
    expect(calls).toHaveLength(4);
  });

  test.each(["retryable", "indeterminate"] as const)(
    "after the fourth %s fault the store is unavailable",
    async (kind) => {
      const cause = new Error("ECONNRESET");
      const fault = faulty(kind, { code: "unavailable.timeout", cause });
      const { port, calls } = scriptedPort({ load: times(9, fault) });
      const error = await rejection(attempts().load(() => port.load({})));
      expect([error.name, error.code, error.cause]).toEqual(["UnavailableError", "unavailable.timeout", cause]);
      expect(calls).toHaveLength(4);
    },
  );

  test("what contends is outlasted 24 times, and no longer", async () => {
    const contention = faulty("contention");
    const patient = scriptedPort({ load: [...times(24, contention), answering({})] });
    const overrun = scriptedPort({ load: times(99, contention) });
    const [answer, error] = await Promise.all([
      attempts().load(() => patient.port.load({})),
      rejection(attempts().load(() => overrun.port.load({}))),
    ]);
    expect(answer).toEqual({});
    expect([error.name, error.code, error.details]).toEqual([
      "ContentionError",
      "unavailable.contention",
      { attempts: 25 },
    ]);
    expect(overrun.calls).toHaveLength(25);
  });

  test.each([
    "unavailable.connection",
    "unavailable.pool_timeout",
    "unavailable.timeout",
    "unavailable.server",
    "unavailable.closed",
  ] as const)("%s is reported at once", async (code) => {
    const { port, calls } = scriptedPort({ load: [faulty("unavailable", { code })] });
    const error = await rejection(attempts().load(() => port.load({})));
    expect([error.name, error.code, error.retryable]).toEqual([
      "UnavailableError",
      code,
      code !== "unavailable.closed",
    ]);
    expect(calls).toHaveLength(1);
  });

  test("a store that calls itself contended without another attempt counts as one", async () => {
    const { port } = scriptedPort({ load: [faulty("unavailable", { code: "unavailable.contention" })] });
    const error = await rejection(attempts().load(() => port.load({})));
    expect([error.name, error.details]).toEqual(["ContentionError", { attempts: 1 }]);
  });

  test("a bug is an internal error, with what is known of it as its cause", async () => {
    const cause = new Error("42601");
    const { port, calls } = scriptedPort({ load: [faulty("bug", { cause })] });
    const error = await rejection(attempts().load(() => port.load({})));
    expect([error.name, error.code, error.cause]).toEqual(["InternalError", "internal.unexpected", cause]);
    expect(calls).toHaveLength(1);
  });

  test.each<readonly [thrown: unknown, name: string]>([
    [new TypeError("password=secret"), "TypeError"],
    ["secret", "string"],
    [undefined, "undefined"],
  ])("a store that throws anything else has a bug; of what it threw only the name is kept", async (thrown, name) => {
    const { port } = scriptedPort({ load: [throwing(thrown)] });
    const error = await rejection(attempts().load(() => port.load({})));
    expect(error.code).toBe("internal.unexpected");
    expect(String(error.cause)).toContain(name);
    expect(`${error.stack}${(error.cause as Error).stack}`).not.toContain("secret");
  });
});

describe("commit", () => {
  test("committed is committed", async () => {
    const { port } = scriptedPort({ commit: [committed] });
    await expect(attempts().commit(() => port.commit(commit), unknown)).resolves.toEqual({
      outcome: "committed",
      seq: 8,
    });
  });

  test("a conflict is one, for the caller of the store to load again", async () => {
    const { port, calls } = scriptedPort({ commit: [conflicting("org_slug")] });
    await expect(attempts().commit(() => port.commit(commit), unknown)).resolves.toBeNull();
    expect(calls).toEqual(["commit"]);
  });

  test.each(["contention", "retryable"] as const)("a %s fault committed nothing: decide again", async (kind) => {
    const { port } = scriptedPort({ commit: [faulty(kind)] });
    await expect(attempts().commit(() => port.commit(commit), unknown)).resolves.toBeNull();
  });

  test("connections lost before a commit count together with those lost on loading", async () => {
    const { port } = scriptedPort({
      load: [...times(2, faulty("retryable")), answering({})],
      commit: times(2, faulty("retryable", { code: "unavailable.server" })),
    });
    const tries = attempts();
    await tries.load(() => port.load({}));
    await expect(tries.commit(() => port.commit(commit), unknown)).resolves.toBeNull();
    const error = await rejection(tries.commit(() => port.commit(commit), unknown));
    expect(error.code).toBe("unavailable.server");
  });

  test.each([
    ["unavailable", "unavailable.connection"],
    ["bug", "internal.unexpected"],
  ] as const)("a fault that is %s is reported at once as %s", async (kind, code) => {
    const { port } = scriptedPort({ commit: [faulty(kind)] });
    expect((await rejection(attempts().commit(() => port.commit(commit), unknown))).code).toBe(code);
  });

  test.each([
    ["an indeterminate fault", faulty("indeterminate")],
    ["anything that is no fault", throwing(new Error("socket hang up"))],
    ["what is no error", throwing(null)],
  ])("after %s the outcome is unknown, and nothing is sent again", async (_, step) => {
    const { port, calls } = scriptedPort({ commit: [step, committed] });
    const error = await rejection(attempts().commit(() => port.commit(commit), unknown));
    expect(error.code).toBe("indeterminate.commit");
    expect(calls).toEqual(["commit"]);
  });

  test("a user whom the host's table lacks is refused", async () => {
    const { port } = scriptedPort({ commit: [answering({ outcome: "unknown_user" })] });
    const error = await rejection(attempts().commit(() => port.commit(commit), unknown));
    expect([error.name, error.code]).toEqual(["PreconditionError", "precondition.unknown_user"]);
  });

  test("24 lost races are outlasted, the 25th is contention", async () => {
    const { port } = scriptedPort({ commit: times(25, conflicting()) });
    const tries = attempts();
    for (let lost = 0; lost < 24; lost += 1) {
      await expect(tries.commit(() => port.commit(commit), unknown)).resolves.toBeNull();
    }
    const error = await rejection(tries.commit(() => port.commit(commit), unknown));
    expect([error.code, error.details]).toEqual(["unavailable.contention", { attempts: 25 }]);
  });

  test("the same unique rule three times running is a defect of ours: the rules allow what it forbids", async () => {
    const { port } = scriptedPort({ commit: times(3, conflicting("mem_live")) });
    const tries = attempts();
    await tries.commit(() => port.commit(commit), unknown);
    await tries.commit(() => port.commit(commit), unknown);
    const error = await rejection(tries.commit(() => port.commit(commit), unknown));
    expect(error.code).toBe("internal.unexpected");
    expect(error.cause).toBeInstanceOf(Error);
  });

  test("other conflicts between them begin the count anew", async () => {
    const steps = ["mem_live", "mem_live", null, "mem_live", "org_slug", "mem_live", "mem_live"];
    const { port } = scriptedPort({ commit: [...steps.map(conflicting), committed] });
    const tries = attempts();
    for (const _ of steps) {
      await expect(tries.commit(() => port.commit(commit), unknown)).resolves.toBeNull();
    }
    await expect(tries.commit(() => port.commit(commit), unknown)).resolves.toEqual({ outcome: "committed", seq: 8 });
  });
});

describe("settle", () => {
  test("one attempt answers what the key was used for", async () => {
    const { port } = scriptedPort({ settle: [answering({ state: "fenced" })] });
    await expect(attempts().settle(() => port.settle(address))).resolves.toEqual({ state: "fenced" });
  });

  test.each(["contention", "retryable", "unavailable", "indeterminate"] as const)(
    "while the old attempt is undecided (%s) the store is unavailable, and the caller may ask again",
    async (kind) => {
      const { port, calls } = scriptedPort({ settle: [faulty(kind)] });
      const error = await rejection(attempts().settle(() => port.settle(address)));
      expect([error.name, error.retryable]).toEqual(["UnavailableError", true]);
      expect(calls).toEqual(["settle"]);
    },
  );

  test("anything that is no fault leaves it as open as it was", async () => {
    const { port } = scriptedPort({ settle: [throwing(new Error("socket hang up"))] });
    expect((await rejection(attempts().settle(() => port.settle(address)))).code).toBe("unavailable.connection");
  });

  test("a bug is an internal error", async () => {
    const cause = new Error("42P01");
    const { port } = scriptedPort({ settle: [faulty("bug", { cause })] });
    const error = await rejection(attempts().settle(() => port.settle(address)));
    expect([error.code, error.cause]).toEqual(["internal.unexpected", cause]);
  });
});
