import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "@tenantry/example-transactions/generated/client.ts";
import { drizzle } from "drizzle-orm/node-postgres";
import { drizzle as drizzlePostgresJs } from "drizzle-orm/postgres-js";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import postgres from "postgres";
import type { TenantDriver } from "../src/driver.ts";
import { drizzleDriver } from "../src/drizzle.ts";
import { kyselyDriver } from "../src/kysely.ts";
import { listened, pgDriver } from "../src/pg.ts";
import { held, postgresJsDriver } from "../src/postgres-js.ts";
import { prismaDriver } from "../src/prisma.ts";

export interface OpenDriver {
  readonly driver: TenantDriver<unknown>;
  close(): Promise<void>;
}

const pool = (connectionString: string, config: pg.PoolConfig = {}): pg.Pool => {
  const opened = new pg.Pool({ connectionString, max: 1, ...config });
  // Of connections that nobody uses.
  opened.on("error", () => {});
  return opened;
};

/** What a driver's own connections are to do. */
export interface DriverOptions {
  /** Whether statements are prepared under names, which poolers forget. Default true. */
  readonly prepare?: boolean;
}

/** Each on a pool of one connection. */
export const drivers: Readonly<Record<string, (url: string, options?: DriverOptions) => OpenDriver>> = {
  pg(url) {
    const on = pool(url);
    return { driver: pgDriver(on) as TenantDriver<unknown>, close: () => on.end() };
  },
  "pg, pipelined"(url) {
    const on = pool(url, { pipeline: true } as pg.PoolConfig);
    return { driver: pgDriver(on) as TenantDriver<unknown>, close: () => on.end() };
  },
  "postgres.js"(url, { prepare = true } = {}) {
    const sql = postgres(url, { max: 1, prepare, onnotice() {} });
    return { driver: postgresJsDriver(sql) as TenantDriver<unknown>, close: () => sql.end({ timeout: 1 }) };
  },
  Drizzle(url) {
    const on = pool(url);
    return { driver: drizzleDriver(drizzle(listened(on))) as TenantDriver<unknown>, close: () => on.end() };
  },
  "Drizzle on postgres.js"(url, { prepare = true } = {}) {
    const sql = postgres(url, { max: 1, prepare, onnotice() {} });
    const db = drizzlePostgresJs(held(sql));
    return { driver: drizzleDriver(db) as TenantDriver<unknown>, close: () => sql.end({ timeout: 1 }) };
  },
  Kysely(url) {
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: listened(pool(url)) }) });
    return { driver: kyselyDriver(db) as TenantDriver<unknown>, close: () => db.destroy() };
  },
  Prisma(url) {
    const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: url, max: 1 }) });
    return { driver: prismaDriver(client) as TenantDriver<unknown>, close: () => client.$disconnect() };
  },
};
