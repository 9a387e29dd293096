import {
  type Capabilities,
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
import { type Placed, placedStore, seen } from "./placed.ts";
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
  /** What it keeps: with the group `placement` it has to be a store of `@tenantry`. */
  readonly capabilities?: Pick<Capabilities, "groups">;
}

export interface DirectoryOptions {
  /**
   * The organization that has proved a domain to be its own, or its id, which is one more read. `DomainDirectory` of
   * `./domains` answers it, with its placement or without. Without it domains name nobody.
   */
  readonly orgOfDomain?: (domain: string) => Promise<Organization | Placed<Organization> | OrgId | null>;
  /**
   * Where the rows of an organization are, if somebody else than the store knows it: asked after every look, which is whatever
   * that costs. Default: a store that keeps the group `placement` answers it in the same look; otherwise they are among those of
   * all others.
   */
  readonly placementOf?: (org: Organization) => Placement | Promise<Placement>;
  /** What holds for an organization of which the store keeps no placement. Default: its rows are among those of all others. */
  readonly unplaced?: () => Placement;
}

/**
 * The tenants of a store. Each look is one round trip, with `placementOf` and for a domain whose organization is answered as an
 * id one more. Throws `ConfigError` `config.invalid` for what says that it keeps the group `placement` and is no store of this
 * copy of `@tenantry/core`.
 */
export function storeDirectory(store: DirectoryStore, options: DirectoryOptions = {}): TenantDirectory {
  const { orgOfDomain } = options;
  const { getOrg, getOrgBySlug, standing, infoOf } = looks(store, options);
  const tenantOf = async ({ kind, value }: TenantReference): Promise<TenantInfo | null> => {
    switch (kind) {
      case "id":
        return isId(value, "org") ? await orNull(getOrg(value)) : null;
      case "slug":
        return await orNull(getOrgBySlug(value));
      case "domain": {
        const found = (await orgOfDomain?.(value)) ?? null;
        return typeof found === "string" ? await orNull(getOrg(found)) : found && (await infoOf(found));
      }
    }
  };

  return {
    knowsDomains: orgOfDomain !== undefined,
    find: tenantOf,
    async standing({ orgId, usrId, tuples }) {
      return standing({
        orgId,
        ...(usrId === null ? {} : { usrId }),
        ...(tuples.length === 0 ? {} : { tuples }),
      });
    },
  };
}

interface Looks {
  getOrg(orgId: OrgId): Promise<TenantInfo>;
  getOrgBySlug(slug: string): Promise<TenantInfo>;
  standing(input: StandingInput): Promise<TenantStanding>;
  /** Of an organization that was looked up elsewhere. */
  infoOf(found: Organization | Placed<Organization>): Promise<TenantInfo>;
}

/** Looks at organizations, and at where their rows are: in the same look if the store keeps that. */
function looks(store: DirectoryStore, { placementOf, unplaced = () => ROW_PLACEMENT }: DirectoryOptions): Looks {
  const kept = placementOf === undefined && store.capabilities?.groups?.includes("placement") === true;
  if (kept) {
    const own = placedStore(store);
    const placedAs = ({ placement }: Placed<unknown>): Placement => (placement === null ? unplaced() : seen(placement));
    const infoOf = (found: Placed<Organization>): TenantInfo => tenantInfo(found.answer, placedAs(found));
    return {
      getOrg: async (orgId) => infoOf(await own.getOrg(orgId)),
      getOrgBySlug: async (slug) => infoOf(await own.getOrgBySlug(slug)),
      async standing(input) {
        const found = await own.standing(input);
        const { org, ...held } = found.answer;
        return standingOf(held, org && tenantInfo(org, placedAs(found)));
      },
      infoOf: async (found) => infoOf("answer" in found ? found : await own.getOrg(found.id)),
    };
  }
  const placeOf = placementOf ?? (() => ROW_PLACEMENT);
  const infoOf = async (org: Organization): Promise<TenantInfo> => tenantInfo(org, await placeOf(org));
  return {
    getOrg: async (orgId) => infoOf(await store.getOrg(orgId)),
    getOrgBySlug: async (slug) => infoOf(await store.getOrgBySlug(slug)),
    async standing(input) {
      const { org, ...held } = await store.standing(input);
      return standingOf(held, org && (await infoOf(org)));
    },
    infoOf: (found) => infoOf("answer" in found ? found.answer : found),
  };
}

function standingOf({ membership, roles, tuples }: Omit<Standing, "org">, org: TenantInfo | null): TenantStanding {
  return { org, membership, roles, tuples };
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
