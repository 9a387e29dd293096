import { generate, isTenancyError, type TenancyStore } from "@tenantry/core";

/** What happened, as JSON. Ids are named in the order in which they appear, so that two runs can be compared. */
export type Transcript = readonly unknown[];

/** The time of every step: a clock of one's own is an option of the store. */
export const NOW = "2026-01-02T03:04:05.678Z";
const NEXT_WEEK = new Date("2026-01-09T03:04:05.678Z");

/** Some life of an organization, on an empty store whose clock stands at `NOW`. */
export async function scenario(store: TenancyStore): Promise<Transcript> {
  const [alice, bob] = [generate("usr"), generate("usr")];
  const { org, ownerMembership } = await store.createOrg({ creator: alice, name: "Acme", slug: "acme" });
  const invitation = await store.createInvitation({
    orgId: org.id,
    identifier: "bob@example.com",
    role: "member",
    invitedBy: alice,
    expiresAt: NEXT_WEEK,
    preTuples: [{ relation: "editor", objectType: "project", objectId: "Größe 42 🦀" }],
  });
  const acceptance = { invId: invitation.id, asUsrId: bob, acceptingIdentifier: "bob@example.com" };
  const accepted = await store.acceptInvitation(acceptance, { idempotencyKey: "accept" });
  const replayed = await store.acceptInvitation(acceptance, { idempotencyKey: "accept" });
  const admin = await store.changeRole({ memId: accepted.membership.id, newRole: "admin" });
  const refused = await refusal(store.selfLeave({ memId: ownerMembership.id }));
  const lists = [
    await store.listMembers(org.id, { total: true }),
    await store.listInvitations(org.id),
    await store.listTuplesForSubject("usr", bob),
    await store.listTuplesForObject("org", org.id),
  ];
  return withoutIds([org, ownerMembership, invitation, accepted, replayed, admin, refused, ...lists]);
}

async function refusal(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    return isTenancyError(error) ? { code: error.code, details: error.details } : String(error);
  }
}

function withoutIds(steps: readonly unknown[]): Transcript {
  const names = new Map<string, string>();
  const text = JSON.stringify(steps).replaceAll(/\b(usr|org|mem|inv)_[0-9a-f]{32}\b/g, (id, type: string) => {
    const name = names.get(id) ?? `${type} ${names.size + 1}`;
    names.set(id, name);
    return name;
  });
  return JSON.parse(text) as Transcript;
}
