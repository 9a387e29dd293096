import { type InvitationWithOrg, isId, type Page } from "@tenantry/core";
import { Hono, type MiddlewareHandler } from "hono";
import { z } from "zod";
import type { Backend } from "../backend.ts";
import { email as emailField, formOf, title } from "../form.ts";
import { invitationPage, overviewPage, signInPage } from "../pages/account.ts";
import { problem } from "../pages/layout.ts";
import type { Person } from "../session.ts";
import { render, type Visit } from "../visit.ts";

/** What somebody does as themselves, in no organization: sign in, look at their organizations, found or join one. */
export function accountRoutes(backend: Backend): Hono<Visit> {
  const { store, sessions, people, lifecycle, addresses } = backend;
  const routes = new Hono<Visit>();

  /** An invitation to this person. One to somebody else is one that was never there. */
  const invitationTo = async ({ email }: Person, id: string): Promise<InvitationWithOrg | null> => {
    // Anybody can invite anybody: however many others there are, this one is among them.
    for (let cursor: string | null = null; ; ) {
      const page: Page<InvitationWithOrg> = await store.listInvitationsFor(email, {
        status: "pending",
        limit: 200,
        cursor,
      });
      const found = page.data.find((invitation) => invitation.id === id);
      if (found !== undefined || page.nextCursor === null) {
        return found ?? null;
      }
      cursor = page.nextCursor;
    }
  };

  routes.get("/", async (c) => {
    const person = c.get("person");
    if (person === null) {
      return render(c, { title: "Sign in", body: signInPage(localPath(c.req.query("next"))) });
    }
    const [memberships, invitations] = await Promise.all([
      store.listMemberships(person.usrId, { limit: 100 }),
      store.listInvitationsFor(person.email, { status: "pending", limit: 100 }),
    ]);
    const body = overviewPage({
      memberships: memberships.data,
      invitations: invitations.data,
      addresses: addresses.of,
    });
    return render(c, { title: "Your organizations", body });
  });

  routes.post("/sign-in", async (c) => {
    const { email, next } = await formOf(c, { email: emailField, next: z.string().optional() });
    await people.remember(await sessions.signIn(c, email));
    return c.redirect(localPath(next), 303);
  });

  routes.post("/sign-out", (c) => {
    sessions.signOut(c);
    return c.redirect(addresses.home, 303);
  });

  // From here on somebody is signed in.
  routes.use("/organizations/*", requirePerson).use("/invitations/*", requirePerson);

  routes.post("/organizations", requirePerson, async (c) => {
    const { usrId } = c.get("person") as Person;
    const { name, slug } = await formOf(c, { name: title, slug: z.string() });
    const { tenant } = await lifecycle.createTenant({ creator: usrId, name, slug }, { actor: usrId });
    return c.redirect(addresses.of(tenant).path, 303);
  });

  routes.post("/organizations/:id/reinstate", async (c) => {
    const { usrId } = c.get("person") as Person;
    const orgId = c.req.param("id");
    if (isId(orgId, "org")) {
      // No guard lets anybody into an organization that is suspended, so who may is asked here.
      const { membership } = await store.standing({ orgId, usrId });
      if (membership?.status === "active" && membership.role === "owner") {
        await lifecycle.activateTenant(orgId, { actor: usrId });
      }
    }
    return c.redirect("/", 303);
  });

  routes.get("/invitations/:id", async (c) => {
    const invitation = await invitationTo(c.get("person") as Person, c.req.param("id"));
    return invitation === null
      ? render(
          c,
          { title: "Not here", body: problem(404, "not_found", "There is no such invitation to you.", "/") },
          404,
        )
      : render(c, { title: "Invitation", body: invitationPage(invitation) });
  });

  routes.post("/invitations/:id/accept", async (c) => {
    const person = c.get("person") as Person;
    const invitation = await invitationTo(person, c.req.param("id"));
    if (invitation === null) {
      return c.redirect("/", 303);
    }
    // The address comes from the session: nobody accepts what was sent to somebody else.
    const accepting = { invId: invitation.id, asUsrId: person.usrId, acceptingIdentifier: person.email };
    await store.acceptInvitation(accepting, { actor: person.usrId });
    return c.redirect(addresses.of(invitation.org).path, 303);
  });

  routes.post("/invitations/:id/decline", async (c) => {
    const person = c.get("person") as Person;
    const invitation = await invitationTo(person, c.req.param("id"));
    if (invitation !== null) {
      const declining = { invId: invitation.id, asUsrId: person.usrId, acceptingIdentifier: person.email };
      await store.declineInvitation(declining, { actor: person.usrId });
    }
    return c.redirect("/", 303);
  });

  return routes;
}

const requirePerson: MiddlewareHandler<Visit> = async (c, next) => {
  if (c.get("person") === null) {
    return c.redirect(`/?next=${encodeURIComponent(c.req.path)}`, 303);
  }
  return next();
};

/** A path of ours, never another site's: browsers pass over tabs, and take two slashes for a host. */
function localPath(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(next) ? next : "/";
}
