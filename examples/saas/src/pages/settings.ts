import { html } from "hono/html";
import { act, type Markup } from "./layout.ts";

export interface SettingsPage {
  readonly base: string;
  readonly accent: string;
  readonly plan: string;
  readonly isOwner: boolean;
}

export function settingsPage({ base, accent, plan, isOwner }: SettingsPage): Markup {
  return html`<section>
      <h2>Settings</h2>
      <form class="row" method="post" action="${base}/settings">
        <label>Colour <input name="accent" type="color" value="${accent}" /></label>
        <label>Plan <select name="plan">${["free", "team"].map((one) => html`<option ${one === plan ? "selected" : ""}>${one}</option>`)}</select></label>
        <button>Save</button>
      </form>
    </section>
    ${
      isOwner
        ? html`<section class="problem">
          <h2>The end</h2>
          <div class="row">
            ${act(`${base}/suspend`, "Suspend", "bad")} ${act(`${base}/delete`, "Delete in 30 days", "bad")}
          </div>
        </section>`
        : ""
    }`;
}
