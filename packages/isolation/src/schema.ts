import { ConfigError, IsolationError, type OrgId } from "@tenantry/core";
import type { SqlQuery } from "./doctor/finding.ts";
import type { TenantDriver } from "./driver.ts";
import { serverError } from "./fault.ts";
import { isName, isSchemaName, literal, quoted } from "./identifier.ts";
import { type AdminOptions, TransactionIsolation } from "./isolation.ts";
import { archivedName, type NameMap, tenantNames } from "./names.ts";
import { hmacProver, type ProofOptions, unproved } from "./proof.ts";
import { haveRightsOf } from "./rights.ts";
import { checkedAdmin } from "./row.ts";
import type { Isolation, IsolationStrategy, ProvisionContext } from "./strategy.ts";

export interface SchemaOptions<Tx> {
  /**
   * Runs SQL as the migration role, which owns the schemas; never the application's connection. It is no superuser: it has
   * CREATEROLE, and CREATE on the database.
   */
  readonly provisioning: SqlQuery;
  /** The role of the driver's connections; NOINHERIT, so that it has a tenant's rights only inside of its run. */
  readonly appRole: string;
  /** Makes a tenant's tables in its schema, and answers how far. Run again it does what is left. */
  readonly migrate: (target: { readonly orgId: OrgId; readonly schema: string }) => Promise<string>;
  /** Schemas that were there before. */
  readonly names?: NameMap;
  /** Where extensions are; it holds no table. */
  readonly extensionsSchema?: string;
  /** Default true. `false` leaves the path only: a qualified name reaches every tenant. */
  readonly rolePerTenant?: boolean;
  readonly admin?: AdminOptions<Tx>;
  readonly proof?: ProofOptions;
  readonly clock?: () => Date;
}

const POLICIES: readonly unknown[] = ["rename", "drop", "retain"];

