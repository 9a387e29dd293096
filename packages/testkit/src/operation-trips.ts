import {
  generate,
  isTenancyError,
  type Membership,
  type OrgId,
  type Role,
  type TenancyStore,
  type UsrId,
} from "@tenantry/core";

/** Counts the round trips of one call. */
export type CountTrips = (call: () => Promise<unknown>) => Promise<number>;

/** What every store on PostgreSQL promises: one look and one commit, or one of them where the other is not needed. */
export const PROMISED_TRIPS: Readonly<Record<string, number>> = {
  getOrg: 1,
  getMembership: 1,
  getInvitation: 1,
  listMembers: 1,
  listInvitations: 1,
  listTuplesForSubject: 1,
  listTuplesForObject: 1,
  getOrgBySlug: 1,
  listOrgs: 1,
  listMemberships: 1,
  membershipHistory: 1,
  membersAsOf: 1,
  listInvitationsFor: 1,
  check: 1,
  listEvents: 1,
  "expireInvitations where nothing has lapsed": 1,
  "expireMemberships where nothing has lapsed": 1,
  "expireGrants where nothing has lapsed": 1,
  "plan of revokeOrg": 1,
  "plan of removeUser": 1,
  "removeUser of nobody": 1,
  "addMembers of 100": 1,
  "addMembers of 100, each": 2,
  "addMembers of 100, dry run": 1,
  "createInvitations of 100": 1,
  "changeRoles of 100": 2,
  "removeMembers of 100": 2,
  "removeUser in one organization": 2,
  "removeUser in three organizations": 4,
  createOrg: 1,
  addMember: 1,
  "addMember with a key and a version": 1,
  createInvitation: 1,
  "selfLeave refused": 1,
  "selfLeave replayed": 1,
  updateOrg: 2,
  suspendOrg: 2,
  reinstateOrg: 2,
  updateMembership: 2,
  suspendMembership: 2,
  reinstateMembership: 2,
  selfLeave: 2,
  adminRemove: 2,
  changeRole: 2,
  acceptInvitation: 2,
  declineInvitation: 2,
  revokeInvitation: 2,
  resendInvitation: 2,
  transferOwnership: 2,
  revokeOrg: 2,
  "updateOrg of one held": 1,
  "suspendOrg of one held": 1,
  "reinstateOrg of one held": 1,
  "updateMembership of one held": 1,
  "suspendMembership of one held": 1,
  "reinstateMembership of one held": 1,
  "changeRole of one held": 1,
  "selfLeave of one held": 1,
  "adminRemove of one held": 1,
  "acceptInvitation of one held": 1,
  "declineInvitation of one held": 1,
  "revokeInvitation of one held": 1,
  "resendInvitation of one held": 1,
};

const HOUR = 60 * 60 * 1000;

/** The trips of every operation, on a store whose connections are open and which nobody else uses meanwhile. */
export async function operationTrips(
  store: TenancyStore,
  trips: CountTrips,
): Promise<Readonly<Record<string, number>>> {
  return {
    ...(await readTrips(store, trips)),
    ...(await lookUpTrips(store, trips)),
    ...(await oneLookTrips(store, trips)),
    ...(await mutationTrips(store, trips)),
    ...(await heldTrips(store, trips)),
    ...(await manyTrips(store, trips)),
  };
}

async function readTrips(store: TenancyStore, trips: CountTrips): Promise<Record<string, number>> {
  const { orgId, creator, owner, invite } = await world(store);
  const { id: invId } = await invite();
  return {
    getOrg: await trips(() => store.getOrg(orgId)),
    getMembership: await trips(() => store.getMembership(owner.id)),
    getInvitation: await trips(() => store.getInvitation(invId)),
    listMembers: await trips(() => store.listMembers(orgId, { total: true })),
    listInvitations: await trips(() => store.listInvitations(orgId, { status: "expired" })),
    listTuplesForSubject: await trips(() => store.listTuplesForSubject("usr", creator)),
    listTuplesForObject: await trips(() => store.listTuplesForObject("org", orgId, "owner")),
  };
}

