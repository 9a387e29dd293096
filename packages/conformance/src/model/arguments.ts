import {
  EVENT_TYPES,
  INVITATION_STATUSES,
  type MutationOptions,
  type OrgId,
  STATUSES,
  type UsrId,
} from "@tenantry/core";
import type { Call } from "../rules/judge.ts";
import type { MemberRow } from "../rules/world.ts";
import type { Choices } from "./choices.ts";
import { Held } from "./held.ts";
import {
  administrator,
  answer,
  colleague,
  expiry,
  HOUR,
  handover,
  heldNow,
  IDENTIFIERS,
  idOfOrg,
  KEYS,
  listing,
  many,
  maybe,
  memberOf,
  memId,
  metadata,
  naming,
  newMember,
  OBJECTS,
  offer,
  orgId,
  removal,
  role,
  type Setting,
  SLUGS,
  someInvitation,
  someMember,
  someOrg,
  timeBox,
  user,
} from "./picks.ts";

/** A call, and whether something in it is wrong on purpose, so that the rules for values may refuse it. */
export interface Attempt extends Call {
  readonly isSpoilt: boolean;
}

interface Maker {
  readonly isMutation: boolean;
  readonly make: (setting: Setting) => readonly unknown[];
}

const mutation = (make: Maker["make"]): Maker => ({ isMutation: true, make });
const query = (make: Maker["make"]): Maker => ({ isMutation: false, make });

/** For each operation arguments that are valid, stale or foreign, as the choices fall. */
export const makers: Readonly<Record<string, Maker>> = {
  createOrg: mutation((setting) => [
    {
      creator: user(setting),
      ...naming(setting),
      ...metadata(setting),
      ...metadata(setting, "membershipMetadata"),
    },
  ]),
  updateOrg: mutation((setting) => [{ orgId: orgId(setting), ...naming(setting), ...metadata(setting) }]),
  suspendOrg: mutation((setting) => [orgId(setting)]),
  reinstateOrg: mutation((setting) => [
    idOfOrg(
      setting,
      someOrg(setting, ({ row }) => row.status === "suspended"),
    ),
  ]),
  revokeOrg: mutation((setting) => [orgId(setting)]),
  addMember: mutation((setting) => [{ orgId: orgId(setting), ...newMember(setting) }]),
  updateMembership: mutation((setting) => [{ memId: memId(setting), ...timeBox(setting), ...metadata(setting) }]),
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
  transferOwnership: mutation((setting) => [handover(setting)]),
  createInvitation: mutation((setting) => {
    const org = someOrg(setting);
    const orgId = idOfOrg(setting, org);
    return [{ orgId, ...offer(setting, org, orgId) }];
  }),
  acceptInvitation: mutation((setting) => [answer(setting)]),
  declineInvitation: mutation((setting) => [answer(setting)]),
  revokeInvitation: mutation((setting) => {
    const { invitation, org } = someInvitation(setting);
    return [{ invId: invitation, adminUsrId: administrator(setting, org) }];
  }),
  resendInvitation: mutation((setting) => {
    const { invitation, org } = someInvitation(setting);
    const adminUsrId = administrator(setting, org);
    return [{ invId: invitation, adminUsrId, expiresAt: expiry(setting) }];
  }),
  expireInvitations: mutation(sweep),
  expireMemberships: mutation(sweep),
  expireGrants: mutation(sweep),
  addMembers: mutation((setting) => [many(setting, someOrg(setting), () => newMember(setting))]),
  createInvitations: mutation((setting) => {
    const org = someOrg(setting);
    return [many(setting, org, (orgId) => offer(setting, org, orgId))];
  }),
  changeRoles: mutation((setting) => {
    const org = someOrg(setting);
    return [many(setting, org, () => ({ memId: heldNow(setting, memberOf(setting, org)), newRole: role(setting) }))];
  }),
  removeMembers: mutation((setting) => {
    const org = someOrg(setting);
    const adminUsrId = administrator(setting, org);
    return [
      many(setting, org, () => ({
        memId: heldNow(setting, memberOf(setting, org)),
        adminUsrId: setting.choices.oneIn(5) ? administrator(setting, org) : adminUsrId,
      })),
    ];
  }),
  removeUser: mutation((setting) => [removal(setting)]),
  plan: query((setting) => {
    switch (setting.choices.below(3)) {
      case 0:
        return [{ removeUser: removal(setting) }];
      case 1:
        return [{ revokeOrg: heldNow(setting, orgId(setting)) }];
      default:
        return [{ transferOwnership: handover(setting) }];
    }
  }),
  getOrg: query((setting) => [orgId(setting)]),
  getOrgBySlug: query(({ choices }) => [choices.of(...SLUGS, "ACME", "nobody")]),
  listOrgs: query((setting) => [
    {
      ...listing(setting, STATUSES, () => orgId(setting)),
      ...maybe(setting, "query", () => setting.choices.of("ACM", "o", "ümläut", "%", "")),
    },
  ]),
  getMembership: query((setting) => [memId(setting)]),
  getInvitation: query((setting) => [someInvitation(setting).invitation]),
  listMembers: query((setting) => {
    const org = someOrg(setting);
    return [idOfOrg(setting, org), membersListing(setting, () => memberOf(setting, org))];
  }),
  listInvitations: query((setting) => {
    const { invitation, org } = someInvitation(setting);
    return [idOfOrg(setting, org), listing(setting, INVITATION_STATUSES, () => invitation)];
  }),
  listMemberships: query((setting) => [user(setting), listing(setting, STATUSES, () => memId(setting))]),
  membershipHistory: query((setting) => [memId(setting)]),
  membersAsOf: query((setting) => {
    const org = someOrg(setting);
    const at = new Date(setting.now.getTime() - setting.choices.of(0, 1000, HOUR, 60_000, 24 * HOUR, -HOUR));
    const { limit, cursor } = listing(setting, STATUSES, () => memberOf(setting, org));
    return [idOfOrg(setting, org), at, cursor === undefined ? { limit } : { limit, cursor }];
  }),
  listInvitationsFor: query((setting) => {
    const { invitation } = someInvitation(setting);
    return [setting.choices.of(...IDENTIFIERS), listing(setting, INVITATION_STATUSES, () => invitation)];
  }),
  listTuplesForSubject: query((setting) => ["usr", user(setting)]),
  listTuplesForObject: query((setting) =>
    setting.choices.oneIn(2)
      ? ["org", orgId(setting), ...(setting.choices.oneIn(2) ? [role(setting)] : [])]
      : ["project", setting.choices.of(...OBJECTS)],
  ),
  check: query((setting) => {
    const { choices } = setting;
    const relation = choices.of<string>("viewer", role(setting));
    return [
      {
        subject: user(setting),
        ...(choices.oneIn(3) ? { relations: [relation, role(setting)] } : { relation }),
        object: choices.oneIn(3) ? { type: "project", id: choices.of(...OBJECTS) } : orgId(setting),
        ...maybe(setting, "requireActiveOrg", () => true),
      },
    ];
  }),
  listEvents: query((setting) => {
    const { choices } = setting;
    const org = someOrg(setting);
    return [
      idOfOrg(setting, org),
      {
        limit: choices.of(1, 2, 50, 200),
        ...maybe(setting, "after", () => choices.below((org?.row.version ?? 0) + 2)),
        ...maybe(setting, "types", () => [EVENT_TYPES[choices.below(EVENT_TYPES.length)], "membership.added"]),
        ...maybe(setting, "actor", () => user(setting)),
      },
    ];
  }),
};

