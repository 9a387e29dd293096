import {
  isId,
  isTenancyError,
  type MemId,
  type Organization,
  type OrgId,
  type PreTuple,
  type Role,
  type Standing,
  type StandingInput,
  type Status,
  type UsrId,
} from "@tenantry/core";
import type { TenantReference } from "./reference.ts";
import { type Placement, ROW_PLACEMENT, type TenantInfo, tenantInfo } from "./tenant-info.ts";

/** What somebody asks about themself and a tenant. */
export interface StandingQuestion {
  readonly orgId: OrgId;
  /** `null`: only the tenant is looked at. */
  readonly usrId: UsrId | null;
  readonly tuples: readonly PreTuple[];
}

/** The answer of one instant: never from a cache. */
export interface TenantStanding {
  readonly org: TenantInfo | null;
  readonly membership: { readonly id: MemId; readonly role: Role; readonly status: Status } | null;
  /** Of which role tuples the user has one. */
  readonly roles: readonly Role[];
  readonly tuples: readonly boolean[];
}

/** Where tenants are looked up: each look one indexed read, and `null` for what is not there. */
export interface TenantDirectory {
  /** Whether it can tell whose domain a host is. */
  readonly knowsDomains: boolean;
  find(reference: TenantReference): Promise<TenantInfo | null>;
  standing(question: StandingQuestion): Promise<TenantStanding>;
}

/** What of a store the directory calls: every store of `@tenantry` has it. */
export interface DirectoryStore {
  getOrg(orgId: OrgId): Promise<Organization>;
  getOrgBySlug(slug: string): Promise<Organization>;
  standing(input: StandingInput): Promise<Standing>;
}

export interface DirectoryOptions {
  /**
   * The organization that has proved a domain to be its own, or its id, which is one more read. `DomainDirectory` of
   * `./domains` answers it. Without it domains name nobody.
   */
  readonly orgOfDomain?: (domain: string) => Promise<Organization | OrgId | null>;
  /** Where the rows of an organization are. Default: among those of all others. */
  readonly placementOf?: (org: Organization) => Placement | Promise<Placement>;
}

/** The tenants of a store. */
export function storeDirectory(
  store: DirectoryStore,
  { orgOfDomain, placementOf = () => ROW_PLACEMENT }: DirectoryOptions = {},
): TenantDirectory {
  const orgOf = async ({ kind, value }: TenantReference): Promise<Organization | null> => {
    switch (kind) {
      case "id":
        return isId(value, "org") ? await orNull(store.getOrg(value)) : null;
      case "slug":
        return await orNull(store.getOrgBySlug(value));
      case "domain": {
        const found = (await orgOfDomain?.(value)) ?? null;
        return typeof found === "string" ? await orNull(store.getOrg(found)) : found;
      }
    }
  };
  const infoOf = async (org: Organization | null): Promise<TenantInfo | null> =>
    org === null ? null : tenantInfo(org, await placementOf(org));

  return {
    knowsDomains: orgOfDomain !== undefined,
    find: async (reference) => infoOf(await orgOf(reference)),
    async standing({ orgId, usrId, tuples }) {
      const asked = {
        orgId,
        ...(usrId === null ? {} : { usrId }),
        ...(tuples.length === 0 ? {} : { tuples }),
      };
      const { org, membership, roles, tuples: held } = await store.standing(asked);
      return { org: await infoOf(org), membership, roles, tuples: held };
    },
  };
}

async function orNull<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (isTenancyError(error, "not_found")) {
      return null;
    }
    throw error;
  }
}
