import {
  type BulkReport,
  type Commit,
  emailIdentifiers,
  isTenancyError,
  type Membership,
  type MemId,
  StoreFault,
  type StorePort,
  Tenancy,
} from "@tenantry/core";
import { InMemoryDatabase } from "@tenantry/store-memory";
import { describe, expect, test } from "vitest";
import { type Broken, sharedMemory } from "../test/shared-memory.ts";
import { Failure } from "./assertions.ts";
import { Chance, sequentialId } from "./chance.ts";
import { faultCases } from "./faults/cases.ts";
import { lateCommit, type Meanwhile } from "./faults/late.ts";
import { sweepOperation } from "./faults/sweep.ts";
import type { DriverErrors } from "./faults/ways.ts";
import { work } from "./history/workload.ts";
import { playMany } from "./model/describe-model.ts";
import { playCalls } from "./model/play.ts";
import type { Open } from "./open-store.ts";
import { assertKept } from "./races/aftermath.ts";
import { nameOf } from "./races/pair.ts";
import { pairs, storms } from "./races/pairs.ts";
import { raceStorm } from "./races/random-races.ts";
import { explorePair } from "./races/schedules.ts";
import type { OpenShared } from "./shared-database.ts";

// The test of the tests: stores that are broken on purpose, one way each, above the database. Each must be caught, by the
// check that is named, and the honest store by none. What SQL can get wrong is broken where there is a PostgreSQL.

const errors: DriverErrors = {
  lost: () => new StoreFault("indeterminate"),
  contention: [() => new StoreFault("contention", { code: "unavailable.contention" })],
};

/** Where chance begins. */
const SEED = Number(process.env["TORTURE_SEED"] ?? 1);

type Check = (openShared: OpenShared) => Promise<unknown>;
const named = <T extends { readonly number: number }>(list: readonly T[], number: number): T =>
  list.find((one) => one.number === number) as T;
const operation = (title: string) => faultCases.find((one) => one.title === title) as (typeof faultCases)[number];

const inEveryOrder =
  (number: number): Check =>
  (open) =>
    explorePair(open, named(pairs, number), 200);
const pairNamed =
  (name: string): Check =>
  (open) =>
    explorePair(open, pairs.find((pair) => nameOf(pair) === name) as (typeof pairs)[number], 200);
const storm =
  (name: string): Check =>
  (open) =>
    raceStorm(open, storms.find((one) => one.name === name) as (typeof storms)[number], 5);
const history: Check = async (open) => {
  for (const seed of [SEED, SEED + 1, SEED + 2]) {
    const database = await open();
    const workload = { clients: 6, calls: 150, orgs: 2 };
    const lines = await work((options) => database.connect(options), workload, new Chance(seed));
    assertKept(lines, await database.tables());
  }
};
const sweep =
  (name: string): Check =>
  (open) =>
    sweepOperation(open, operation(name), { errors, turn: null });
const late =
  (name: string, what: Meanwhile): Check =>
  (open) =>
    lateCommit(open, operation(name), what, () => new StoreFault("indeterminate"));
/** One instance is enough. */
const opened =
  (openShared: OpenShared): Open =>
  async (options) => {
    const database = await openShared();
    return { ...database, store: await database.connect(options) };
  };
const model: Check = (open) => playMany({ open: opened(open), seed: SEED, steps: 4000, note: () => {} });

/** Something done around every commit. */
const commits =
  (change: (commit: Parameters<StorePort["commit"]>[0], port: StorePort) => ReturnType<StorePort["commit"]>) =>
  (port: StorePort): StorePort => ({
    ...bound(port),
    commit: (commit) => change(commit, port),
  });

/** Something done around every read. */
const loads =
  (change: (plan: Parameters<StorePort["load"]>[0], port: StorePort) => Promise<Record<string, unknown>>) =>
  (port: StorePort): StorePort => ({
    ...bound(port),
    load: (plan) => change(plan, port) as never,
  });

function bound(port: StorePort): StorePort {
  return {
    capabilities: port.capabilities,
    isRemote: port.isRemote,
    load: (plan) => port.load(plan),
    commit: (commit) => port.commit(commit),
    settle: (address) => port.settle(address),
  };
}

type Method = (...args: unknown[]) => Promise<unknown>;

/** Something done around every call. */
function calls(
  change: (method: Method, args: readonly unknown[], name: string) => Promise<unknown>,
): NonNullable<Broken["store"]> {
  return (store) =>
    new Proxy(store, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name);
        return typeof method === "function"
          ? (...args: unknown[]) => change((...own) => Reflect.apply(method, target, own), args, String(name))
          : method;
      },
    });
}

