import type { Start } from "./pair.ts";
import { added, crowdOf, HOUR, IDENTIFIER, invited, lapsing, settled } from "./setting.ts";

// What happens to a setting before its calls begin.

export const alone: Start = async (store, setting) => {
  await store.selfLeave({ memId: setting.b.id });
  return setting;
};
export const suspendedX: Start = async (store, setting) => ({
  ...setting,
  x: await store.suspendMembership(setting.x.id),
});
export const invitedX: Start = async (store, setting) => ({
  ...(await suspendedX(store, setting)),
  u: setting.x.usrId,
});
export const ownership: Start = async (store, setting) => ({
  ...setting,
  v: await invited(store, { orgId: setting.orgId, by: setting.b, role: "owner" }),
});
export const twoOffers: Start = async (store, setting) => ({
  ...setting,
  w: await invited(store, { orgId: setting.orgId, by: setting.a }),
});
export const noOffer: Start = async (store, setting) => {
  await store.revokeInvitation({ invId: setting.v.id, adminUsrId: setting.a.usrId });
  return setting;
};
/** Besides V there are two offers that have lapsed. */
export const lapsed: Start = async (store, setting) => {
  await lapsing(store, setting.orgId, [setting.a, setting.d]);
  return setting;
};
export const neighbour: Start = async (store, setting) => ({
  ...setting,
  other: await settled(store, `x-${setting.slug}`),
});
/** Every second one of a crowd is somewhere already. */
export const crowded: Start = async (store, setting) => {
  const third = await settled(store, `y-${setting.slug}`);
  for (const usrId of crowdOf(setting.u).filter((_, place) => place % 2 === 1)) {
    await added(store, third.orgId, "guest", usrId);
  }
  return neighbour(store, setting);
};
/** One user is invited to two organizations, with the same grants in opposite order. */
export const offersAcross: Start = async (store, setting) => {
  const there = await settled(store, `x-${setting.slug}`);
  const objects = ["1", "2", "3"].map((part) => `${setting.slug} ${part}`);
  return {
    ...setting,
    v: await invited(store, { orgId: setting.orgId, by: setting.a, objects }),
    w: await invited(store, { orgId: there.orgId, by: there.a, objects: [...objects].reverse() }),
  };
};
/** X is there for an hour. */
export const boxedX: Start = async (store, setting) => {
  const expiresAt = new Date(Date.now() + HOUR);
  return { ...setting, x: await store.updateMembership({ memId: setting.x.id, expiresAt }) };
};
/** U was there, left, and keeps for two hours what W grants for good. */
export const grantedForHours: Start = async (store, setting) => {
  const { orgId, u, a } = setting;
  const grant = { relation: "viewer", objectType: "project", objectId: setting.slug } as const;
  const offer = { orgId, identifier: IDENTIFIER, role: "guest", invitedBy: a.usrId } as const;
  const { id: invId } = await store.createInvitation({
    ...offer,
    expiresAt: new Date(Date.now() + HOUR),
    preTuples: [{ ...grant, expiresAt: new Date(Date.now() + 2 * HOUR) }],
  });
  const { membership } = await store.acceptInvitation({ invId, asUsrId: u, acceptingIdentifier: IDENTIFIER });
  await store.selfLeave({ memId: membership.id });
  const w = await store.createInvitation({
    ...offer,
    expiresAt: new Date(Date.now() + 24 * HOUR),
    preTuples: [grant],
  });
  return { ...setting, w };
};
