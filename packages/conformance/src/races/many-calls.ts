import { generate, type OwnerChoice, type Role, type UsrId } from "@tenantry/core";
import { name, needed, type Who } from "./calls.ts";
import type { Named } from "./pair.ts";
import { crowdOf, IDENTIFIER } from "./setting.ts";

// Calls about many rows and many organizations.

type Mode = "all" | "each";

export const addMany = (mode: Mode): Named => [
  `add U and another (${mode})`,
  (store, { orgId, u }, options) => {
    const rows = [generate("usr"), u].map((usrId) => ({ usrId, role: "guest" }) as const);
    return store.addMembers({ orgId, rows, mode }, options);
  },
];
/** Somebody who is there, and somebody who is not. */
export const addManyWith = (who: Who): Named => [
  `add ${name(who)} and U (each)`,
  (store, { orgId, u, ...setting }, options) => {
    const rows = [setting[who].usrId, u].map((usrId) => ({ usrId, role: "guest" }) as const);
    return store.addMembers({ orgId, rows, mode: "each" }, options);
  },
];
export const addCrowd: Named = [
  "add a crowd",
  (store, { orgId, u }, options) => store.addMembers({ orgId, rows: guests(crowdOf(u)) }, options),
];
/** The same people in the opposite order: two calls that lock them as they come would wait for each other. */
export const addCrowdElsewhere: Named = [
  "add it to another organization, last ones first",
  (store, { other, u }, options) =>
    store.addMembers({ orgId: needed(other).orgId, rows: guests(crowdOf(u).toReversed()) }, options),
];
export const becomeMany = (newRole: Role, ...who: readonly Who[]): Named => [
  `make ${who.map(name).join(" and ")} ${newRole}`,
  (store, { orgId, ...setting }, options) => {
    const rows = who.map((each) => ({ memId: setting[each].id, newRole }));
    return store.changeRoles({ orgId, rows }, options);
  },
];
export const removeMany = (by: Who, ...who: readonly Who[]): Named => [
  `${name(by)} removes ${who.map(name).join(" and ")}`,
  (store, { orgId, ...setting }, options) => {
    const rows = who.map((each) => ({ memId: setting[each].id, adminUsrId: setting[by].usrId }));
    return store.removeMembers({ orgId, rows }, options);
  },
];
export const inviteMany = (by: Who): Named => [
  `${name(by)} invites two`,
  (store, { orgId, ...setting }, options) => {
    const offer = { role: "guest", invitedBy: setting[by].usrId, expiresAt: new Date(Date.now() + 60_000) } as const;
    const rows = ["another@example.com", IDENTIFIER].map((identifier) => ({ ...offer, identifier }));
    return store.createInvitations({ orgId, rows }, options);
  },
];

function guests(usrIds: readonly UsrId[]) {
  return usrIds.map((usrId) => ({ usrId, role: "guest" }) as const);
}

/** Of several organizations, so that nothing but what is refused in one of them tells who came first. */
export const removal = (who: Who, choice: "revoke" | Who | null = null): Named => [
  `remove user ${name(who)}${choice === null ? "" : choice === "revoke" ? ", or the organization" : ` in favour of ${name(choice)}`}`,
  (store, { orgId, ...setting }, { idempotencyKey }) => {
    const choices: readonly OwnerChoice[] =
      choice === null
        ? []
        : [choice === "revoke" ? { orgId, revoke: true } : { orgId, transferTo: setting[choice].usrId }];
    // There is no version to expect of several organizations.
    const options = idempotencyKey === undefined ? {} : { idempotencyKey };
    return store.removeUser({ usrId: setting[who].usrId, choices, mode: "each" }, options);
  },
];
