import { DomainDirectory } from "@tenantry/context/domains";
import { afterEach, describe, expect, test } from "vitest";
import { asJson, runIn } from "../session.ts";
import type { OpenWorld, World } from "../worlds.ts";

export function describeDomains(name: string, open: OpenWorld): void {
  describe(`domains on ${name}`, () => {
    let world: World;
    afterEach(() => world.close());

    test("are added, proved, listed and removed", async () => {
      const published = new Map<string, string>();
      const lookupTxt = async (at: string) => [published.get(at) ?? "other"];
      world = await open((store) => ({ domains: new DomainDirectory(store, { lookupTxt }) }));
      const { session, store, actor } = world;
      await store.createOrg({ creator: actor, slug: "acme" });
      const [claim] = await asJson(session, "domains", "add", "acme", "app.acme.org");
      expect((await runIn(session, "domains", "verify", "acme", "app.acme.org")).status).toBe(3);
      published.set(claim.record.name, claim.record.value);
      expect(await asJson(session, "domains", "verify", "acme", "app.acme.org")).toMatchObject([{ state: "verified" }]);
      expect(await asJson(session, "domains", "list", "acme")).toMatchObject([{ domain: "app.acme.org" }]);
      await asJson(session, "domains", "remove", "acme", "app.acme.org");
      expect(await asJson(session, "domains", "list", "acme")).toEqual([]);
    });
  });
}
