import { startCluster } from "@tenantry/testkit";
import pg from "pg";

/** Where a run of the application finds its rows, and as whom. */
export interface Database {
  readonly ownerUrl: string;
  readonly appUrl: string;
  readonly appRole: string;
  readonly adminRole: string;
  close(): Promise<void>;
}

/** The database that the environment names, or a server of our own, with the two roles that nothing is owned by. */
export async function throwAwayDatabase(env: Readonly<Record<string, string | undefined>>): Promise<Database> {
  const roles = { appRole: "saas_app", adminRole: "saas_admin" };
  const { OWNER_DATABASE_URL: ownerUrl, APP_DATABASE_URL: appUrl } = env;
  if (ownerUrl !== undefined && appUrl !== undefined) {
    return { ...roles, ownerUrl, appUrl, close: async () => {} };
  }
  const cluster = await startCluster();
  return { ...(await withRoles(cluster.url, roles)), close: () => cluster.stop() };
}

/** Makes the roles if they are missing, and answers who connects how. */
export async function withRoles(
  ownerUrl: string,
  roles: Pick<Database, "appRole" | "adminRole">,
): Promise<Omit<Database, "close">> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  for (const role of [roles.appRole, roles.adminRole]) {
    const { rowCount } = await client.query("select from pg_roles where rolname = $1", [role]);
    if (rowCount === 0) {
      await client.query(`create role ${pg.escapeIdentifier(role)} login nosuperuser nobypassrls noinherit`);
    }
  }
  await client.end();
  const appUrl = new URL(ownerUrl);
  appUrl.username = roles.appRole;
  appUrl.password = "";
  return { ...roles, ownerUrl, appUrl: appUrl.href };
}
