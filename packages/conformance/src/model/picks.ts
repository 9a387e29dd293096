import { type InvId, type MemId, type OrgId, ROLES, type Role, type UsrId } from "@tenantry/core";
import { sequentialId } from "../chance.ts";
import { isRoleTuple } from "../invariants/invariant.ts";
import type { MemberRow, OrgState, World } from "../rules/world.ts";
import type { Choices } from "./choices.ts";
import { Held } from "./held.ts";

// What the arguments of random calls are picked from: things that are there, and now and then others.

/** Everybody who takes part, besides those who are minted. */
export const USERS: readonly UsrId[] = Array.from({ length: 6 }, (_, place) => sequentialId("usr", 0xf00 + place));
export const SLUGS = ["acme", "bolt", "reserved"] as const;
export const NAMES = ["Acme", "Ümläut & Söhne", ""] as const;
export const IDENTIFIERS = ["ann@example.com", "Ann@Example.com", "bob@example.com", " ann@example.com"] as const;
export const KEYS = ["k0", "k1", "k2"] as const;
export const OBJECTS = ["1", "a b", "é", "\u{1f600}"] as const;
export const METADATA = [{ plan: "pro" }, { plan: null, seats: 3 }, {}, { note: { list: [1, null] } }] as const;
export const HOUR = 3_600_000;

export interface Setting {
  readonly choices: Choices;
  /** What there is: arguments are taken from it. */
  readonly world: World;
  readonly now: Date;
}

export function naming(setting: Setting): object {
  const { choices } = setting;
  return {
    ...maybe(setting, "name", () => choices.of<string | null>(...NAMES, null)),
    ...maybe(setting, "slug", () => choices.of<string | null>(...SLUGS, null)),
  };
}

export function metadata(setting: Setting, key = "metadata"): object {
  return maybe(setting, key, () => METADATA[setting.choices.below(METADATA.length)]);
}

/** The last instant of something: hours away, now and then one that has passed, or none. */
export function timeBox(setting: Setting, key = "expiresAt", from: Date = setting.now): object {
  const { choices } = setting;
  return maybe(setting, key, () => {
    const lasts = choices.of(30 * HOUR, 2 * HOUR, null, 1000, 60_000, 900 * HOUR, 1, 0, -HOUR);
    return lasts === null ? null : new Date(from.getTime() + lasts);
  });
}

export function maybe(setting: Setting, key: string, value: () => unknown): object {
  return setting.choices.oneIn(3) ? { [key]: value() } : {};
}

export function user({ choices, world }: Setting): UsrId {
  if (choices.oneIn(12)) {
    const members = [...world.orgs.values()].flatMap(({ members }) => [...members.values()]);
    return members[choices.below(members.length)]?.usrId ?? (USERS[0] as UsrId);
  }
  return USERS[choices.below(USERS.length)] as UsrId;
}

export function role({ choices }: Setting): Role {
  return choices.of<Role>("member", "owner", "admin", "guest", ...ROLES);
}

/** Most often one of the newest that are as they are preferred: few organizations in which much happens. */
export function someOrg(
  { choices, world }: Setting,
  prefers: (org: OrgState) => boolean = ({ row }) => row.status === "active",
): OrgState | null {
  const orgs = [...world.orgs.values()];
  const preferred = orgs.filter(prefers).slice(-2);
  const from = choices.oneIn(6) || preferred.length === 0 ? orgs : preferred;
  return choices.oneIn(30) ? null : (from[choices.below(from.length)] ?? null);
}

export function idOfOrg(setting: Setting, org: OrgState | null): OrgId {
  return org?.row.id ?? sequentialId("org", 0xfff + setting.choices.below(2));
}

export function orgId(setting: Setting): OrgId {
  return idOfOrg(setting, someOrg(setting));
}

