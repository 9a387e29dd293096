import { deriveUsrId, type Limits, type TenancyOptions, type UsrId } from "@tenantry/core";
import { type Operation, operations } from "../contract/operations.ts";
import { INVITED, type Town } from "../contract/town.ts";

/** A call that meets faults. */
export interface FaultCase extends Operation {
  readonly title: string;
  /** Of the store. */
  readonly options: TenancyOptions;
  /** How many events it writes, in all organizations. */
  readonly events: number;
}

/** The operation as it is, unless it says otherwise. */
export function caseOf(operation: Operation & Partial<FaultCase>): FaultCase {
  return { title: operation.name, options: {}, events: 1, ...operation };
}

function named(name: string): FaultCase {
  return caseOf(operations.find((operation) => operation.name === name) as Operation);
}

/** As many as the town has, and one more. */
const LIMITS: Limits = { members: 5, pendingInvitations: 2, organizationsPerUser: 1 };

/** The same call where the last place is taken: more is looked at, and more expected. */
function limited(name: string): FaultCase {
  return { ...named(name), title: `${name}, under limits`, options: { limits: LIMITS } };
}

/** Others who belong to nothing: the same every time. */
const stranger = (town: Town, number: number): UsrId =>
  deriveUsrId("6ba7b810-9dad-11d1-80b4-00c04fd430c8", `${town.stranger} ${number}`);
const threeOf = (town: Town): readonly Town["owner"][] => [town.admin, town.member, town.suspended];

const severalRows = (
  [
    {
      ...named("addMembers"),
      args: (town) => [
        {
          orgId: town.org,
          rows: [stranger(town, 1), town.stranger, stranger(town, 2)].map((usrId) => ({ usrId, role: "member" })),
        },
      ],
    },
    {
      ...named("createInvitations"),
      args: ({ org, owner, later }) => [
        {
          orgId: org,
          rows: ["a@hidden.example", INVITED, "b@hidden.example"].map((identifier) => ({
            ...{ identifier, role: "member", invitedBy: owner.usrId, expiresAt: new Date(later) },
          })),
        },
      ],
    },
    {
      ...named("changeRoles"),
      prepare: ({ store, suspended }) => store.reinstateMembership(suspended.memId),
      args: (town) => [{ orgId: town.org, rows: threeOf(town).map(({ memId }) => ({ memId, newRole: "guest" })) }],
    },
    {
      ...named("removeMembers"),
      args: (town) => [
        { orgId: town.org, rows: threeOf(town).map(({ memId }) => ({ memId, adminUsrId: town.owner.usrId })) },
      ],
    },
  ] satisfies readonly FaultCase[]
).map((some): FaultCase => ({ ...some, title: `${some.name}, three rows`, events: 3 }));

const severalOrganizations: FaultCase = {
  ...named("removeUser"),
  title: "removeUser, two organizations",
  events: 2,
  async prepare({ store, org, stranger: usrId, owner }) {
    await store.addMember({ orgId: org, usrId, role: "member" });
    const { org: other } = await store.createOrg(owner.usrId);
    await store.addMember({ orgId: other.id, usrId, role: "member" });
  },
  args: ({ stranger: usrId }) => [{ usrId, grants: true }],
};

/** Every operation, and those that are more than one event, or that more is expected of, once more so. */
export const faultCases: readonly FaultCase[] = [
  ...operations.map(caseOf),
  ...["createOrg", "addMember", "acceptInvitation", "createInvitation", "addMembers", "createInvitations"].map(limited),
  ...severalRows,
  severalOrganizations,
];

export const keyedCases: readonly FaultCase[] = faultCases.filter(({ hasKey }) => hasKey);
