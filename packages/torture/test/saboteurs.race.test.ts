import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { generate, type OrgId } from "@tenantry/core";
import { type PgPool, type PgPoolClient, PostgresTenancyStore } from "@tenantry/store-pg";
import { createDatabase, type Database } from "@tenantry/testkit";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { Failure } from "../../conformance/src/assertions.ts";
import { Chance, sequentialId } from "../../conformance/src/chance.ts";
import { operations } from "../../conformance/src/contract/operations.ts";
import { caseOf } from "../../conformance/src/faults/cases.ts";
import { sweepOperation } from "../../conformance/src/faults/sweep.ts";
import { playCalls } from "../../conformance/src/model/play.ts";
import { pairs } from "../../conformance/src/races/pairs.ts";
import { parkPair } from "../../conformance/src/races/parking.ts";
import { explorePair } from "../../conformance/src/races/schedules.ts";
import { openStore } from "../src/arena.ts";
import { seed } from "../src/effort.ts";
import { openPostgresArena, type PostgresArena } from "../src/postgres-arena.ts";
import {
  type Broken,
  cascadesAtOnce,
  countsOwners,
  eventsAfterwards,
  forgetsInvitations,
  forgetsSuspended,
  insertsOrNot,
  keyBeforeGuard,
  keysAfterwards,
  numbersFromSequence,
  roleInPlace,
  tuplesAfterwards,
} from "../src/saboteurs.ts";

import { type CuttingProxy, startCuttingProxy } from "../src/wire/cutting-proxy.ts";

// Stores that are broken on purpose where only a real database shows it. Each must be caught by the check that is named,
// and the honest store by none.

vi.setConfig({ testTimeout: 60_000 });

type Check = (arena: PostgresArena) => Promise<unknown>;
type Prepare = (schema: string) => string;

const pairOf = (number: number): (typeof pairs)[number] =>
  pairs.find((pair) => pair.number === number) as (typeof pairs)[number];
const explored =
  (number: number): Check =>
  (arena) =>
    explorePair(arena.open, pairOf(number), 30);
const parked =
  (number: number): Check =>
  (arena) =>
    parkPair(arena.open, pairOf(number), { most: 30, chance: new Chance(seed) });
const swept: Check = (arena) =>
  sweepOperation(
    arena.open,
    caseOf(operations.find(({ name }) => name === "addMember") as (typeof operations)[number]),
    {
      errors: { lost: () => new Error("Connection terminated unexpectedly") },
      turn: null,
    },
  );
/** Somebody gets another role. */
const promoted: Check = (arena) => {
  const [orgId, options] = [sequentialId("org", 1), {}];
  const calls = [
    { op: "createOrg", args: [{ creator: sequentialId("usr", 1) }], options },
    { op: "addMember", args: [{ orgId, usrId: sequentialId("usr", 2), role: "member" }], options },
    { op: "changeRole", args: [{ memId: sequentialId("mem", 2), newRole: "admin" }], options },
  ];
  return playCalls(calls, (own) => openStore(arena, own));
};

/** An organization with a suspended member and an open invitation ends. */
const ended: Check = (arena) => {
  const [orgId, options] = [sequentialId("org", 1), {}];
  const owner = sequentialId("usr", 1);
  const offer = { orgId, identifier: "x", role: "member", invitedBy: owner, expiresAt: new Date("2031-01-01") };
  const calls = [
    { op: "createOrg", args: [{ creator: owner }], options },
    { op: "addMember", args: [{ orgId, usrId: sequentialId("usr", 2), role: "member" }], options },
    { op: "suspendMembership", args: [sequentialId("mem", 2)], options },
    { op: "createInvitation", args: [offer], options },
    { op: "revokeOrg", args: [orgId], options },
  ];
  return playCalls(calls, (own) => openStore(arena, own));
};

