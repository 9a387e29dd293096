import {
  type AddMemberInput,
  type AdminRemoveInput,
  type ChangeRoleInput,
  type Membership,
  type MemId,
  type Metadata,
  type Role,
  rankOf,
  type SelfLeaveInput,
  type TransferOwnershipInput,
  type UpdateMembershipInput,
  type UsrId,
} from "@tenantry/core";
import { refuseJoin } from "./limit-rules.ts";
import { changedKeys, fresh, merged } from "./metadata-rules.ts";
import { inOrg } from "./org-rules.ts";
import { type Filled, idFrom, type Rule, type Ruling, refused } from "./ruling.ts";
import {
  lastingOwners,
  latest,
  liveMember,
  type MemberRow,
  type OrgState,
  seenMember,
  shownMember,
  storedMember,
  type World,
  writtenDown,
} from "./world.ts";

interface OfMember {
  readonly org: OrgState;
  readonly member: MemberRow;
}
type ById<Input> = Omit<Input, "memId"> & { readonly memId: MemId };
const byMemId = {
  input: ([member]: readonly unknown[]) => ({ memId: idFrom(member as MemId | Membership) }),
  find: (world: World, { memId }: { readonly memId: MemId }) => world.member(memId),
};

type NewMember = Filled<Omit<AddMemberInput, "metadata">> & { readonly metadata: Metadata };

export const addMember: Rule<NewMember, { readonly org: OrgState }> = {
  input([input]) {
    const { orgId, usrId, role, invitedBy = null, metadata, expiresAt = null } = input as AddMemberInput;
    return { orgId, usrId, role, invitedBy, metadata: fresh(metadata), expiresAt: copyOf(expiresAt) };
  },
  find: (world, { orgId }) => inOrg(world, orgId),
  decide(world, { usrId, role, invitedBy, metadata, expiresAt }, { org }, situation) {
    const { now, mint } = situation;
    if (org.row.status !== "active") {
      return refused("precondition.org_not_active");
    }
    if (expiresAt !== null && expiresAt <= now) {
      return refused("precondition.past_expiration");
    }
    return (
      refuseMember(org, usrId, now) ??
      refuseJoin(world, org, usrId, situation) ?? {
        apply() {
          const who = { id: mint("mem"), usrId, role, invitedBy, invId: null, metadata, expiresAt };
          const { row, arrival } = joined(world, org, who, now);
          const data = { memId: row.id, usrId, role, invitedBy, ...arrival };
          return { org, at: now, actor: invitedBy, event: { type: "membership.added", data }, result: shown(row) };
        },
      }
    );
  },
};

export const changeRole: Rule<ById<ChangeRoleInput>, OfMember> = {
  input: ([input]) => {
    const { memId, newRole } = input as ChangeRoleInput;
    return { memId: idFrom(memId), newRole };
  },
  find: byMemId.find,
  decide(world, { newRole }, { org, member: stored }, { now, mint }) {
    const member = seenMember(stored, linkTime(now, stored));
    if (member.status !== "active") {
      return refused("precondition.mem_not_active");
    }
    if (org.row.status !== "active") {
      return refused("precondition.org_not_active");
    }
    if (member.role === newRole) {
      return { answer: shownMember(member) };
    }
    if (isSoleOwner(org, member)) {
      return refused("conflict.sole_owner");
    }
    return {
      apply() {
        const at = linkTime(now, member);
        const next = relink(world, org, member, newRole, mint("mem"), at);
        const data = { memId: next.id, replaces: member.id, usrId: next.usrId, from: member.role, to: newRole };
        return { org, at, actor: null, event: { type: "membership.role_changed", data }, result: shown(next) };
      },
    };
  },
};

export const suspendMembership: Rule<{ readonly memId: MemId }, OfMember> = {
  ...byMemId,
  decide(world, _, { org, member: stored }, { now }) {
    const member = seenMember(stored, now);
    if (member.status !== "active") {
      return refused("precondition.mem_not_active");
    }
    return isSoleOwner(org, member)
      ? refused("conflict.sole_owner")
      : paused(world, org, member, { status: "suspended", now, type: "membership.suspended" });
  },
};

export const reinstateMembership: Rule<{ readonly memId: MemId }, OfMember> = {
  ...byMemId,
  decide(world, _, { org, member: stored }, { now }) {
    const member = seenMember(stored, now);
    if (member.status !== "suspended") {
      return refused("precondition.invalid_transition");
    }
    return org.row.status === "active"
      ? paused(world, org, member, { status: "active", now, type: "membership.reinstated" })
      : refused("precondition.org_not_active");
  },
};