/** A schema and a role for each tenant, on one pool: the strategy `schema`. Throws `ConfigError`, `isolation.invalid_name`. */
export function schemaIsolation<Tx>(
  driver: TenantDriver<Tx>,
  options: SchemaOptions<Tx>,
): Isolation<Tx> & IsolationStrategy<Tx> {
  const { names, extensionsSchema, rolePerTenant = true, admin, proof, clock = () => new Date() } = options;
  const { appRole, provisioning, migrate } = options;
  if (!isName(appRole) || (extensionsSchema !== undefined && !isSchemaName(extensionsSchema))) {
    throw new ConfigError("config.invalid", {
      faults: [{ path: "appRole", expected: "names of a role and a schema" }],
    });
  }
  const { forSchema } = driver;
  if (driver.name === "prisma" && forSchema === undefined) {
    throw new IsolationError("isolation.unsupported", { what: "a path of schemas" });
  }
  const nameOf = tenantNames(names);
  // Listed nowhere, pg_catalog is searched first, and nothing of a tenant's shadows it. Temporary tables come last.
  const path = `quote_ident($)::regnamespace::text || ${literal(extensionsSchema === undefined ? ", pg_temp" : `, ${quoted(extensionsSchema)}, pg_temp`)}`;
  const isolation = new TransactionIsolation<Tx>({
    name: "schema",
    isVersioned: true,
    driver,
    driverOf: async (orgId) => ({ driver: (await forSchema?.(nameOf(orgId))) ?? driver, release() {} }),
    entrance: {
      // The role last: it may not set what comes before.
      parts: (orgId) => [
        ["search_path", path, nameOf(orgId)],
        ...(rolePerTenant ? [["role", "$", nameOf(orgId)] as const] : []),
      ],
      prove: proof === undefined ? unproved : hmacProver(proof, clock),
    },
    admin: admin === undefined ? null : checkedAdmin(admin),
    clock,
  });
  const sql = async (text: string): Promise<void> => {
    await provisioning(text, []);
  };
  const exists = async (name: string): Promise<boolean> =>
    (await provisioning("select 1 from pg_namespace where nspname = $1", [name])).length > 0;
  const steps: Readonly<Record<string, (orgId: OrgId, context: ProvisionContext) => Promise<void>>> = {
    async role(orgId, { isResumed }) {
      if (!rolePerTenant) {
        return;
      }
      const name = nameOf(orgId);
      const isThere = (await provisioning("select 1 from pg_roles where rolname = $1", [name])).length > 0;
      if (isThere && !isResumed) {
        throw new IsolationError("isolation.provisioning_failed", { orgId, step: "role" });
      }
      if (!isThere) {
        await sql(`create role ${quoted(name)} nologin nosuperuser nocreatedb nocreaterole noinherit`);
      }
      await sql(`grant ${quoted(name)} to ${quoted(appRole)}`);
    },
    async schema(orgId, { isResumed }) {
      if ((await exists(nameOf(orgId))) && !isResumed) {
        throw new IsolationError("isolation.provisioning_failed", { orgId, step: "schema" });
      }
      await sql(`create schema if not exists ${quoted(nameOf(orgId))}`);
    },
    async privileges(orgId) {
      const schema = quoted(nameOf(orgId));
      const role = rolePerTenant ? schema : quoted(appRole);
      await sql(`revoke all on schema ${schema} from public`);
      await sql(`grant usage on schema ${schema} to ${role}`);
      await sql(`grant select, insert, update, delete on all tables in schema ${schema} to ${role}`);
      await sql(`grant usage on all sequences in schema ${schema} to ${role}`);
      await sql(
        `alter default privileges in schema ${schema} grant select, insert, update, delete on tables to ${role}`,
      );
      await sql(`alter default privileges in schema ${schema} grant usage on sequences to ${role}`);
    },
    async migrate(orgId, { keepVersion }) {
      await keepVersion(await migrate({ orgId, schema: nameOf(orgId) }));
    },
    async verify(orgId) {
      const name = nameOf(orgId);
      const role = rolePerTenant ? name : appRole;
      const [row] = await provisioning(
        "select has_schema_privilege($2::name, oid, 'usage') as usable from pg_namespace where nspname = $1",
        [name, role],
      );
      if (row?.["usable"] !== true) {
        throw new IsolationError("isolation.provisioning_failed", { orgId, step: "verify" });
      }
    },
  };
  return {
    name: "schema",
    steps: Object.keys(steps),
    run: (tenant, fn, runOptions) => isolation.run(tenant, fn, runOptions),
    attach: (tx, tenant, fn) => isolation.attach(tx, tenant, fn),
    runAsAdmin: (who, fn) => isolation.runAsAdmin(who, fn),
    async provision({ id }, step, context) {
      const work = Object.hasOwn(steps, step) ? steps[step] : undefined;
      if (work === undefined) {
        throw new IsolationError("isolation.provisioning_failed", { orgId: id, step });
      }
      await work(id, context);
    },
    async deprovision({ id }, policy, { confirm, now }) {
      if (!POLICIES.includes(policy)) {
        throw new ConfigError("config.invalid", {
          faults: [{ path: "policy", expected: '"rename", "drop" or "retain"' }],
        });
      }
      const name = nameOf(id);
      const schema = quoted(name);
      if (policy === "drop") {
        if (confirm !== id) {
          throw new ConfigError("config.invalid", {
            faults: [{ path: "confirm", expected: "the id of the organization" }],
          });
        }
        await drop(sql, provisioning, name);
        await dropRole(sql, provisioning, rolePerTenant ? name : null, appRole);
        return { policy, archivedAs: null, rows: null };
      }
      if (await exists(name)) {
        const role = rolePerTenant ? schema : quoted(appRole);
        await sql(`revoke all on all tables in schema ${schema} from ${role}`);
        await sql(`revoke all on schema ${schema} from ${role}`);
      }
      if (policy === "retain") {
        return { policy, archivedAs: null, rows: null };
      }
      const archivedAs = archivedName(id, Math.floor(now.getTime() / 1000));
      if (await exists(name)) {
        await sql(`alter schema ${schema} rename to ${quoted(archivedAs)}`);
      }
      await dropRole(sql, provisioning, rolePerTenant ? name : null, appRole);
      return { policy, archivedAs, rows: null };
    },
  };
}

/** What lies in other schemas and hangs on this one; `drop … cascade` would take it along. */
const DEPENDENT = `select distinct pg_describe_object(d.classid, d.objid, 0) as object
  from pg_depend d
  join pg_class c on d.refclassid = 'pg_class'::regclass and c.oid = d.refobjid
  join pg_namespace n on n.oid = c.relnamespace and n.nspname = $1
  left join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
  left join pg_constraint k on d.classid = 'pg_constraint'::regclass and k.oid = d.objid
  join pg_class o on o.oid = coalesce(r.ev_class, k.conrelid)
 where o.relnamespace <> n.oid and d.deptype in ('n', 'a')
 order by 1 limit 10`;

async function drop(sql: (text: string) => Promise<void>, query: SqlQuery, name: string): Promise<void> {
  const refuse = (objects: readonly string[]): never => {
    throw new IsolationError("isolation.dependent_objects", { objects });
  };
  const outside = (await query(DEPENDENT, [name])).map(({ object }) => String(object));
  if (outside.length > 0) {
    refuse(outside);
  }
  try {
    await sql(`drop schema if exists ${quoted(name)} cascade`);
  } catch (error) {
    throw serverError(error)?.code === "2BP01" ? refuse([]) : error;
  }
}

async function dropRole(
  sql: (text: string) => Promise<void>,
  query: SqlQuery,
  name: string | null,
  appRole: string,
): Promise<void> {
  if (name === null || (await query("select 1 from pg_roles where rolname = $1", [name])).length === 0) {
    return;
  }
  await sql(`revoke ${quoted(name)} from ${quoted(appRole)}`);
  await haveRightsOf(query, name);
  // Default privileges and grants of this database name it.
  await sql(`drop owned by ${quoted(name)}`);
  await sql(`drop role ${quoted(name)}`);
}
