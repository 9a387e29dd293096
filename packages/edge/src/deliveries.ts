import { encode, type UsrId } from "@tenantry/core";
import { createAudit, createEvents } from "@tenantry/events";
import { createRelay } from "@tenantry/events/relay";
import { createWebhooks, verifyWebhook } from "@tenantry/events/webhooks";
import { InMemoryTenancyStore } from "@tenantry/store-memory";

const alice: UsrId = encode("usr", "0190f2a8-0000-7000-8000-000000000001");

/** What becomes of an organization's events where there is no module of Node, in a few words. */
export async function deliveries(): Promise<unknown> {
  const store = new InMemoryTenancyStore({ groups: ["relay", "audit"] });
  const heard: string[] = [];
  createEvents({ store }).subscribe({}, ({ type }) => heard.push(type));
  const relayed: string[] = [];
  const relay = createRelay({ store, name: "edge", deliver: async ({ type }) => void relayed.push(type) });
  await relay.runOnce({ budgetMs: 1000 });
  const received: string[] = [];
  const given = { secret: "" };
  const webhooks = createWebhooks({
    store,
    keys: [{ id: "k1", secret: new Uint8Array(32).fill(7) }],
    // Here nobody can look at addresses, so the application says which URLs it knows.
    allowUrl: ({ hostname }) => hostname === "hooks.example.com",
    async fetch(_, { headers, body }) {
      const { type } = await verifyWebhook({ secret: given.secret, headers, body });
      received.push(type);
      return { status: 204, headers: { get: () => null }, body: null };
    },
  });
  const { org } = await store.createOrg(alice);
  given.secret = (await webhooks.create({ org: org.id, url: "https://hooks.example.com/" })).secret;
  await store.suspendOrg(org.id, { actor: alice });
  const { delivered } = await relay.runOnce({ budgetMs: 1000 });
  const sent = await webhooks.runOnce({ budgetMs: 1000 });
  const audit = createAudit(store);
  const { data } = await audit.list({ org: org.id, newestFirst: true });
  const attribution = await audit.attribution([org.id]);
  return {
    heard,
    relayed,
    received,
    delivered: [delivered, sent.delivered],
    audit: data.map(({ type }) => type),
    isAttributed: attribution.get(org.id)?.updatedBy === alice,
  };
}

/** Answers whatever it is asked with what became of them. */
export async function handle(): Promise<Response> {
  return Response.json(await deliveries());
}