async function lookUpTrips(store: TenancyStore, trips: CountTrips): Promise<Record<string, number>> {
  const { orgId, creator, owner, invite } = await world(store);
  await invite();
  const check = { subject: creator, relations: ["owner", "admin"], object: orgId, requireActiveOrg: true };
  return {
    getOrgBySlug: await trips(() => refused(store.getOrgBySlug("no-such-slug"))),
    listOrgs: await trips(() => store.listOrgs({ query: "a", status: "active" })),
    listMemberships: await trips(() => store.listMemberships(creator, { status: "active" })),
    membershipHistory: await trips(() => store.membershipHistory(owner.id)),
    membersAsOf: await trips(() => store.membersAsOf(orgId, owner.createdAt)),
    listInvitationsFor: await trips(() => store.listInvitationsFor("x@example.com", { status: "expired" })),
    check: await trips(() => store.check(check)),
    listEvents: await trips(() => store.listEvents(orgId, { types: ["org.created", "org.updated"], actor: creator })),
    "expireInvitations where nothing has lapsed": await trips(() => store.expireInvitations({ orgId })),
    "expireMemberships where nothing has lapsed": await trips(() => store.expireMemberships({ orgId })),
    "expireGrants where nothing has lapsed": await trips(() => store.expireGrants({ orgId })),
  };
}

/** Of many rows, whatever their number. */
async function manyTrips(store: TenancyStore, trips: CountTrips): Promise<Record<string, number>> {
  const { orgId, creator } = await world(store);
  const people = () => Array.from({ length: 100 }, () => ({ usrId: generate("usr"), role: "guest" }) as const);
  const rows = people();
  const expiresAt = new Date(Date.now() + HOUR);
  const offers = people().map(
    ({ usrId }) => ({ identifier: usrId, role: "guest", invitedBy: creator, expiresAt }) as const,
  );
  const count: Record<string, number> = {
    "plan of revokeOrg": await trips(() => store.plan({ revokeOrg: orgId })),
    "plan of removeUser": await trips(() => store.plan({ removeUser: { usrId: creator, grants: true } })),
    "removeUser of nobody": await trips(() => store.removeUser({ usrId: generate("usr"), grants: true })),
    "addMembers of 100": await trips(() => store.addMembers({ orgId, rows })),
    "addMembers of 100, each": await trips(() => store.addMembers({ orgId, rows: people(), mode: "each" })),
    "addMembers of 100, dry run": await trips(() => store.addMembers({ orgId, rows: people(), dryRun: true })),
    "createInvitations of 100": await trips(() => store.createInvitations({ orgId, rows: offers })),
  };
  const { data } = await store.listMembers(orgId, { role: "guest", status: "active", limit: 100 });
  const roles = data.map(({ id: memId }) => ({ memId, newRole: "member" }) as const);
  count["changeRoles of 100"] = await trips(() => store.changeRoles({ orgId, rows: roles }));
  const gone = await store.listMembers(orgId, { role: "member", status: "active", limit: 100 });
  const removals = gone.data.map(({ id: memId }) => ({ memId, adminUsrId: creator }));
  count["removeMembers of 100"] = await trips(() => store.removeMembers({ orgId, rows: removals }));
  const leaver = await store.addMember({ orgId, usrId: generate("usr"), role: "member" });
  count["removeUser in one organization"] = await trips(() => store.removeUser({ usrId: leaver.usrId }));
  const { usrId } = leaver;
  for (const each of [orgId, (await world(store)).orgId, (await world(store)).orgId]) {
    await store.addMember({ orgId: each, usrId, role: "member" });
  }
  count["removeUser in three organizations"] = await trips(() => store.removeUser({ usrId, grants: true }));
  return count;
}

/** What is decided on assumed facts, when they hold; a refusal at the first look; a replayed key. */
async function oneLookTrips(store: TenancyStore, trips: CountTrips): Promise<Record<string, number>> {
  const { orgId, owner, add, invite } = await world(store);
  const guest = () => ({ orgId, usrId: generate("usr"), role: "guest" }) as const;
  const member = await add("member");
  const leave = () => store.selfLeave({ memId: member.id }, { idempotencyKey: "leave" });
  const count: Record<string, number> = {
    createOrg: await trips(() => store.createOrg({ creator: generate("usr"), slug: "one-trip" })),
    addMember: await trips(() => store.addMember(guest())),
    createInvitation: await trips(invite),
  };
  const options = { idempotencyKey: "one", expectedVersion: (await store.getOrg(orgId)).version };
  count["addMember with a key and a version"] = await trips(() => store.addMember(guest(), options));
  count["selfLeave refused"] = await trips(() => refused(store.selfLeave({ memId: owner.id })));
  await leave();
  count["selfLeave replayed"] = await trips(leave);
  return count;
}

