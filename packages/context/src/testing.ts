import { generate, type OrgId, type UsrId } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import type { ActiveTenant } from "./active-tenant.ts";
import { loadConfig } from "./config.ts";
import { storeDirectory } from "./directory.ts";
import type { Requirement } from "./requirement.ts";
import { TenantContext } from "./tenant-context.ts";

/** What of a request the stub's own identification reads: who sends it. Requests of every framework may stand there. */
export type ActingUser = { readonly usrId?: UsrId | null };

export interface TenantStub {
  readonly store: InMemoryTenancyStore;
  readonly tenancy: TenantContext<ActingUser>;
  /** The proof for a member, made by the guard as for a request. Throws what a guard throws. */
  as(usrId: UsrId, orgId: OrgId, requirement?: Requirement): Promise<ActiveTenant>;
  /** Moves the clock, which stands still otherwise. */
  advance(milliseconds: number): void;
}

/** Tenants in memory for tests: the header alone names one, no look-up is kept longer than the stub's clock says. */
export function createTenantStub(begin: Date = new Date("2030-01-01T00:00:00.000Z")): TenantStub {
  let now = begin.getTime();
  const clock = (): Date => new Date(now);
  const store = new InMemoryTenancyStore({ clock });
  const config = loadConfig({
    resolution: { resolvers: ["header"] },
    lifecycle: { strategy: "row", autoProvision: false },
    integration: { cacheKeyPrefix: false, sqlContext: false },
  });
  const tenancy = new TenantContext<ActingUser>({
    directory: storeDirectory(store),
    config,
    clock,
    identify: ({ usrId = null }) => (usrId === null ? null : { kind: "user", id: usrId }),
    requestId: () => generate("ses"),
  });
  return {
    store,
    tenancy,
    async as(usrId, orgId, requirement) {
      const header = (name: string): readonly string[] => (name === "x-tenant-id" ? [orgId] : []);
      const request = await tenancy.open({ usrId }, { host: null, path: "/", header });
      return tenancy.guard.require(request, requirement);
    },
    advance(milliseconds) {
      now += milliseconds;
    },
  };
}