export const selfLeave: Rule<Filled<ById<SelfLeaveInput>>, OfMember> = {
  input([input]) {
    const { memId, transferTo = null } = input as SelfLeaveInput;
    return { memId: idFrom(memId), transferTo };
  },
  find: byMemId.find,
  decide(world, { transferTo }, { org, member: stored }, { now, mint }) {
    const member = seenMember(stored, now);
    if (member.status === "revoked") {
      return refused("precondition.mem_not_active");
    }
    if (transferTo === member.usrId) {
      return refused("precondition.self_transfer");
    }
    if (transferTo !== null && (member.role !== "owner" || member.status !== "active")) {
      return refused("precondition.from_not_owner");
    }
    if (transferTo === null && isSoleOwner(org, member)) {
      return refused("conflict.sole_owner");
    }
    const heir = transferTo === null ? null : liveMember(org, transferTo, now);
    if (transferTo !== null && heir?.status !== "active") {
      return refused("not_found");
    }
    if (heir !== null && heir.expiresAt !== null) {
      return refused("precondition.to_time_boxed");
    }
    return {
      apply() {
        const at = heir === null || heir.role === "owner" ? now : linkTime(now, heir);
        const transfer = heir === null ? null : promote(world, org, heir, mint("mem"), at);
        const row = end(world, org, member, at);
        const { id: memId, usrId, role, status: from } = member;
        const data = { memId, usrId, role, from, transfer: transfer?.told ?? null };
        return { org, at, actor: usrId, event: { type: "membership.left", data }, result: shown(row) };
      },
    };
  },
};

export const adminRemove: Rule<ById<AdminRemoveInput>, OfMember> = {
  input: ([input]) => {
    const { memId, adminUsrId } = input as AdminRemoveInput;
    return { memId: idFrom(memId), adminUsrId };
  },
  find: byMemId.find,
  decide(world, { adminUsrId }, { org, member: stored }, { now }) {
    const member = seenMember(stored, now);
    const { id: memId, usrId, role, status: from } = member;
    if (from === "revoked") {
      return refused("precondition.mem_not_active");
    }
    const admin = liveMember(org, adminUsrId, now);
    if (!hasAuthority(admin)) {
      return refused("forbidden");
    }
    if (role === "owner") {
      return refused("forbidden.role_hierarchy");
    }
    if (rankOf(role) === null) {
      return refused("precondition.scope_mismatch");
    }
    if (rank(admin.role) < rank(role)) {
      return refused("forbidden.role_hierarchy");
    }
    return {
      apply() {
        const row = end(world, org, member, now, adminUsrId);
        const data = { memId, usrId, role, from, removedBy: adminUsrId };
        return { org, at: now, actor: adminUsrId, event: { type: "membership.removed", data }, result: shown(row) };
      },
    };
  },
};

export const transferOwnership: Rule<
  TransferOwnershipInput,
  { readonly org: OrgState; readonly from: MemberRow; readonly to: MemberRow }
> = {
  input: ([input]) => {
    const { orgId, fromMemId, toMemId } = input as TransferOwnershipInput;
    return { orgId, fromMemId, toMemId };
  },
  find(world, { orgId, fromMemId, toMemId }) {
    const [org, from, to] = [world.org(orgId), world.member(fromMemId), world.member(toMemId)];
    return org === null || from === null || to === null ? null : { org, from: from.member, to: to.member };
  },
  decide(world, _, { org, ...stored }, { now, mint }) {
    const soonest = linkTime(now, stored.from, stored.to);
    const [from, to] = [seenMember(stored.from, soonest), seenMember(stored.to, soonest)];
    if (from.status !== "active") {
      return refused("precondition.from_not_active");
    }
    if (to.status !== "active") {
      return refused("precondition.to_not_active");
    }
    if (from.orgId !== org.row.id || to.orgId !== org.row.id) {
      return refused("precondition.org_mismatch");
    }
    if (from.role !== "owner") {
      return refused("precondition.from_not_owner");
    }
    if (from.usrId === to.usrId) {
      return refused("precondition.self_transfer");
    }
    if (to.expiresAt !== null) {
      return refused("precondition.to_time_boxed");
    }
    return {
      apply() {
        const at = to.role === "owner" ? linkTime(now, from) : linkTime(now, from, to);
        const [giverId, heirId] = [mint("mem"), mint("mem")];
        const heir = promote(world, org, to, heirId, at);
        const giver = relink(world, org, from, "member", giverId, at);
        const data = { from: { usrId: from.usrId, memId: giver.id, replaces: from.id }, to: heir.told };
        const result = { fromMembership: shownMember(giver), toMembership: shownMember(heir.row) };
        return {
          org,
          at,
          actor: from.usrId,
          event: { type: "ownership.transferred", data },
          result: () => result,
        };
      },
    };
  },
};

type Update = ById<UpdateMembershipInput>;

