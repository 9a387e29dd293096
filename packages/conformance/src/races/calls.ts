import { generate, type Invitation, type MutationOptions, type Role } from "@tenantry/core";
import { assert } from "../assertions.ts";
import type { Named } from "./pair.ts";
import { HOUR, IDENTIFIER, type Setting } from "./setting.ts";

// The calls that meet, by whom they are about.

export type Who = "a" | "b" | "d" | "e" | "x";
export const name = (who: Who): string => who.toUpperCase();

export const leave = (who: Who, heir?: Who): Named => [
  `leave ${name(who)}${heir === undefined ? "" : ` in favour of ${name(heir)}`}`,
  (store, setting, options) =>
    store.selfLeave(
      { memId: setting[who].id, ...(heir === undefined ? {} : { transferTo: setting[heir].usrId }) },
      options,
    ),
];
export const become = (who: Who, newRole: Role): Named => [
  `make ${name(who)} ${newRole}`,
  (store, setting, options) => store.changeRole({ memId: setting[who].id, newRole }, options),
];
export const demote = (who: Who): Named => become(who, "member");
export const suspend = (who: Who): Named => [
  `suspend ${name(who)}`,
  (store, setting, options) => store.suspendMembership(setting[who].id, options),
];
export const reinstate = (who: Who): Named => [
  `reinstate ${name(who)}`,
  (store, setting, options) => store.reinstateMembership(setting[who].id, options),
];
export const remove = (who: Who, by: Who): Named => [
  `${name(by)} removes ${name(who)}`,
  (store, setting, options) => store.adminRemove({ memId: setting[who].id, adminUsrId: setting[by].usrId }, options),
];
export const transfer = (from: Who, to: Who): Named => [
  `transfer ${name(from)} to ${name(to)}`,
  (store, { orgId, ...setting }, options) =>
    store.transferOwnership({ orgId, fromMemId: setting[from].id, toMemId: setting[to].id }, options),
];
export const add: Named = [
  "add U",
  (store, { orgId, u }, options) => store.addMember({ orgId, usrId: u, role: "member" }, options),
];

/** Somebody who belongs to nothing. */
export const addAnother: Named = [
  "add somebody else",
  (store, { orgId }, options) => store.addMember({ orgId, usrId: generate("usr"), role: "guest" }, options),
];
/** Where somebody has a membership that lapsed, or none. */
export const addAgain = (who: Who): Named => [
  `add ${name(who)} again`,
  (store, { orgId, ...setting }, options) =>
    store.addMember({ orgId, usrId: setting[who].usrId, role: "guest" }, options),
];
export const addElsewhere = (who: "u" | "x"): Named => [
  `add ${who.toUpperCase()} to another organization`,
  (store, { other, ...setting }, options) => {
    const usrId = who === "u" ? setting.u : setting.x.usrId;
    return store.addMember({ orgId: needed(other).orgId, usrId, role: "member" }, options);
  },
];
export const extend = (who: Who): Named => [
  `give ${name(who)} another day`,
  (store, setting, options) =>
    store.updateMembership({ memId: setting[who].id, expiresAt: new Date(Date.now() + 24 * HOUR) }, options),
];

const acceptance =
  (invitation: (setting: Setting) => Invitation | null): Named[1] =>
  (store, setting, options) => {
    const { id: invId } = needed(invitation(setting));
    return store.acceptInvitation({ invId, asUsrId: setting.u, acceptingIdentifier: IDENTIFIER }, options);
  };
export const accept: Named = ["accept V", acceptance(({ v }) => v)];
export const acceptOther: Named = ["accept W", acceptance(({ w }) => w)];
export const withdraw: Named = [
  "withdraw V",
  (store, { v, a }, options) => store.revokeInvitation({ invId: v.id, adminUsrId: a.usrId }, options),
];
export const decline: Named = [
  "decline V",
  (store, { v }, options) => store.declineInvitation({ invId: v.id }, options),
];
export const resend = (by: Who): Named => [
  `${name(by)} sends V again`,
  (store, { v, ...setting }, options) =>
    store.resendInvitation(
      { invId: v.id, adminUsrId: setting[by].usrId, expiresAt: new Date(Date.now() + 120_000) },
      options,
    ),
];
/** Without a key, because a sweep has none. */
export const sweep: Named = ["sweep", (store, { orgId }) => store.expireInvitations({ orgId })];
export const sweepMembers: Named = ["sweep members", (store, { orgId }) => store.expireMemberships({ orgId })];
export const sweepGrants: Named = ["sweep grants", (store, { orgId }) => store.expireGrants({ orgId })];
export const invite = (by: Who): Named => [
  `${name(by)} invites`,
  (store, { orgId, ...setting }, options) =>
    store.createInvitation(
      {
        orgId,
        identifier: IDENTIFIER,
        role: "guest",
        invitedBy: setting[by].usrId,
        expiresAt: new Date(Date.now() + 60_000),
      },
      options,
    ),
];

export const pause: Named = ["suspendOrg", (store, { orgId }, options) => store.suspendOrg(orgId, options)];
export const resume: Named = ["reinstateOrg", (store, { orgId }, options) => store.reinstateOrg(orgId, options)];
export const close: Named = ["revokeOrg", (store, { orgId }, options) => store.revokeOrg(orgId, options)];
export const rename = (newName: string): Named => [
  `updateOrg name ${newName}`,
  (store, { orgId }, options) => store.updateOrg({ orgId, name: newName }, options),
];
/** Slugs are unique in the database, so each trial has one of its own. */
export const take: Named = [
  "updateOrg slug",
  (store, { orgId, slug }, options) => store.updateOrg({ orgId, slug: `new-${slug}` }, options),
];
export const drop: Named = [
  "updateOrg slug null",
  (store, { orgId }, options) => store.updateOrg({ orgId, slug: null }, options),
];
export const swapHere: Named = [
  "take the other's slug",
  (store, { orgId, other }, options) => store.updateOrg({ orgId, slug: needed(other).slug }, options),
];
export const swapThere: Named = [
  "the other way round",
  (store, { slug, other }, options) => store.updateOrg({ orgId: needed(other).orgId, slug }, options),
];
const foundation =
  (wanted: (slug: string) => string): Named[1] =>
  (store, { slug }, { idempotencyKey }) =>
    store.createOrg(
      { creator: generate("usr"), slug: wanted(slug) },
      // There is no version to expect before there is an organization.
      idempotencyKey === undefined ? {} : { idempotencyKey },
    );
export const foundAsU: Named = [
  "U creates an organization",
  (store, { u }, { idempotencyKey }) => store.createOrg(u, idempotencyKey === undefined ? {} : { idempotencyKey }),
];
export const found: Named = ["createOrg", foundation((slug) => `new-${slug}`)];
export const foundAgain: Named = ["createOrg with its slug", foundation((slug) => slug)];

/** The same call with other options. */
export function having([what, side]: Named, more: (setting: Setting) => MutationOptions): Named {
  return [what, (store, setting, options) => side(store, setting, { ...options, ...more(setting) })];
}

export function needed<T>(value: T | null): T {
  assert(value !== null, "the pair has no such thing at its start");
  return value;
}
