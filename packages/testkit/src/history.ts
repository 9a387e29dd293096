import {
  generate,
  type InvId,
  isTenancyError,
  type MembershipAsOf,
  type MemId,
  type OrgId,
  ROLES,
  type Role,
  type TenancyEvent,
  type TenancyStore,
  type UsrId,
} from "@tenantry/core";
import fc from "fast-check";

// What the past looks like is told twice: by `membersAsOf`, which reads rows, and by the events. After any sequence of
// operations, at every instant at which something happened and between them, both must tell the same.

/** Opens an empty store on this clock. */
export type OpenHistory = (clock: () => Date) => Promise<{
  readonly store: TenancyStore;
  readonly close: () => Promise<void> | void;
}>;

/** The seed of a run: that of the environment, to see a failure again, or a new one. */
export const historySeed: number = Number(process.env["HISTORY_SEED"] ?? Math.trunc(Math.random() * 2 ** 31));

/** Fails with the shortest sequence of operations that it finds, and the seed that leads there. */
export function checkHistory(open: OpenHistory, runs: number): Promise<void> {
  const steps = fc.array(step, { minLength: 1, maxLength: 40, size: "max" });
  const property = fc.asyncProperty(fc.constantFrom(...BEGINNINGS), steps, (began, steps) =>
    checkSteps(open, began, steps),
  );
  return fc.assert(property, { seed: historySeed, numRuns: runs, endOnFailure: false });
}

/** What somebody tries, with numbers for whom and what; whether it is accepted is not the point. */
interface Step {
  readonly act: keyof typeof acts;
  /** How long the clock moves before. Often not at all, seldom for days or months. */
  readonly wait: number;
  readonly who: number;
  readonly whom: number;
  readonly role: Role;
}

/** Ids are of today: later than everything that happens, or earlier. */
const BEGINNINGS = [Date.UTC(2001, 0), Date.UTC(2100, 0)];
const DAY = 24 * 3600 * 1000;
const PEOPLE = 5;

interface Life {
  readonly store: TenancyStore;
  readonly orgId: OrgId;
  readonly people: readonly UsrId[];
  /** Everything that was ever answered. */
  readonly memIds: MemId[];
  readonly invIds: InvId[];
  /** The clock's. */
  readonly now: () => number;
}

const pick = <T>(values: readonly T[], number: number): T => values[number % values.length] as T;
/** One of the last few, since the others are mostly gone: what is tried should often succeed. */
const member = ({ memIds }: Life, number: number): MemId => pick(memIds.slice(-4), number);
const IDENTIFIER = "somebody";
/** One in three has none, the others end within a few milliseconds. */
const timeBox = (now: () => number, number: number): Date | null =>
  number % 3 === 0 ? null : new Date(now() + (number % 7) + 1);

const acts = {
  async add({ store, orgId, people, memIds, now }: Life, { who, whom, role }: Step) {
    const invitedBy = whom % 2 === 0 ? pick(people, whom) : null;
    const expiresAt = timeBox(now, whom);
    memIds.push((await store.addMember({ orgId, usrId: pick(people, who), role, invitedBy, expiresAt })).id);
  },
  rebox: (life: Life, { who, whom }: Step) =>
    life.store.updateMembership({ memId: member(life, who), expiresAt: timeBox(life.now, whom) }),
  suspend: (life: Life, { who }: Step) => life.store.suspendMembership(member(life, who)),
  reinstate: (life: Life, { who }: Step) => life.store.reinstateMembership(member(life, who)),
  async changeRole(life: Life, { who, role }: Step) {
    life.memIds.push((await life.store.changeRole({ memId: member(life, who), newRole: role })).id);
  },
  leave: (life: Life, { who }: Step) => life.store.selfLeave({ memId: member(life, who) }),
  handOver: (life: Life, { who, whom }: Step) =>
    life.store.selfLeave({ memId: member(life, who), transferTo: pick(life.people, whom) }),
  remove: (life: Life, { who, whom }: Step) =>
    life.store.adminRemove({ memId: member(life, who), adminUsrId: pick(life.people, whom) }),
  async transfer(life: Life, { who, whom }: Step) {
    const [fromMemId, toMemId] = [member(life, who), member(life, whom)];
    const result = await life.store.transferOwnership({ orgId: life.orgId, fromMemId, toMemId });
    life.memIds.push(result.fromMembership.id, result.toMembership.id);
  },
  async invite({ store, orgId, people, invIds, now }: Life, { who, whom, role, wait }: Step) {
    const expiresAt = new Date(now() + 5 + wait + whom);
    const input = { orgId, identifier: IDENTIFIER, role, invitedBy: pick(people, who), expiresAt };
    invIds.push((await store.createInvitation(input)).id);
  },
  async accept({ store, people, memIds, invIds }: Life, { who, whom }: Step) {
    if (invIds.length > 0) {
      const input = { invId: pick(invIds, who), asUsrId: pick(people, whom), acceptingIdentifier: IDENTIFIER };
      memIds.push((await store.acceptInvitation(input)).membership.id);
    }
  },
  sweep: ({ store, orgId }: Life) => store.expireInvitations({ orgId }),
  sweepMembers: ({ store, orgId }: Life) => store.expireMemberships({ orgId }),
  pauseOrg: ({ store, orgId }: Life) => store.suspendOrg(orgId),
  resumeOrg: ({ store, orgId }: Life) => store.reinstateOrg(orgId),
  endOrg: ({ store, orgId }: Life) => store.revokeOrg(orgId),
};

