import {
  INVITATION_STATUSES,
  type InvId,
  type MemId,
  type MutationOptions,
  type OrgId,
  ROLES,
  type Role,
  STATUSES,
  type UsrId,
} from "@tenantry/core";
import { sequentialId } from "../chance.ts";
import type { Call } from "../rules/judge.ts";
import type { MemberRow, OrgState, World } from "../rules/world.ts";
import type { Choices } from "./choices.ts";
import { Held } from "./held.ts";

/** Everybody who takes part, besides those who are minted. */
export const USERS: readonly UsrId[] = Array.from({ length: 6 }, (_, place) => sequentialId("usr", 0xf00 + place));
const SLUGS = ["acme", "bolt", "reserved"] as const;
const NAMES = ["Acme", "Ümläut & Söhne", ""] as const;
const IDENTIFIERS = ["ann@example.com", "Ann@Example.com", "bob@example.com", " ann@example.com"] as const;
const KEYS = ["k0", "k1", "k2"] as const;
const OBJECTS = ["1", "a b", "é", "\u{1f600}"] as const;
const HOUR = 3_600_000;

/** A call, and whether something in it is wrong on purpose, so that the rules for values may refuse it. */
export interface Attempt extends Call {
  readonly isSpoilt: boolean;
}

export interface Setting {
  readonly choices: Choices;
  /** What there is: arguments are taken from it. */
  readonly world: World;
  readonly now: Date;
}

interface Maker {
  readonly isMutation: boolean;
  readonly make: (setting: Setting) => readonly unknown[];
}

const mutation = (make: Maker["make"]): Maker => ({ isMutation: true, make });
const query = (make: Maker["make"]): Maker => ({ isMutation: false, make });

/** For each operation arguments that are valid, stale or foreign, as the choices fall. */
export const makers: Readonly<Record<string, Maker>> = {
  createOrg: mutation((setting) => [{ creator: user(setting), ...naming(setting) }]),
  updateOrg: mutation((setting) => [{ orgId: orgId(setting), ...naming(setting) }]),
  suspendOrg: mutation((setting) => [orgId(setting)]),
  reinstateOrg: mutation((setting) => [
    idOfOrg(
      setting,
      someOrg(setting, ({ row }) => row.status === "suspended"),
    ),
  ]),
  revokeOrg: mutation((setting) => [orgId(setting)]),
  addMember: mutation((setting) => [
    {
      orgId: orgId(setting),
      usrId: user(setting),
      role: role(setting),
      ...maybe(setting, "invitedBy", () => setting.choices.of<UsrId | null>(user(setting), null)),
    },
  ]),
  changeRole: mutation((setting) => [{ memId: memId(setting), newRole: role(setting) }]),
  suspendMembership: mutation((setting) => [memId(setting)]),
  reinstateMembership: mutation((setting) => {
    const isPaused = ({ status }: MemberRow): boolean => status === "suspended";
    const org = someOrg(setting, ({ members }) => [...members.values()].some(isPaused));
    return [memberOf(setting, org, isPaused)];
  }),
  selfLeave: mutation((setting) => {
    const { member, org } = someMember(setting);
    return [{ memId: member, ...maybe(setting, "transferTo", () => colleague(setting, org)) }];
  }),
  adminRemove: mutation((setting) => {
    const { member, org } = someMember(setting);
    return [{ memId: member, adminUsrId: administrator(setting, org) }];
  }),
  transferOwnership: mutation((setting) => {
    const org = someOrg(setting);
    const owner = [...(org?.members.values() ?? [])].find((row) => row.role === "owner" && row.status === "active");
    const fromMemId = owner === undefined || setting.choices.oneIn(4) ? memberOf(setting, org) : owner.id;
    return [{ orgId: idOfOrg(setting, org), fromMemId, toMemId: memberOf(setting, org) }];
  }),
  createInvitation: mutation((setting) => {
    const org = someOrg(setting);
    const orgId = idOfOrg(setting, org);
    return [
      {
        orgId,
        identifier: setting.choices.of(...IDENTIFIERS),
        role: role(setting),
        invitedBy: administrator(setting, org),
        expiresAt: new Date(
          setting.now.getTime() +
            setting.choices.of(30 * HOUR, HOUR, 900 * HOUR, 500 * HOUR, 30 * HOUR, 1, 1000, 0, -HOUR),
        ),
        ...maybe(setting, "preTuples", () => grants(setting, orgId)),
      },
    ];
  }),
  acceptInvitation: mutation((setting) => [answer(setting)]),
  declineInvitation: mutation((setting) => [answer(setting)]),
  revokeInvitation: mutation((setting) => {
    const { invitation, org } = someInvitation(setting);
    return [{ invId: invitation, adminUsrId: administrator(setting, org) }];
  }),
  getOrg: query((setting) => [orgId(setting)]),
  getMembership: query((setting) => [memId(setting)]),
  getInvitation: query((setting) => [someInvitation(setting).invitation]),
  listMembers: query((setting) => {
    const org = someOrg(setting);
    return [idOfOrg(setting, org), listing(setting, STATUSES, () => memberOf(setting, org), true)];
  }),
  listInvitations: query((setting) => {
    const { invitation, org } = someInvitation(setting);
    return [idOfOrg(setting, org), listing(setting, INVITATION_STATUSES, () => invitation, false)];
  }),
  listTuplesForSubject: query((setting) => ["usr", user(setting)]),
  listTuplesForObject: query((setting) =>
    setting.choices.oneIn(2)
      ? ["org", orgId(setting), ...(setting.choices.oneIn(2) ? [role(setting)] : [])]
      : ["project", setting.choices.of(...OBJECTS)],
  ),
};

