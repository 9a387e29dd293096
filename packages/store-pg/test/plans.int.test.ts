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
import { pgExecutor, SqlTenancyStore, type Statement } from "@tenantry/store-sql";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BEGAN, EVERYBODY, LAPSED, type LargeWorld, MEMBERS, makeLargeWorld, ORGS } from "./large-world.ts";
import { type OpenPostgres, openPostgres } from "./open-postgres.ts";

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
let world: LargeWorld;
const sent: Statement[] = [];

beforeAll(async () => {
  database = await openPostgres();
  // One connection: what is prepared and set is so for all.
  pool = database.pool({ max: 1 });
  world = await makeLargeWorld(pool);
  const executor = pgExecutor(pool);
  const recording = {
    ...executor,
    run(statement: Statement) {
      sent.push(statement);
      return executor.run(statement);
    },
  };
  const driver = { executor: recording, concurrentSessions: true, hostTransactions: true };
  store = new SqlTenancyStore(driver);
  replacing = new SqlTenancyStore(driver, { reinvite: "replace" });
  limited = new SqlTenancyStore(driver, {
    limits: { members: () => 2 * MEMBERS, pendingInvitations: 2 * MEMBERS, organizationsPerUser: () => 2 * ORGS },
  });
}, 180_000);
afterAll(() => database.close());

interface PlanNode {
  readonly "Node Type": string;
  readonly "Index Name"?: string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Shared Hit Blocks": number;
  readonly "Shared Read Blocks": number;
  readonly Plans?: readonly PlanNode[];
}

interface Cost {
  readonly scans: readonly string[];
  readonly indexes: readonly string[];
  /** Rows read from tables, those included that a condition then threw away. */
  readonly rows: number;
  /** Pages of tables and indexes that were looked at. */
  readonly pages: number;
}

const MODES = ["force_custom_plan", "force_generic_plan"] as const;

/** What a statement costs when it is executed as a prepared one. */
async function costOf({ text, values }: Statement, mode: (typeof MODES)[number]): Promise<Cost> {
  await pool.query(`set plan_cache_mode = ${mode}`);
  await pool.query(`prepare examined as ${text}`);
  const literals = values.map((value) => (value === null ? "null" : `'${value.replaceAll("'", "''")}'`));
  const execution = literals.length === 0 ? "execute examined" : `execute examined (${literals.join(", ")})`;
  const { rows } = await pool.query(`explain (analyze, buffers, format json) ${execution}`);
  await pool.query("deallocate examined");
  const flat = (node: PlanNode): readonly PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flat)];
  const top: PlanNode = rows[0]["QUERY PLAN"][0].Plan;
  const reading = flat(top).filter((node) => node["Relation Name"] !== undefined && node["Node Type"].includes("Scan"));
  return {
    scans: reading.filter((node) => node["Node Type"] === "Seq Scan").map((node) => String(node["Relation Name"])),
    indexes: flat(top).flatMap((node) => node["Index Name"] ?? []),
    rows: reading.reduce((sum, node) => sum + node["Actual Loops"] * rowsOf(node), 0),
    pages: top["Shared Hit Blocks"] + top["Shared Read Blocks"],
  };
}

function rowsOf(node: PlanNode): number {
  return node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0);
}

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
        1,
      ],
      [
        `listInvitationsFor, ${status}`,
        ({ invitationFor: cursor }) =>
          (s) =>
            s.listInvitationsFor(EVERYBODY, { limit, cursor, ...given({ status }) }),
        2,
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
    [
      "membersAsOf the end",
      ({ member: cursor }) =>
        (s) =>
          s.membersAsOf(world.org, BEGAN_LAST, { limit, cursor }),
      2,
    ],
  ];

  for (const mode of MODES) {
    test.each(cases)(`%s (${mode})`, async (_, ask, perRow) => {
      for (const places of [beginning, deep]) {
        const cost = await costOf(await statementOf(ask(places)), mode);
        expect(cost.scans).toEqual([]);
        // One more for each range, at most 18, where the next page begins, and the organization itself; what has lapsed, and of
        // that as many rows as a page has.
        expect(cost.rows).toBeLessThanOrEqual((perRow + 1) * (PAGE + 1) + 19 + LAPSED);
        expect(cost.pages).toBeLessThanOrEqual(PAGES_READ);
      }
    });
  }
});

/** The last instant at which a member began. */
const BEGAN_LAST = new Date(BEGAN.getTime() + MEMBERS * 1000);

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
      const cost = await costOf(await statementOf(ask), mode);
      expect(cost.scans).toEqual([]);
      expect(cost.rows).toBeLessThanOrEqual(rows);
      expect(cost.pages).toBeLessThanOrEqual(12);
    });
  }
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
      const cost = await costOf(await statementOf(ask), mode);
      expect(cost.scans).toEqual([]);
      // The page reads two rows of each of up to 18 ranges; each of up to three statuses counts what has lapsed.
      expect(cost.rows).toBeLessThanOrEqual(2 * 18 + 3 + 4 * LAPSED);
      expect(cost.pages).toBeLessThanOrEqual(PAGES_READ);
    });
  }
});

describe("what grows, and how", () => {
  test("membersAsOf passes over members who began later in the index, not in the table", async () => {
    const at = new Date(BEGAN.getTime() + 10_000);
    for (const mode of MODES) {
      const cost = await costOf(await statementOf((s) => s.membersAsOf(world.org, at, { limit: PAGE })), mode);
      expect(cost.scans).toEqual([]);
      expect(cost.indexes).toContain("mem_of_org");
      expect(cost.rows).toBeLessThanOrEqual(2 * PAGE);
      expect(cost.pages).toBeLessThanOrEqual(MEMBERS / 80);
    }
  });

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
        const cost = await costOf(await statementOf(ask), mode);
        expect(cost.scans).toEqual([]);
        expect(cost.rows).toBeLessThanOrEqual(rows);
      });
    }
  });

  test("a search for text among organizations goes along their ids until the page is full", async () => {
    for (const [query, most] of [
      ["organization", PAGE + 1],
      [`org-${ORGS / 2}`, ORGS],
    ] as const) {
      for (const mode of MODES) {
        const cost = await costOf(await statementOf((s) => s.listOrgs({ limit: PAGE, query })), mode);
        expect(cost.scans).toEqual([]);
        expect(cost.rows).toBeLessThanOrEqual(most);
      }
    }
  });
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
      const cost = await costOf(await statementOf(ask), mode);
      expect(cost.scans).toEqual([]);
      expect(cost.rows).toBeLessThanOrEqual(rows);
    });
  }
});

describe("a mutation reads and writes a few rows in an organization of any size", () => {
  type Write = (ids: { readonly member: MemId; readonly owner: MemId; readonly open: InvId }) => Ask;
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
        member: idOf("mem", await first("mem where role = 'member' and status = 'active'")),
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
        const cost = await costOf(statement, mode);
        expect(cost.scans).toEqual([]);
        expect(cost.rows).toBeLessThanOrEqual(4 * PAGE);
      }
      await pool.query("rollback");
    });
  }
});
