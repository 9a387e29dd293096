import { type SqlOptions, TransactionTenancyStore } from "@tenantry/store-sql";
import type { Prisma } from "../generated/client.ts";

/** Tenancy inside an interactive transaction of Prisma's, with `@prisma/adapter-pg`. */
export function tenancyIn(transaction: Prisma.TransactionClient, options: SqlOptions = {}): TransactionTenancyStore {
  const query = async (text: string, values: (string | null)[]): Promise<readonly unknown[]> => {
    try {
      return await transaction.$queryRawUnsafe<unknown[]>(text, ...values);
    } catch (error) {
      throw serverErrorIn(error);
    }
  };
  return new TransactionTenancyStore(transaction, query, options);
}

/** What the server said, out of Prisma's error: its SQLSTATE, and the constraint that it names. */
function serverErrorIn(error: unknown): unknown {
  const { meta } = error as { readonly meta?: { readonly driverAdapterError?: { readonly cause?: ServerSaid } } };
  const said = meta?.driverAdapterError?.cause;
  if (said?.originalCode === undefined) {
    return error;
  }
  const told = { code: said.originalCode, severity: "ERROR", constraint: said.constraint?.index };
  return Object.assign(new Error("refused by the server"), told);
}

interface ServerSaid {
  readonly originalCode?: string;
  readonly constraint?: { readonly index?: string };
}
