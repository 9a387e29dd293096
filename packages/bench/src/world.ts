import {
  generate,
  type InvId,
  type MemId,
  type OrgId,
  type PreTuple,
  type Role,
  type TenancyStore,
  type UsrId,
} from "@tenantry/core";

/** What one call is made on: an organization with a few people, one of whom is suspended, and an open invitation. */
export interface World {
  readonly orgId: OrgId;
  readonly owner: Person;
  readonly admin: Person;
  readonly member: Person;
  readonly suspended: Person;
  readonly invId: InvId;
  /** To whom the invitation is addressed. */
  readonly identifier: string;
}

export interface Person {
  readonly usrId: UsrId;
  readonly memId: MemId;
}

/** In what a world differs from the usual one. */
export interface WorldKind {
  readonly isSuspended?: boolean;
  /** How many grants the invitation carries. */
  readonly grants?: number;
  /** How many members there are besides. */
  readonly crowd?: number;
}

const WEEK = 7 * 24 * 60 * 60 * 1000;

export function grantsOf({ grants = 0 }: WorldKind): readonly PreTuple[] {
  return Array.from({ length: grants }, (_, place) => ({
    relation: "editor",
    objectType: "project",
    objectId: String(place),
  }));
}

export function weekFrom(now: Date): Date {
  return new Date(now.getTime() + WEEK);
}

/** A world made with the operations of a store, in an organization that is there already or a new one. */
export async function makeWorld(
  store: TenancyStore,
  kind: WorldKind,
  within?: Pick<World, "orgId" | "owner" | "admin">,
): Promise<World> {
  const found = async (): Promise<Pick<World, "orgId" | "owner" | "admin">> => {
    const usrId = generate("usr");
    const { org, ownerMembership } = await store.createOrg(usrId);
    const owner = { usrId, memId: ownerMembership.id };
    return { orgId: org.id, owner, admin: await join(org.id, "admin") };
  };
  const join = async (orgId: OrgId, role: Role): Promise<Person> => {
    const { id: memId, usrId } = await store.addMember({ orgId, usrId: generate("usr"), role });
    return { usrId, memId };
  };
  const { orgId, owner, admin } = within ?? (await found());
  const [member, suspended] = [await join(orgId, "member"), await join(orgId, "member")];
  await store.suspendMembership(suspended.memId);
  const identifier = `${member.usrId}@example.com`;
  const offer = { orgId, identifier, role: "member", invitedBy: owner.usrId } as const;
  const invitation = await store.createInvitation({
    ...offer,
    expiresAt: weekFrom(new Date()),
    preTuples: grantsOf(kind),
  });
  for (let place = 0; place < (kind.crowd ?? 0); place += 1) {
    await join(orgId, "guest");
  }
  if (kind.isSuspended === true) {
    await store.suspendOrg(orgId);
  }
  return { orgId, owner, admin, member, suspended, invId: invitation.id, identifier };
}

/** The rows of one table. */
type Rows = Readonly<Record<string, unknown>>[];

export interface WorldRows {
  readonly org: Rows;
  readonly mem: Rows;
  readonly tup: Rows;
  readonly inv: Rows;
  readonly evt: Rows;
}

/** The same worlds as rows, so that many of them are there at once. Ids in them are those of the library, still. */
export function worldRows(count: number, kind: WorldKind, now: Date): { worlds: readonly World[]; rows: WorldRows } {
  const rows: WorldRows = { org: [], mem: [], tup: [], inv: [], evt: [] };
  const worlds = Array.from({ length: count }, () => addWorld(rows, kind, now));
  return { worlds, rows };
}

function addWorld(rows: WorldRows, kind: WorldKind, now: Date): World {
  const [orgId, invId] = [generate("org"), generate("inv")];
  let version = 0;
  const happened = (type: string, data: object, actor: UsrId | null = null): void => {
    version += 1;
    rows.evt.push({ org_id: orgId, seq: version, type, at: now, actor, data });
  };
  const join = (role: Role, status = "active"): Person => {
    const [usrId, memId] = [generate("usr"), generate("mem")];
    rows.mem.push({ id: memId, org_id: orgId, usr_id: usrId, role, status, created_at: now, updated_at: now });
    if (status === "active") {
      rows.tup.push({ subject_id: usrId, relation: role, object_type: "org", object_id: orgId });
    }
    if (role === "owner") {
      happened("org.created", { name: null, slug: null, memId, usrId }, usrId);
    } else {
      happened("membership.added", { memId, usrId, role, invitedBy: null });
    }
    return { usrId, memId };
  };
  const [owner, admin, member] = [join("owner"), join("admin"), join("member")];
  const suspended = join("member", "suspended");
  happened("membership.suspended", { ...suspended, role: "member" });
  const preTuples = grantsOf(kind);
  const expiresAt = weekFrom(now);
  const grants = preTuples.map((grant) => ({ ...grant, expiresAt: null }));
  const offer = { role: "member", status: "pending", invited_by: owner.usrId, pre_tuples: grants };
  const identifier = `${invId}@example.com`;
  rows.inv.push({ id: invId, org_id: orgId, identifier, ...offer, created_at: now, expires_at: expiresAt });
  happened("invitation.created", {
    invId,
    role: "member",
    invitedBy: owner.usrId,
    expiresAt: expiresAt.toISOString(),
    preTuples,
    replaced: [],
  });
  for (let place = 0; place < (kind.crowd ?? 0); place += 1) {
    join("guest");
  }
  if (kind.isSuspended === true) {
    happened("org.suspended", {});
  }
  const status = kind.isSuspended === true ? "suspended" : "active";
  rows.org.push({ id: orgId, status, version, created_at: now, updated_at: now });
  return { orgId, owner, admin, member, suspended, invId, identifier };
}