const saboteurs: readonly (readonly [
  number: string,
  fault: string,
  broken: { readonly broken?: Broken; readonly prepare?: Prepare },
  check: Check,
  caughtBy: RegExp,
])[] = [
  ["S3", "counts owners in the statement that locks", { broken: countsOwners }, parked(1), /I01/],
  ["S5", "ends an organization and what is in it in one statement", { broken: cascadesAtOnce }, parked(37), /I05/],
  ["S6", "forgets suspended members when an organization ends", { prepare: forgetsSuspended }, ended, /I05/],
  ["S6", "forgets invitations when an organization ends", { prepare: forgetsInvitations }, ended, /I05/],
  ["S7", "writes tuples in a second commit", { broken: tuplesAfterwards }, swept, /I03/],
  ["S8", "writes the event behind the commit", { broken: eventsAfterwards }, swept, /I17/],
  [
    "S9",
    "takes numbers from a sequence",
    { broken: numbersFromSequence, prepare: (s) => `create sequence ${s}.numbers start 7` },
    explored(12),
    /I17/,
  ],
  ["S11", "inserts a membership, or does not", { broken: insertsOrNot }, explored(28), /I15/],
  ["S13", "changes a role in place", { broken: roleInPlace }, promoted, /I18/],
  ["S16", "stores the key in a second commit", { broken: keysAfterwards }, swept, /I22/],
  ["S17", "claims the key before the guard", { broken: keyBeforeGuard }, explored(1), /I22/],
];

// They come one after another, each in schemas of its own.
let database: Database;
beforeAll(async () => {
  database = await createDatabase(inject("databaseUrl"));
});
afterAll(() => database.drop());

async function within(options: Partial<Parameters<typeof openPostgresArena>[1]>, check: Check): Promise<unknown> {
  const arena = await openPostgresArena(inject("databaseUrl"), { driver: "pg", database, ...options });
  try {
    return await check(arena);
  } finally {
    await arena.close();
  }
}

async function caught(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Failure);
  return (error as Failure).message.slice(0, 3000);
}

describe.each(saboteurs)("%s: a store that %s", (_, __, { broken, prepare }, check, caughtBy) => {
  test(`is caught by ${caughtBy.source}`, async () => {
    const damage = {
      ...(broken === undefined ? {} : { broken }),
      ...(prepare === undefined ? {} : { prepare: (pool: pg.Pool, schema: string) => pool.query(prepare(schema)) }),
    };
    expect(await caught(within(damage, check))).toMatch(caughtBy);
  });
});

test("an honest store passes every check that catches them", async () => {
  await within({}, async (arena) => {
    for (const check of new Set(saboteurs.map(([, , , own]) => own))) {
      await check(arena);
    }
  });
});

// What is broken at the edges of a connection has checks of its own.

/** A pool of which the connections answer otherwise. */
function changed(pool: pg.Pool, change: (client: pg.PoolClient, query: pg.QueryConfig) => Promise<unknown>): PgPool {
  return {
    get totalCount() {
      return pool.totalCount;
    },
    connect(callback) {
      const lent = (client: pg.PoolClient): PgPoolClient => ({
        query: (query) => change(client, query as pg.QueryConfig) as never,
        release: (destroy) => client.release(destroy),
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
      });
      pool.connect((error, client) => callback(error, client === undefined ? undefined : lent(client)));
    },
  };
}

interface Edge {
  readonly pool: pg.Pool;
  readonly schema: string;
  readonly arena: PostgresArena;
}

async function atEdge(check: (edge: Edge) => Promise<void>): Promise<void> {
  await within({}, async (arena) => {
    const database = await arena.open();
    const pool = new pg.Pool({ connectionString: arena.url, max: 1 });
    pool.on("error", () => {});
    try {
      await check({ pool, schema: arena.schemaOf(database), arena });
    } finally {
      await pool.end();
    }
  });
}

const passed = (client: pg.PoolClient, query: pg.QueryConfig): Promise<unknown> => client.query(query);

/** H01: what was rolled back is not acknowledged. */
async function acknowledgesOnlyCommits(store: PostgresTenancyStore<PgPool>): Promise<void> {
  const acknowledged = await store
    .withTransaction(async (_, inside) => {
      await inside.createOrg(generate("usr"));
      return true;
    })
    .catch(() => false);
  if (acknowledged) {
    throw new Failure("H01: a transaction was acknowledged that was answered with ROLLBACK");
  }
}

test("S23: a store that ignores the tag of COMMIT is caught by H01", () =>
  atEdge(async ({ pool, schema }) => {
    // Something between the store and the server gave the transaction up.
    const answered = async (client: pg.PoolClient, query: pg.QueryConfig): Promise<object> =>
      client.query(query.text === "commit" ? { text: "rollback" } : query);
    await acknowledgesOnlyCommits(new PostgresTenancyStore(changed(pool, answered), { schema }));
    const credulous = changed(pool, async (client, query) => {
      const result = await answered(client, query);
      return query.text === "commit" ? { ...result, command: "COMMIT" } : result;
    });
    const work = acknowledgesOnlyCommits(new PostgresTenancyStore(credulous, { schema }));
    expect(await caught(work)).toMatch(/H01/);
  }));

