import {
  generate,
  type InvId,
  type MemId,
  type OrgId,
  type Tables,
  type TenancyOptions,
  type UsrId,
} from "@tenantry/core";
import { type Open, type OpenStore, within } from "../open-store.ts";

/** Where the contract is shown: one organization with somebody in every situation that an operation needs. */
export interface Town extends OpenStore {
  readonly org: OrgId;
  /** The only owner. */
  readonly owner: Resident;
  readonly admin: Resident;
  readonly member: Resident;
  /** A suspended member. */
  readonly suspended: Resident;
  /** A user who belongs to nothing. */
  readonly stranger: UsrId;
  /** A pending invitation, addressed to {@link INVITED}. */
  readonly invitation: InvId;
  /** An instant at which nothing has lapsed. */
  readonly later: Date;
  /** Moves the town's clock, unless the store was given another one. */
  readonly waitUntil: (instant: Date) => void;
}

export interface Resident {
  readonly usrId: UsrId;
  readonly memId: MemId;
}

export const INVITED = "invited.7f3a91@hidden.example";
export const NAME = "Hidden name 7f3a91";
export const NOON: number = Date.UTC(2030, 0, 1, 12);
const DAY = 86_400_000;

/** Runs a test in a town of its own, whose clock stands still until somebody waits. */
export function inTown(open: Open, test: (town: Town) => Promise<void>, options: TenancyOptions = {}): Promise<void> {
  let now = NOON;
  const waitUntil = (instant: Date): void => {
    now = instant.getTime();
  };
  const clock = (): Date => new Date(now);
  return within(open, { clock, ...options }, async (world) => test(await founded(world, waitUntil)));
}

/** A town in an empty world whose clock says noon of its day, and `waitUntil` moves it. */
export async function founded(world: OpenStore, waitUntil: Town["waitUntil"] = () => {}): Promise<Town> {
  const { store } = world;
  const creator = generate("usr");
  const { org, ownerMembership } = await store.createOrg({ creator, name: NAME, slug: "town" });
  const settled = async (role: "admin" | "member"): Promise<Resident> => {
    const { id, usrId } = await store.addMember({ orgId: org.id, usrId: generate("usr"), role });
    return { usrId, memId: id };
  };
  const [admin, member, suspended] = [await settled("admin"), await settled("member"), await settled("member")];
  await store.suspendMembership(suspended.memId);
  const later = new Date(NOON + DAY);
  const invitation = await store.createInvitation({
    orgId: org.id,
    identifier: INVITED,
    role: "member",
    invitedBy: creator,
    expiresAt: later,
    preTuples: [{ relation: "viewer", objectType: "project", objectId: "plan" }],
  });
  return {
    store,
    tables: () => world.tables(),
    close: () => world.close(),
    ...(world.transaction === undefined ? {} : { transaction: world.transaction.bind(world) }),
    org: org.id,
    owner: { usrId: creator, memId: ownerMembership.id },
    admin,
    member,
    suspended,
    stranger: generate("usr"),
    invitation: invitation.id,
    later,
    waitUntil,
  };
}

/** The tables before and after a call, whatever comes of it. */
export async function around(
  town: Town,
  call: () => Promise<unknown>,
): Promise<{ readonly before: Tables; readonly after: Tables }> {
  const before = await town.tables();
  await call();
  return { before, after: await town.tables() };
}
