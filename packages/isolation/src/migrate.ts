import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  ConfigError,
  generate,
  IsolationError,
  isTenancyError,
  type OrgId,
  type StoredPlacement,
} from "@tenantry/core";
import pMap from "p-map";
import type { SqlQuery } from "./doctor/finding.ts";
import { serverError } from "./fault.ts";
import { quoted } from "./identifier.ts";
import { type MigrationReport, reportOf, type TenantMigration } from "./migrate-report.ts";
import type { PlacementStore } from "./placement.ts";

export type { MigrationReport, TenantMigration } from "./migrate-report.ts";

/** A folder of `.sql` files, in the order of their names. */
export interface SqlDirectory {
  readonly directory: string;
}

/** One tenant's tables, on one connection of the role that owns them. */
export interface MigrationTarget {
  readonly orgId: OrgId;
  /** `null`: the tenant has a database of its own, and the tables are where its path leads. */
  readonly schema: string | null;
  readonly query: SqlQuery;
}

export interface MigrateTenantsOptions {
  /** Files, or a migrator of the host's that answers how far it has come. */
  readonly source: SqlDirectory | ((target: MigrationTarget) => Promise<string>);
  readonly tenants: "all" | readonly OrgId[];
  readonly placements: PlacementStore;
  /** A session of its own for a tenant. */
  readonly connect: (
    placement: StoredPlacement,
  ) => Promise<Omit<MigrationTarget, "orgId"> & { close(): Promise<void> }>;
  /** Default 4. */
  readonly concurrency?: number;
  /** Milliseconds that a statement may wait for a lock. Default 5,000. */
  readonly lockTimeoutMs?: number;
  /** Default `continue`. */
  readonly onFailure?: "continue" | "stop";
  /** Notes files without running them. */
  readonly record?: boolean;
  /** Says what would be run. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (tenant: TenantMigration) => void;
}

interface SqlFile {
  readonly name: string;
  readonly text: string;
  readonly sha256: string;
  readonly isTransactional: boolean;
}

const LEASE_SECONDS = 600;
const ALONE = /^-- tenantry: no transaction\s*$/m;

/**
 * Migrates the tables of tenants that have their own, each file in a transaction of its own, journaled inside the tenant. A
 * failure stops its tenant only; run again it does what is left. Answers what became of each; throws `config.invalid` only.
 */
export async function migrateTenants(options: MigrateTenantsOptions): Promise<MigrationReport> {
  const {
    source,
    tenants,
    placements,
    concurrency = 4,
    onFailure = "continue",
    signal,
    onProgress = () => {},
  } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1 || (tenants !== "all" && !Array.isArray(tenants))) {
    throw new ConfigError("config.invalid", {
      faults: [{ path: "concurrency", expected: "an integer of at least 1" }],
    });
  }
  const begin = performance.now();
  const files = typeof source === "function" ? null : await filesOf(source);
  const named = tenants === "all" ? null : new Set<OrgId>(tenants);
  const all = (await placements.list()).filter(({ orgId }) => named?.has(orgId) ?? true);
  const chosen = all.filter(({ strategy }) => strategy !== "row");
  let isStopped = false;
  const done = await pMap(
    chosen,
    async (placement): Promise<TenantMigration> => {
      const { orgId, state } = placement;
      const isOut = state === "archived" || state === "removed" || state === "deprovisioning";
      const isLeft = isOut || state === "pending" || (state === "failed" && named === null);
      if (isLeft || isStopped || signal?.aborted === true) {
        return { ...none(orgId), outcome: "skipped", code: isLeft ? "isolation.not_provisioned" : null };
      }
      const tenant = await oneTenant(options, placement, files);
      isStopped ||= tenant.outcome === "failed" && onFailure === "stop";
      onProgress(tenant);
      return tenant;
    },
    { concurrency },
  );
  return reportOf(done, performance.now() - begin);
}

function none(orgId: OrgId): TenantMigration {
  return { orgId, outcome: "up_to_date", files: [], code: null, file: null, sqlState: null, milliseconds: 0 };
}

