import { PrismaPg } from "@prisma/adapter-pg";
import type { TransactionTenancyStore } from "@tenantry/store-sql";
import { drizzle } from "drizzle-orm/node-postgres";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { PrismaClient } from "../generated/client.ts";
import * as ofDrizzle from "../src/drizzle.ts";
import * as ofKysely from "../src/kysely.ts";
import * as ofPrisma from "../src/prisma.ts";

/** A transaction of an application's: what it writes with its library, and tenancy by the recipe for it. */
export interface HostTransaction {
  addProject(id: number, orgId: string): Promise<unknown>;
  countProjects(): Promise<number>;
  tenancy(schema?: string): TransactionTenancyStore;
}

export interface Library {
  transaction<T>(
    work: (host: HostTransaction) => Promise<T>,
    isolation?: "read committed" | "repeatable read",
  ): Promise<T>;
  close(): Promise<void>;
}

export const libraries: Readonly<Record<string, (connectionString: string) => Library>> = {
  Drizzle(connectionString) {
    const pool = new pg.Pool({ connectionString });
    const db = drizzle(pool);
    const project = pgTable("project", { id: integer("id").primaryKey(), orgId: text("org_id").notNull() });
    return {
      transaction: (work, isolationLevel = "read committed") =>
        db.transaction(
          (tx) =>
            work({
              addProject: (id, orgId) => tx.insert(project).values({ id, orgId }),
              countProjects: async () => (await tx.select().from(project)).length,
              tenancy: (schema = "tenancy") => ofDrizzle.tenancyIn(tx, { schema }),
            }),
          { isolationLevel },
        ),
      close: () => pool.end(),
    };
  },

  Kysely(connectionString) {
    const db = new Kysely<{ project: { id: number; org_id: string } }>({
      dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString }) }),
    });
    return {
      transaction: (work, isolation = "read committed") =>
        db
          .transaction()
          .setIsolationLevel(isolation)
          .execute((trx) =>
            work({
              addProject: (id, orgId) => trx.insertInto("project").values({ id, org_id: orgId }).execute(),
              countProjects: async () => (await trx.selectFrom("project").selectAll().execute()).length,
              tenancy: (schema = "tenancy") => ofKysely.tenancyIn(trx, { schema }),
            }),
          ),
      close: () => db.destroy(),
    };
  },

  Prisma(connectionString) {
    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString }) });
    return {
      transaction: (work, isolation = "read committed") =>
        prisma.$transaction(
          (tx) =>
            work({
              addProject: (id, orgId) => tx.project.create({ data: { id, orgId } }),
              countProjects: () => tx.project.count(),
              tenancy: (schema = "tenancy") => ofPrisma.tenancyIn(tx, { schema }),
            }),
          { isolationLevel: isolation === "read committed" ? "ReadCommitted" : "RepeatableRead" },
        ),
      close: () => prisma.$disconnect(),
    };
  },
};