const often = [
  "add",
  "rebox",
  "suspend",
  "reinstate",
  "changeRole",
  "leave",
  "handOver",
  "remove",
  "transfer",
] as const;
const seldom = ["invite", "accept", "sweep", "sweepMembers", "pauseOrg", "resumeOrg"] as const;

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.oneof(
    { weight: 36, arbitrary: fc.constantFrom(...often) },
    { weight: 12, arbitrary: fc.constantFrom(...seldom) },
    { weight: 1, arbitrary: fc.constant("endOrg" as const) },
  ),
  wait: fc.oneof(
    { weight: 8, arbitrary: fc.constant(0) },
    { weight: 8, arbitrary: fc.nat({ max: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom(DAY, 8 * DAY, 120 * DAY) },
  ),
  who: fc.nat({ max: 20 }),
  whom: fc.nat({ max: 20 }),
  role: fc.constantFrom(...ROLES),
});

async function checkSteps(open: OpenHistory, began: number, steps: readonly Step[]): Promise<void> {
  let now = began;
  const { store, close } = await open(() => new Date(now));
  try {
    const people = Array.from({ length: PEOPLE }, () => generate("usr"));
    const { org, ownerMembership } = await store.createOrg(people[0] as UsrId);
    const life: Life = { store, orgId: org.id, people, memIds: [ownerMembership.id], invIds: [], now: () => now };
    const events: TenancyEvent[] = [];
    for (const each of steps) {
      now += each.wait;
      await attempt(() => acts[each.act](life, each));
      const { data } = await store.listEvents(org.id, { after: events.length });
      events.push(...data);
      // A link is dated a millisecond after what it replaces, which may be ahead of the clock. The clock never steps back.
      now = Math.max(now, ...data.map(({ at }) => at.getTime()));
    }
    const turns = new Set(events.flatMap(({ at }) => [at.getTime() - 1, at.getTime()]));
    for (const turn of [...turns, now + 1000]) {
      const at = new Date(turn);
      same(await membersAt(life, at), replayed(events, at), at);
    }
  } finally {
    await close();
  }
}

/** What is refused is no event, and so no part of the story. */
async function attempt(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isTenancyError(error) || error.code.startsWith("internal")) {
      throw error;
    }
  }
}