export const updateMembership: Rule<Update, OfMember> = {
  input([input]) {
    const { memId, metadata, expiresAt } = input as UpdateMembershipInput;
    return {
      memId: idFrom(memId),
      ...(metadata === undefined ? {} : { metadata }),
      ...(expiresAt === undefined ? {} : { expiresAt: copyOf(expiresAt) }),
    };
  },
  find: byMemId.find,
  decide(world, input, { org, member: stored }, { now }) {
    const at = latest(now, new Date(stored.updatedAt.getTime() + 1));
    const member = seenMember(stored, at);
    if (member.status === "revoked") {
      return refused("precondition.mem_not_active");
    }
    const { expiresAt = member.expiresAt } = input;
    if (input.expiresAt instanceof Date && input.expiresAt <= at) {
      return refused("precondition.past_expiration");
    }
    if (expiresAt !== null && isSoleOwner(org, member)) {
      return refused("conflict.sole_owner");
    }
    const metadata = merged(member.metadata, input.metadata ?? {});
    const keys = changedKeys(member.metadata, metadata);
    const [from, to] = [textOf(member.expiresAt), textOf(expiresAt)];
    const changes = {
      ...(keys.length === 0 ? {} : { metadata: keys }),
      ...(from === to ? {} : { expiresAt: { from, to } }),
    };
    if (Object.keys(changes).length === 0) {
      return { answer: shownMember(member) };
    }
    return {
      apply() {
        const row: MemberRow = { ...member, metadata, expiresAt, updatedAt: at };
        world.putMember(org, row);
        const { id: memId, usrId, role } = row;
        const event = { type: "membership.updated", data: { memId, usrId, role, changes } } as const;
        return { org, at, actor: null, event, result: shown(row) };
      },
    };
  },
};

/** A live membership stands in the way of another one. */
export function refuseMember(org: OrgState, usrId: UsrId, now: Date): Ruling | null {
  switch (liveMember(org, usrId, now)?.status) {
    case "active":
      return refused("conflict.duplicate_membership");
    case "suspended":
      return refused("precondition.membership_suspended");
    default:
      return null;
  }
}

/** Roles without a rank count as 0. */
export function rank(role: Role): number {
  return rankOf(role) ?? 0;
}

export function hasAuthority(member: MemberRow | null): member is MemberRow {
  return member?.status === "active" && (member.role === "owner" || member.role === "admin");
}

/** Begins a membership. One of the user's that has lapsed, and that nobody wrote down, ends with that. */
export function joined(
  world: World,
  org: OrgState,
  who: Pick<MemberRow, "id" | "usrId" | "role" | "invitedBy" | "invId" | "metadata" | "expiresAt">,
  at: Date,
): { readonly row: MemberRow; readonly arrival: object } {
  const before = storedMember(org, who.usrId);
  if (before !== null) {
    world.putMember(org, writtenDown(before));
  }
  const { id: orgId } = org.row;
  const row: MemberRow = {
    ...who,
    orgId,
    status: "active",
    replaces: null,
    removedBy: null,
    createdAt: at,
    updatedAt: at,
  };
  world.putMember(org, row);
  return { row, arrival: { expiresAt: textOf(row.expiresAt), expired: before?.id ?? null } };
}

/** An instant as events have it. */
export function textOf(instant: Date | null): string | null {
  return instant?.toISOString() ?? null;
}

/** A caller may set a `Date` to another time later. */
export function copyOf(instant: Date | null): Date | null {
  return instant === null ? null : new Date(instant);
}

function isSoleOwner(org: OrgState, { id }: MemberRow): boolean {
  const owners = lastingOwners(org);
  return owners.length === 1 && owners[0]?.id === id;
}

/** A link begins a millisecond after what it replaces did, or later; never before that was last changed. */
function linkTime(now: Date, ...replaced: readonly MemberRow[]): Date {
  return latest(now, ...replaced.flatMap(({ createdAt, updatedAt }) => [new Date(createdAt.getTime() + 1), updatedAt]));
}

function end(
  world: World,
  org: OrgState,
  member: MemberRow,
  at: Date,
  removedBy: Membership["removedBy"] = null,
): MemberRow {
  const row: MemberRow = { ...member, status: "revoked", removedBy, updatedAt: latest(at, member.updatedAt) };
  world.putMember(org, row);
  return row;
}

function relink(world: World, org: OrgState, member: MemberRow, role: Role, id: MemId, at: Date): MemberRow {
  end(world, org, member, at);
  const next: MemberRow = {
    ...member,
    id,
    role,
    status: "active",
    replaces: member.id,
    removedBy: null,
    invId: null,
    createdAt: at,
    updatedAt: at,
  };
  world.putMember(org, next);
  return next;
}

/** Makes a member owner. One who is an owner already stays as they are. */
function promote(
  world: World,
  org: OrgState,
  member: MemberRow,
  id: MemId,
  at: Date,
): { readonly row: MemberRow; readonly told: object } {
  const { usrId, role: fromRole } = member;
  if (fromRole === "owner") {
    return { row: member, told: { usrId, memId: member.id, replaces: null, fromRole } };
  }
  const row = relink(world, org, member, "owner", id, at);
  return { row, told: { usrId, memId: id, replaces: member.id, fromRole } };
}

function paused(
  world: World,
  org: OrgState,
  member: MemberRow,
  {
    status,
    now,
    type,
  }: {
    readonly status: "active" | "suspended";
    readonly now: Date;
    readonly type: "membership.suspended" | "membership.reinstated";
  },
): Ruling {
  const { id: memId, usrId, role } = member;
  return {
    apply() {
      const row: MemberRow = { ...member, status, updatedAt: latest(now, member.updatedAt) };
      world.putMember(org, row);
      return { org, at: now, actor: null, event: { type, data: { memId, usrId, role } }, result: shown(row) };
    },
  };
}

function shown(row: MemberRow): () => Membership {
  return () => shownMember(row);
}
