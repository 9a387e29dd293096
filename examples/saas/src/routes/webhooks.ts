import { requireTenant } from "@tenantry/context/hono";
import { type Context, Hono } from "hono";
import { z } from "zod";
import type { Backend } from "../backend.ts";
import { formOf } from "../form.ts";
import type { Markup } from "../pages/layout.ts";
import type { Place } from "../pages/organization.ts";
import { webhooksPage } from "../pages/webhooks.ts";
import type { Visit } from "../visit.ts";

/** What the pages of an organization share. */
export interface Pages {
  readonly page: (c: Context<Visit>, tab: Place["tab"], markup: Markup) => Promise<Response>;
  readonly baseOf: (c: Context<Visit>) => string;
}

/** Where an organization has its events sent to. */
export function webhookRoutes({ webhooks, receiver }: Backend, { page, baseOf }: Pages): Hono<Visit> {
  const routes = new Hono<Visit>();
  routes.use(requireTenant({ role: "admin" }));

  const show = async (c: Context<Visit>, secret: string | null): Promise<Response> => {
    const org = c.get("tenant").org.id;
    const { data } = await webhooks.list({ org });
    const shown = {
      base: baseOf(c),
      webhooks: data,
      secret,
      receiver: receiver.addressOf(org),
      received: receiver.of(org),
    };
    return page(c, "webhooks", webhooksPage(shown));
  };

  routes.get("/", (c) => show(c, null));

  routes.post("/", async (c) => {
    const { url } = await formOf(c, { url: z.string().max(2_000) });
    const org = c.get("tenant").org.id;
    const { secret } = await webhooks.create({ org, url });
    // The receiver is another system's, which somebody would give the secret to by hand.
    receiver.trust(org, secret);
    return show(c, secret);
  });

  routes.post("/:id/delete", async (c) => {
    // One of another organization is as unknown as one that never was.
    await webhooks.delete(c.req.param("id"), { within: c.get("tenant").org.id });
    return c.redirect(`${baseOf(c)}/webhooks`, 303);
  });

  return routes;
}
