import {
  type AddMemberInput,
  type AdminRemoveInput,
  type ChangeRoleInput,
  type Membership,
  type MemId,
  type Role,
  rankOf,
  type SelfLeaveInput,
  type TransferOwnershipInput,
  type UsrId,
} from "@tenantry/core";
import { inOrg } from "./org-rules.ts";
import { idFrom, type Rule, type Ruling, refused } from "./ruling.ts";
import { activeOwners, latest, liveMember, type MemberRow, type OrgState, shownMember, type World } from "./world.ts";

interface OfMember {
  readonly org: OrgState;
  readonly member: MemberRow;
}
type ById<Input> = Omit<Input, "memId"> & { readonly memId: MemId };
const byMemId = {
  input: ([member]: readonly unknown[]) => ({ memId: idFrom(member as MemId | Membership) }),
  find: (world: World, { memId }: { readonly memId: MemId }) => world.member(memId),
};

export const addMember: Rule<Required<AddMemberInput>, { readonly org: OrgState }> = {
  input([input]) {
    const { orgId, usrId, role, invitedBy = null } = input as AddMemberInput;
    return { orgId, usrId, role, invitedBy };
  },
  find: (world, { orgId }) => inOrg(world, orgId),
  decide(world, { usrId, role, invitedBy }, { org }, { now, mint }) {
    const refusal = org.row.status === "active" ? refuseMember(org, usrId) : refused("precondition.org_not_active");
    return (
      refusal ?? {
        apply() {
          const row = joined(org, { id: mint("mem"), usrId, role, invitedBy, invId: null }, now);
          world.putMember(org, row);
          const data = { memId: row.id, usrId, role, invitedBy };
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
  decide(world, { newRole }, { org, member }, { now, mint }) {
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
  decide(world, _, { org, member }, { now }) {
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
  decide(world, _, { org, member }, { now }) {
    if (member.status !== "suspended") {
      return refused("precondition.invalid_transition");
    }
    return org.row.status === "active"
      ? paused(world, org, member, { status: "active", now, type: "membership.reinstated" })
      : refused("precondition.org_not_active");
  },
};

export const selfLeave: Rule<Required<ById<SelfLeaveInput>>, OfMember> = {
  input([input]) {
    const { memId, transferTo = null } = input as SelfLeaveInput;
    return { memId: idFrom(memId), transferTo };
  },
  find: byMemId.find,
  decide(world, { transferTo }, { org, member }, { now, mint }) {
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
    const heir = transferTo === null ? null : liveMember(org, transferTo);
    if (transferTo !== null && heir?.status !== "active") {
      return refused("not_found");
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
  decide(world, { adminUsrId }, { org, member }, { now }) {
    const { id: memId, usrId, role, status: from } = member;
    if (from === "revoked") {
      return refused("precondition.mem_not_active");
    }
    const admin = liveMember(org, adminUsrId);
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
  decide(world, _, { org, from, to }, { now, mint }) {
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

/** A live membership stands in the way of another one. */
export function refuseMember(org: OrgState, usrId: UsrId): Ruling | null {
  switch (liveMember(org, usrId)?.status) {
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

export function joined(
  org: OrgState,
  row: Pick<MemberRow, "id" | "usrId" | "role" | "invitedBy" | "invId">,
  at: Date,
): MemberRow {
  const { id: orgId } = org.row;
  return { ...row, orgId, status: "active", replaces: null, removedBy: null, createdAt: at, updatedAt: at };
}

function isSoleOwner(org: OrgState, { id }: MemberRow): boolean {
  const owners = activeOwners(org);
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