function sweep(setting: Setting): readonly unknown[] {
  return [
    {
      ...maybe(setting, "orgId", () => orgId(setting)),
      ...maybe(setting, "limit", () => setting.choices.of(1, 2, 200)),
    },
  ];
}

/** Those that take no key and no version. */
const SWEEPS: readonly string[] = ["expireInvitations", "expireMemberships", "expireGrants"];
/** Those of no organization that exists, or of several. */
const WITHOUT_VERSION: readonly string[] = ["createOrg", "removeUser"];

/** What needs an invitation that is open. */
const ANSWERS: readonly string[] = ["acceptInvitation", "declineInvitation", "revokeInvitation", "resendInvitation"];

/** The operation, or most often the one that has to come first: without an organization nothing can happen. */
function timely(op: string, { choices, world, now }: Setting, isMeant: boolean): string {
  const isAnyway = choices.oneIn(6) || isMeant;
  const orgs = [...world.orgs.values()].filter(({ row }) => row.status === "active");
  if (world.orgs.size === 0 || (orgs.length === 0 && !isAnyway)) {
    return "createOrg";
  }
  const isOpen = orgs.some(({ invitations }) =>
    [...invitations.values()].some(({ status, expiresAt }) => status === "pending" && expiresAt >= now),
  );
  return ANSWERS.includes(op) && !isOpen && !isAnyway ? "createInvitation" : op;
}

/** A call of the operation, or of the one that has to come before it, unless it is meant as it is. */
export function attempt(op: string, setting: Setting, isMeant: boolean): Attempt {
  const name = timely(op, setting, isMeant);
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
  updateMembership: "memId",
  changeRole: "memId",
  suspendMembership: "",
  reinstateMembership: "",
  selfLeave: "memId",
  adminRemove: "memId",
  acceptInvitation: "invId",
  declineInvitation: "invId",
  revokeInvitation: "invId",
  resendInvitation: "invId",
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
  const actor = maybe(setting, "actor", () => choices.of<UsrId | null>(user(setting), null));
  if (SWEEPS.includes(op)) {
    return actor;
  }
  const [first] = args;
  const orgId = typeof first === "string" ? first : (first as { readonly orgId?: OrgId | Held }).orgId;
  const version = world.org((orgId instanceof Held ? orgId.id : orgId) as OrgId)?.row.version ?? 1;
  return {
    ...actor,
    ...(choices.oneIn(4) ? { idempotencyKey: choices.of(...KEYS) } : {}),
    ...(!WITHOUT_VERSION.includes(op) && choices.oneIn(8)
      ? { expectedVersion: choices.of(version, version + 1, 1) }
      : {}),
  };
}

function membersListing(setting: Setting, cursor: () => string): object {
  return {
    ...listing(setting, STATUSES, cursor),
    ...maybe(setting, "role", () => role(setting)),
    ...maybe(setting, "total", () => true),
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
    if (typeof arg !== "object" || arg === null || arg instanceof Held) {
      return stranger;
    }
    const keys = Object.keys(arg);
    return { ...arg, [keys[choices.below(keys.length)] ?? "unknown"]: stranger };
  });
}
