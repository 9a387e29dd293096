import { generate } from "@tenantry/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { asJson, runIn } from "../session.ts";
import type { OpenWorld, World } from "../worlds.ts";

/** The commands that need nothing but a store. */
export function describeStoreCommands(name: string, open: OpenWorld): void {
  describe(`the store in ${name}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await open();
    });
    afterEach(() => world.close());

    test("every command does what it says, and prints what is documented", async () => {
      const { session, store, actor } = world;
      const bob = generate("usr");
      expect(await asJson(session, "migrate")).toEqual([{ applied: [], dryRun: false }]);
      const [created] = await asJson(session, "orgs", "create", "--creator", bob, "--slug", "acme", "--name", "Acme");
      const { org, ownerMembership } = created;
      expect([org.slug, org.name, ownerMembership.usrId, ownerMembership.role]).toEqual(["acme", "Acme", bob, "owner"]);
      await asJson(session, "orgs", "create", "--creator", actor);
      expect(await asJson(session, "orgs", "list")).toHaveLength(2);
      expect(await asJson(session, "orgs", "list", "--limit", "1")).toHaveLength(1);
      expect(await asJson(session, "orgs", "list", "--query", "acm", "--status", "active")).toEqual([org]);
      expect(await asJson(session, "orgs", "show", "acme")).toMatchObject([org]);

      const [member] = await asJson(session, "members", "add", "acme", actor, "--role", "member");
      const [admin] = await asJson(session, "members", "role", member.id, "owner");
      expect(admin).toMatchObject({ replaces: member.id, role: "owner" });
      expect(await asJson(session, "members", "list", org.id, "--status", "active")).toHaveLength(2);
      expect(await asJson(session, "members", "list", "acme", "--role", "member")).toMatchObject([{ id: member.id }]);

      const expiresAt = new Date(Date.now() + 86_400_000);
      const offer = {
        orgId: org.id,
        identifier: "carol@example.com",
        role: "guest",
        invitedBy: bob,
        expiresAt,
      } as const;
      const invitation = await store.createInvitation(offer);
      expect(await asJson(session, "invitations", "list", "acme", "--status", "pending")).toHaveLength(1);
      const [revoked] = await asJson(session, "invitations", "revoke", invitation.id);
      expect(revoked).toMatchObject({ status: "revoked", terminalBy: actor });
      const dave = generate("usr");
      const [guest] = await asJson(session, "members", "add", "acme", dave, "--role", "guest");
      const [ended] = await asJson(session, "members", "remove", guest.id, "--actor", bob);
      expect(ended).toMatchObject({ status: "revoked", removedBy: bob });

      expect(await asJson(session, "orgs", "suspend", "acme")).toMatchObject([{ status: "suspended" }]);
      expect(await asJson(session, "orgs", "reinstate", "acme")).toMatchObject([{ status: "active" }]);
      const confirmed = ["--yes", "--confirm", "acme"];
      expect(await asJson(session, "orgs", "revoke", "acme", ...confirmed)).toMatchObject([{ status: "revoked" }]);

      const events = await asJson(session, "events", "tail", "--org", org.id, "--lines", "100");
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, place) => place + 1));
      const ofBob = new Set(["invitation.created", "membership.removed"]);
      expect(events.map(({ actor }) => actor)).toEqual(events.map(({ type }) => (ofBob.has(type) ? bob : actor)));
      expect(events.at(-1)).toMatchObject({ type: "org.revoked" });
      expect(await asJson(session, "events", "tail", "--lines", "1")).toHaveLength(2);
      expect(await asJson(session, "events", "tail", "--type", "org.created,org.revoked")).toHaveLength(3);
    });

    test("what is refused ends with 1 and its code", async () => {
      const { session } = world;
      const { status, err } = await runIn(session, "orgs", "show", "nobody");
      expect([status, err.split(": ", 2)]).toEqual([1, ["tenantry", "not_found"]]);
      expect(err.split("\n")).toHaveLength(2);
    });
  });
}
