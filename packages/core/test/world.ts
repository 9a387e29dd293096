import { encode } from "../src/id.ts";
import type { Id, IdType, Invitation, Membership, Organization } from "../src/model.ts";
import type { Environment, FreshIds } from "../src/operation.ts";
import { type Settings, settingsFrom, type TenancyOptions } from "../src/settings.ts";

// A small organization and its people, for tests of the rules. Each test changes the one thing that it is about.

/** The instant at which every test decides. */
export const now: Date = new Date("2030-01-01T00:00:00.000Z");

/** An instant some milliseconds after `now`, or before it. */
export function after(milliseconds: number): Date {
  return new Date(now.getTime() + milliseconds);
}

/** When the rows of this world began: a day before `now`. */
export const yesterday: Date = after(-86_400_000);

/** An id that is always the same for the same number. */
export function idNo<T extends IdType>(type: T, number: number): Id<T> {
  return encode(type, `0190f2a8-0000-7000-8000-${number.toString(16).padStart(12, "0")}`);
}

export const alice: Id<"usr"> = idNo("usr", 1);
export const bob: Id<"usr"> = idNo("usr", 2);
export const carol: Id<"usr"> = idNo("usr", 3);

export const acme: Organization = {
  id: idNo("org", 1),
  status: "active",
  name: "Acme",
  slug: "acme",
  version: 7,
  createdAt: yesterday,
  updatedAt: yesterday,
  metadata: {},
};

export const otherOrg: Organization = { ...acme, id: idNo("org", 2), name: "Other", slug: "other" };

/** A membership of Acme; unless said otherwise an active `member` whom nobody invited. */
export function membership(row: Pick<Membership, "id" | "usrId"> & Partial<Membership>): Membership {
  return {
    orgId: acme.id,
    role: "member",
    status: "active",
    replaces: null,
    invitedBy: null,
    removedBy: null,
    createdAt: yesterday,
    updatedAt: yesterday,
    expiresAt: null,
    metadata: {},
    ...row,
  };
}

export const owner: Membership = membership({ id: idNo("mem", 1), usrId: alice, role: "owner" });
export const admin: Membership = membership({ id: idNo("mem", 2), usrId: bob, role: "admin" });
export const member: Membership = membership({ id: idNo("mem", 3), usrId: carol, invitedBy: alice });

/** An offer of Alice's to become a member of Acme, open until tomorrow. */
export const offer: Invitation = {
  id: idNo("inv", 1),
  orgId: acme.id,
  identifier: "dave@example.com",
  role: "member",
  status: "pending",
  preTuples: [],
  membershipExpiresAt: null,
  membershipMetadata: {},
  invitedBy: alice,
  invitedUserId: null,
  createdAt: yesterday,
  expiresAt: after(86_400_000),
  terminalAt: null,
  terminalBy: null,
};

/** The refusal of what addresses something that does not exist. */
export function notFound(what: string, id: string): object {
  return { ok: false, code: "not_found", details: { what, id } };
}

/** The ids that a decision gives out. */
export const fresh: FreshIds = {
  org: idNo("org", 101),
  mem: idNo("mem", 102),
  otherMem: idNo("mem", 103),
  inv: idNo("inv", 104),
  usr: idNo("usr", 105),
  mems: [idNo("mem", 106), idNo("mem", 107), idNo("mem", 108)],
  invs: [idNo("inv", 106), idNo("inv", 107), idNo("inv", 108)],
};

/** The settings of a store with these options. */
export function settings(options: TenancyOptions = {}): Settings {
  return settingsFrom(options);
}

/** What a decision may depend on besides its facts: it is `now`, nobody is named, all options have their defaults. */
export const environment: Environment<keyof FreshIds> = { now, settings: settings(), actor: null, ids: fresh };