/** A call of the operation. Before there is an organization, of `createOrg`. */
export function attempt(op: string, setting: Setting): Attempt {
  const name = setting.world.orgs.size === 0 ? "createOrg" : op;
  const { isMutation, make } = makers[name] as Maker;
  const args = held(name, make(setting), setting.choices);
  const { choices } = setting;
  const isSpoilt = choices.oneIn(16);
  return {
    op: name,
    args: isSpoilt ? spoilt(args, choices) : args,
    options: isMutation ? mutationOptions(name, args, setting) : {},
    isSpoilt,
  };
}

/** The operations that take an entity in the place of its id, and the key under which it stands. */
const HOLDERS: Readonly<Record<string, string>> = {
  updateOrg: "orgId",
  suspendOrg: "",
  reinstateOrg: "",
  revokeOrg: "",
  changeRole: "memId",
  suspendMembership: "",
  reinstateMembership: "",
  selfLeave: "memId",
  adminRemove: "memId",
  acceptInvitation: "invId",
  declineInvitation: "invId",
  revokeInvitation: "invId",
};

/** Now and then the entity itself. */
function held(op: string, args: readonly unknown[], choices: Choices): readonly unknown[] {
  const key = HOLDERS[op];
  const [first, ...others] = args;
  if (key === undefined || !choices.oneIn(4)) {
    return args;
  }
  const which = choices.of("last", "first");
  return key === ""
    ? [new Held(first as string, which), ...others]
    : [{ ...(first as object), [key]: new Held((first as Record<string, string>)[key] as string, which) }, ...others];
}

function mutationOptions(op: string, args: readonly unknown[], setting: Setting): MutationOptions {
  const { choices, world } = setting;
  const [first] = args;
  const orgId = typeof first === "string" ? first : (first as { readonly orgId?: OrgId | Held }).orgId;
  const version = world.org((orgId instanceof Held ? orgId.id : orgId) as OrgId)?.row.version ?? 1;
  return {
    ...maybe(setting, "actor", () => choices.of<UsrId | null>(user(setting), null)),
    ...(choices.oneIn(4) ? { idempotencyKey: choices.of(...KEYS) } : {}),
    ...(op !== "createOrg" && choices.oneIn(8) ? { expectedVersion: choices.of(version, version + 1, 1) } : {}),
  };
}

function naming(setting: Setting): object {
  const { choices } = setting;
  return {
    ...maybe(setting, "name", () => choices.of<string | null>(...NAMES, null)),
    ...maybe(setting, "slug", () => choices.of<string | null>(...SLUGS, null)),
  };
}

function maybe(setting: Setting, key: string, value: () => unknown): object {
  return setting.choices.oneIn(3) ? { [key]: value() } : {};
}

function user({ choices, world }: Setting): UsrId {
  if (choices.oneIn(12)) {
    const members = [...world.orgs.values()].flatMap(({ members }) => [...members.values()]);
    return members[choices.below(members.length)]?.usrId ?? (USERS[0] as UsrId);
  }
  return USERS[choices.below(USERS.length)] as UsrId;
}

function role({ choices }: Setting): Role {
  return choices.of<Role>("member", "owner", "admin", "guest", ...ROLES);
}

/** Most often one of the newest that are as they are preferred: few organizations in which much happens. */
function someOrg(
  { choices, world }: Setting,
  prefers: (org: OrgState) => boolean = ({ row }) => row.status === "active",
): OrgState | null {
  const orgs = [...world.orgs.values()];
  const preferred = orgs.filter(prefers).slice(-2);
  const from = choices.oneIn(6) || preferred.length === 0 ? orgs : preferred;
  return choices.oneIn(30) ? null : (from[choices.below(from.length)] ?? null);
}

function idOfOrg(setting: Setting, org: OrgState | null): OrgId {
  return org?.row.id ?? sequentialId("org", 0xfff + setting.choices.below(2));
}

