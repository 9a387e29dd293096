import {
  EVENT_TYPES,
  generate,
  INVITATION_STATUSES,
  type InvId,
  idOf,
  isTenancyError,
  type MemId,
  type OrgId,
  ROLES,
  STATUSES,
  type TenancyStore,
} from "@tenantry/core";
import { SqlTenancyStore, type Statement } from "@tenantry/store-sql";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EVERYBODY, LAPSED, type LargeWorld, MEMBERS, makeLargeWorld, memberBegan, ORGS } from "./large-world.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";
import { costOf, isPlannedAgain, MODES, recordingExecutor } from "./statement-cost.ts";

// What statements cost is read from their plans, as PostgreSQL makes them when it sees the values and when, after a few
// executions of a prepared statement, it no longer looks: rows and pages read, whatever the clock of a busy machine says.

const PAGE = 20;
/**
 * Of each row a few pages of an index and its own may be read, once more where it is looked for by its id, and again of the
 * organization beside it; and a page's rows lie in up to 18 ranges.
 */
const PAGES_READ = 200;

let database: OpenPostgres;
let pool: pg.Pool;
let store: SqlTenancyStore;
/** The same, under which an invitation takes the place of an open one. */
let replacing: SqlTenancyStore;
/** The same, with limits of each kind that are about what they limit. */
let limited: SqlTenancyStore;
/** The same, where what may be open depends on the organization. */
let limitedByOrg: SqlTenancyStore;
let world: LargeWorld;
const sent: Statement[] = [];

beforeAll(async () => {
  database = await openPostgres();
  // One connection: what is prepared and set is so for all.
  pool = database.pool({ max: 1 });
  world = await makeLargeWorld(pool);
  const driver = { executor: recordingExecutor(pool, sent), concurrentSessions: true, hostTransactions: true };
  store = new SqlTenancyStore(driver);
  replacing = new SqlTenancyStore(driver, { reinvite: "replace" });
  limited = new SqlTenancyStore(driver, {
    limits: { members: () => 2 * MEMBERS, pendingInvitations: 2 * MEMBERS, organizationsPerUser: () => 2 * ORGS },
  });
  limitedByOrg = new SqlTenancyStore(driver, {
    limits: { members: 2 * MEMBERS, pendingInvitations: ({ version }) => MEMBERS + version },
  });
}, 180_000);
afterAll(() => database.close());

/** Each value of a filter, and none. */
const of = <V extends string>(values: readonly V[]): readonly (V | undefined)[] => [undefined, ...values];

type Ask = (store: TenancyStore) => Promise<unknown>;

/** The one statement of a query. */
async function statementOf(ask: Ask): Promise<Statement> {
  sent.length = 0;
  await ask(store);
  const [only, ...others] = sent;
  if (only === undefined || others.length > 0) {
    throw new Error("a query is one statement");
  }
  return only;
}

/** The id in the middle of a list. */
async function middle<T extends "org" | "mem" | "inv">(type: T, where: string): Promise<`${T}_${string}`> {
  const { rows } = await pool.query(
    `select id from tenancy.${type} where ${where} order by id
     offset (select count(*) / 2 from tenancy.${type} where ${where}) limit 1`,
  );
  return idOf(type, rows[0].id);
}

