import { generate } from "@tenantry/core";
import { readTables } from "@tenantry/store-sql";
import { startWireProxy } from "@tenantry/testkit";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migratePostgresJs, PostgresJsTenancyStore, postgresJsExecutor } from "../src/postgres-js.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";

let database: OpenPostgres;
const opened: postgres.Sql[] = [];
function open(options: postgres.Options<Record<string, never>> = {}, url = database.url): postgres.Sql {
  const sql = postgres(url, { onnotice: () => {}, ...options });
  opened.push(sql);
  return sql;
}

beforeAll(async () => {
  database = await openPostgres();
});
afterAll(async () => {
  await Promise.all(opened.map((sql) => sql.end({ timeout: 1 })));
  await database.close();
});

test("migrations run through it, and find their work done", async () => {
  const sql = open();
  expect(await migratePostgresJs(sql, { schema: "through_postgres_js" })).toEqual(["0001_tenancy"]);
  expect(await migratePostgresJs(sql)).toEqual([]);
});

test("what it stores is read back as it was: no value is encoded twice", async () => {
  const sql = open();
  const store = new PostgresJsTenancyStore(sql);
  const creator = generate("usr");
  const { org } = await store.createOrg({ creator, name: `"quoted" \\ and {"json":1}` }, { idempotencyKey: "k" });
  const preTuples = [{ relation: "viewer", objectType: "project", objectId: `'); drop table org; -- "` }];
  const invitation = await store.createInvitation({
    orgId: org.id,
    identifier: "x@example.com",
    role: "member",
    invitedBy: creator,
    expiresAt: new Date(Date.now() + 60_000),
    preTuples,
  });
  expect((await store.getInvitation(invitation.id)).preTuples).toEqual(
    preTuples.map((grant) => ({ ...grant, expiresAt: null })),
  );
  await expect(store.createOrg({ creator, name: org.name }, { idempotencyKey: "k" })).resolves.toMatchObject({ org });
  const { rows } = {
    rows: await sql`select jsonb_typeof(data) as data, json_typeof(result) as result
    from tenancy.evt join tenancy.idem using (org_id, seq) where org_id = ${org.id.slice(4)}`,
  };
  expect(rows.map(({ data, result }) => `${data} ${result}`)).toEqual(["object object", "object object"]);
  const { evt } = await readTables(postgresJsExecutor(sql));
  expect(evt.find(({ orgId }) => orgId === org.id)?.data).toMatchObject({ name: org.name });
});

test("reads take one round trip, mutations two, an addition one", async () => {
  const proxy = await startWireProxy(database.url);
  const sql = open({ max: 1, fetch_types: false }, proxy.url);
  const store = new PostgresJsTenancyStore(sql);
  const { org, ownerMembership } = await store.createOrg(generate("usr"));
  const trips = async (call: () => Promise<unknown>): Promise<number> => {
    // The first use of a shape also describes it.
    await call();
    proxy.reset();
    await call();
    return proxy.trips();
  };
  expect(await trips(() => store.getOrg(org.id))).toBe(1);
  expect(await trips(() => store.addMember({ orgId: org.id, usrId: generate("usr"), role: "member" }))).toBe(1);
  expect(await trips(() => store.updateOrg({ orgId: org.id, name: generate("org") }))).toBe(2);
  expect(await trips(() => store.selfLeave({ memId: ownerMembership.id }).catch(() => null))).toBe(1);
  await sql.end();
  await proxy.close();
});

test("a server that is not there is `unavailable.connection`, an ended client `unavailable.closed`", async () => {
  const nowhere = open({ connect_timeout: 1 }, "postgres://postgres@127.0.0.1:1/nowhere");
  await expect(new PostgresJsTenancyStore(nowhere).getOrg(generate("org"))).rejects.toMatchObject({
    code: "unavailable.connection",
  });
  const ended = open();
  await ended.end();
  await expect(new PostgresJsTenancyStore(ended).getOrg(generate("org"))).rejects.toMatchObject({
    code: "unavailable.closed",
  });
});

test("two owners who leave at once: one stays, and no error of the driver shows", async () => {
  const [here, there] = [new PostgresJsTenancyStore(open()), new PostgresJsTenancyStore(open())];
  for (let round = 0; round < 25; round += 1) {
    const { org, ownerMembership } = await here.createOrg(generate("usr"));
    const other = await here.addMember({ orgId: org.id, usrId: generate("usr"), role: "owner" });
    const ended = await Promise.allSettled([
      here.selfLeave({ memId: ownerMembership.id }),
      there.selfLeave({ memId: other.id }),
    ]);
    const codes = ended.map((result) => (result.status === "fulfilled" ? "ok" : result.reason.code));
    expect([...codes].sort()).toEqual(["conflict.sole_owner", "ok"]);
  }
});
