import { type ReceivedWebhook, verifyWebhook, type WebhookMessage } from "@tenantry/events/webhooks";
import { Hono } from "hono";

/**
 * Somebody else's system, here so that there is one to send to. It believes what is signed with the secret that it was given,
 * and keeps the order by `seq`: what it has seen already is not news.
 */
export interface Receiver {
  trust(org: string, secret: string): void;
  addressOf(org: string): string;
  /** The newest first. */
  of(org: string): readonly WebhookMessage[];
  readonly routes: Hono;
}

const MOST = 50;

export function createReceiver(origin: string): Receiver {
  const secrets = new Map<string, string>();
  const received = new Map<string, readonly WebhookMessage[]>();

  const accept = async (
    org: string,
    parts: Pick<ReceivedWebhook, "headers" | "body">,
  ): Promise<200 | 204 | 401 | 410> => {
    const secret = secrets.get(org);
    if (secret === undefined) {
      return 410;
    }
    const message = await verifyWebhook({ secret, ...parts }).catch(() => null);
    if (message === null) {
      return 401;
    }
    const known = received.get(org) ?? [];
    if (message.seq > (known[0]?.seq ?? 0)) {
      received.set(org, [message, ...known].slice(0, MOST));
    }
    return 204;
  };

  const routes = new Hono();
  routes.post("/:org", async (c) => {
    const parts = { headers: c.req.raw.headers, body: await c.req.text() };
    return c.body(null, await accept(c.req.param("org"), parts));
  });
  return {
    trust: (org, secret) => void secrets.set(org, secret),
    addressOf: (org) => `${origin}/receiver/${org}`,
    of: (org) => received.get(org) ?? [],
    routes,
  };
}