/** H01: what a check at the end of the transaction refuses is not acknowledged. */
async function acknowledgesOnlyReady(store: PostgresTenancyStore, orgId: OrgId): Promise<void> {
  const usrId = generate("usr");
  const added = await store.addMember({ orgId, usrId, role: "viewer" }).catch(() => null);
  const { data } = await store.listMembers(orgId, { role: "viewer" });
  if (added !== null && data.length === 0) {
    throw new Failure("H01: a member was acknowledged whom a deferred check had refused");
  }
}

test("S24: a store that answers before the server is ready is caught by H01", () =>
  atEdge(async ({ pool, schema }) => {
    const { org } = await new PostgresTenancyStore(pool, { schema }).createOrg(generate("usr"));
    await pool.query(`
      create function ${schema}.refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$;
      create constraint trigger refused after insert on ${schema}.mem deferrable initially deferred
        for each row when (new.role = 'viewer') execute function ${schema}.refuse()`);
    await acknowledgesOnlyReady(new PostgresTenancyStore(changed(pool, passed), { schema }), org.id);
    const hasty = changed(pool, (client, query) => {
      const answer = client.query(query);
      if (!query.text.includes("go as materialized")) {
        return answer;
      }
      // The statement is complete, and not yet committed.
      const { connection } = client as unknown as { readonly connection: NodeJS.EventEmitter };
      answer.catch(() => {});
      return once(connection, "commandComplete").then(() => ({ rows: [{ seq: "2" }], command: "SELECT" }));
    });
    const work = acknowledgesOnlyReady(new PostgresTenancyStore(hasty, { schema }), org.id);
    expect(await caught(work)).toMatch(/H01/);
  }));

/** H10: the process outlives a connection that is cut under a commit. */
async function outlives(proxy: CuttingProxy, schema: string, mode: "deaf" | "listening"): Promise<void> {
  proxy.arm({ at: (text) => text.includes("go as materialized"), place: "before", how: "rst" });
  const program = fileURLToPath(new URL("no-listener.mjs", import.meta.url));
  const child = spawn(process.execPath, [program, proxy.url, schema, mode], { stdio: "ignore" });
  const [code] = await once(child, "exit");
  expect(proxy.hasCut()).toBe(true);
  if (code !== 0) {
    throw new Failure("H10: the process died with its connection");
  }
}

test("S26: a store that does not listen to the connections it borrows is caught by H10", () =>
  atEdge(async ({ schema, arena }) => {
    const proxy = await startCuttingProxy(arena.url);
    try {
      await outlives(proxy, schema, "listening");
      expect(await caught(outlives(proxy, schema, "deaf"))).toMatch(/H10/);
    } finally {
      await proxy.close();
    }
  }));

/** H09: a session comes back as it was: in no transaction, with nothing set. */
async function comesBackClean({ pool, arena }: Edge, store: PostgresTenancyStore): Promise<void> {
  const { org } = await store.createOrg(generate("usr"));
  await store.addMember({ orgId: org.id, usrId: generate("usr"), role: "member" });
  const left = await arena.leftovers();
  const { rows } = await pool.query(
    "select name, setting from pg_settings where source = 'session' and name <> 'client_encoding'",
  );
  const settings = rows.map(({ name, setting }) => `${name} is ${setting}`);
  if (left.length + settings.length > 0) {
    throw new Failure(`H09: ${[...left, ...settings].join("; ")}`);
  }
}

test.each([
  ["leaves a transaction open", "begin"],
  ["sets the session's path", "set search_path = public"],
  ["sets a time-out for good", "set lock_timeout = '250ms'"],
])("S27: a store that %s is caught by H09", (_, statement) =>
  atEdge(async (edge) => {
    await comesBackClean(edge, new PostgresTenancyStore(changed(edge.pool, passed), { schema: edge.schema }));
    const untidy = changed(edge.pool, async (client, query) => {
      const result = await client.query(query);
      await client.query(statement);
      return result;
    });
    const work = comesBackClean(edge, new PostgresTenancyStore(untidy, { schema: edge.schema }));
    expect(await caught(work)).toMatch(/H09/);
  }),
);
