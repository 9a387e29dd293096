import { loadConfig, RESERVED_LABELS, storeDirectory, TenantContext } from "@tenantry/context";
import { emailIdentifiers, type Group } from "@tenantry/core";
import { type Audit, createAudit } from "@tenantry/events";
import { createWebhooks, type Webhooks } from "@tenantry/events/webhooks";
import { defineTables, type Isolation, type TableDeclaration } from "@tenantry/isolation";
import { listened } from "@tenantry/isolation/pg";
import { TenantLifecycleService } from "@tenantry/lifecycle";
import { CachedSettingsProvider, storeSettings, TenantSettings } from "@tenantry/settings";
import { PostgresTenancyStore } from "@tenantry/store-pg";
import type { Context } from "hono";
import pg from "pg";
import { type Addresses, addresses } from "./addresses.ts";
import { type People, people } from "./people.ts";
import { openPlaces, type Strategy } from "./places.ts";
import type { Rows } from "./projects.ts";
import { createReceiver, type Receiver } from "./receiver.ts";
import { type Sessions, sessions } from "./session.ts";
import { SETTINGS } from "./settings.ts";
import { type Tokens, tokens } from "./tokens.ts";
import type { Visit } from "./visit.ts";

export interface BackendOptions {
  /** The role that owns the tables, for tenancy. */
  readonly ownerUrl: string;
  /** The role of the application's own queries: it owns nothing. */
  readonly appUrl: string;
  readonly appRole: string;
  readonly adminRole: string;
  /** How tenants' rows are kept apart. */
  readonly strategy: Strategy;
  /** Everybody's own page. */
  readonly home: URL;
  /** At least 32 bytes: signs cookies and tokens, and nothing else. */
  readonly secret: Uint8Array;
  /** Where this process can be reached by itself: the one address that webhooks of the example may lead to. */
  readonly origin: string;
  /** Hears why somebody could not be looked up; whoever asked does not. */
  readonly log?: (source: string, cause: unknown) => void;
}

/** Everything that a request may need, made once. */
export interface Backend {
  readonly store: PostgresTenancyStore;
  readonly tenancy: TenantContext<Context<Visit>>;
  readonly lifecycle: TenantLifecycleService;
  readonly isolation: Isolation<Rows>;
  readonly settings: TenantSettings<typeof SETTINGS>;
  readonly webhooks: Webhooks;
  readonly audit: Audit;
  readonly people: People;
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  readonly addresses: Addresses;
  readonly receiver: Receiver;
  close(): Promise<void>;
}

export const GROUPS: readonly Group[] = ["settings", "lifecycle", "relay", "audit", "placement"];

/** Whose the application's tables are. From this come the policies, and what the doctor looks at. */
export function declaredTables({
  appRole,
  adminRole,
  strategy,
}: Pick<BackendOptions, "appRole" | "adminRole" | "strategy">): TableDeclaration {
  const owned =
    strategy === "row"
      ? ({ projects: "tenant", documents: "tenant", templates: "both" } as const)
      : // Of templates the shared schema has everybody's alone; a tenant's own are in its schema, like all that is its.
        ({ templates: "shared" } as const);
  return defineTables({ schema: "app", appRole, adminRole, tables: { ...owned, plans: "shared", people: "ignored" } });
}

export async function openBackend(options: BackendOptions): Promise<Backend> {
  const { home, secret, log = console.error } = options;
  const owner = listened(new pg.Pool({ connectionString: options.ownerUrl, max: 4 }));
  const own = listened(new pg.Pool({ connectionString: options.appUrl, max: 4 }));
  owner.on("error", () => {});
  own.on("error", () => {});

  const store = new PostgresTenancyStore(owner, {
    groups: GROUPS,
    identifierPolicy: emailIdentifiers,
    reservedSlugs: RESERVED_LABELS,
  });
  const places = openPlaces(options.strategy, { ...options, owner, store });
  const at = addresses(home);
  const keys = await tokens(secret);
  const signed = sessions(Buffer.from(secret).toString("base64"), at.baseDomain);
  const tenancy = new TenantContext<Context<Visit>>({
    directory: storeDirectory(store, places.placementOf === null ? {} : { placementOf: places.placementOf }),
    config: loadConfig({
      resolution: { resolvers: ["jwt", "header", "subdomain", "path"], baseDomains: [at.baseDomain] },
    }),
    log: ({ source, cause }) => log(source, cause),
    claims: (c) => keys.claims(c.req.raw),
    async identify(c) {
      const usrId = c.get("person")?.usrId ?? (await keys.holder(c.req.raw));
      return usrId === null ? null : { kind: "user", id: usrId };
    },
  });
  store.subscribe((event) => tenancy.validator.onEvent(event));

  const provider = new CachedSettingsProvider(storeSettings(store));
  const webhooks = createWebhooks({
    store,
    keys: [{ id: "k1", secret: secret.slice(0, 32) }],
    allowUrl: (url) => url.origin === options.origin,
  });
  return {
    store,
    tenancy,
    lifecycle: new TenantLifecycleService(store, {
      caches: [tenancy.validator],
      strategy: options.strategy,
      // What is ended is put away with its rows, and not removed.
      ...(places.provisioner === null ? {} : { provisioner: places.provisioner, deprovision: "rename" }),
    }),
    isolation: places.isolation,
    settings: new TenantSettings(provider, SETTINGS),
    webhooks,
    audit: createAudit(store),
    people: people(own),
    sessions: signed,
    tokens: keys,
    addresses: at,
    receiver: createReceiver(options.origin),
    async close() {
      await webhooks.stop();
      await Promise.all([owner.end(), own.end(), places.close()]);
    },
  };
}
