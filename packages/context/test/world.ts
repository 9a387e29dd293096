import { encode, type Id, type IdType, isTenancyError, type OrgId, type UsrId } from "@tenantry/core";
import { InMemoryDatabase, InMemoryTenancyStore } from "@tenantry/store-memory";
import type { Actor } from "../src/active-tenant.ts";
import { loadConfig, type TenancyConfig } from "../src/config.ts";
import { storeDirectory, type TenantDirectory } from "../src/directory.ts";
import type { OperatorRules } from "../src/guard.ts";
import type { RequestTenant } from "../src/request-tenant.ts";
import type { Claims, ResolutionInput } from "../src/resolution-input.ts";
import type { TenantResolver } from "../src/resolver.ts";
import { TenantContext } from "../src/tenant-context.ts";

/** An id that is always the same for the same number. */
export function idNo<T extends IdType>(type: T, number: number): Id<T> {
  return encode(type, `0190f2a8-0000-7000-8000-${number.toString(16).padStart(12, "0")}`);
}

export const alice: UsrId = idNo("usr", 1);
export const bob: UsrId = idNo("usr", 2);
export const carol: UsrId = idNo("usr", 3);
export const stranger: UsrId = idNo("usr", 99);

interface Said {
  readonly host?: string | null;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly claims?: Claims | null;
}

/** What a request says; unless said otherwise nothing. */
export function input({ host = null, path = "/", headers = {}, claims = null }: Said): ResolutionInput {
  const sent = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value].flat()]));
  return { host, path, claims, header: (name) => sent.get(name.toLowerCase()) ?? [] };
}

/** The code with which something fails; `null`: it does not. */
export async function codeOf(attempt: () => unknown): Promise<string | null> {
  try {
    await attempt();
    return null;
  } catch (error) {
    if (isTenancyError(error)) {
      return error.code;
    }
    throw error;
  }
}

/** A directory that says how often it was asked. */
export interface Counted {
  readonly directory: TenantDirectory;
  readonly asked: { find: number; standing: number };
}

export function counted(own: TenantDirectory): Counted {
  const asked = { find: 0, standing: 0 };
  return {
    asked,
    directory: {
      ...own,
      find(reference) {
        asked.find += 1;
        return own.find(reference);
      },
      standing(question) {
        asked.standing += 1;
        return own.standing(question);
      },
    },
  };
}

export interface World extends Counted {
  readonly store: InMemoryTenancyStore;
  /** Alice's; Bob is a member. */
  readonly acme: OrgId;
  /** Carol's. */
  readonly beta: OrgId;
  readonly bobMemId: Id<"mem">;
  open(said: Said, actor?: Actor | null): Promise<RequestTenant>;
  readonly tenancy: TenantContext<Actor | null>;
  /** What went to the log. */
  readonly failures: { readonly source: string; readonly cause: unknown }[];
}

interface WorldOptions {
  readonly config?: TenancyConfig;
  readonly resolvers?: readonly TenantResolver[];
  readonly operators?: OperatorRules;
  readonly wrap?: (directory: TenantDirectory) => TenantDirectory;
  readonly database?: InMemoryDatabase;
}

/** Two organizations in memory, and everything in front of them. */
export async function openWorld({
  config = {},
  resolvers,
  operators,
  wrap = (own) => own,
  database = new InMemoryDatabase(),
}: WorldOptions = {}): Promise<World> {
  const store = new InMemoryTenancyStore({}, database);
  const { org: acme } = await store.createOrg({ creator: alice, slug: "acme", name: "Acme" });
  const { org: beta } = await store.createOrg({ creator: carol, slug: "beta", name: "Beta" });
  const membership = await store.addMember({ orgId: acme.id, usrId: bob, role: "member" });
  const { directory, asked } = counted(wrap(storeDirectory(store)));
  const failures: { readonly source: string; readonly cause: unknown }[] = [];
  let claims: Claims | null = null;
  const tenancy = new TenantContext<Actor | null>({
    directory,
    config: loadConfig({ resolution: { baseDomains: ["example.com"] }, ...config }),
    identify: (actor) => actor,
    claims: () => claims,
    log: (failure) => failures.push(failure),
    ...(resolvers === undefined ? {} : { resolvers }),
    ...(operators === undefined ? {} : { operators }),
  });
  return {
    store,
    acme: acme.id,
    beta: beta.id,
    bobMemId: membership.id,
    directory,
    asked,
    tenancy,
    failures,
    open(said, actor = null) {
      claims = said.claims ?? null;
      return tenancy.open(actor, input(said));
    },
  };
}

export function user(id: UsrId): Actor {
  return { kind: "user", id };
}
