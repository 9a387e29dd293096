import { createHmac, randomUUID } from "node:crypto";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { organization } from "better-auth/plugins/organization";
import pg from "pg";
import type { Way } from "../database-host.ts";
import type { Operation } from "../operations.ts";
import type { Call } from "../turn.ts";
import type { Contender } from "./contender.ts";

const SECRET = "a secret of thirty-two characters and some more";
const MANY = 1_000_000_000;

/** Its own tables on the same PostgreSQL, in the schema `public`. */
function openAuth(pool: pg.Pool) {
  return betterAuth({
    baseURL: "http://localhost",
    secret: SECRET,
    database: pool,
    // Sessions come out of a signed cookie: who somebody is, is not what is measured.
    session: { cookieCache: { enabled: true, maxAge: 60 * 60 } },
    plugins: [organization({ membershipLimit: MANY, invitationLimit: MANY })],
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { level: "error" },
  });
}
type Auth = ReturnType<typeof openAuth>;

/** What one call is made on. */
interface AuthWorld {
  readonly organizationId: string;
  readonly owner: Headers;
  readonly ownerId: string;
  readonly invitee: Headers;
  readonly strangerId: string;
  readonly memberId: string;
  readonly member: Headers;
  readonly invitationId: string;
}

/** What both have, by the names that it has here. Everything goes through its API, as an application would call it. */
const CALLS: Readonly<Record<string, (api: Auth["api"], world: AuthWorld) => Promise<unknown>>> = {
  createOrg: (api, { ownerId: userId }) =>
    api.createOrganization({ body: { name: "Acme", slug: randomUUID(), userId } }),
  addMember: (api, { organizationId, strangerId: userId }) =>
    api.addMember({ body: { organizationId, userId, role: "member" } }),
  createInvitation: (api, { organizationId, owner: headers }) =>
    api.createInvitation({ headers, body: { organizationId, email: "another@example.com", role: "member" } }),
  acceptInvitation: (api, { invitationId, invitee: headers }) =>
    api.acceptInvitation({ headers, body: { invitationId } }),
  declineInvitation: (api, { invitationId, invitee: headers }) =>
    api.rejectInvitation({ headers, body: { invitationId } }),
  revokeInvitation: (api, { invitationId, owner: headers }) =>
    api.cancelInvitation({ headers, body: { invitationId } }),
  changeRole: (api, { organizationId, memberId, owner: headers }) =>
    api.updateMemberRole({ headers, body: { organizationId, memberId, role: "admin" } }),
  selfLeave: (api, { organizationId, member: headers }) => api.leaveOrganization({ headers, body: { organizationId } }),
  adminRemove: (api, { organizationId, memberId, owner: headers }) =>
    api.removeMember({ headers, body: { organizationId, memberIdOrEmail: memberId } }),
  listMembers: (api, { organizationId, owner: headers }) =>
    api.listMembers({ headers, query: { organizationId, limit: 50 } }),
  listMemberships: (api, { owner: headers }) => api.listOrganizations({ headers }),
};

export async function openBetterAuth({ url }: Way, callers: number, near: pg.Pool): Promise<Contender> {
  const { runMigrations } = await getMigrations(openAuth(near).options);
  await runMigrations();
  const pool = new pg.Pool({ connectionString: url, max: callers, idleTimeoutMillis: 0 });
  pool.on("error", () => {});
  const { api } = openAuth(pool);
  const nearby = openAuth(near).api;
  const read = new Map<string, Promise<readonly AuthWorld[]>>();
  return {
    name: "better-auth",
    isPrepared: false,
    async prepare(operation, count) {
      const call = Object.hasOwn(CALLS, operation.method) ? CALLS[operation.method] : undefined;
      // Its invitations carry no grants.
      if (call === undefined || operation.kind.grants !== undefined) {
        return null;
      }
      let worlds: readonly AuthWorld[];
      if (operation.isRead) {
        const made = read.get(operation.name) ?? seed(near, nearby, 16, operation);
        read.set(operation.name, made);
        worlds = await made;
      } else {
        worlds = await seed(near, nearby, count, operation);
      }
      return Array.from({ length: count }, (_, place): Call => {
        const world = worlds[place % worlds.length] as AuthWorld;
        return () => call(api, world);
      });
    },
    close: () => pool.end(),
  };
}

async function seed(
  pool: pg.Pool,
  api: Auth["api"],
  count: number,
  { kind }: Operation,
): Promise<readonly AuthWorld[]> {
  const now = new Date();
  const later = new Date(now.getTime() + 7 * 24 * 60 * 60 * 1000);
  const rows = { user: [], session: [], organization: [], member: [], invitation: [] } as Record<string, object[]>;
  const person = (): { readonly id: string; readonly email: string; readonly token: string } => {
    const [id, token] = [randomUUID(), randomUUID()];
    const email = `${id}@example.com`;
    rows["user"]?.push({ id, name: "Somebody", email, emailVerified: true, createdAt: now, updatedAt: now });
    rows["session"]?.push({ id: token, token, userId: id, expiresAt: later, createdAt: now, updatedAt: now });
    return { id, email, token };
  };
  const drafts = Array.from({ length: count }, () => {
    const [organizationId, memberId, invitationId] = [randomUUID(), randomUUID(), randomUUID()];
    const [owner, member, invitee, stranger] = [person(), person(), person(), person()];
    rows["organization"]?.push({ id: organizationId, name: "Acme", slug: organizationId, createdAt: now });
    const join = (id: string, userId: string, role: string): void => {
      rows["member"]?.push({ id, organizationId, userId, role, createdAt: now });
    };
    join(randomUUID(), owner.id, "owner");
    join(memberId, member.id, "member");
    for (let place = 0; place < (kind.crowd ?? 0); place += 1) {
      join(randomUUID(), person().id, "member");
    }
    const offer = { id: invitationId, organizationId, email: invitee.email, role: "member", status: "pending" };
    rows["invitation"]?.push({ ...offer, inviterId: owner.id, expiresAt: later, createdAt: now });
    return { organizationId, memberId, invitationId, owner, member, invitee, stranger };
  });
  for (const [table, those] of Object.entries(rows)) {
    const columns = Object.keys(those[0] ?? {}).map((column) => `"${column}"`);
    await pool.query(
      `insert into public."${table}" (${columns}) select ${columns} from json_populate_recordset(null::public."${table}", $1)`,
      [JSON.stringify(those)],
    );
  }
  const worlds: AuthWorld[] = [];
  for (const { owner, member, invitee, stranger, ...ids } of drafts) {
    const [ownerCookies, memberCookies, inviteeCookies] = await Promise.all(
      [owner, member, invitee].map(({ token }) => signedIn(api, token)),
    );
    worlds.push({
      ...ids,
      ownerId: owner.id,
      strangerId: stranger.id,
      owner: ownerCookies as Headers,
      member: memberCookies as Headers,
      invitee: inviteeCookies as Headers,
    });
  }
  return worlds;
}

/** The cookies of somebody with a session, the one with the session's data among them. */
async function signedIn(api: Auth["api"], token: string): Promise<Headers> {
  const signature = createHmac("sha256", SECRET).update(token).digest("base64");
  const cookie = `better-auth.session_token=${encodeURIComponent(`${token}.${signature}`)}`;
  const { headers } = await api.getSession({ headers: new Headers({ cookie }), returnHeaders: true });
  const others = headers.getSetCookie().map((set) => set.slice(0, set.indexOf(";")));
  return new Headers({ cookie: [cookie, ...others.filter((other) => other.includes("session_data"))].join("; ") });
}
