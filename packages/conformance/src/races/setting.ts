import {
  deriveUsrId,
  generate,
  type Invitation,
  isTenancyError,
  type Membership,
  type OrgId,
  type Role,
  type UsrId,
} from "@tenantry/core";
import type { StoreUnderTest } from "../open-store.ts";
import { after } from "../timing.ts";

/** Where races are run: an active organization with somebody in every situation that a pair needs. */
export interface Setting {
  readonly orgId: OrgId;
  readonly slug: string;
  /** Owners. */
  readonly a: Membership;
  readonly b: Membership;
  /** Admins. */
  readonly d: Membership;
  readonly e: Membership;
  /** A member. */
  readonly x: Membership;
  /** A user who belongs to nothing. */
  readonly u: UsrId;
  /** A pending invitation by D, addressed to {@link IDENTIFIER}. */
  readonly v: Invitation;
  /** Another invitation, where a pair has two. */
  readonly w: Invitation | null;
  /** Another organization, where a pair has two. */
  readonly other: Pick<Setting, "orgId" | "slug"> | null;
  /** Where a storm is about many of them. */
  readonly owners: readonly Membership[];
}

const CROWD = 12;
const CROWDS = "0190f2a8-1b3c-7abc-8123-456789abcdef";

/** Users whose ids are in no order, of whom U is the first. */
export function crowdOf(u: UsrId): readonly UsrId[] {
  return [u, ...Array.from({ length: CROWD - 1 }, (_, place) => deriveUsrId(CROWDS, `${u} ${place}`))];
}

export const IDENTIFIER = "u@example.com";
export const HOUR = 3_600_000;

/** A setting of its own for every trial. `name` makes what is unique in it. */
export async function settled(store: StoreUnderTest, name: string): Promise<Setting> {
  const slug = `home-${name}`;
  const { org, ownerMembership: a } = await store.createOrg({ creator: generate("usr"), slug });
  // One after another, so that a store is given an order of ids that is that of time.
  const [b, d] = [await added(store, org.id, "owner"), await added(store, org.id, "admin")];
  const [e, x] = [await added(store, org.id, "admin"), await added(store, org.id, "member")];
  const v = await invited(store, { orgId: org.id, by: d });
  return { orgId: org.id, slug, a, b, d, e, x, u: generate("usr"), v, w: null, other: null, owners: [a, b] };
}

export function added(store: StoreUnderTest, orgId: OrgId, role: Role, usrId?: UsrId): Promise<Membership> {
  return store.addMember({ orgId, usrId: usrId ?? generate("usr"), role });
}

export function invited(
  store: StoreUnderTest,
  {
    orgId,
    by,
    role = "member",
    objects = [],
  }: { readonly orgId: OrgId; readonly by: Membership; readonly role?: Role; readonly objects?: readonly string[] },
): Promise<Invitation> {
  return store.createInvitation({
    orgId,
    identifier: IDENTIFIER,
    role,
    invitedBy: by.usrId,
    expiresAt: new Date(Date.now() + HOUR),
    preTuples: objects.map((objectId) => ({ relation: "viewer", objectType: "project", objectId })),
  });
}

/** Makes an offer by each of these, no more, and waits until all have lapsed. */
export async function lapsing(store: StoreUnderTest, orgId: OrgId, by: readonly Membership[]): Promise<void> {
  let last = 0;
  for (const { usrId } of by) {
    last = Math.max(last, await lapsingSoon(store, orgId, usrId));
  }
  // A timer may be early by a millisecond.
  while (Date.now() <= last) {
    await after(last - Date.now() + 1);
  }
}

/** Answers when it lapses. On a busy machine it may be too late before it is made: then the next one lives longer. */
async function lapsingSoon(store: StoreUnderTest, orgId: OrgId, invitedBy: UsrId, lifeMs = 10): Promise<number> {
  const expiresAt = new Date(Date.now() + lifeMs);
  try {
    await store.createInvitation({ orgId, identifier: "late@example.com", role: "guest", expiresAt, invitedBy });
  } catch (error) {
    if (!isTenancyError(error, "precondition.past_expiration")) {
      throw error;
    }
    return lapsingSoon(store, orgId, invitedBy, lifeMs * 2);
  }
  return expiresAt.getTime();
}
