import type { Webhook } from "@tenantry/events/webhooks";
import { html } from "hono/html";
import { act, type Markup } from "./layout.ts";

export interface WebhooksPage {
  readonly base: string;
  readonly webhooks: readonly Webhook[];
  /** Shown this once, to whoever made it. */
  readonly secret: string | null;
  /** A receiver in this application, to try it with. */
  readonly receiver: string;
  readonly received: readonly { readonly id: string; readonly type: string }[];
}

export function webhooksPage({ base, webhooks, secret, receiver, received }: WebhooksPage): Markup {
  return html`<section>
      <h2>Webhooks</h2>
      ${secret === null ? "" : html`<p>The secret, shown this once: <code>${secret}</code></p>`}
      <table>
        ${webhooks.map(
          ({ id, url, disabled }) => html`<tr>
            <td><code>${url}</code> ${disabled === null ? "" : html`<span class="badge">off: ${disabled.code}</span>`}</td>
            <td>${act(`${base}/webhooks/${id}/delete`, "Delete", "bad")}</td>
          </tr>`,
        )}
      </table>
      <form class="row" method="post" action="${base}/webhooks">
        <label>URL <input name="url" type="url" required value="${receiver}" size="48" /></label><button>Add</button>
      </form>
    </section>
    <section>
      <h2>Received here</h2>
      ${
        received.length === 0
          ? html`<p class="soft">Nothing yet.</p>`
          : html`<table>
            ${received.map(
              ({ id, type }) => html`<tr>
                <td><code>${type}</code></td>
                <td class="soft">${id}</td>
                <td><span class="badge">signature verified</span></td>
              </tr>`,
            )}
          </table>`
      }
    </section>`;
}
