import { inspect } from "node:util";
import { PGlite } from "@electric-sql/pglite";
import { generate, isTenancyError } from "@tenantry/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migratePglite, PgliteTenancyStore, type PgliteTransaction } from "../src/pglite.ts";

// One session in the process: what it does when a statement fails, and when it is closed.

let database: PGlite;
beforeAll(async () => {
  database = new PGlite();
  await migratePglite(database);
});
afterAll(() => database.close());

const refusal = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "ok",
    (error: unknown) => (isTenancyError(error) ? error.code : `not one of ours: ${error}`),
  );

describe("a statement that fails leaves the session usable", () => {
  test("outside of a transaction", async () => {
    const store = new PgliteTenancyStore(database);
    const { org } = await store.createOrg({ creator: generate("usr"), slug: "outside" });
    expect(await refusal(store.createOrg({ creator: generate("usr"), slug: "outside" }))).toBe("conflict.org_slug");
    await expect(store.getOrg(org.id)).resolves.toEqual(org);
    await expect(database.query("select 1 as one")).resolves.toMatchObject({ rows: [{ one: 1 }] });
  });

  test("inside one, which then commits what succeeded", async () => {
    const store = new PgliteTenancyStore(database);
    const { org } = await store.createOrg({ creator: generate("usr"), slug: "inside" });
    await database.transaction(async (transaction) => {
      const inside = new PgliteTenancyStore(transaction);
      expect(await refusal(inside.createOrg({ creator: generate("usr"), slug: "inside" }))).toBe("conflict.org_slug");
      await inside.addMember({ orgId: org.id, usrId: generate("usr"), role: "member" });
    });
    await expect(store.getOrg(org.id)).resolves.toMatchObject({ version: 2 });
  });

  test("while one of the host's own poisons its transaction, until that is rolled back", async () => {
    const store = new PgliteTenancyStore(database);
    const { org } = await store.createOrg(generate("usr"));
    const call = store.withTransaction(async (transaction, inside) => {
      await inside.addMember({ orgId: org.id, usrId: generate("usr"), role: "member" });
      await transaction.query("select 1/0").catch(() => {});
      expect(await refusal(inside.getOrg(org.id))).toBe("internal.unexpected");
    });
    expect(await refusal(call)).toBe("internal.unexpected");
    await expect(store.getOrg(org.id)).resolves.toEqual(org);
  });
});

test("a store in a transaction that is over is `unavailable`, and nothing is written", async () => {
  const store = new PgliteTenancyStore(database);
  const { org } = await store.createOrg(generate("usr"));
  const inside = await database.transaction(async (transaction) => new PgliteTenancyStore(transaction));
  const call = inside.addMember({ orgId: org.id, usrId: generate("usr"), role: "member" });
  expect(await refusal(call)).toBe("unavailable.connection");
  await expect(store.getOrg(org.id)).resolves.toEqual(org);
});

test("a database that was closed is `unavailable.closed`, for good", async () => {
  const closed = new PGlite();
  const store = new PgliteTenancyStore(closed);
  await closed.waitReady;
  await closed.close();
  for (const call of [
    () => store.getOrg(generate("org")),
    () => store.createOrg(generate("usr")),
    () => store.withTransaction(async () => {}),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: "unavailable.closed", retryable: false });
  }
});

test("the statement and the values that its errors carry are told to nobody", async () => {
  await migratePglite(database, { schema: "broken" });
  await database.exec("alter table broken.org add constraint canaryless check (name is distinct from 'canary-name')");
  const own = await database
    .query("insert into broken.org (name) values ($1)", ["canary-name"])
    .catch((error: unknown) => error);
  expect(own).toMatchObject({ params: ["canary-name"], query: expect.stringContaining("insert into") });
  const error = await new PgliteTenancyStore(database, { schema: "broken" })
    .createOrg({ creator: generate("usr"), name: "canary-name" })
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "internal.unexpected" });
  expect(inspect(error, { showHidden: true, depth: 9 })).not.toMatch(/canary-name|insert into/);
});

test("values on their way to it are text or null, whatever the operation", async () => {
  const seen = new Set<string>();
  const spy: PgliteTransaction = {
    exec: (text) => database.exec(text),
    query(text, values = []) {
      for (const value of values) {
        seen.add(value === null ? "null" : typeof value);
      }
      return database.query(text, values);
    },
  };
  await database.exec("begin");
  const store = new PgliteTenancyStore(spy);
  const { org, ownerMembership } = await store.createOrg({
    creator: generate("usr"),
    name: undefined,
    slug: null,
  } as never);
  await store.addMember({ orgId: org.id, usrId: generate("usr"), role: "owner", invitedBy: undefined } as never);
  await store.selfLeave({ memId: ownerMembership.id, transferTo: undefined } as never, { actor: undefined } as never);
  await database.exec("rollback");
  expect([...seen].sort()).toEqual(["null", "string"]);
});
