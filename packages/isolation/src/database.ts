import { ConfigError, IsolationError, type OrgId } from "@tenantry/core";
import type { SealedFor, Sealer } from "@tenantry/core/seal";
import { admit } from "./admission.ts";
import type { SqlQuery } from "./doctor/finding.ts";
import { type TenantDriver, untenanted } from "./driver.ts";
import { literal, quoted } from "./identifier.ts";
import { type AdminOptions, TransactionIsolation } from "./isolation.ts";
import { archivedName, tenantLogins, tenantName } from "./names.ts";
import type { PlacementStore } from "./placement.ts";
import { unproved } from "./proof.ts";
import { DSN_PURPOSE } from "./rewrap.ts";
import { haveRightsOf } from "./rights.ts";
import { checkedAdmin } from "./row.ts";
import { scramVerifier } from "./scram.ts";
import type { Isolation, IsolationStrategy, ProvisionContext } from "./strategy.ts";
import { type OpenPool, type PoolOptions, TenantPools } from "./tenant-pools.ts";

export interface DatabaseOptions<Tx> extends PoolOptions {
  readonly placements: Pick<PlacementStore, "get">;
  readonly sealer: Sealer;
  /** Opens a pool on a tenant's database. */
  readonly open: OpenPool<Tx>;
  /** The server as tenants reach it: `postgres://host:port`, with parameters. User, password and database are filled in. */
  readonly server: string;
  /**
   * Runs SQL on the control database, never on the application's connection, as a role that is no superuser: it has CREATEDB
   * and CREATEROLE.
   */
  readonly provisioning: SqlQuery;
  /** The same role inside a tenant's database. */
  readonly connect: (database: string) => Promise<{ readonly query: SqlQuery; close(): Promise<void> }>;
  /** Makes the tenant's tables, and answers how far. Run again it does what is left. */
  readonly migrate: (target: {
    readonly orgId: OrgId;
    readonly database: string;
    readonly query: SqlQuery;
  }) => Promise<string>;
  /** On the database that holds the tables of all tenants. */
  readonly shared?: TenantDriver<Tx>;
  /** Connections of a pool, and of a tenant's role at most as many for each process. Default 5. */
  readonly maxConnections?: number;
  /** Connections of a tenant's role in total. Default 20. */
  readonly connectionLimit?: number;
  /**
   * What the role of a tenant's database is called. Default `tenantLogin`, `t_<32 hex>_login`: no name that the strategy `schema`
   * gives. A name has the 32 digits of the id in it, or is refused with `isolation.invalid_name`.
   */
  readonly roleOf?: (orgId: OrgId) => string;
  readonly admin?: AdminOptions<Tx>;
  readonly clock?: () => Date;
  readonly random?: (length: number) => Uint8Array;
}

/** The strategy `database`, and the pools that it keeps open. */
export interface DatabaseIsolation<Tx> extends Isolation<Tx>, IsolationStrategy<Tx> {
  /**
   * Refused: after the checks of a run it throws `isolation.unsupported`, whatever transaction it is given, and sends nothing. A
   * transaction in a tenant's database is opened by `run` alone; a `run` inside it is a savepoint.
   */
  attach: Isolation<Tx>["attach"];
  /** Closes the tenant's pool once nobody uses it: for a suspension, or a new secret. */
  retire(orgId: OrgId): void;
  readonly openPools: number;
  /**
   * Tables of all tenants: on another connection and in another transaction than a tenant's run, also inside of one. What may
   * be done there is what the role of that driver may do. Throws `ConfigError` without the option `shared`.
   */
  readonly shared: { run<T>(fn: (tx: Tx) => Promise<T>): Promise<T> };
  close(): Promise<void>;
}

const POLICIES: readonly unknown[] = ["rename", "drop", "retain"];