const optionsOf = (args: readonly unknown[]): { readonly idempotencyKey?: string } =>
  (args.at(-1) ?? {}) as { readonly idempotencyKey?: string };

/** Answers by key alone, whatever it was used for. */
function keyedByNothing(): NonNullable<Broken["store"]> {
  const answers = new Map<string, unknown>();
  return calls(async (method, args) => {
    const { idempotencyKey: key } = optionsOf(args);
    if (key !== undefined && answers.has(key)) {
      return answers.get(key);
    }
    const result = await method(...args);
    if (key !== undefined) {
      answers.set(key, result);
    }
    return result;
  });
}

/** Reads organizations from a cache that is never told anything. */
function cached(): NonNullable<Broken["port"]> {
  const orgs = new Map<string, unknown>();
  return loads(async (plan, port) => {
    const answers: Record<string, unknown> = await port.load(plan);
    const read = plan["org"];
    if (Object.keys(plan).length > 1 || read?.read !== "org" || !("org" in read.of)) {
      return answers;
    }
    const known = orgs.get(read.of.org) ?? answers["org"];
    orgs.set(read.of.org, known);
    return { org: known };
  });
}

const saboteurs: readonly (readonly [number: string, fault: string, broken: Broken, check: Check, caughtBy: RegExp])[] =
  [
    [
      "S1",
      "writes what it decided, whatever the organization is now",
      {
        port: commits(({ org, ...commit }, port) =>
          port.commit({ ...commit, org: org.is === "new" ? org : { ...org, status: null, version: null } }),
        ),
      },
      inEveryOrder(1),
      /I01/,
    ],
    [
      "S2",
      "expects an active organization where it must be unchanged",
      {
        port: commits(({ org, ...commit }, port) =>
          port.commit({ ...commit, org: org.is === "new" ? org : { ...org, version: null } }),
        ),
      },
      inEveryOrder(4),
      /I01/,
    ],
    [
      "S4",
      "takes it for granted that the organization is still active",
      {
        port: commits(({ org, ...commit }, port) =>
          port.commit({ ...commit, org: org.is === "new" ? org : { ...org, status: null } }),
        ),
      },
      inEveryOrder(36),
      /pair 36/,
    ],
    [
      "S10",
      "accepts invitations that are not pending any more",
      {
        port: commits(async ({ changes, ...commit }, port) => {
          const expected = await Promise.all(
            changes.map(async (change) => {
              if (change.op !== "updateInvitation") {
                return change;
              }
              const { now } = await port.load({ now: { read: "invitation", invId: change.row.id } });
              return now === null ? change : { ...change, expect: now };
            }),
          );
          return port.commit({ ...commit, changes: expected });
        }),
      },
      storm("eight people accept V"),
      /I15/,
    ],
    [
      "S12",
      "takes every unique rule that fires for success",
      {
        port: commits(async (commit, port) => {
          const outcome = await port.commit(commit);
          return outcome.outcome === "conflict" && outcome.constraint !== null
            ? { outcome: "committed", seq: 1 }
            : outcome;
        }),
      },
      history,
      /H01/,
    ],
    [
      "S12",
      "takes every unique rule that fires for a member twice",
      {
        store: calls(async (method, args, name) => {
          try {
            return await method(...args);
          } catch (error) {
            if (name === "createOrg" && isTenancyError(error, "conflict.org_slug")) {
              throw new Tenancy(new InMemoryDatabase()).addMember({} as never).catch((other: unknown) => other);
            }
            throw error;
          }
        }),
      },
      model,
      /H11/,
    ],
    [
      "S14",
      "begins a link in the instant in which the row it replaces began",
      {
        port: commits(({ changes, ...commit }, port) => {
          const ended = changes.flatMap((change) => (change.op === "updateMembership" ? [change.row] : []));
          const linked = changes.map((change) => {
            const former =
              change.op === "insertMembership" ? ended.find(({ id }) => id === change.row.replaces) : undefined;
            return change.op === "insertMembership" && former !== undefined
              ? { ...change, row: { ...change.row, createdAt: former.createdAt } }
              : change;
          });
          return port.commit({ ...commit, changes: linked });
        }),
      },
      history,
      /I11/,
    ],
    [
      "S14",
      "says of everybody who leaves that they were removed",
      {
        port: commits(({ changes, ...commit }, port) =>
          port.commit({
            ...commit,
            changes: changes.map((change) =>
              change.op === "updateMembership" && change.row.status === "revoked"
                ? { ...change, row: { ...change.row, removedBy: change.row.usrId } }
                : change,
            ),
          }),
        ),
      },
      history,
      /I16/,
    ],
    [
      "S15",
      "looks for owners among the first hundred members",
      {
        port: loads(async (plan, port) => {
          const answers: Record<string, unknown> = await port.load(plan);
          for (const [name, read] of Object.entries(plan)) {
            if (read.read === "owners") {
              const { org } = await port.load({ org: { read: "org", of: read.of } });
              const where = { anyOf: [], role: null };
              const { first } = await port.load({
                first: { read: "members", orgId: org?.id ?? "org_", where, after: null, take: 100 },
              });
              answers[name] = owners(first);
            }
          }
          return answers;
        }),
      },
      (open) =>
        playCalls(
          [
            { op: "createOrg", args: [{ creator: "usr_01900000000070008000000000000001" }], options: {} },
            ...Array.from({ length: 151 }, (_, place) => ({
              op: "addMember",
              args: [
                {
                  orgId: "org_01900000000070008000000000000001",
                  usrId: `usr_0190000000007000800000000000${(0x100 + place).toString(16).padStart(4, "0")}`,
                  role: place === 150 ? "owner" : "member",
                },
              ],
              options: {},
            })),
            { op: "selfLeave", args: [{ memId: "mem_01900000000070008000000000000001" }], options: {} },
          ],
          opened(open),
        ),
      /H11/,
    ],
    ["S18", "knows a key by nothing but itself", { store: keyedByNothing() }, history, /H01/],
    [
      "S19",
      "calls a lost connection a failure",
      {
        port: commits((commit, port) =>
          port.commit(commit).catch((error: unknown) => {
            throw error instanceof StoreFault && error.kind === "indeterminate" ? new StoreFault("unavailable") : error;
          }),
        ),
      },
      sweep("addMember"),
      /H02/,
    ],
    [
      "S20",
      "repeats what is unknown under another key",
      {
        store: calls(async (method, args) => {
          try {
            return await method(...args);
          } catch (error) {
            if (!isTenancyError(error, "indeterminate.commit")) {
              throw error;
            }
            return await method(...args.slice(0, -1), { ...optionsOf(args), idempotencyKey: "another" });
          }
        }),
      },
      sweep("createOrg"),
      /H03/,
    ],
    [
      "S21",
      "resolves by looking",
      {
        port: (port) => ({
          ...bound(port),
          async settle({ scope, key }) {
            const of = scope.startsWith("org_")
              ? { org: scope as `org_${string}` }
              : { creator: scope as `usr_${string}` };
            const { use } = await port.load({ use: { read: "keyUse", scope: of, key } });
            return use ?? { state: "fenced" };
          },
        }),
      },
      late("addMember", "it is resolved"),
      /H04/,
    ],
    [
      "S22",
      "believes what refuses it after a lost connection",
      {
        store: calls(async (method, args) => {
          try {
            return await method(...args);
          } catch (error) {
            if (!isTenancyError(error, "indeterminate.commit")) {
              throw error;
            }
            return await method(...args);
          }
        }),
      },
      late("addMember", "it would be refused for a while"),
      /H02/,
    ],
    [
      "S25",
      "lets what the driver throws through",
      {
        store: calls(async (method, args) => {
          try {
            return await method(...args);
          } catch (error) {
            throw isTenancyError(error, "unavailable.*")
              ? Object.assign(new Error("deadlock detected"), { code: "40P01" })
              : error;
          }
        }),
      },
      sweep("changeRole"),
      /H08/,
    ],
    [
      "S28",
      "asks for no row more than a page holds",
      {
        port: loads(async (plan, port) =>
          port.load(
            Object.fromEntries(
              Object.entries(plan).map(([name, read]) => [
                name,
                read.read === "members" ? { ...read, take: read.take - 1 } : read,
              ]),
            ),
          ),
        ),
      },
      history,
      /H07/,
    ],
    ["S29", "reads organizations from a cache", { port: cached() }, history, /H06/],
    [
      "S30",
      "folds the case of identifiers",
      { options: (options) => ({ ...options, identifierPolicy: emailIdentifiers }) },
      model,
      /H11/,
    ],
    [
      "S30",
      "touches rows that have ended",
      {
        port: commits(async ({ org, changes, ...commit }, port) => {
          if (org.is === "new") {
            return port.commit({ org, changes, ...commit });
          }
          const ended = { status: "revoked", expiresBefore: null, expiresFrom: null } as const;
          const where = { anyOf: [ended], role: null };
          const { rows } = await port.load({ rows: { read: "members", orgId: org.id, where, after: null, take: 1 } });
          const touched = rows.map((row) => ({
            op: "updateMembership" as const,
            row: { ...row, updatedAt: new Date(row.updatedAt.getTime() + 1) },
            expect: row,
          }));
          return port.commit({ org, changes: [...touched, ...changes], ...commit });
        }),
      },
      model,
      /I13/,
    ],
    [
      "S31",
      "takes it for granted that there is room",
      {
        port: commits(({ org, ...commit }, port) => {
          if (org.is === "new") {
            return port.commit({ org, ...commit });
          }
          const { room: _, ...guard } = org;
          return port.commit({ org: guard, ...commit });
        }),
      },
      storm("30 join where 3 may"),
      /storm 59/,
    ],
    [
      "S32",
      "does not expect that a user has joined nothing meanwhile",
      {
        port: commits(({ changes, ...commit }, port) =>
          port.commit({ changes: changes.filter(({ op }) => op !== "countJoin"), ...commit }),
        ),
      },
      pairNamed("59: add U and add U to another organization (organizationsPerUser: 1)"),
      /pair 59/,
    ],
    [
      "S33",
      "writes many rows one by one",
      {
        store: calls(async (method, [input, ...others], name) => {
          const { rows, ...call } = (input ?? {}) as { readonly rows: readonly unknown[] };
          if (name !== "addMembers" || !Array.isArray(rows) || rows.length < 2) {
            return method(...(input === undefined ? others : [input, ...others]));
          }
          for (const row of rows.slice(0, -1)) {
            await method({ ...call, rows: [row] });
          }
          return method({ ...call, rows: rows.slice(-1) }, ...others);
        }),
      },
      model,
      /H11/,
    ],
    [
      "S34",
      "leaves grants to those who are removed",
      {
        port: commits(({ changes, ...commit }, port) =>
          port.commit({
            changes: changes.filter((change) => change.op !== "deleteTuple" || change.tuple.objectType === "org"),
            ...commit,
          }),
        ),
      },
      (open) =>
        playCalls(
          [
            { op: "createOrg", args: [{ creator: sequentialId("usr", 1) }], options: {} },
            {
              op: "createInvitation",
              args: [
                {
                  orgId: sequentialId("org", 1),
                  identifier: "x",
                  role: "member",
                  invitedBy: sequentialId("usr", 1),
                  expiresAt: new Date("2031-01-01"),
                  preTuples: [{ relation: "viewer", objectType: "project", objectId: "1" }],
                },
              ],
              options: {},
            },
            {
              op: "acceptInvitation",
              args: [{ invId: sequentialId("inv", 1), asUsrId: sequentialId("usr", 2), acceptingIdentifier: "x" }],
              options: {},
            },
            { op: "removeUser", args: [{ usrId: sequentialId("usr", 2), grants: true }], options: {} },
          ],
          opened(open),
        ),
      /I25/,
    ],
    [
      "S35",
      "ends memberships before their time",
      {
        port: commits(({ changes, events, ...commit }, port) =>
          port.commit({
            changes: changes.map((change) =>
              change.op === "updateMembership" && events.some(({ type }) => type === "membership.expired")
                ? { ...change, row: { ...change.row, updatedAt: change.expect.updatedAt } }
                : change,
            ),
            events,
            ...commit,
          }),
        ),
      },
      model,
      /I26/,
    ],
    [
      "S36",
      "does not see to it that rows of many which it leaves alone are as it says",
      { port: commits((commit, port) => port.commit(forgetful(commit, ({ unchanged }) => unchanged > 0))) },
      pairNamed("60: make X and E admin and suspend E"),
      /pair 60/,
    ],
    [
      "S36",
      "does not see to it that rows of many which it refuses are to be refused",
      { port: commits((commit, port) => port.commit(forgetful(commit, ({ refused }) => refused > 0))) },
      pairNamed("60: add X and U (each) and leave X"),
      /pair 60/,
    ],
  ];

/** Of commits of many rows with such a report: expects of the organization that it is active, and nothing more. */
function forgetful({ org, keys, ...commit }: Commit, isMeant: (report: BulkReport<unknown>) => boolean): Commit {
  const reports = keys.map(({ result }) => result as Partial<BulkReport<unknown>>);
  const isBulk = reports.some((report) => report.rows !== undefined && isMeant(report as BulkReport<unknown>));
  return { ...commit, keys, org: org.is === "new" || !isBulk ? org : { ...org, version: null } };
}

function owners(members: readonly Membership[]): readonly MemId[] {
  return members.filter(({ role, status }) => role === "owner" && status === "active").map(({ id }) => id);
}

describe.each(saboteurs)("%s: a store that %s", (_, __, broken, check, caughtBy) => {
  test(`is caught by ${caughtBy.source}, and an honest one is not`, async () => {
    await check(sharedMemory());
    const caught = await check(sharedMemory(broken)).catch((error: unknown) => error);
    expect(caught).toBeInstanceOf(Failure);
    expect((caught as Failure).message.slice(0, 40000)).toMatch(caughtBy);
  });
});
