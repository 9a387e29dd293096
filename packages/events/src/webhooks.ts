import {
  type EventType,
  errorFor,
  generate,
  type Lease,
  type Organization,
  type OrgId,
  type Page,
  type PageOptions,
  RelayError,
  type Subscription,
  type TenancyEvent,
} from "@tenantry/core";
import { eventTypesArgument, fields, idArgument, limitArgument, optionalId } from "@tenantry/core/extend";
import { createSealer, type KeyService, type SealedFor, type SealKey } from "@tenantry/core/seal";
import {
  budgetArgument,
  type DeadLetter,
  type DeadRef,
  deadArgument,
  deadLetters,
  healthOf,
  type RelayHealth,
  type RelayLag,
  type RelayStore,
  type RelayTuning,
  relayOf,
  seek,
  settled,
  TUNING,
  tuned,
} from "./bookkeeping.ts";
import { codeOf } from "./delivery.ts";
import { Engine, type RelayReport, told } from "./engine.ts";
import { report } from "./log.ts";
import { Checks } from "./options.ts";
import { freshSecret, systemRandom } from "./signature.ts";
import { CHECKS_ADDRESS, GONE, send, type WebhookFetch } from "./webhook-sender.ts";
import { type AllowUrl, admittedUrl } from "./webhook-url.ts";

export type { DeadLetter, DeadRef, RelayHealth, RelayLag, RelayStore, RelayTuning } from "./bookkeeping.ts";
export type { RelayReport } from "./engine.ts";
export type { Log, LogEntry } from "./log.ts";
export { type ReceivedWebhook, verifyWebhook, type WebhookMessage } from "./signature.ts";
export type { Timers } from "./timers.ts";
export type { WebhookFetch, WebhookResponse } from "./webhook-sender.ts";
export type { AllowUrl } from "./webhook-url.ts";

/** A store that keeps the group `relay`. */
export interface WebhookStore extends RelayStore {
  getOrg(orgId: OrgId): Promise<Organization>;
}

export interface WebhooksOptions extends RelayTuning {
  readonly store: WebhookStore;
  /** Of the ring that seals the secrets of webhooks, or a service that does. */
  readonly keys: readonly SealKey[] | KeyService;
  /** `nodeFetch()` of `@tenantry/events/node` on Node; elsewhere the platform's, which is the default, and `allowUrl` with it. */
  readonly fetch?: WebhookFetch;
  /** Decides which URLs are admitted, when one is given and before each delivery. Required unless `fetch` looks at addresses. */
  readonly allowUrl?: AllowUrl;
  /** Default `webhooks`. Those of one name share the work. */
  readonly name?: string;
  /** Told of a webhook that was switched off by itself, after the fact. */
  readonly onDisabled?: (webhook: Webhook) => void;
  readonly randomBytes?: (length: number) => Uint8Array;
}

/** Where events are sent to. */
export interface Webhook {
  /** `whk_…` */
  readonly id: string;
  /** `null`: events of all organizations. */
  readonly org: OrgId | null;
  readonly url: string;
  /** `null`: all. */
  readonly types: readonly EventType[] | null;
  readonly createdAt: Date;
  /** Since when no delivery has succeeded; `null`: the last one did. */
  readonly failingSince: Date | null;
  /** Since when nothing is sent, and why: `gone` (the receiver answered 410), `failing` (for three days), `by_hand`. */
  readonly disabled: { readonly at: Date; readonly code: string } | null;
}

/** With the secret that signs, which is shown this once. */
export interface WebhookWithSecret extends Webhook {
  readonly secret: string;
}

/** Whose webhook it has to be: one of another organization is as unknown as one that is not. */
export interface WithinOrg {
  readonly within?: OrgId;
}

