import type { Invitation, Membership, TenancyEvent, UsrId } from "@tenantry/core";
import { ROLES } from "@tenantry/core";
import { html } from "hono/html";
import type { Document, Project } from "../projects.ts";
import { act, day, type Markup } from "./layout.ts";

/** Where a page of an organization stands: on a host of its own `base` is empty. */
export interface Place {
  readonly base: string;
  readonly name: string;
  readonly role: string;
  readonly tab: keyof typeof TABS;
}

const TABS = { projects: "/", members: "/members", settings: "/settings", webhooks: "/webhooks", audit: "/audit" };
/** What every member sees; the other pages have a guard that asks for more. */
const FOR_ALL = ["projects", "members"];

export function organization({ base, name, role, tab }: Place, body: Markup): Markup {
  return html`<h1>${name} <span class="badge">${role}</span></h1>
    <nav>
      ${tabsFor(role).map(
        ([key, path]) => html`<a href="${base}${path}" ${key === tab ? html`aria-current="page"` : ""}>${key}</a>`,
      )}
    </nav>
    ${body}`;
}

function tabsFor(role: string): readonly (readonly [tab: string, path: string])[] {
  return Object.entries(TABS).filter(([tab]) => FOR_ALL.includes(tab) || role === "owner" || role === "admin");
}

export interface ProjectsPage {
  readonly base: string;
  readonly projects: readonly Project[];
  readonly templates: readonly { readonly title: string }[];
  readonly plan: { readonly name: string; readonly projects: number };
  readonly mayWrite: boolean;
}

export function projectsPage({ base, projects, templates, plan, mayWrite }: ProjectsPage): Markup {
  return html`<section>
      <h2>Projects <span class="badge">${projects.length} of ${plan.projects} on ${plan.name}</span></h2>
      ${
        projects.length === 0
          ? html`<p class="soft">No projects yet.</p>`
          : html`<table>
            ${projects.map(
              ({ id, title, createdAt }) => html`<tr>
                <td><a href="${base}/projects/${id}">${title}</a></td>
                <td class="soft">${day(createdAt)}</td>
                <td>${mayWrite ? act(`${base}/projects/${id}/delete`, "Delete", "bad") : ""}</td>
              </tr>`,
            )}
          </table>`
      }
      ${
        mayWrite
          ? html`<form class="row" method="post" action="${base}/projects">
            <label>Title <input name="title" required maxlength="200" /></label><button>New project</button>
          </form>`
          : ""
      }
    </section>
    <section>
      <h2>Templates</h2>
      <p class="soft">${templates.map(({ title }) => title).join(" · ")}</p>
    </section>`;
}

export function projectPage(base: string, project: Project, documents: readonly Document[], mayWrite: boolean): Markup {
  return html`<section>
      <h2>${project.title}</h2>
      ${documents.length === 0 ? html`<p class="soft">No documents yet.</p>` : ""}
      ${documents.map(({ title, body }) => html`<article><h3>${title}</h3><p>${body}</p></article>`)}
    </section>
    ${
      mayWrite
        ? html`<section>
          <form method="post" action="${base}/projects/${project.id}/documents">
            <label>Title <input name="title" required maxlength="200" /></label>
            <label>Text <textarea name="body" rows="5" required></textarea></label>
            <p><button>Add document</button></p>
          </form>
        </section>`
        : ""
    }`;
}

export interface MembersPage {
  readonly base: string;
  readonly members: readonly Membership[];
  readonly invitations: readonly Invitation[];
  readonly emails: ReadonlyMap<UsrId, string>;
  readonly self: UsrId;
  readonly mayManage: boolean;
  /** The address under which an invitation is accepted. */
  readonly linkTo: (invitation: Invitation) => string;
}

export function membersPage(page: MembersPage): Markup {
  const { base, members, emails, self, mayManage } = page;
  return html`<section>
      <h2>Members</h2>
      <table>
        <thead><tr><th>Who</th><th>Role</th><th></th></tr></thead>
        <tbody>
          ${members.map(
            ({ id, usrId, role, status }) => html`<tr>
              <td>${emails.get(usrId) ?? usrId} ${status === "active" ? "" : html`<span class="badge">${status}</span>`}</td>
              <td>${mayManage ? roleForm(`${base}/members/${id}/role`, role) : html`<span class="badge">${role}</span>`}</td>
              <td>
                ${usrId === self ? act(`${base}/leave`, "Leave") : mayManage ? act(`${base}/members/${id}/remove`, "Remove", "bad") : ""}
              </td>
            </tr>`,
          )}
        </tbody>
      </table>
    </section>
    ${mayManage ? invitationsSection(page) : ""}`;
}

function roleForm(action: string, role: string): Markup {
  return html`<form method="post" action="${action}">
    <select name="role" aria-label="Role">
      ${ROLES.map((one) => html`<option ${one === role ? "selected" : ""}>${one}</option>`)}
    </select>
    <button class="quiet">Change</button>
  </form>`;
}

function invitationsSection({ base, invitations, linkTo }: MembersPage): Markup {
  return html`<section>
    <h2>Invitations</h2>
    <table>
      ${invitations.map(
        (invitation) => html`<tr>
          <td>${invitation.identifier} <span class="badge">${invitation.role}</span></td>
          <td><a class="invitation" href="${linkTo(invitation)}">link to accept</a></td>
          <td>${act(`${base}/invitations/${invitation.id}/revoke`, "Withdraw", "bad")}</td>
        </tr>`,
      )}
    </table>
    <form class="row" method="post" action="${base}/invitations">
      <label>E-mail <input name="email" type="email" required /></label>
      <label>Role <select name="role">${ROLES.map((one) => html`<option ${one === "member" ? "selected" : ""}>${one}</option>`)}</select></label>
      <label><input name="export" type="checkbox" /> may export</label>
      <button>Invite</button>
    </form>
  </section>`;
}

export function auditPage(events: readonly TenancyEvent[], emails: ReadonlyMap<UsrId, string>): Markup {
  return html`<section>
    <h2>Audit</h2>
    <table>
      <thead><tr><th>#</th><th>When</th><th>What</th><th>Who</th></tr></thead>
      <tbody>
        ${events.map(
          ({ seq, at, type, actor }) => html`<tr>
            <td class="soft">${seq}</td>
            <td class="soft">${day(at)}</td>
            <td><code>${type}</code></td>
            <td>${actor === null ? html`<span class="soft">nobody</span>` : (emails.get(actor) ?? actor)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}
