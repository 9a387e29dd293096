import { neon, neonConfig, Pool } from "@neondatabase/serverless";
import { migrateNeonHttp, NeonHttpTenancyStore } from "@tenantry/store-neon/http";
import { migrateNeon, NeonTenancyStore } from "@tenantry/store-neon/websocket";
import { NOW, scenario, type Transcript } from "./scenario.ts";

/** What a runtime is told. */
export interface Task {
  readonly transport: "http" | "websocket";
  readonly databaseUrl: string;
  /** A schema that nobody else uses. */
  readonly schema: string;
  readonly fetchEndpoint: string;
  readonly wsProxy: string;
}

/** What an application on the edge does: it configures the driver, makes a store, and calls it. */
export async function run({ transport, databaseUrl, schema, fetchEndpoint, wsProxy }: Task): Promise<Transcript> {
  Object.assign(neonConfig, {
    fetchEndpoint,
    wsProxy: () => wsProxy,
    useSecureWebSocket: false,
    pipelineConnect: false,
  });
  const options = { schema, clock: () => new Date(NOW) };
  if (transport === "http") {
    const sql = neon(databaseUrl);
    await migrateNeonHttp(sql, { schema });
    return scenario(new NeonHttpTenancyStore(sql, options));
  }
  const pool = new Pool({ connectionString: databaseUrl });
  try {
    await migrateNeon(pool, { schema });
    return await scenario(new NeonTenancyStore(pool, options));
  } finally {
    await pool.end();
  }
}