describe("a page costs the same at the beginning and deep inside, whatever it is filtered by", () => {
  interface Places {
    readonly org: OrgId | null;
    readonly member: MemId | null;
    readonly membership: MemId | null;
    readonly invitation: InvId | null;
    readonly invitationFor: InvId | null;
    readonly seq: number;
  }
  const beginning: Places = {
    org: null,
    member: null,
    membership: null,
    invitation: null,
    invitationFor: null,
    seq: 0,
  };
  let deep: Places;
  beforeAll(async () => {
    const uuid = (id: string): string => `'${id.slice(4)}'`;
    deep = {
      org: await middle("org", "true"),
      member: await middle("mem", `org_id = ${uuid(world.org)}`),
      membership: await middle("mem", `usr_id = ${uuid(world.everywhere)}`),
      invitation: await middle("inv", `org_id = ${uuid(world.org)}`),
      invitationFor: await middle("inv", `canonical = '${EVERYBODY}'`),
      seq: MEMBERS,
    };
  });

  const limit = PAGE;
  /** How many rows a page may read for each that it returns: two where each brings its organization. */
  type Case = readonly [name: string, ask: (places: Places) => Ask, perRow: number];
  /** Each status has a page of its own, of which one is made. */
  const EVERY_STATUS = INVITATION_STATUSES.length - 1;
  const cases: readonly Case[] = [
    ...of(STATUSES).map(
      (status): Case => [
        `listOrgs, ${status}`,
        ({ org: cursor }) =>
          (s) =>
            s.listOrgs({ limit, cursor, ...given({ status }) }),
        1,
      ],
    ),
    ...of(STATUSES).flatMap((status) =>
      of(ROLES).map(
        (role): Case => [
          `listMembers, ${status} ${role}`,
          ({ member: cursor }) =>
            (s) =>
              s.listMembers(world.org, { limit, cursor, ...given({ status, role }) }),
          1,
        ],
      ),
    ),
    ...of(STATUSES).map(
      (status): Case => [
        `listMemberships, ${status}`,
        ({ membership: cursor }) =>
          (s) =>
            s.listMemberships(world.everywhere, { limit, cursor, ...given({ status }) }),
        2,
      ],
    ),
    ...of(INVITATION_STATUSES).flatMap((status): readonly Case[] => [
      [
        `listInvitations, ${status}`,
        ({ invitation: cursor }) =>
          (s) =>
            s.listInvitations(world.org, { limit, cursor, ...given({ status }) }),
        status === undefined ? EVERY_STATUS : 1,
      ],
      [
        `listInvitationsFor, ${status}`,
        ({ invitationFor: cursor }) =>
          (s) =>
            s.listInvitationsFor(EVERYBODY, { limit, cursor, ...given({ status }) }),
        status === undefined ? EVERY_STATUS + 1 : 2,
      ],
    ]),
    [
      "listEvents",
      ({ seq: after }) =>
        (s) =>
          s.listEvents(world.org, { limit, after }),
      1,
    ],
    ...EVENT_TYPES.map(
      (type): Case => [
        `listEvents, ${type}`,
        ({ seq: after }) =>
          (s) =>
            s.listEvents(world.org, { limit, after, types: [type] }),
        1,
      ],
    ),
    // Of four types there are events, and of each a page is read.
    [
      "listEvents, all types",
      ({ seq: after }) =>
        (s) =>
          s.listEvents(world.org, { limit, after, types: EVENT_TYPES }),
      5,
    ],
    [
      "listEvents, an actor",
      ({ seq: after }) =>
        (s) =>
          s.listEvents(world.org, { limit, after, actor: world.actor }),
      5,
    ],
    [
      "listEvents, an actor who did everything else",
      ({ seq: after }) =>
        (s) =>
          s.listEvents(world.org, { limit, after, actor: world.everywhere, types: ["org.updated"] }),
      1,
    ],
    [
      "listEvents, an actor who did nothing",
      ({ seq: after }) =>
        (s) =>
          s.listEvents(world.org, { limit, after, actor: generate("usr") }),
      1,
    ],
  ];

  for (const mode of MODES) {
    test.each(cases)(`%s (${mode})`, async (_, ask, perRow) => {
      for (const places of [beginning, deep]) {
        const cost = await costOf(pool, await statementOf(ask(places)), mode);
        expect(cost.scans).toEqual([]);
        // One more for each range, at most 18, where the next page begins, and the organization itself; what has lapsed, and of
        // that as many rows as a page has.
        expect(cost.rows).toBeLessThanOrEqual((perRow + 1) * (PAGE + 1) + 19 + LAPSED);
        expect(cost.pages).toBeLessThanOrEqual(PAGES_READ);
      }
    });
  }

  test.each(cases)("%s is planned once, not for each call", async (_, ask) => {
    for (const places of [beginning, deep]) {
      expect(await isPlannedAgain(pool, await statementOf(ask(places)))).toBe(false);
    }
  });
});