/** Throws `not_found` for a webhook that is not there. Everything throws `UnavailableError`. */
export interface Webhooks {
  /**
   * Sends events from now on. Throws `RelayError` `relay.subscription_invalid` for a URL that is not admitted, `not_found` for
   * an organization that is not there.
   */
  create(input: {
    readonly org: OrgId | null;
    readonly url: string;
    readonly types?: readonly EventType[];
  }): Promise<WebhookWithSecret>;
  get(id: string, options?: WithinOrg): Promise<Webhook>;
  /** By id. `org`: those of this organization alone. */
  list(options?: PageOptions & { readonly org?: OrgId }): Promise<Page<Webhook>>;
  /**
   * `types: null`: all. Once it answers nothing is sent to the URL before, but the one event of each organization that is
   * under way, which is sent again. Throws as `create` does, and where somebody else changes it at the same time.
   */
  update(
    id: string,
    changes: { readonly url?: string; readonly types?: readonly EventType[] | null },
    options?: WithinOrg,
  ): Promise<Webhook>;
  /** A new secret. The one before signs too for so long: 0 to 720 hours, 24 by default. */
  rotateSecret(id: string, options?: WithinOrg & { readonly overlapHours?: number }): Promise<WebhookWithSecret>;
  disable(id: string, options?: WithinOrg): Promise<Webhook>;
  /** Sends again, from where it stopped. */
  enable(id: string, options?: WithinOrg): Promise<Webhook>;
  delete(id: string, options?: WithinOrg): Promise<void>;

  /** As with a relay. */
  start(): void;
  stop(): Promise<void>;
  runOnce(options: { readonly budgetMs: number }): Promise<RelayReport>;
  seek(id: string, org: OrgId, seq: number, options?: WithinOrg): Promise<void>;
  redeliver(id: string, dead: DeadRef, options?: WithinOrg): Promise<void>;
  discard(id: string, dead: DeadRef, options?: WithinOrg): Promise<void>;
  /** What was given up for a webhook. */
  dead(id: string, page?: PageOptions & WithinOrg): Promise<Page<DeadLetter>>;
  lag(): Promise<RelayLag>;
  readonly health: RelayHealth;
}

/** How a webhook is kept. */
interface Endpoint {
  readonly url: string;
  /** The one that signs, and the one before as long as it signs too. */
  readonly secrets: readonly { readonly sealed: string; readonly until: string | null }[];
}

const DISABLED_AFTER_MS = 3 * 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;
const MOST_HOURS = 720;

/**
 * A relay that posts events to URLs, signed by the Standard Webhooks scheme. It keeps its webhooks in the group `relay` of
 * the store. Throws `ConfigError` `config.invalid`, `config.capability_missing`.
 */
