import type { TenantEnv } from "@tenantry/context/hono";
import type { Context } from "hono";
import { layout, type Page, problem } from "./pages/layout.ts";
import type { Person } from "./session.ts";

/** What every handler knows of a request. */
export interface Visit {
  readonly Variables: TenantEnv["Variables"] & { person: Person | null; home: string; accent: string | null };
}

/** A page around its body. */
export async function render(c: Context<Visit>, page: Pick<Page, "title" | "body">, status = 200): Promise<Response> {
  const { person, home, accent } = c.var;
  const text = await layout({ ...page, person, home, accent });
  return new Response(String(text), { status, headers: { "content-type": "text/html; charset=utf-8" } });
}

/** A refusal is JSON for programs, and a page for whoever looks at one. */
export async function asPage(c: Context<Visit>): Promise<void> {
  const { res, req } = c;
  const isRefusal = res.status >= 400 && res.headers.get("content-type")?.startsWith("application/json") === true;
  if (!isRefusal || req.header("accept")?.includes("text/html") !== true) {
    return;
  }
  const { code, message } = (await res.clone().json()) as { readonly code: string; readonly message: string };
  const { home } = c.var;
  c.res = await render(c, { title: "Refused", body: problem(res.status, code, message, home) }, res.status);
}
