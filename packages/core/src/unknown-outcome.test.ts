import { expect, test } from "vitest";
import { answering, faulty, throwing } from "../test/scripted-port.ts";
import { keyOf, keyUseOf, open, rejection } from "../test/scripted-store.ts";
import { acme, carol, member, now, owner } from "../test/world.ts";
import type { IndeterminateError } from "./error-classes.ts";
import type { KeyUse } from "./read.ts";
import type { Commit } from "./store.ts";

const facts = { membership: member, org: acme, owners: [owner.id] };
const asked = { orgId: acme.id, usrId: carol, role: "member" } as const;

/** A suspension whose commit was in flight when the connection died, and what its key turns out to be used for. */
async function lost(uses: readonly ((attempt: Commit | undefined) => KeyUse)[], idempotencyKey = "k") {
  const settle = uses.map((use) => () => use(scripted.commits[0]));
  const scripted = open({ load: [answering(facts)], commit: [faulty("indeterminate")], settle });
  const error = await rejection(scripted.store.suspendMembership(member.id, { idempotencyKey }));
  return { ...scripted, error: error as IndeterminateError };
}

test("an unknown outcome is an IndeterminateError with the caller's key", async () => {
  const { error, calls } = await lost([], "key-of-mine");
  expect([error.name, error.code, error.key]).toEqual(["IndeterminateError", "indeterminate.commit", "key-of-mine"]);
  expect(calls).toEqual(["load", "commit"]);
  expect(JSON.stringify(error)).not.toContain("key-of-mine");
});

test("without a key of the caller's it has the one that the library made", async () => {
  const { store, commits } = open({ commit: [faulty("indeterminate")] });
  const error = await rejection(store.addMember(asked));
  expect((error as IndeterminateError).key).toBe(keyOf(commits[0]).key);
});

test("an outcome that turns out committed resolves to the result", async () => {
  const { error, addresses } = await lost([keyUseOf]);
  const resolution = await error.resolve();
  expect(resolution).toEqual({ committed: true, result: { ...member, status: "suspended", updatedAt: now } });
  expect(resolution.committed && Object.isFrozen(resolution.result)).toBe(true);
  expect(addresses).toEqual([{ scope: acme.id, key: "k" }]);
});

test("an outcome that turns out fenced resolves to not committed", async () => {
  const { error } = await lost([answering({ state: "fenced" })]);
  await expect(error.resolve()).resolves.toEqual({ committed: false });
});

test.each([{ operation: "changeRole" }, { fingerprint: "another" }])(
  "an attempt whose key was used for something else (%o) did not take effect",
  async (patch) => {
    const { error } = await lost([(attempt) => ({ ...keyUseOf(attempt), ...patch })]);
    await expect(error.resolve()).resolves.toEqual({ committed: false });
  },
);

test("an outcome that is still open throws, and may be asked about again", async () => {
  const contention = faulty("contention", { code: "unavailable.timeout" });
  const { error, calls } = await lost([contention, answering({ state: "fenced" })]);
  expect((await rejection(error.resolve())).code).toBe("unavailable.timeout");
  await expect(error.resolve()).resolves.toEqual({ committed: false });
  expect(calls).toEqual(["load", "commit", "settle", "settle"]);
});

test("an unknown outcome is assumed also where a store throws anything else", async () => {
  const { store, calls } = open({ commit: [throwing(new Error("socket hang up"))] });
  expect((await rejection(store.addMember(asked))).code).toBe("indeterminate.commit");
  expect(calls).toEqual(["commit"]);
});
