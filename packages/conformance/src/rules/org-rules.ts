import type { Code, CreateOrgInput, Metadata, Organization, OrgId, UpdateOrgInput, UsrId } from "@tenantry/core";
import { refuseOrganization } from "./limit-rules.ts";
import { changedKeys, fresh, merged } from "./metadata-rules.ts";
import { type Filled, idFrom, type Rule, type Ruling, refused, type Settings, type Situation } from "./ruling.ts";
import { hasLapsed, latest, type MemberRow, type OrgState, shownMember, type World, writtenDown } from "./world.ts";

interface InOrg {
  readonly org: OrgState;
}
type NewOrg = Filled<Omit<CreateOrgInput, "metadata" | "membershipMetadata" | "placement">> & {
  readonly metadata: Metadata;
  readonly membershipMetadata: Metadata;
};

export const createOrg: Rule<NewOrg, { readonly org: null }> = {
  input([input]) {
    const {
      creator,
      name = null,
      slug = null,
      metadata,
      membershipMetadata,
    } = typeof input === "string" ? { creator: input as UsrId } : (input as CreateOrgInput);
    return { creator, name, slug, metadata: fresh(metadata), membershipMetadata: fresh(membershipMetadata) };
  },
  refuse: ({ slug }, settings) => refuseSlug(slug, settings),
  find: () => ({ org: null }),
  decide(world, { creator, name, slug, metadata, membershipMetadata }, _, situation) {
    const { now, mint } = situation;
    if (slug !== null && world.holder(slug) !== null) {
      return refused("conflict.org_slug");
    }
    return (
      refuseOrganization(world, creator, situation) ?? {
        apply() {
          const [orgId, memId] = [mint("org"), mint("mem")];
          const org = world.putOrg({
            id: orgId,
            status: "active",
            name,
            slug,
            version: 0,
            createdAt: now,
            updatedAt: now,
            metadata,
          });
          const owner = {
            id: memId,
            usrId: creator,
            orgId,
            role: "owner",
            status: "active",
            replaces: null,
            invitedBy: null,
            removedBy: null,
            createdAt: now,
            updatedAt: now,
            expiresAt: null,
            metadata: membershipMetadata,
            invId: null,
          } as const;
          world.putMember(org, owner);
          return {
            org,
            at: now,
            actor: creator,
            event: { type: "org.created", data: { name, slug, memId, usrId: creator } },
            result: () => ({ org: org.row, ownerMembership: shownMember(owner) }),
          };
        },
      }
    );
  },
};

export const updateOrg: Rule<Omit<UpdateOrgInput, "orgId"> & { readonly orgId: OrgId }, InOrg> = {
  input([input]) {
    const { orgId, name, slug, metadata } = input as UpdateOrgInput;
    return {
      orgId: idFrom(orgId),
      ...(name === undefined ? {} : { name }),
      ...(slug === undefined ? {} : { slug }),
      ...(metadata === undefined ? {} : { metadata }),
    };
  },
  refuse: ({ slug = null }, settings) => refuseSlug(slug, settings),
  find: (world, { orgId }) => inOrg(world, orgId),
  decide(world, input, { org }, situation) {
    const { name = org.row.name, slug = org.row.slug } = input;
    if (org.row.status === "revoked") {
      return refused("conflict.already_terminal");
    }
    const holder = slug === null || slug === org.row.slug ? null : world.holder(slug);
    if (holder !== null && holder !== org) {
      return refused("conflict.org_slug");
    }
    const metadata = merged(org.row.metadata, input.metadata ?? {});
    const keys = changedKeys(org.row.metadata, metadata);
    const changes = {
      ...(keys.length === 0 ? {} : { metadata: keys }),
      ...(name === org.row.name ? {} : { name: { from: org.row.name, to: name } }),
      ...(slug === org.row.slug ? {} : { slug: { from: org.row.slug, to: slug } }),
    };
    // A change of metadata is a millisecond later than the last one.
    const now = keys.length === 0 ? situation.now : latest(situation.now, new Date(org.row.updatedAt.getTime() + 1));
    return Object.keys(changes).length === 0
      ? { answer: org.row }
      : rewritten(org, { name, slug, metadata }, { now }, { type: "org.updated", data: { changes } });
  },
};

const byOrgId = {
  input: ([org]: readonly unknown[]) => ({ orgId: idFrom(org as OrgId | Organization) }),
  find: (world: World, { orgId }: { readonly orgId: OrgId }) => inOrg(world, orgId),
};

export const suspendOrg: Rule<{ readonly orgId: OrgId }, InOrg> = {
  ...byOrgId,
  decide: (_, __, { org }, situation) =>
    org.row.status === "active"
      ? rewritten(org, { status: "suspended" }, situation, { type: "org.suspended", data: {} })
      : refused("conflict.already_terminal"),
};

export const reinstateOrg: Rule<{ readonly orgId: OrgId }, InOrg> = {
  ...byOrgId,
  decide: (_, __, { org }, situation) =>
    org.row.status === "suspended"
      ? rewritten(org, { status: "active" }, situation, { type: "org.reinstated", data: {} })
      : refused("precondition.invalid_transition"),
};

export const revokeOrg: Rule<{ readonly orgId: OrgId }, InOrg> = {
  ...byOrgId,
  decide(world, _, { org }, { now, actor }) {
    const { status: from, slug } = org.row;
    if (from === "revoked") {
      return refused("conflict.already_terminal");
    }
    return {
      apply() {
        const ended = { memberships: 0, invitations: 0, tuples: 0 };
        // All tuples on the organization go, whoever wrote them.
        for (const [key, tuple] of world.tuples) {
          if (tuple.objectType === "org" && tuple.objectId === org.row.id) {
            world.tuples.delete(key);
            world.granters.delete(key);
            ended.tuples += hasLapsed(tuple, now) ? 0 : 1;
          }
        }
        for (const row of [...org.members.values()].filter(({ status }) => status !== "revoked")) {
          const end: MemberRow = { ...row, status: "revoked", updatedAt: latest(now, row.updatedAt) };
          world.putMember(org, hasLapsed(row, now) ? writtenDown(row) : end);
          ended.memberships += hasLapsed(row, now) ? 0 : 1;
        }
        for (const row of org.invitations.values()) {
          if (row.status === "pending" && row.expiresAt.getTime() >= now.getTime()) {
            const terminalAt = latest(now, row.createdAt);
            world.putInvitation(org, { ...row, status: "revoked", terminalAt, terminalBy: actor });
            ended.invitations += 1;
          }
        }
        org.row = { ...org.row, status: "revoked", updatedAt: latest(now, org.row.updatedAt) };
        const event = { type: "org.revoked", data: { from, slug, ...ended } } as const;
        return { org, at: now, actor: null, event, result: () => org.row };
      },
    };
  },
};

function refuseSlug(slug: string | null, { isReserved }: Settings): Code | null {
  return slug !== null && isReserved(slug) ? "precondition.org_slug_reserved" : null;
}

function rewritten(
  org: OrgState,
  fields: Partial<Organization>,
  { now }: Pick<Situation, "now">,
  event: { readonly type: "org.updated" | "org.suspended" | "org.reinstated"; readonly data: object },
): Ruling {
  return {
    apply() {
      org.row = { ...org.row, ...fields, updatedAt: latest(now, org.row.updatedAt) };
      return { org, at: now, actor: null, event, result: () => org.row };
    },
  };
}

export function inOrg(world: World, orgId: OrgId): InOrg | null {
  const org = world.org(orgId);
  return org === null ? null : { org };
}