/** Options without those that are `undefined`, as types that are exact about it want them. */
function given<T extends object>(options: T): { readonly [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof T]?: NonNullable<T[K]>;
  };
}

describe("one row among many is found by an index", () => {
  const cases: readonly (readonly [name: string, ask: Ask, rows: number])[] = [
    ["getOrg", (s) => s.getOrg(world.org), 1],
    ["getOrgBySlug", (s) => s.getOrgBySlug(`org-${ORGS / 2}`), 1],
    ["check", (s) => s.check({ subject: world.everywhere, relations: ["owner", "admin"], object: world.org }), 1],
    [
      "check of an active organization",
      (s) => s.check({ subject: world.everywhere, relation: "owner", object: world.org, requireActiveOrg: true }),
      2,
    ],
  ];
  for (const mode of MODES) {
    test.each(cases)(`%s (${mode})`, async (_, ask, rows) => {
      const cost = await costOf(pool, await statementOf(ask), mode);
      expect(cost.scans).toEqual([]);
      expect(cost.rows).toBeLessThanOrEqual(rows);
      expect(cost.pages).toBeLessThanOrEqual(12);
    });
  }

  test.each(cases)("%s is planned once, not for each call", async (_, ask) => {
    expect(await isPlannedAgain(pool, await statementOf(ask))).toBe(false);
  });
});

describe("a total is read from the organization's row, but for what has lapsed", () => {
  const cases = of(STATUSES).flatMap((status) => of(ROLES).map((role) => [status, role] as const));
  for (const mode of MODES) {
    test.each(cases)(`%s %s (${mode})`, async (status, role) => {
      const options = given({ status, role });
      const ask = (s: TenancyStore) => s.listMembers(world.org, { limit: 1, total: true, ...options });
      const { total } = (await ask(store)) ?? {};
      const where = `org_id = $1 and ($2::text is null or $2 = case when expires_at < now() then 'revoked' else status end)
        and ($3::text is null or role = $3)`;
      const counted = await pool.query(`select count(*)::int as number from tenancy.mem where ${where}`, [
        world.org.slice(4),
        status ?? null,
        role ?? null,
      ]);
      expect(total).toBe(counted.rows[0].number);
      const cost = await costOf(pool, await statementOf(ask), mode);
      expect(cost.scans).toEqual([]);
      // The page reads two rows of each of up to 18 ranges; each of up to three statuses counts what has lapsed.
      expect(cost.rows).toBeLessThanOrEqual(2 * 18 + 3 + 4 * LAPSED);
      expect(cost.pages).toBeLessThanOrEqual(PAGES_READ);
    });
  }
});

describe("what grows, and how", () => {
  describe("what has lapsed and no sweep has written down", () => {
    const many = 5000;
    beforeAll(async () => {
      await pool.query("begin");
      await pool.query(
        `update tenancy.mem set expires_at = created_at + interval '1 day' where id in (
           select id from tenancy.mem where org_id = $1 and status = 'active' and role = 'member' order by id limit ${many})`,
        [world.org.slice(4)],
      );
      await pool.query(
        `update tenancy.inv set expires_at = created_at + interval '1 day' where id in (
           select id from tenancy.inv where org_id = $1 and status = 'pending' order by id limit ${many})`,
        [world.org.slice(4)],
      );
    });
    afterAll(() => pool.query("rollback"));

    const cases: readonly (readonly [name: string, ask: Ask, rows: number])[] = [
      [
        "is passed over in the index by a page of the others",
        (s) => s.listMembers(world.org, { limit: PAGE, status: "active", role: "member" }),
        PAGE + 2,
      ],
      [
        "is passed over so by a page of invitations, too",
        (s) => s.listInvitations(world.org, { limit: PAGE, status: "pending" }),
        PAGE + 2,
      ],
      [
        "is read in the index by a page of those that ended",
        (s) => s.listMembers(world.org, { limit: PAGE, status: "revoked", role: "member" }),
        many + LAPSED + 2 * PAGE + 3,
      ],
      [
        "and by a page of those that are expired",
        (s) => s.listInvitations(world.org, { limit: PAGE, status: "expired" }),
        many + LAPSED + 2 * PAGE + 3,
      ],
      [
        "and by a total",
        (s) => s.listMembers(world.org, { limit: 1, role: "member", status: "active", total: true }),
        many + LAPSED + 4,
      ],
    ];
    for (const mode of MODES) {
      test.each(cases)(`%s (${mode})`, async (_, ask, rows) => {
        const cost = await costOf(pool, await statementOf(ask), mode);
        expect(cost.scans).toEqual([]);
        expect(cost.rows).toBeLessThanOrEqual(rows);
      });
    }
  });
});