function orgId(setting: Setting): OrgId {
  return idOfOrg(setting, someOrg(setting));
}

/** A member of the organization; now and then one that ended, of another organization, or of none. */
function memberOf(
  setting: Setting,
  org: OrgState | null,
  prefers: (row: MemberRow) => boolean = ({ status }) => status !== "revoked",
): MemId {
  const { choices, world } = setting;
  const everywhere = choices.oneIn(10) || org === null;
  const rows = everywhere
    ? [...world.orgs.values()].flatMap(({ members }) => [...members.values()])
    : [...org.members.values()];
  const preferred = rows.filter(prefers);
  const from = choices.oneIn(5) || preferred.length === 0 ? rows : preferred;
  const row = choices.oneIn(30) ? undefined : from[choices.below(from.length)];
  return row?.id ?? sequentialId("mem", 0xffff);
}

function someMember(setting: Setting): { readonly member: MemId; readonly org: OrgState | null } {
  const org = someOrg(setting);
  return { member: memberOf(setting, org), org };
}

function memId(setting: Setting): MemId {
  return someMember(setting).member;
}

function colleague(setting: Setting, org: OrgState | null): UsrId {
  const members = [...(org?.members.values() ?? [])];
  const member = members[setting.choices.below(members.length)];
  return member === undefined || setting.choices.oneIn(5) ? user(setting) : member.usrId;
}

function administrator(setting: Setting, org: OrgState | null): UsrId {
  const { choices } = setting;
  const able = [...(org?.members.values() ?? [])].filter(
    ({ role, status }) => status === "active" && (role === "owner" || role === "admin"),
  );
  const member = able[choices.below(able.length)];
  return member === undefined || choices.oneIn(6) ? colleague(setting, org) : member.usrId;
}

function someInvitation(setting: Setting): { readonly invitation: InvId; readonly org: OrgState | null } {
  const { choices } = setting;
  const org = someOrg(setting, ({ row, invitations }) => row.status !== "revoked" && invitations.size > 0);
  const rows = [...(org?.invitations.values() ?? [])];
  const open = rows.filter(({ status, expiresAt }) => status === "pending" && expiresAt >= setting.now);
  const from = choices.oneIn(6) || open.length === 0 ? rows : open;
  const row = choices.oneIn(30) ? undefined : from[choices.below(from.length)];
  return { invitation: row?.id ?? sequentialId("inv", 0xffff), org };
}

function answer(setting: Setting): object {
  const { choices, world } = setting;
  const { invitation } = someInvitation(setting);
  const identifier = world.invitation(invitation)?.invitation.identifier ?? IDENTIFIERS[0];
  return {
    invId: invitation,
    ...(choices.oneIn(5) ? {} : { asUsrId: user(setting) }),
    ...(choices.oneIn(12) ? {} : { acceptingIdentifier: choices.oneIn(6) ? choices.of(...IDENTIFIERS) : identifier }),
  };
}

function grants({ choices }: Setting, orgId: OrgId): readonly object[] {
  const count = 1 + choices.below(3);
  return Array.from({ length: count }, (_, place) => ({
    relation: choices.of("viewer", "can_edit"),
    ...(choices.oneIn(4)
      ? { objectType: "org", objectId: orgId }
      : { objectType: "project", objectId: OBJECTS[(place + choices.below(2)) % OBJECTS.length] }),
  }));
}

function listing(
  setting: Setting,
  statuses: readonly string[],
  cursor: () => string,
  isOfMembers: boolean,
): Readonly<Record<string, unknown>> {
  const { choices } = setting;
  return {
    limit: choices.of(1, 2, 3, 50, 200),
    ...maybe(setting, "cursor", () => choices.of<string | null>(cursor(), null)),
    ...maybe(setting, "status", () => statuses[choices.below(statuses.length)]),
    ...(isOfMembers ? maybe(setting, "role", () => role(setting)) : {}),
    ...(isOfMembers ? maybe(setting, "total", () => true) : {}),
  };
}

/** Values that have no business where they are put; some are no mistake in some places. */
const STRANGERS: readonly unknown[] = ["", null, 42, "nobody", true, {}, [], Number.NaN, "\0", "ORG_1", undefined];

/** The arguments with one value replaced. */
function spoilt(args: readonly unknown[], choices: Choices): readonly unknown[] {
  const place = choices.below(args.length);
  const stranger = STRANGERS[choices.below(STRANGERS.length)];
  return args.map((arg, index) => {
    if (index !== place) {
      return arg;
    }
    if (typeof arg !== "object" || arg === null) {
      return stranger;
    }
    const keys = Object.keys(arg);
    return { ...arg, [keys[choices.below(keys.length)] ?? "unknown"]: stranger };
  });
}
