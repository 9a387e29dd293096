import type { InvitationWithOrg, MembershipWithOrg, Organization } from "@tenantry/core";
import { html } from "hono/html";
import { act, day, type Markup } from "./layout.ts";

export function signInPage(next: string): Markup {
  return html`<h1>Work that belongs to a team</h1>
    <section>
      <h2>Sign in</h2>
      <p class="soft">This is an example: type any address, and you are that person.</p>
      <form class="row" method="post" action="/sign-in">
        <label>E-mail <input name="email" type="email" required autofocus placeholder="alice@example.com" /></label>
        <input type="hidden" name="next" value="${next}" />
        <button>Sign in</button>
      </form>
    </section>`;
}

export interface Overview {
  readonly memberships: readonly MembershipWithOrg[];
  readonly invitations: readonly InvitationWithOrg[];
  /** The addresses of an organization: by its path, and by a host of its own. */
  readonly addresses: (org: Pick<Organization, "id" | "slug">) => { readonly path: string; readonly host: string };
}

export function overviewPage({ memberships, invitations, addresses }: Overview): Markup {
  return html`<h1>Your organizations</h1>
    ${invitations.length === 0 ? "" : invitationList(invitations)}
    <section>
      ${memberships.length === 0 ? html`<p class="soft">None yet. Create one, or wait to be invited.</p>` : membershipTable(memberships, addresses)}
    </section>
    <section>
      <h2>A new organization</h2>
      <form class="row" method="post" action="/organizations">
        <label>Name <input name="name" required maxlength="200" placeholder="Acme" /></label>
        <label>Address <input name="slug" required pattern="[a-z0-9]([a-z0-9-]*[a-z0-9])?" maxlength="63" placeholder="acme" /></label>
        <button>Create</button>
      </form>
    </section>`;
}

function invitationList(invitations: readonly InvitationWithOrg[]): Markup {
  return html`<section>
    <h2>Invitations</h2>
    <table>
      ${invitations.map(
        ({ id, org, role, expiresAt }) => html`<tr>
          <td><strong>${org.name}</strong> <span class="badge">${role}</span></td>
          <td class="soft">until ${day(expiresAt)}</td>
          <td>${act(`/invitations/${id}/accept`, "Accept", "")} ${act(`/invitations/${id}/decline`, "Decline")}</td>
        </tr>`,
      )}
    </table>
  </section>`;
}

function membershipTable(memberships: readonly MembershipWithOrg[], addresses: Overview["addresses"]): Markup {
  return html`<table>
    ${memberships.map(({ org, role }) => {
      const { path, host } = addresses(org);
      return html`<tr>
        <td>${org.status === "active" ? html`<a href="${path}">${org.name}</a>` : org.name}</td>
        <td><span class="badge">${role}</span> ${org.status === "active" ? "" : html`<span class="badge">${org.status}</span>`}</td>
        <td class="soft">
          ${
            org.status === "active"
              ? html`<a href="${host}">${new URL(host).host}</a>`
              : role === "owner" && org.status === "suspended"
                ? act(`/organizations/${org.id}/reinstate`, "Reinstate")
                : ""
          }
        </td>
      </tr>`;
    })}
  </table>`;
}

export function invitationPage({ id, org, role, identifier }: InvitationWithOrg): Markup {
  return html`<h1>You are invited</h1>
    <section>
      <p><strong>${org.name}</strong> invites ${identifier} as <span class="badge">${role}</span></p>
      <div class="row">
        ${act(`/invitations/${id}/accept`, "Accept", "")} ${act(`/invitations/${id}/decline`, "Decline")}
      </div>
    </section>`;
}