describe("who was a member at an instant is found without those who had left or came later", () => {
  /** An index is asked for at most so many spans of weeks: the rest of sixteen, and as many sixteens as the world lasts. */
  const SPANS = 16 + 6;
  const instants: readonly (readonly [name: string, at: Date])[] = [
    ["in a year that nobody has seen", new Date(-8.64e15)],
    ["when the first few were there", memberBegan(10)],
    ["halfway", memberBegan(MEMBERS / 2)],
    ["when the last one began", memberBegan(MEMBERS)],
    ["in a year that nobody will see", new Date(8.64e15)],
  ];
  const where = (): string => `org_id = '${world.org.slice(4)}'`;

  for (const mode of MODES) {
    test.each(instants)(`%s (${mode})`, async (_, at) => {
      const last = await pool.query(`select id from tenancy.mem where ${where()} order by id desc limit 1`);
      for (const cursor of [null, await middle("mem", where()), idOf("mem", last.rows[0].id)]) {
        const ask = (s: TenancyStore) => s.membersAsOf(world.org, at, { limit: PAGE, cursor });
        const cost = await costOf(pool, await statementOf(ask), mode);
        expect(cost.scans).toEqual([]);
        // A page of each span, of those who are there and of the answer, which is looked up by id; where twelve ranges begin.
        expect(cost.rows).toBeLessThanOrEqual((SPANS + 2) * (PAGE + 1) + 12 + LAPSED);
        expect(cost.pages).toBeLessThanOrEqual(2 * PAGES_READ);
        expect(await isPlannedAgain(pool, await statementOf(ask))).toBe(false);
      }
    });
  }

  test.each(instants)("and nobody is missed: %s", async (_, at) => {
    const found: MemId[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<TenancyStore["membersAsOf"]>> = await store.membersAsOf(world.org, at, {
        limit: 200,
        cursor,
      });
      found.push(...page.data.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null && found.length < 2000);
    const then = at.getTime() < 0 ? "-infinity" : at.getUTCFullYear() > 9999 ? "9999-12-31" : at.toISOString();
    const { rows } = await pool.query(
      `select id from tenancy.mem where ${where()} and created_at <= $1 and (status <> 'revoked' or updated_at > $1)
         and coalesce(expires_at, 'infinity') >= $1 order by id limit $2`,
      [then, cursor === null ? MEMBERS : found.length],
    );
    expect(found).toEqual(rows.map(({ id }) => idOf("mem", id)));
  });
});

describe("a part of a name or slug is found, whether many organizations have it or few", () => {
  const cases: readonly (readonly [query: string, found: number])[] = [
    ["organization", PAGE],
    ["o", PAGE],
    [`ORG-${ORGS / 2}`, 1],
    ["4321", 1],
    [`ization ${ORGS - 1}`, 1],
    ["organized", 0],
    ["zz", 0],
    ["\u00fc", 0],
  ];
  for (const mode of MODES) {
    test.each(cases)(`%s (${mode})`, async (query, found) => {
      expect((await store.listOrgs({ limit: PAGE, query })).data).toHaveLength(found);
      for (const status of of(STATUSES)) {
        const ask = (s: TenancyStore) => s.listOrgs({ limit: PAGE, query, ...given({ status }) });
        const cost = await costOf(pool, await statementOf(ask), mode);
        expect(cost.scans).toEqual([]);
        // The first two thousand are looked at, and what an index finds besides; a page is read again where it is put together.
        expect(cost.rows).toBeLessThanOrEqual(2000 + 4 * (PAGE + 1));
      }
    });
  }
});

/** A row of many. */
const row = () => ({ usrId: generate("usr"), role: "member" }) as const;

describe("a look before leaping reads what it counts, whatever there is besides", () => {
  const cases: readonly (readonly [name: string, ask: Ask, rows: number])[] = [
    ["plan of revokeOrg", (s) => s.plan({ revokeOrg: world.org }), 5000],
    ["plan of removeUser", (s) => s.plan({ removeUser: { usrId: world.actor, grants: true } }), 5000],
    ["a dry run", (s) => s.addMembers({ orgId: world.org, rows: [row(), row()], dryRun: true }), 10],
  ];
  for (const mode of MODES) {
    test.each(cases)(`%s (${mode})`, async (_, ask, rows) => {
      const cost = await costOf(pool, await statementOf(ask), mode);
      expect(cost.scans).toEqual([]);
      expect(cost.rows).toBeLessThanOrEqual(rows);
    });
  }
});

describe("a mutation reads and writes a few rows in an organization of any size", () => {
  type Write = (ids: {
    readonly member: MemId;
    readonly other: MemId;
    readonly paused: MemId;
    readonly owner: MemId;
    readonly open: InvId;
    readonly suspended: OrgId;
  }) => Ask;
  const soon = new Date(Date.UTC(2200, 0));
  const REFUSED = "selfLeave of the only owner";
  const offer = () =>
    ({
      orgId: world.org,
      identifier: EVERYBODY,
      role: "member",
      invitedBy: world.everywhere,
      expiresAt: soon,
    }) as const;
  const cases: readonly (readonly [name: string, write: Write])[] = [
    ["addMember", () => (s) => s.addMember({ orgId: world.org, usrId: generate("usr"), role: "member" })],
    [
      "changeRole",
      ({ member: memId }) =>
        (s) =>
          s.changeRole({ memId, newRole: "editor" }),
    ],
    [
      "suspendMembership",
      ({ member }) =>
        (s) =>
          s.suspendMembership(member),
    ],
    [
      "selfLeave",
      ({ member: memId }) =>
        (s) =>
          s.selfLeave({ memId }),
    ],
    [
      REFUSED,
      ({ owner: memId }) =>
        (s) =>
          s.selfLeave({ memId }),
    ],
    [
      "adminRemove",
      ({ member: memId }) =>
        (s) =>
          s.adminRemove({ memId, adminUsrId: world.everywhere }),
    ],
    ["createOrg", () => (s) => s.createOrg({ creator: world.everywhere, name: "Organization", slug: "one-more" })],
    ["suspendOrg", () => (s) => s.suspendOrg(world.org)],
    [
      "reinstateOrg",
      ({ suspended }) =>
        (s) =>
          s.reinstateOrg(suspended),
    ],
    [
      "reinstateMembership",
      ({ paused }) =>
        (s) =>
          s.reinstateMembership(paused),
    ],
    [
      "transferOwnership",
      ({ owner: fromMemId, member: toMemId }) =>
        (s) =>
          s.transferOwnership({ orgId: world.org, fromMemId, toMemId }),
    ],
    [
      "declineInvitation",
      ({ open: invId }) =>
        (s) =>
          s.declineInvitation({ invId }),
    ],
    [
      "changeRoles",
      ({ member, other }) =>
        (s) =>
          s.changeRoles({ orgId: world.org, rows: [member, other].map((id) => ({ memId: id, newRole: "editor" })) }),
    ],
    [
      "removeMembers",
      ({ member: memId, paused }) =>
        (s) =>
          s.removeMembers({
            orgId: world.org,
            rows: [memId, paused].map((id) => ({ memId: id, adminUsrId: world.everywhere })),
          }),
    ],
    ["updateOrg", () => (s) => s.updateOrg({ orgId: world.org, name: "Renamed" })],
    ["createInvitation", () => (s) => s.createInvitation(offer())],
    ["createInvitation in place of another", () => () => replacing.createInvitation(offer())],
    [
      "acceptInvitation",
      ({ open: invId }) =>
        (s) =>
          s.acceptInvitation({ invId }),
    ],
    [
      "resendInvitation",
      ({ open: invId }) =>
        (s) =>
          s.resendInvitation({ invId, adminUsrId: world.everywhere, expiresAt: soon }),
    ],
    [
      "revokeInvitation",
      ({ open: invId }) =>
        (s) =>
          s.revokeInvitation({ invId, adminUsrId: world.everywhere }),
    ],
    ["expireInvitations of one", () => (s) => s.expireInvitations({ orgId: world.org, limit: PAGE })],
    ["expireInvitations of all", () => (s) => s.expireInvitations({ limit: PAGE })],
    ["expireMemberships of one", () => (s) => s.expireMemberships({ orgId: world.org, limit: PAGE })],
    ["expireMemberships of all", () => (s) => s.expireMemberships({ limit: PAGE })],
    ["expireGrants of one", () => (s) => s.expireGrants({ orgId: world.org, limit: PAGE })],
    ["expireGrants of all", () => (s) => s.expireGrants({ limit: PAGE })],
    [
      "updateMembership",
      ({ member: memId }) =>
        (s) =>
          s.updateMembership({ memId, metadata: { title: "Lead" }, expiresAt: soon }),
    ],
    [
      "addMember under limits",
      () => () => limited.addMember({ orgId: world.org, usrId: generate("usr"), role: "member" }),
    ],
    ["createInvitation under limits", () => () => limited.createInvitation(offer())],
    ["createInvitation under a limit of the organization", () => () => limitedByOrg.createInvitation(offer())],
    [
      "acceptInvitation under limits",
      ({ open: invId }) =>
        () =>
          limited.acceptInvitation({ invId }),
    ],
    [
      "createInvitations under limits",
      () => () => {
        const { orgId, ...row } = offer();
        return limitedByOrg.createInvitations({ orgId, rows: [row, { ...row, identifier: "somebody@example.com" }] });
      },
    ],
    ["addMembers under limits", () => () => limited.addMembers({ orgId: world.org, rows: [row(), row()] })],
  ];

  for (const mode of MODES) {
    test.each(cases)(`%s (${mode})`, async (name, write) => {
      const first = async (where: string): Promise<string> => {
        const { rows } = await pool.query(`select id from tenancy.${where} and org_id = $1 order by id limit 1`, [
          world.org.slice(4),
        ]);
        return rows[0].id;
      };
      const ids = {
        member: idOf("mem", await first("mem where role = 'member' and status = 'active' and expires_at is null")),
        other: idOf("mem", await first("mem where role = 'guest' and status = 'active' and expires_at is null")),
        paused: idOf("mem", await first("mem where role = 'member' and status = 'suspended' and expires_at is null")),
        suspended: await middle("org", "status = 'suspended'"),
        owner: idOf("mem", await first("mem where role = 'owner' and status = 'active'")),
        open: idOf("inv", await first("inv where status = 'pending' and expires_at > now()")),
      };
      sent.length = 0;
      await pool.query("begin");
      const done = await write(ids)(store).then(
        () => "ok",
        (error: unknown) => (isTenancyError(error) ? error.code : error),
      );
      await pool.query("rollback");
      expect(done).toBe(name === REFUSED ? "conflict.sole_owner" : "ok");
      // The same statements once more, in the same order and on the same rows.
      await pool.query("begin");
      for (const statement of sent) {
        const cost = await costOf(pool, statement, mode);
        expect(cost.scans).toEqual([]);
        expect(cost.rows).toBeLessThanOrEqual(4 * PAGE);
      }
      await pool.query("rollback");
    });
  }
});
