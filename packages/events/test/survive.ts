import { generate, type OrgId, type RelayPort, StoreFault, type StorePort, Tenancy } from "@tenantry/core";
import { extensionOf } from "@tenantry/core/extend";
import type { PostgresTenancyStore } from "@tenantry/store-pg";
import type pg from "pg";
import { expect } from "vitest";
import { createRelay, type Relay } from "../src/relay.ts";

const groups = { groups: ["relay"] } as const;

/** Numbers from a seed: what fails can be seen again. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

class Crash extends Error {}

/** A store whose bookkeeping dies now and then, before a step or behind it; then its process is no more. */
function dying(store: PostgresTenancyStore, strike: () => boolean, onCrash: () => void): Tenancy {
  const { port } = extensionOf(store, ["relay"]);
  const relay = port.relay as RelayPort;
  let isDead = false;
  const crash = (): never => {
    isDead = true;
    onCrash();
    throw new StoreFault("retryable", { cause: new Crash() });
  };
  const mortal = new Proxy(relay, {
    get(target, name) {
      const step = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        if (isDead || strike()) {
          crash();
        }
        const answer = await step.call(target, ...args);
        return isDead || strike() ? crash() : answer;
      };
    },
  });
  const { join: _, hold: __, ...others } = port;
  const own: StorePort = { ...others, relay: mortal };
  return new Tenancy(own, groups);
}

/**
 * Writes so many events to so many organizations while relays crash, at least so many times, between any two steps; then
 * everything has to have been delivered, for the first time in the order of `seq`.
 */
export async function survive(
  store: PostgresTenancyStore,
  pool: pg.Pool,
  {
    orgs: orgsInAll,
    crashes: crashesInAll,
    events,
    relays,
  }: { readonly orgs: number; readonly crashes: number; readonly events: number; readonly relays: number },
): Promise<void> {
  const seed = Number(process.env["RELAY_SEED"] ?? Math.trunc(Math.random() * 2 ** 31));
  const random = chance(seed);
  const setUp = createRelay({ store, name: "crashing", deliver: async () => {} });
  await setUp.runOnce({ budgetMs: 60_000 });

  const orgs: OrgId[] = [];
  const firsts = new Map<OrgId, number[]>();
  const written = new Map<OrgId, number>();
  let [duplicates, crashes, total] = [0, 0, 0];
  const note = ({ orgId, seq }: { readonly orgId: OrgId; readonly seq: number }): void => {
    const seen = firsts.get(orgId) ?? [];
    if (seen.includes(seq)) {
      duplicates += 1;
    } else {
      seen.push(seq);
    }
    firsts.set(orgId, seen);
  };

  let isWriting = true;
  async function write(): Promise<void> {
    const { org } = await store.createOrg(generate("usr"));
    orgs.push(org.id);
    written.set(org.id, 1);
  }
  const writing = (async () => {
    for (let number = 0; number < orgsInAll; number += 10) {
      await Promise.all(Array.from({ length: 10 }, write));
    }
    while (crashes < crashesInAll || total < events) {
      const orgId = orgs[Math.trunc(random() * orgs.length)] as OrgId;
      const { version } = await store.updateOrg({ orgId, name: generate("org") });
      written.set(orgId, Math.max(version, written.get(orgId) ?? 0));
      total += 1;
      if (random() < 0.2) {
        // Leases of those that died end.
        await pool.query(
          "update tenancy.relay_cursor set due_at = now() where leased_by is not null and due_at > now()",
        );
      }
    }
    isWriting = false;
  })();

  async function live(): Promise<void> {
    while (isWriting) {
      let isDead = false;
      const die = (): void => {
        isDead = true;
        crashes += 1;
      };
      const mortal: Relay = createRelay({
        store: dying(
          store,
          () => !isDead && random() < 0.08,
          () => {
            if (!isDead) {
              die();
            }
          },
        ),
        name: "crashing",
        random,
        async deliver(event) {
          if (isDead) {
            // Nothing leaves a process that is no more.
            return new Promise(() => {});
          }
          note(event);
          if (random() < 0.05) {
            die();
            return new Promise(() => {});
          }
        },
        // Whatever hangs in a dead process ends with it.
        timers: {
          set: (callback) => setTimeout(callback, 5),
          clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
        },
      });
      await mortal.runOnce({ budgetMs: 1000 }).catch(() => {});
    }
  }
  await Promise.all([writing, ...Array.from({ length: relays }, live)]);

  await pool.query("update tenancy.relay_cursor set due_at = now(), leased_by = null");
  const last = createRelay({ store, name: "crashing", deliver: async (event) => note(event) });
  await last.runOnce({ budgetMs: 3_000_000 });
  const wrong = orgs.filter((orgId) => {
    const expected = Array.from({ length: written.get(orgId) ?? 0 }, (_, place) => place + 1);
    return JSON.stringify(firsts.get(orgId)) !== JSON.stringify(expected);
  });
  expect({ seed, wrong }).toEqual({ seed, wrong: [] });
  expect(crashes).toBeGreaterThanOrEqual(crashesInAll);
  expect(orgs).toHaveLength(orgsInAll);
  // They died between delivering and writing it down.
  expect(duplicates).toBeGreaterThan(0);
}