async function membersAt({ store, orgId }: Life, at: Date): Promise<readonly MembershipAsOf[]> {
  const members: MembershipAsOf[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<TenancyStore["membersAsOf"]>> = await store.membersAsOf(orgId, at, {
      cursor,
      limit: 3,
    });
    members.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return members;
}

/** Who is a member after the events up to an instant, by id. */
export function replayed(events: readonly TenancyEvent[], at: Date): readonly MembershipAsOf[] {
  const members = new Map<MemId, MembershipAsOf>();
  const ends = new Map<MemId, string | null>();
  for (const event of events) {
    if (event.at <= at) {
      apply(event, members);
      box(event, ends);
    }
  }
  const isThere = ({ id }: MembershipAsOf): boolean => {
    const end = ends.get(id) ?? null;
    return end === null || new Date(end) >= at;
  };
  return [...members.values()].filter(isThere).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Which time box each membership has; a link has that of the one before it. */
function box(event: TenancyEvent, ends: Map<MemId, string | null>): void {
  const link = ({ memId, replaces }: { readonly memId: MemId; readonly replaces: MemId | null }): void => {
    if (replaces !== null) {
      ends.set(memId, ends.get(replaces) ?? null);
    }
  };
  switch (event.type) {
    case "membership.added":
    case "invitation.accepted":
      ends.set(event.data.memId, event.data.expiresAt);
      return;
    case "membership.updated":
      if (event.data.changes.expiresAt !== undefined) {
        ends.set(event.data.memId, event.data.changes.expiresAt.to);
      }
      return;
    case "membership.role_changed":
      return link(event.data);
    case "ownership.transferred":
      link(event.data.from);
      return link(event.data.to);
    case "membership.left":
      return event.data.transfer === null ? undefined : link(event.data.transfer);
  }
}

function apply({ orgId, at, ...event }: TenancyEvent, members: Map<MemId, MembershipAsOf>): void {
  const begin = (id: MemId, usrId: UsrId, role: Role, invitedBy: UsrId | null, replaces: MemId | null): void => {
    members.set(id, { id, usrId, orgId, role, status: "active", replaces, invitedBy, createdAt: at });
  };
  const link = (id: MemId, replaces: MemId, role: Role): void => {
    const { usrId, invitedBy } = members.get(replaces) as MembershipAsOf;
    members.delete(replaces);
    begin(id, usrId, role, invitedBy, replaces);
  };
  const promote = (promotion: { readonly memId: MemId; readonly replaces: MemId | null } | null): void => {
    if (promotion !== null && promotion.replaces !== null) {
      link(promotion.memId, promotion.replaces, "owner");
    }
  };
  const setStatus = (id: MemId, status: MembershipAsOf["status"]): void => {
    members.set(id, { ...(members.get(id) as MembershipAsOf), status });
  };
  switch (event.type) {
    case "org.created":
      return begin(event.data.memId, event.data.usrId, "owner", null, null);
    case "membership.added":
    case "invitation.accepted":
      if (event.data.expired !== null) {
        members.delete(event.data.expired);
      }
      return begin(event.data.memId, event.data.usrId, event.data.role, event.data.invitedBy, null);
    case "membership.role_changed":
      return link(event.data.memId, event.data.replaces, event.data.to);
    case "membership.suspended":
      return setStatus(event.data.memId, "suspended");
    case "membership.reinstated":
      return setStatus(event.data.memId, "active");
    case "membership.left":
      promote(event.data.transfer);
      members.delete(event.data.memId);
      return;
    case "membership.removed":
      members.delete(event.data.memId);
      return;
    case "ownership.transferred":
      promote(event.data.to);
      return link(event.data.from.memId, event.data.from.replaces, "member");
    case "org.revoked":
      return members.clear();
    case "membership.expired":
      for (const { memId } of event.data.memberships) {
        members.delete(memId);
      }
      return;
    case "org.updated":
    case "membership.updated":
    case "grant.expired":
    case "org.suspended":
    case "org.reinstated":
    case "invitation.created":
    case "invitation.resent":
    case "invitation.declined":
    case "invitation.revoked":
    case "invitation.expired":
    case "grants.removed":
    case "setting.changed":
    case "setting.unset":
      return;
  }
}

function same(actual: readonly MembershipAsOf[], expected: readonly MembershipAsOf[], at: Date): void {
  const [left, right] = [actual, expected].map((members) => JSON.stringify(members.map(inOrder), null, 1));
  if (left !== right) {
    throw new Error(`at ${at.toISOString()} the rows tell\n${left}\nand the events\n${right}`);
  }
}

/** The fields in one order, whatever the store's is. */
function inOrder(member: MembershipAsOf): readonly (readonly [string, unknown])[] {
  return Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1));
}
