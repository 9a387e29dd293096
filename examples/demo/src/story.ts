import { isTenancyError, type Membership, type OrgId, type Role, type TenancyStore } from "@tenantry/core";
import { founder, newcomers, type Person } from "./people.ts";

const WEEK = 7 * 24 * 60 * 60 * 1000;

/** Tells one sentence of the story, and whether it was refused. */
export type Tell = (sentence: string, refused?: string) => void;

/** The organization of earlier runs, found through its founder's tuples, or a new one. */
export async function organization(store: TenancyStore, tell: Tell): Promise<OrgId> {
  const tuples = await store.listTuplesForSubject("usr", founder.usrId);
  const known = tuples.find(({ objectType }) => objectType === "org");
  if (known !== undefined) {
    return known.objectId as OrgId;
  }
  const { org } = await store.createOrg({ creator: founder.usrId, name: "Rocket Works", slug: "rocket-works" });
  tell(`${founder.name} founds ${org.name} and owns it.`);
  return org.id;
}

/** What happens in one run: people join, rise, are refused, hand over, and go. */
export async function chapter(store: TenancyStore, orgId: OrgId, run: number, tell: Tell): Promise<void> {
  const [first, second, third] = newcomers(run);
  const owner = await soleOwner(store, orgId);

  const heir = await join(store, orgId, owner, first, "admin", [`launch-pad-${run}`]);
  tell(`${first.name} is invited as admin with a grant on launch-pad-${run}, and accepts.`);
  const crew = await join(store, orgId, owner, second, "member", [`engine-${run}`, `fuel-${run}`]);
  tell(`${second.name} is invited as member with two grants, and accepts.`);
  const visitor = await join(store, orgId, owner, third, "guest", []);
  tell(`${third.name} is invited as guest, and accepts.`);

  await store.changeRole({ memId: crew.id, newRole: "admin" }, { actor: owner.usrId });
  tell(`${second.name} becomes admin.`);

  try {
    await store.selfLeave({ memId: owner.id });
  } catch (error) {
    if (!isTenancyError(error, "conflict.sole_owner")) {
      throw error;
    }
    tell("The only owner tries to leave", error.code);
  }

  await store.transferOwnership({ orgId, fromMemId: owner.id, toMemId: heir.id });
  tell(`Ownership moves to ${first.name}; the former owner stays as member.`);

  await store.suspendMembership(visitor.id, { actor: first.usrId });
  tell(`${third.name} is suspended.`);
  await store.adminRemove({ memId: visitor.id, adminUsrId: first.usrId });
  tell(`${third.name} is removed by ${first.name}.`);

  await store.createInvitation({
    orgId,
    identifier: `candidate-${run}@example.com`,
    role: "viewer",
    invitedBy: first.usrId,
    expiresAt: new Date(Date.now() + WEEK),
  });
  tell("One more invitation goes out and waits.");
}

/** An invitation as the application would use it: created by the owner, accepted by the person it was sent to. */
async function join(
  store: TenancyStore,
  orgId: OrgId,
  owner: Membership,
  { usrId, email }: Person,
  role: Role,
  projects: readonly string[],
): Promise<Membership> {
  const invitation = await store.createInvitation({
    orgId,
    identifier: email,
    role,
    invitedBy: owner.usrId,
    expiresAt: new Date(Date.now() + WEEK),
    preTuples: projects.map((objectId) => ({ relation: "editor", objectType: "project", objectId })),
  });
  const { membership } = await store.acceptInvitation({
    invId: invitation.id,
    asUsrId: usrId,
    acceptingIdentifier: email,
  });
  return membership;
}

async function soleOwner(store: TenancyStore, orgId: OrgId): Promise<Membership> {
  const { data } = await store.listMembers(orgId, { role: "owner", status: "active" });
  const [owner] = data;
  if (owner === undefined) {
    throw new Error("an organization always has an owner");
  }
  return owner;
}
