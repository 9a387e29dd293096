import { createRelay } from "@tenantry/events/relay";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { asJson, runIn } from "../session.ts";
import type { OpenWorld, World } from "../worlds.ts";

export function describeRelay(name: string, open: OpenWorld): void {
  describe(`relays on ${name}`, () => {
    let world: World;
    let delivered: number[];
    let isBroken: boolean;
    let heard: () => void;
    beforeEach(async () => {
      [delivered, isBroken, heard] = [[], false, () => {}];
      const deliver = async ({ seq }: { readonly seq: number }) => {
        if (isBroken) {
          throw new Error("canary-91c2");
        }
        delivered.push(seq);
        heard();
      };
      world = await open((store) => ({
        relays: { mail: createRelay({ store, name: "mail", from: "beginning", maxAttempts: 1, deliver }) },
      }));
    });
    afterEach(() => world.close());

    test("deliver within a budget; what is given up is listed, delivered again or forgotten", async () => {
      const { session, store, actor } = world;
      const run = ["relay", "run", "--budget", "5"];
      // A relay hears of what is written once it is there.
      await asJson(session, ...run);
      const { org } = await store.createOrg(actor);
      expect(await asJson(session, ...run)).toMatchObject([{ delivered: 1, isDrained: true }]);
      isBroken = true;
      await store.updateOrg({ orgId: org.id, name: "One" });
      await store.updateOrg({ orgId: org.id, name: "Two" });
      const broken = await runIn(session, ...run, "--json");
      expect([broken.status, JSON.parse(broken.out).parked]).toEqual([3, 2]);
      expect(`${broken.out}${broken.err}`).not.toContain("canary");
      expect(await asJson(session, "relay", "dead", "list", "--relay", "mail")).toMatchObject([{ seq: 2 }, { seq: 3 }]);
      isBroken = false;
      expect((await runIn(session, "relay", "discard", org.id, "3", "--yes")).status).toBe(1);
      await asJson(session, "relay", "discard", org.id, "3", "--yes", "--confirm", "3");
      await asJson(session, "relay", "redeliver", org.id, "2");
      await asJson(session, ...run);
      expect(delivered).toEqual([1, 2]);
      expect((await runIn(session, "relay", "redeliver", org.id, "2")).err).toMatch(/^tenantry: not_found: /);
      expect((await runIn(session, "relay", "run", "--relay", "none")).status).toBe(2);
    });

    test("deliver until Ctrl-C", async () => {
      const { session, store, actor } = world;
      await asJson(session, "relay", "run", "--budget", "5");
      const interruption = new AbortController();
      heard = () => interruption.abort();
      await store.createOrg(actor);
      expect((await runIn({ ...session, signal: interruption.signal }, "relay", "run")).status).toBe(130);
      expect(delivered).toEqual([1]);
    });
  });
}
