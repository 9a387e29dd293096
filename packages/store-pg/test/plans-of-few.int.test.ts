import { generate, type InvId, idOf, type MemId, type OrgId, type TenancyStore, type UsrId } from "@tenantry/core";
import { SqlTenancyStore, type Statement } from "@tenantry/store-sql";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";
import { costOf, MODES, recordingExecutor } from "./statement-cost.ts";

// A database of two organizations, of which one has all but a few rows, and all of these in one state. Here statistics say
// that the primary key is the shortest way to a page: whatever it passes, a fitting row must soon come. None comes.

const MANY = 50_000;
const FEW = 30;
const PAGE = 20;
/** What the pages of up to six ranges come to, and a little more for each range that is empty. */
const ROWS_READ = 6 * (PAGE + 1) + 10;
const PAGES_READ = 200;

let database: OpenPostgres;
let pool: pg.Pool;
let store: SqlTenancyStore;
let large: OrgId;
/** Its rows come after all others. */
let small: OrgId;
let person: UsrId;
let middle: { readonly member: MemId; readonly invitation: InvId };
const sent: Statement[] = [];

beforeAll(async () => {
  database = await openPostgres();
  pool = database.pool({ max: 1 });
  store = new SqlTenancyStore({
    executor: recordingExecutor(pool, sent),
    concurrentSessions: true,
    hostTransactions: true,
  });
  large = (await store.createOrg(generate("usr"))).org.id;
  // Ids ascend as they do in life, and all are older than those of the small one.
  const id = (kind: string) =>
    `(lpad(to_hex(1600000000000 + n), 12, '0') || '7000' || '8' || substr(md5('${kind}' || n), 1, 15))::uuid`;
  const uuid = `'${large.slice(4)}'`;
  await pool.query(
    `insert into tenancy.mem (id, org_id, usr_id, role, status, created_at, updated_at)
     select ${id("mem")}, ${uuid}, ${id("usr")}, 'member', 'active', now(), now() from generate_series(1, ${MANY}) n`,
  );
  await pool.query(
    `insert into tenancy.inv (id, org_id, identifier, canonical, role, status, pre_tuples, invited_by, created_at, expires_at)
     select ${id("inv")}, ${uuid}, a, a, 'member', 'pending', '[]', ${id("usr")}, now(), now() + interval '1 day'
       from generate_series(1, ${MANY}) n, lateral (select n || '@example.com') as address(a)`,
  );
  person = generate("usr");
  const founded = await store.createOrg(person);
  small = founded.org.id;
  for (let number = 1; number < FEW; number += 1) {
    await store.addMember({ orgId: small, usrId: generate("usr"), role: "member" });
    const identifier = `${number}@example.org`;
    const expiresAt = new Date(Date.now() + 86_400_000);
    await store.createInvitation({ orgId: small, identifier, role: "member", invitedBy: person, expiresAt });
  }
  await pool.query("vacuum analyze tenancy.mem");
  await pool.query("vacuum analyze tenancy.inv");
  middle = { member: await middleOf("mem"), invitation: await middleOf("inv") };
}, 120_000);
afterAll(() => database.close());

async function middleOf<T extends "mem" | "inv">(type: T): Promise<`${T}_${string}`> {
  const { rows } = await pool.query(`select id from tenancy.${type} order by id offset ${MANY / 2} limit 1`);
  return idOf(type, rows[0].id);
}

type Ask = (store: TenancyStore) => Promise<unknown>;

const limit = PAGE;
const cases: readonly (readonly [name: string, ask: Ask])[] = [
  ["listMembers of many, deep inside", (s) => s.listMembers(large, { limit, cursor: middle.member })],
  ["listMembers of few", (s) => s.listMembers(small, { limit })],
  ["listMembers of few, in a status", (s) => s.listMembers(small, { limit, status: "active" })],
  ["listMembers in a status that none is in", (s) => s.listMembers(large, { limit, status: "suspended" })],
  ["listMembers in a role that none has", (s) => s.listMembers(large, { limit, role: "guest", cursor: middle.member })],
  ["membersAsOf of many, deep inside", (s) => s.membersAsOf(large, new Date(), { limit, cursor: middle.member })],
  ["membersAsOf of few", (s) => s.membersAsOf(small, new Date(), { limit })],
  ["membersAsOf, before anybody was there", (s) => s.membersAsOf(large, new Date(0), { limit })],
  ["listMemberships", (s) => s.listMemberships(person, { limit })],
  ["listMemberships of nobody", (s) => s.listMemberships(generate("usr"), { limit })],
  ["listInvitations of many, deep inside", (s) => s.listInvitations(large, { limit, cursor: middle.invitation })],
  ["listInvitations of few", (s) => s.listInvitations(small, { limit })],
  ["listInvitations in a status that none is in", (s) => s.listInvitations(large, { limit, status: "declined" })],
  ["listInvitationsFor one of them", (s) => s.listInvitationsFor("7@example.org", { limit })],
];

describe.each(MODES)("a page passes over nobody else's rows (%s)", (mode) => {
  test.each(cases)("%s", async (_, ask) => {
    sent.length = 0;
    await ask(store);
    const [statement, ...others] = sent;
    expect(others).toEqual([]);
    const cost = await costOf(pool, statement as Statement, mode);
    // Of organizations there are two, which are read through, and rightly.
    expect(cost.scans.filter((table) => table !== "org")).toEqual([]);
    expect(cost.rows).toBeLessThanOrEqual(ROWS_READ);
    expect(cost.pages).toBeLessThanOrEqual(PAGES_READ);
  });
});