async function oneTenant(
  options: MigrateTenantsOptions,
  placement: StoredPlacement,
  files: readonly SqlFile[] | null,
): Promise<TenantMigration> {
  const { placements, connect, source, dryRun = false } = options;
  const { orgId } = placement;
  const begin = performance.now();
  const holder = generate("ses");
  if (!(await placements.lease(orgId, holder, LEASE_SECONDS))) {
    return { ...none(orgId), outcome: "skipped", code: "isolation.busy" };
  }
  const run: string[] = [];
  try {
    const session = await connect(placement);
    try {
      const target: MigrationTarget = { orgId, schema: session.schema, query: session.query };
      let version: string | null;
      if (files === null) {
        version = dryRun || typeof source !== "function" ? null : await source(target);
        if (version !== null && version !== placement.migratedTo) {
          run.push(version);
        }
      } else {
        version = await applied(target, files, options, run);
      }
      if (!dryRun && version !== null && version !== placement.migratedTo) {
        await placements.patch(orgId, holder, { migratedTo: version });
      }
    } finally {
      await session.close();
    }
    const outcome = run.length === 0 ? "up_to_date" : "applied";
    return { ...none(orgId), outcome, files: run, milliseconds: performance.now() - begin };
  } catch (error) {
    const known = isTenancyError(error) ? error : null;
    const { file = null, sqlState = null } = (known?.details ?? {}) as {
      readonly file?: string;
      readonly sqlState?: string;
    };
    return {
      ...none(orgId),
      outcome: "failed",
      files: run,
      code: known?.code ?? "isolation.migration_failed",
      file,
      sqlState: sqlState ?? serverError(error)?.code ?? null,
      milliseconds: performance.now() - begin,
    };
  } finally {
    await placements.release(orgId, holder).catch(() => {});
  }
}

/** Runs what is left, and answers the last file. */
async function applied(
  { orgId, schema, query }: MigrationTarget,
  files: readonly SqlFile[],
  { lockTimeoutMs = 5_000, record = false, dryRun = false, signal }: MigrateTenantsOptions,
  run: string[],
): Promise<string | null> {
  const path = schema === null ? "" : `set search_path = ${quoted(schema)}, pg_temp; `;
  const journal = schema === null ? "tenantry_migrations" : `${quoted(schema)}.tenantry_migrations`;
  const isThere = (await query("select to_regclass($1) is not null as there", [journal]))[0]?.["there"] === true;
  const known = isThere ? await query(`select name, sha256 from ${journal} order by name collate "C"`, []) : [];
  const left = remaining(files, known as unknown as readonly Pick<SqlFile, "name" | "sha256">[]);
  if (dryRun) {
    run.push(...left.map(({ name }) => name));
    return null;
  }
  const settings = `${path}set lock_timeout = ${Number(lockTimeoutMs)};`;
  await query(settings, []);
  if (!isThere) {
    await query(
      `create table ${journal} (name text primary key, sha256 text not null, applied_at timestamptz not null default now())`,
      [],
    );
  }
  for (const { name, text, sha256, isTransactional } of left) {
    signal?.throwIfAborted();
    const note = (): Promise<unknown> => query(`insert into ${journal} (name, sha256) values ($1, $2)`, [name, sha256]);
    try {
      if (record) {
        await note();
      } else if (isTransactional) {
        await query("begin", []);
        await query(text, []);
        await note();
        const [state] = await query("select 1 as open where pg_current_xact_id_if_assigned() is not null", []);
        if (state === undefined) {
          throw new Error("the file ended its transaction");
        }
        await query("commit", []);
      } else {
        await query(text, []);
        await note();
      }
      run.push(name);
    } catch (error) {
      await query("rollback", []).catch(() => {});
      throw new IsolationError("isolation.migration_failed", {
        orgId,
        file: name,
        sqlState: serverError(error)?.code ?? null,
      });
    }
  }
  return files.at(-1)?.name ?? null;
}

function remaining(files: readonly SqlFile[], known: readonly Pick<SqlFile, "name" | "sha256">[]): readonly SqlFile[] {
  const applied = new Map(known.map(({ name, sha256 }) => [name, sha256]));
  const last = known.at(-1)?.name;
  for (const { name, sha256 } of files) {
    const noted = applied.get(name);
    if (noted === undefined ? last !== undefined && name < last : noted !== sha256) {
      throw new IsolationError("isolation.migration_changed", { file: name });
    }
  }
  const names = new Set(files.map(({ name }) => name));
  const gone = known.find(({ name }) => !names.has(name));
  if (gone !== undefined) {
    throw new IsolationError("isolation.migration_changed", { file: gone.name });
  }
  return files.filter(({ name }) => !applied.has(name));
}

async function filesOf({ directory }: SqlDirectory): Promise<readonly SqlFile[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sql"));
  // By their characters, whatever the language of the machine.
  names.sort((one, other) => (one < other ? -1 : 1));
  return await Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(directory, name), "utf8");
      const [firstLine = ""] = text.split("\n", 1);
      return {
        name,
        text,
        sha256: createHash("sha256").update(text).digest("hex"),
        isTransactional: !ALONE.test(firstLine),
      };
    }),
  );
}