export function createWebhooks(options: WebhooksOptions): Webhooks {
  const own = ["store", "keys", "fetch", "allowUrl", "name", "onDisabled", "randomBytes"] as const;
  const checks = new Checks(options, [...TUNING, ...own]);
  const name = checks.name("name", "webhooks");
  const fetch = checks.optionalFunction<WebhookFetch>("fetch") ?? (globalThis.fetch as WebhookFetch);
  const allowUrl = checks.optionalFunction<AllowUrl>("allowUrl");
  const onDisabled = checks.optionalFunction<(webhook: Webhook) => void>("onDisabled");
  const random = checks.optionalFunction<(length: number) => Uint8Array>("randomBytes") ?? systemRandom;
  const tuning = tuned(checks, "park");
  const healthySeconds = checks.integer("healthySeconds", 300, 1, 86_400 * 365);
  if (allowUrl === undefined && (fetch as { readonly [CHECKS_ADDRESS]?: unknown })[CHECKS_ADDRESS] !== true) {
    checks.fault("allowUrl", "a function, where fetch does not look at addresses");
  }
  checks.done();
  const sealer = createSealer(options.keys, random);
  const { store } = options;
  const { port, bookkeeping, clock: storeClock } = relayOf(store);
  const clock = tuning.clock ?? storeClock;
  const relay = `webhooks:${name}`;

  const sealedFor = (id: string, orgId: OrgId | null): SealedFor => ({ purpose: `webhook.secret:${id}`, orgId });

  async function deliver(
    event: TenancyEvent,
    { subscription }: Lease,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    const { url, secrets } = endpointOf(subscription);
    const admitted = await admittedUrl(url, allowUrl);
    const now = clock().toISOString();
    const open = secrets.filter(({ until }) => until === null || until > now);
    const texts = await Promise.all(
      open.map(async ({ sealed }) => {
        const secret = await sealer.open(sealed, sealedFor(subscription.id, subscription.orgId));
        return secret.reveal();
      }),
    );
    await send(event, admitted, texts, { fetch, clock, timers: tuning.timers, signal });
  }

  /** Those of which a failure is written down: a success has to end it. */
  const failing = new Set<string>();

  const engine = new Engine(
    {
      source: "webhooks",
      relay,
      port,
      bookkeeping,
      prepare: async () => {},
      deliver,
      async succeeded({ subscription: { id, failingSince } }) {
        if (failing.delete(id) || failingSince !== null) {
          await bookkeeping.failing(id, false);
        }
      },
      async failed({ subscription: { id } }, error) {
        failing.add(id);
        const since = await bookkeeping.failing(id, true);
        const isOver = since !== null && clock().getTime() - since.getTime() >= DISABLED_AFTER_MS;
        const code = codeOf(error) === GONE ? GONE : isOver ? "failing" : null;
        if (code === null) {
          return false;
        }
        failing.delete(id);
        await bookkeeping.disable(id, code);
        await reportDisabled(id, error);
        return true;
      },
      listen: (wake) => store.subscribe(wake),
    },
    { ...tuning, clock },
  );

  async function reportDisabled(id: string, cause: unknown): Promise<void> {
    const subscription = await bookkeeping.subscription(id);
    if (subscription !== null) {
      const tell = async (): Promise<unknown> => onDisabled?.(webhookOf(subscription));
      // Nobody waits for it.
      void tell().catch((thrown) => report(tuning.log, { source: "webhooks", cause: thrown }));
    }
    report(tuning.log, { source: "webhooks", cause, event: null });
  }

  async function known(id: unknown, given: unknown): Promise<Subscription> {
    const { within } = fields(given ?? {}, ["within", "overlapHours"]);
    const org = optionalId("org", within, "within");
    if (typeof id !== "string" || !ID.test(id)) {
      throw missing(typeof id === "string" ? id.slice(0, 36).replace(/[^\x21-\x7e]/g, "?") : typeof id);
    }
    const found = await told(() => bookkeeping.subscription(id));
    if (found === null || found.relay !== relay || (org !== null && found.orgId !== org)) {
      throw missing(id);
    }
    return found;
  }

  const again = async (id: string): Promise<Webhook> => webhookOf(await known(id, {}));

  async function change(
    { id, revision }: Subscription,
    changes: { readonly types?: readonly EventType[] | null; readonly endpoint?: Endpoint },
  ): Promise<Webhook> {
    if (!(await told(() => bookkeeping.change({ id, revision, ...changes })))) {
      throw new RelayError("relay.subscription_invalid", { reason: "changed" });
    }
    return again(id);
  }

  async function switched(id: string, given: unknown, code: string | null): Promise<Webhook> {
    await known(id, given);
    await told(() => bookkeeping.disable(id, code));
    return again(id);
  }

  return {
    async create(input) {
      const { org, url, types } = fields(input, ["org", "url", "types"]);
      const orgId = org === null ? null : idArgument("org", org, "org");
      const wanted = eventTypesArgument(types);
      const { url: admitted } = await admittedUrl(url, allowUrl);
      if (orgId !== null) {
        await store.getOrg(orgId);
      }
      const id = `whk_${generate("tup").slice(4)}`;
      const secret = freshSecret(random);
      const sealed = await sealer.seal(secret, sealedFor(id, orgId));
      const endpoint: Endpoint = { url: admitted.href, secrets: [{ sealed, until: null }] };
      const draft = { id, relay, orgId, types: wanted, from: "now", endpoint } as const;
      return { ...webhookOf(await told(() => bookkeeping.subscribe(draft))), secret };
    },
    get: async (id, given) => webhookOf(await known(id, given)),
    async list(given = {}) {
      const { cursor, limit, org } = fields(given, ["cursor", "limit", "org"]);
      if (cursor !== undefined && cursor !== null && (typeof cursor !== "string" || !ID.test(cursor))) {
        throw errorFor("precondition.invalid_cursor", { value: "the cursor" });
      }
      const take = limitArgument(limit);
      const after = (cursor as string | null | undefined) ?? null;
      const asked = { relay, orgId: optionalId("org", org, "org"), after, take: take + 1 };
      const rows = await told(() => bookkeeping.subscriptions(asked));
      const data = rows.slice(0, take).map(webhookOf);
      return { data, nextCursor: rows.length > take ? (data.at(-1)?.id ?? null) : null };
    },
    async update(id, changes, given) {
      const { url, types } = fields(changes, ["url", "types"]);
      const wanted = types === undefined || types === null ? types : eventTypesArgument(types);
      const subscription = await known(id, given);
      const before = endpointOf(subscription);
      const endpoint = url === undefined ? undefined : { ...before, url: (await admittedUrl(url, allowUrl)).url.href };
      return change(subscription, {
        ...(wanted === undefined ? {} : { types: wanted }),
        ...(endpoint === undefined ? {} : { endpoint }),
      });
    },
    async rotateSecret(id, given = {}) {
      const { overlapHours = 24 } = fields(given, ["within", "overlapHours"]);
      if (typeof overlapHours !== "number" || !(overlapHours >= 0 && overlapHours <= MOST_HOURS)) {
        throw errorFor("precondition.invalid_input", { key: "overlapHours" });
      }
      const subscription = await known(id, given);
      const { url, secrets } = endpointOf(subscription);
      const secret = freshSecret(random);
      const sealed = await sealer.seal(secret, sealedFor(id, subscription.orgId));
      const until = new Date(clock().getTime() + overlapHours * HOUR_MS).toISOString();
      const before = secrets.slice(0, 1).map((one) => ({ sealed: one.sealed, until }));
      return {
        ...(await change(subscription, { endpoint: { url, secrets: [{ sealed, until: null }, ...before] } })),
        secret,
      };
    },
    disable: (id, given) => switched(id, given, "by_hand"),
    enable: (id, given) => switched(id, given, null),
    async delete(id, given) {
      await known(id, given);
      await told(() => bookkeeping.unsubscribe(id));
    },

    start: () => engine.start(),
    stop: () => engine.stop(),
    runOnce: (run) => engine.runOnce(budgetArgument(run)),
    async seek(id, org, seq, given) {
      const { id: subscription } = await known(id, given);
      await seek(bookkeeping, async () => {}, { subscription, orgId: org, seq });
    },
    async redeliver(id, dead, given) {
      const ref = { ...deadArgument(dead), subscription: (await known(id, given)).id };
      await settled(ref, (one) => bookkeeping.redeliver(one));
    },
    async discard(id, dead, given) {
      const ref = { ...deadArgument(dead), subscription: (await known(id, given)).id };
      await settled(ref, (one) => bookkeeping.discard(one));
    },
    async dead(id, page) {
      const { within, ...place } = fields(page ?? {}, ["cursor", "limit", "within"]);
      return deadLetters(bookkeeping, (await known(id, { within })).id, place);
    },
    lag: () => told(() => bookkeeping.lag(relay)),
    health: healthOf(() => told(() => bookkeeping.lag(relay)), healthySeconds),
  };
}

const ID = /^whk_[0-9a-f]{32}$/;

function missing(id: string): Error {
  return errorFor("not_found", { what: "subscription", id });
}

function endpointOf({ endpoint }: Subscription): Endpoint {
  return endpoint as Endpoint;
}

function webhookOf(subscription: Subscription): Webhook {
  const { id, orgId, types, createdAt, failingSince, disabled } = subscription;
  return { id, org: orgId, url: endpointOf(subscription).url, types, createdAt, failingSince, disabled };
}
