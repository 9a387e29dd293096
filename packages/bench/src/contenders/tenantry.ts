import type { TenancyStore } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { NeonHttpTenancyStore } from "@tenantry/store-neon/http";
import { PostgresTenancyStore } from "@tenantry/store-pg";
import { PostgresJsTenancyStore } from "@tenantry/store-pg/postgres-js";
import { makeWorld } from "../world.ts";
import type { Contender } from "./contender.ts";
import type { NeonHttp, PgDriver, PostgresJsDriver } from "./drivers.ts";
import { sharedByReads, type WorldSource } from "./worlds.ts";

/** A store. What is only looked up to be held is asked of `near`, so that preparing is fast. */
export function ofStore(
  name: string,
  store: TenancyStore,
  worlds: WorldSource,
  near: TenancyStore,
  isPrepared = true,
): Contender {
  return {
    name,
    isPrepared,
    async prepare(operation, count) {
      const { held, call } = operation;
      return Promise.all(
        (await worlds(operation, count)).map(async (world) => {
          const entity = (await held?.(near, world)) as never;
          return () => call(store, world, entity);
        }),
      );
    },
    async close() {},
  };
}

export function tenantryOnPg(driver: PgDriver, worlds: WorldSource, near: TenancyStore): Contender {
  return ofStore(`Tenantry, ${driver.name}`, new PostgresTenancyStore(driver.pool), worlds, near);
}

export function tenantryAlone(driver: PgDriver, worlds: WorldSource, near: TenancyStore): Contender {
  const store = new PostgresTenancyStore(driver.pool, { groupCommit: false });
  return ofStore("Tenantry, pg, groupCommit: false", store, worlds, near);
}

export function tenantryOnPostgresJs(driver: PostgresJsDriver, worlds: WorldSource, near: TenancyStore): Contender {
  return ofStore("Tenantry, postgres.js", new PostgresJsTenancyStore(driver.sql), worlds, near);
}

export function tenantryOnNeon(driver: NeonHttp, worlds: WorldSource, near: TenancyStore): Contender {
  return ofStore("Tenantry, Neon HTTP", new NeonHttpTenancyStore(driver.sql), worlds, near, false);
}

export function tenantryInMemory(): Contender {
  const store = new InMemoryTenancyStore();
  const worlds = sharedByReads(async ({ kind }, count) => {
    const made = [];
    for (let place = 0; place < count; place += 1) {
      made.push(await makeWorld(store, kind));
    }
    return made;
  });
  return ofStore("Tenantry, memory", store, worlds, store, false);
}
