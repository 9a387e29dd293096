import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import type { Person } from "../session.ts";
import { STYLE } from "./style.ts";

export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;

export interface Page {
  readonly title: string;
  readonly person: Person | null;
  /** Where everybody's own page is, seen from the address of an organization. */
  readonly home: string;
  /** The colour that an organization has chosen. */
  readonly accent?: string | null;
  readonly body: Markup;
}

/** Everything inserted is escaped by `html`; only what we wrote ourselves is raw. */
export function layout({ title, person, home, accent = null, body }: Page): Markup {
  const colour = accent !== null && /^#[0-9a-f]{6}$/.test(accent) ? `:root { --accent: ${accent}; }` : "";
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title} · Atelier</title>
    <link rel="icon" href="data:," />
    <style>${raw(STYLE)}${raw(colour)}</style>
  </head>
  <body>
    <header>
      <div>
        <a class="mark" href="${home}">Atelier</a>
        ${
          person === null
            ? ""
            : html`<form method="post" action="${home}sign-out"><span>${person.email}</span><button class="quiet">Sign out</button></form>`
        }
      </div>
    </header>
    <main>${body}</main>
  </body>
</html>`;
}

export function problem(status: number, code: string, message: string, home: string): Markup {
  return html`<h1>${status === 403 ? "Not for you" : status === 404 ? "Not here" : "That did not work"}</h1>
    <section class="problem">
      <p>${message}</p>
      <p class="soft"><code>${code}</code></p>
      <p><a href="${home}">Back to your organizations</a></p>
    </section>`;
}

/** A form that is one button. */
export function act(action: string, label: string, kind: "" | "quiet" | "bad" = "quiet"): Markup {
  return html`<form method="post" action="${action}"><button class="${kind}">${label}</button></form>`;
}

export function day(date: Date): string {
  return date.toISOString().slice(0, 16).replace("T", " ");
}
