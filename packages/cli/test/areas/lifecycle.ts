import { TenantLifecycleService } from "@tenantry/lifecycle";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { asJson, runIn } from "../session.ts";
import type { OpenWorld, World } from "../worlds.ts";

export function describeLifecycle(name: string, open: OpenWorld): void {
  describe(`the life of organizations on ${name}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await open((store) => ({ lifecycle: new TenantLifecycleService(store) }));
    });
    afterEach(() => world.close());

    test("ends after days of grace, unless it is restored", async () => {
      const { session, actor } = world;
      const [{ org }] = await asJson(
        session,
        "orgs",
        "create",
        "--creator",
        actor,
        "--slug",
        "acme",
        "--strategy",
        "row",
      );
      const [deleted] = await asJson(session, "orgs", "delete", "acme", "--reason", "asked for");
      expect(deleted).toMatchObject({ status: "inactive", suspension: { kind: "deletion", reason: "asked for" } });
      expect(await asJson(session, "orgs", "show", "acme")).toMatchObject([
        {
          status: "suspended",
          suspension: { requestedBy: actor },
          attribution: { createdBy: actor, deletedBy: actor },
        },
      ]);
      expect(await asJson(session, "orgs", "restore", "acme")).toMatchObject([{ status: "active" }]);
      expect((await runIn(session, "orgs", "restore", "acme")).status).toBe(1);
      await asJson(session, "orgs", "delete", "acme", "--grace-days", "0");
      expect(await asJson(session, "lifecycle", "run-due")).toMatchObject([{ revoked: [org.id], failed: [] }]);
      expect(await asJson(session, "orgs", "show", org.id)).toMatchObject([{ status: "revoked" }]);
    });

    test("ends at once where that is confirmed", async () => {
      const { session, actor } = world;
      const [{ org }] = await asJson(session, "orgs", "create", "--creator", actor);
      const revoked = await asJson(session, "orgs", "revoke", org.id, "--yes", "--confirm", org.id);
      expect(revoked).toMatchObject([{ id: org.id, status: "revoked" }]);
    });
  });
}