/** A database, a role and a pool for each tenant: the strategy `database`. */
export function databaseIsolation<Tx>(options: DatabaseOptions<Tx>): DatabaseIsolation<Tx> {
  const { placements, sealer, open, provisioning, connect, migrate, admin, clock = () => new Date() } = options;
  const { maxConnections = 5, connectionLimit = 20, maxPools, idleMs, waitMs } = options;
  const random = options.random ?? ((length) => crypto.getRandomValues(new Uint8Array(length)));
  const server = checkedServer(options.server);
  const roleOf = tenantLogins(options.roleOf);
  const sealedFor = (orgId: OrgId): SealedFor => ({ purpose: DSN_PURPOSE, orgId });
  const limits = {
    ...(maxPools === undefined ? {} : { maxPools }),
    ...(idleMs === undefined ? {} : { idleMs }),
    ...(waitMs === undefined ? {} : { waitMs }),
  };
  const pools = new TenantPools<Tx>(async (orgId) => {
    const sealed = (await placements.get(orgId))?.sealedDsn;
    if (sealed === null || sealed === undefined) {
      throw new IsolationError("isolation.not_provisioned", {});
    }
    return open(await sealer.open(sealed, sealedFor(orgId)), { maxConnections });
  }, limits);
  const unattached = (): never => {
    throw new IsolationError("isolation.unsupported", { what: "attach, which has no database of the tenant's" });
  };
  const isolation = new TransactionIsolation<Tx>({
    name: "database",
    isVersioned: true,
    // A savepoint inside a run is sent by the driver whose transaction it is in; all drivers here are of one kind.
    driver: lateDriver(),
    driverOf: async (orgId) => {
      const held = await pools.driverOf(orgId);
      known = held.driver;
      return held;
    },
    entrance: { parts: () => [], prove: unproved },
    admin: admin === undefined ? null : checkedAdmin(admin),
    clock,
  });
  type Driver = Parameters<typeof checkedAdmin<Tx>>[0]["driver"];
  let known: Driver | null = null;
  /** Whatever driver was opened last: it works on the transaction that it is given. */
  function lateDriver(): Driver {
    const driver = (): Driver => known ?? unattached();
    return {
      name: "database",
      transaction: (beginning, work) => driver().transaction(beginning, work),
      send: (tx, statement) => driver().send(tx, statement),
      guarded: (tx, gate) => driver().guarded(tx, gate),
    };
  }
  const sql = async (text: string): Promise<void> => {
    await provisioning(text, []);
  };
  const isThere = async (text: string, name: string): Promise<boolean> => (await provisioning(text, [name])).length > 0;
  const hasRole = (name: string): Promise<boolean> => isThere("select 1 from pg_roles where rolname = $1", name);
  const hasDatabase = (name: string): Promise<boolean> => isThere("select 1 from pg_database where datname = $1", name);
  const unexplained = (orgId: OrgId, step: string): never => {
    throw new IsolationError("isolation.provisioning_failed", { orgId, step });
  };

  const steps: Readonly<Record<string, (orgId: OrgId, context: ProvisionContext) => Promise<void>>> = {
    async role(orgId, { isResumed }) {
      const name = roleOf(orgId);
      if (!(await hasRole(name))) {
        const rights = "login nosuperuser nocreatedb nocreaterole noinherit";
        await sql(`create role ${quoted(name)} ${rights} connection limit ${connectionLimit}`);
      } else if (!isResumed) {
        unexplained(orgId, "role");
      }
    },
    async seal(orgId, { sealedDsn, keepDsn }) {
      if (sealedDsn === null) {
        const url = new URL(server);
        url.username = roleOf(orgId);
        url.password = [...random(32)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        url.pathname = `/${tenantName(orgId)}`;
        const sealed = await sealer.seal(url.href, sealedFor(orgId));
        await keepDsn(sealed);
        await setPassword(roleOf(orgId), url.password);
        return;
      }
      const { password } = new URL((await sealer.open(sealedDsn, sealedFor(orgId))).reveal());
      await setPassword(roleOf(orgId), password);
    },
    async database(orgId, { isResumed }) {
      const name = tenantName(orgId);
      if (!(await hasDatabase(name))) {
        await sql(`create database ${quoted(name)} allow_connections false`);
      } else if (!isResumed) {
        unexplained(orgId, "database");
      }
    },
    async privileges(orgId) {
      const name = quoted(tenantName(orgId));
      await sql(`revoke connect, temporary on database ${name} from public`);
      await sql(`grant connect on database ${name} to ${quoted(roleOf(orgId))}`);
      await sql(`alter database ${name} allow_connections true`);
    },
    async migrate(orgId, { keepVersion }) {
      const name = tenantName(orgId);
      const { query, close } = await connect(name);
      try {
        const version = await migrate({ orgId, database: name, query });
        const role = quoted(roleOf(orgId));
        for (const text of [
          "revoke create on schema public from public",
          `grant usage on schema public to ${role}`,
          `grant select, insert, update, delete on all tables in schema public to ${role}`,
          `grant usage on all sequences in schema public to ${role}`,
          `alter default privileges in schema public grant select, insert, update, delete on tables to ${role}`,
          `alter default privileges in schema public grant usage on sequences to ${role}`,
        ]) {
          await query(text, []);
        }
        await keepVersion(version);
      } finally {
        await close();
      }
    },
    async verify(orgId, { sealedDsn }) {
      const name = tenantName(orgId);
      const opened = open(
        sealedDsn === null ? unexplained(orgId, "verify") : await sealer.open(sealedDsn, sealedFor(orgId)),
        {
          maxConnections: 1,
        },
      );
      try {
        const asked = { text: "select current_user::text as role, current_database()::text as database", values: [] };
        const beginning = { readOnly: true, entry: [], signal: null };
        const [row] = await opened.driver.transaction(beginning, (tx) => opened.driver.send(tx, asked));
        if (row?.["role"] !== roleOf(orgId) || row["database"] !== name) {
          unexplained(orgId, "verify");
        }
      } finally {
        await opened.close();
      }
    },
  };

  async function setPassword(name: string, password: string): Promise<void> {
    const verifier = await scramVerifier(password, random(16));
    await sql(`alter role ${quoted(name)} password ${literal(verifier)}`);
  }

  return {
    name: "database",
    steps: Object.keys(steps),
    run: (tenant, fn, runOptions) => isolation.run(tenant, fn, runOptions),
    async attach(_, tenant) {
      admit(tenant, { name: "database", isVersioned: true, now: clock() });
      return unattached();
    },
    runAsAdmin: (who, fn) => isolation.runAsAdmin(who, fn),
    retire: (orgId) => pools.retire(orgId),
    shared: {
      async run(fn) {
        if (options.shared === undefined) {
          throw new ConfigError("config.invalid", { faults: [{ path: "shared", expected: "a driver" }] });
        }
        return await untenanted(options.shared, fn);
      },
    },
    get openPools() {
      return pools.size;
    },
    close: () => pools.close(),
    async provision({ id }, step, context) {
      const work = Object.hasOwn(steps, step) ? steps[step] : undefined;
      if (work === undefined) {
        return unexplained(id, step);
      }
      await work(id, context);
    },
    async deprovision({ id }, policy, { confirm, now }) {
      if (!POLICIES.includes(policy)) {
        throw new ConfigError("config.invalid", {
          faults: [{ path: "policy", expected: '"rename", "drop" or "retain"' }],
        });
      }
      if (policy === "drop" && confirm !== id) {
        throw new ConfigError("config.invalid", {
          faults: [{ path: "confirm", expected: "the id of the organization" }],
        });
      }
      const [name, role] = [tenantName(id), roleOf(id)];
      pools.retire(id);
      if (await hasRole(role)) {
        await haveRightsOf(provisioning, role);
      }
      if (policy === "drop") {
        await sql(`drop database if exists ${quoted(name)} with (force)`);
        await sql(`drop role if exists ${quoted(role)}`);
        return { policy, archivedAs: null, rows: null };
      }
      if (await hasRole(role)) {
        await sql(`alter role ${quoted(role)} nologin`);
      }
      const archivedAs = policy === "retain" ? null : archivedName(id, Math.floor(now.getTime() / 1000));
      if (await hasDatabase(name)) {
        await sql(`revoke connect on database ${quoted(name)} from ${quoted(role)}`);
        await provisioning("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1", [name]);
        if (archivedAs !== null) {
          await sql(`alter database ${quoted(name)} allow_connections false`);
          await sql(`alter database ${quoted(name)} rename to ${quoted(archivedAs)}`);
        }
      }
      return { policy, archivedAs, rows: null };
    },
  };
}

function checkedServer(server: string): string {
  const url = URL.parse?.(server) ?? null;
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    throw new ConfigError("config.invalid", {
      faults: [{ path: "server", expected: "postgres://host:port without user and password" }],
    });
  }
  return server;
}