async function mutationTrips(store: TenancyStore, trips: CountTrips): Promise<Record<string, number>> {
  const { orgId, creator, owner, add, invite } = await world(store);
  const heir = await add("owner");
  const admin = await add("admin");
  const member = await add("member");
  const leaver = await add("member");
  const count: Record<string, number> = {
    updateOrg: await trips(() => store.updateOrg({ orgId, name: "Two", slug: "two-trips" })),
    suspendOrg: await trips(() => store.suspendOrg(orgId)),
    reinstateOrg: await trips(() => store.reinstateOrg(orgId)),
    updateMembership: await trips(() => store.updateMembership({ memId: member.id, metadata: { title: "Lead" } })),
    suspendMembership: await trips(() => store.suspendMembership(member.id)),
    reinstateMembership: await trips(() => store.reinstateMembership(member.id)),
    selfLeave: await trips(() => store.selfLeave({ memId: leaver.id })),
    adminRemove: await trips(() => store.adminRemove({ memId: member.id, adminUsrId: admin.usrId })),
    changeRole: await trips(() => store.changeRole({ memId: admin.id, newRole: "editor" })),
  };
  const [one, two, three] = [await invite(), await invite(), await invite()];
  const acceptance = { invId: one.id, asUsrId: generate("usr"), acceptingIdentifier: "x@example.com" };
  count["acceptInvitation"] = await trips(() => store.acceptInvitation(acceptance, { idempotencyKey: "accept" }));
  count["declineInvitation"] = await trips(() => store.declineInvitation({ invId: two.id }));
  count["revokeInvitation"] = await trips(() => store.revokeInvitation({ invId: three.id, adminUsrId: creator }));
  const { id: invId, expiresAt } = await invite();
  count["resendInvitation"] = await trips(() => store.resendInvitation({ invId, adminUsrId: creator, expiresAt }));
  count["transferOwnership"] = await trips(() =>
    store.transferOwnership({ orgId, fromMemId: owner.id, toMemId: heir.id }),
  );
  count["revokeOrg"] = await trips(() => store.revokeOrg(orgId));
  return count;
}

/** What the caller holds is decided on without a look. */
async function heldTrips(store: TenancyStore, trips: CountTrips): Promise<Record<string, number>> {
  const { orgId, creator, add, invite } = await world(store);
  const [admin, member, leaver, removed] = [
    await add("admin"),
    await add("member"),
    await add("guest"),
    await add("guest"),
  ];
  const [one, two, three, four] = [await invite(), await invite(), await invite(), await invite()];
  const resending = { invId: four, adminUsrId: creator, expiresAt: four.expiresAt };
  const acceptance = { invId: one, asUsrId: generate("usr"), acceptingIdentifier: "x@example.com" };
  const titled = await add("member");
  const suspended = await store.suspendMembership(await add("member"));
  const count: Record<string, number> = {
    changeRole: await trips(() => store.changeRole({ memId: member, newRole: "guest" })),
    updateMembership: await trips(() => store.updateMembership({ memId: titled, metadata: { title: "Lead" } })),
    suspendMembership: await trips(() => store.suspendMembership(admin)),
    reinstateMembership: await trips(() => store.reinstateMembership(suspended)),
    selfLeave: await trips(() => store.selfLeave({ memId: leaver })),
    adminRemove: await trips(() => store.adminRemove({ memId: removed, adminUsrId: creator })),
    acceptInvitation: await trips(() => store.acceptInvitation(acceptance)),
    declineInvitation: await trips(() => store.declineInvitation({ invId: two })),
    revokeInvitation: await trips(() => store.revokeInvitation({ invId: three, adminUsrId: creator })),
    resendInvitation: await trips(() => store.resendInvitation(resending)),
  };
  let org = await store.getOrg(orgId);
  const next = (call: () => Promise<typeof org>) =>
    trips(async () => {
      org = await call();
    });
  count["updateOrg"] = await next(() => store.updateOrg({ orgId: org, name: "One", slug: "one-look" }));
  count["suspendOrg"] = await next(() => store.suspendOrg(org));
  count["reinstateOrg"] = await next(() => store.reinstateOrg(org));
  return Object.fromEntries(Object.entries(count).map(([name, trip]) => [`${name} of one held`, trip]));
}

interface World {
  readonly orgId: OrgId;
  readonly creator: UsrId;
  readonly owner: Membership;
  add(role: Role): Promise<Membership>;
  invite(): ReturnType<TenancyStore["createInvitation"]>;
}

async function world(store: TenancyStore): Promise<World> {
  const creator = generate("usr");
  const { org, ownerMembership: owner } = await store.createOrg(creator);
  return {
    orgId: org.id,
    creator,
    owner,
    add: (role) => store.addMember({ orgId: org.id, usrId: generate("usr"), role }),
    invite: () =>
      store.createInvitation({
        orgId: org.id,
        identifier: "x@example.com",
        role: "member",
        invitedBy: creator,
        expiresAt: new Date(Date.now() + HOUR),
        preTuples: [{ relation: "viewer", objectType: "project", objectId: "1" }],
      }),
  };
}

async function refused(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (isTenancyError(error)) {
      return;
    }
    throw error;
  }
  throw new Error("the call was accepted");
}