/** A member of the organization; now and then one that ended, of another organization, or of none. */
export function memberOf(
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

export function someMember(setting: Setting): { readonly member: MemId; readonly org: OrgState | null } {
  const org = someOrg(setting);
  return { member: memberOf(setting, org), org };
}

export function memId(setting: Setting): MemId {
  return someMember(setting).member;
}

export function colleague(setting: Setting, org: OrgState | null): UsrId {
  const members = [...(org?.members.values() ?? [])];
  const member = members[setting.choices.below(members.length)];
  return member === undefined || setting.choices.oneIn(5) ? user(setting) : member.usrId;
}

export function administrator(setting: Setting, org: OrgState | null): UsrId {
  const { choices } = setting;
  const able = [...(org?.members.values() ?? [])].filter(
    ({ role, status }) => status === "active" && (role === "owner" || role === "admin"),
  );
  const member = able[choices.below(able.length)];
  return member === undefined || choices.oneIn(6) ? colleague(setting, org) : member.usrId;
}

export function someInvitation(setting: Setting): { readonly invitation: InvId; readonly org: OrgState | null } {
  const { choices } = setting;
  const org = someOrg(setting, ({ row, invitations }) => row.status !== "revoked" && invitations.size > 0);
  const rows = [...(org?.invitations.values() ?? [])];
  const open = rows.filter(({ status, expiresAt }) => status === "pending" && expiresAt >= setting.now);
  const from = choices.oneIn(6) || open.length === 0 ? rows : open;
  const row = choices.oneIn(30) ? undefined : from[choices.below(from.length)];
  return { invitation: row?.id ?? sequentialId("inv", 0xffff), org };
}

export function answer(setting: Setting): object {
  const { choices, world } = setting;
  const { invitation } = someInvitation(setting);
  const identifier = world.invitation(invitation)?.invitation.identifier ?? IDENTIFIERS[0];
  return {
    invId: invitation,
    ...(choices.oneIn(5) ? {} : { asUsrId: user(setting) }),
    ...(choices.oneIn(12) ? {} : { acceptingIdentifier: choices.oneIn(6) ? choices.of(...IDENTIFIERS) : identifier }),
  };
}

function grants(setting: Setting, orgId: OrgId, from: Date): readonly object[] {
  const { choices } = setting;
  const count = 1 + choices.below(3);
  return Array.from({ length: count }, (_, place) => {
    const end = timeBox(setting, "expiresAt", from);
    if (choices.oneIn(4)) {
      // Roles on an organization cannot be granted.
      return { relation: choices.oneIn(6) ? "viewer" : "can_edit", ...end, objectType: "org", objectId: orgId };
    }
    const objectId = OBJECTS[(place + choices.below(2)) % OBJECTS.length];
    return { relation: choices.of("can_edit", "viewer"), ...end, objectType: "project", objectId };
  });
}

/** Somebody who is to be added to an organization. */
export function newMember(setting: Setting): object {
  return {
    usrId: user(setting),
    role: role(setting),
    ...maybe(setting, "invitedBy", () => setting.choices.of<UsrId | null>(user(setting), null)),
    ...timeBox(setting),
    ...metadata(setting),
  };
}

/** An invitation that is to be made in an organization. */
export function offer(setting: Setting, org: OrgState | null, orgId: OrgId): object {
  const expiresAt = expiry(setting);
  return {
    identifier: setting.choices.of(...IDENTIFIERS),
    role: role(setting),
    invitedBy: administrator(setting, org),
    expiresAt,
    ...(setting.choices.oneIn(2) ? { preTuples: grants(setting, orgId, expiresAt) } : {}),
    // Most often it outlasts the offer, as it has to.
    ...timeBox(setting, "membershipExpiresAt", expiresAt),
    ...metadata(setting, "membershipMetadata"),
  };
}

/** The last instant of an offer: most often one that is far enough, now and then one that has passed. */
export function expiry({ choices, now }: Setting): Date {
  return new Date(now.getTime() + choices.of(30 * HOUR, HOUR, 900 * HOUR, 500 * HOUR, 30 * HOUR, 1, 1000, 0, -HOUR));
}

/** An owner, and who is to follow. */
export function handover(setting: Setting): object {
  const org = someOrg(setting);
  const owner = [...(org?.members.values() ?? [])].find((row) => row.role === "owner" && row.status === "active");
  const fromMemId = owner === undefined || setting.choices.oneIn(4) ? memberOf(setting, org) : owner.id;
  return { orgId: idOfOrg(setting, org), fromMemId, toMemId: memberOf(setting, org) };
}

/** Now and then the entity itself in the place of its id. */
export function heldNow<I extends string>({ choices }: Setting, id: I): I | Held {
  return choices.oneIn(4) ? new Held(id, choices.of("last", "first")) : id;
}

/** Several rows of an organization; now and then one of them is no object. */
export function many(setting: Setting, org: OrgState | null, row: (orgId: OrgId) => object): object {
  const { choices } = setting;
  const orgId = idOfOrg(setting, org);
  const length = choices.of(2, 1, 3, 5, 2, 0);
  return {
    orgId,
    ...maybe(setting, "mode", () => choices.of("each", "all")),
    ...(choices.oneIn(6) ? { dryRun: true } : {}),
    rows: Array.from({ length }, () => (choices.oneIn(40) ? null : row(orgId))),
  };
}

/** Somebody who is to be gone, most often with a choice for each organization whose only owner they may be. */
export function removal(setting: Setting): object {
  const { choices, world } = setting;
  const granted = [...world.tuples.values()].filter((tuple) => !isRoleTuple(tuple));
  const { subjectId: holder } = granted[choices.below(granted.length)] ?? {};
  const isHolder = holder !== undefined && !choices.oneIn(3);
  const usrId = isHolder ? holder : user(setting);
  const owned = [...world.orgs.values()].filter(({ members }) =>
    [...members.values()].some((row) => row.usrId === usrId && row.role === "owner" && row.status === "active"),
  );
  const chosen = owned.filter(() => !choices.oneIn(4));
  return {
    usrId,
    ...(chosen.length === 0
      ? {}
      : {
          choices: chosen.map((org) =>
            choices.oneIn(3)
              ? { orgId: org.row.id, revoke: true }
              : { orgId: org.row.id, transferTo: colleague(setting, org) },
          ),
        }),
    grants: isHolder ? !choices.oneIn(4) : choices.oneIn(2),
    ...maybe(setting, "mode", () => choices.of("each", "all")),
    ...maybe(setting, "limit", () => choices.of(1, 2, 200)),
  };
}

export function listing(
  setting: Setting,
  statuses: readonly string[],
  cursor: () => string,
): Readonly<Record<string, unknown>> {
  const { choices } = setting;
  return {
    limit: choices.of(1, 2, 3, 50, 200),
    ...maybe(setting, "cursor", () => choices.of<string | null>(cursor(), null)),
    ...maybe(setting, "status", () => statuses[choices.below(statuses.length)]),
  };
}
