import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// Each package as somebody gets it: packed, installed into an empty project beside the driver it needs and nothing else,
// then checked by the compiler and run.

const run = promisify(execFile);

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly devDependencies?: Readonly<Record<string, string>>;
}
const manifests = new Map(
  readdirSync("packages").map((folder) => {
    const manifest: Manifest = JSON.parse(readFileSync(`packages/${folder}/package.json`, "utf8"));
    return [folder, manifest] as const;
  }),
);
const { devDependencies: tools }: Manifest = JSON.parse(readFileSync("package.json", "utf8"));
const published = [...manifests].filter(([, manifest]) => manifest.private !== true).map(([folder]) => folder);

interface Project {
  readonly folder: string;
  /** A driver and what its types need, in the versions that the package's own tests use. Without any, nothing of Node. */
  readonly beside: readonly string[];
  /** A module, and the same with `require` where imports are. It prints "ok". */
  readonly program: string;
  /** Declarations of others that do not pass by themselves. */
  readonly lenient?: RegExp;
}

const projects: Readonly<Record<string, Project>> = {
  core: {
    folder: "core",
    beside: [],
    program: `import { generate } from "@tenantry/core";
console.log(generate("org").startsWith("org_") ? "ok" : "no id");`,
  },
  "store-memory": {
    folder: "store-memory",
    beside: [],
    program: `import { InMemoryTenancyStore } from "@tenantry/store-memory";
const { capabilities } = new InMemoryTenancyStore();
console.log(capabilities.concurrentSessions ? "no store" : "ok");`,
  },
  "store-sql": {
    folder: "store-sql",
    beside: [],
    program: `import { SqlTenancyStore } from "@tenantry/store-sql";
const executor = { run: async () => [], batch: async () => {} };
const store = new SqlTenancyStore({ executor, concurrentSessions: true, hostTransactions: false });
console.log(store.capabilities.usersLink ? "ok" : "no store");`,
  },
  "store-pg on pg": {
    folder: "store-pg",
    beside: ["pg", "@types/pg", "@types/node"],
    program: `import { PostgresTenancyStore } from "@tenantry/store-pg";
import pg from "pg";
const store = new PostgresTenancyStore(new pg.Pool());
console.log(store.capabilities.hostTransactions ? "ok" : "no store");`,
  },
  "store-pg on postgres.js": {
    folder: "store-pg",
    beside: ["postgres", "@types/node"],
    program: `import { PostgresJsTenancyStore } from "@tenantry/store-pg/postgres-js";
import postgres from "postgres";
const store = new PostgresJsTenancyStore(postgres());
console.log(store.capabilities.hostTransactions ? "ok" : "no store");`,
  },
  "store-pg on PGlite": {
    folder: "store-pg",
    beside: ["@electric-sql/pglite", "@types/node"],
    program: `import { PgliteTenancyStore } from "@tenantry/store-pg/pglite";
import { PGlite } from "@electric-sql/pglite";
const store = new PgliteTenancyStore(new PGlite());
console.log(store.capabilities.hostTransactions ? "ok" : "no store");`,
    // They speak of the browser, and of Emscripten's types, which it does not install.
    lenient: /\/@electric-sql\/pglite\//,
  },
  "store-neon over HTTP": {
    folder: "store-neon",
    beside: ["@neondatabase/serverless", "@types/node"],
    program: `import { NeonHttpTenancyStore } from "@tenantry/store-neon/http";
import { neon } from "@neondatabase/serverless";
const store = new NeonHttpTenancyStore(neon("postgresql://user:password@neon.example/app"));
console.log(store.capabilities.hostTransactions ? "no store" : "ok");`,
  },
  "store-neon over WebSockets": {
    folder: "store-neon",
    beside: ["@neondatabase/serverless", "@types/node"],
    program: `import { NeonTenancyStore } from "@tenantry/store-neon/websocket";
import { Pool } from "@neondatabase/serverless";
const store = new NeonTenancyStore(new Pool());
console.log(store.capabilities.hostTransactions ? "ok" : "no store");`,
  },
  context: {
    folder: "context",
    beside: [],
    program: `import { loadConfig, ResolverRegistry } from "@tenantry/context";
console.log(ResolverRegistry.fromConfig(loadConfig().resolution).size === 3 ? "ok" : "no resolvers");`,
  },
  "context on fetch": {
    folder: "context",
    beside: ["@types/node"],
    program: `import { withTenant } from "@tenantry/context/fetch";
import { createTenantScope } from "@tenantry/context/als";
console.log(withTenant.length >= 2 && createTenantScope().tryCurrent() === undefined ? "ok" : "no adapter");`,
  },
  "context on Hono": {
    folder: "context",
    beside: ["hono", "@types/node"],
    program: `import { requireTenant } from "@tenantry/context/hono";
console.log(typeof requireTenant({ role: "admin" }) === "function" ? "ok" : "no guard");`,
    // It speaks of the browser.
    lenient: /\/hono\//,
  },
  "context on Express": {
    folder: "context",
    beside: ["express", "@types/express", "@types/node"],
    program: `import { requireTenant } from "@tenantry/context/express";
console.log(typeof requireTenant({ role: "admin" }) === "function" ? "ok" : "no guard");`,
  },
  "context on Fastify": {
    folder: "context",
    beside: ["fastify", "@types/node"],
    program: `import { requireTenant } from "@tenantry/context/fastify";
console.log(typeof requireTenant({ role: "admin" }) === "function" ? "ok" : "no guard");`,
  },
  "context with jose": {
    folder: "context",
    beside: ["jose", "@types/node"],
    program: `import { jwtClaims } from "@tenantry/context/jwt";
const keys = new Uint8Array(32);
console.log(typeof jwtClaims({ keys, algorithms: ["HS256"], issuer: "i", audience: "a" }) === "function" ? "ok" : "no claims");`,
  },
  "context with a stub": {
    folder: "context",
    beside: ["@types/node"],
    program: `import { createTenantStub } from "@tenantry/context/testing";
console.log(createTenantStub().tenancy.registry.size === 1 ? "ok" : "no stub");`,
  },
  events: {
    folder: "events",
    beside: [],
    program: `import { createEvents, settingEntity } from "@tenantry/events";
console.log(settingEntity("org_1", "theme") === "setting:org_1:theme" && createEvents.length === 1 ? "ok" : "no events");`,
  },
  "events delivered": {
    folder: "events",
    beside: ["@types/node"],
    program: `import { createRelay } from "@tenantry/events/relay";
import { verifyWebhook } from "@tenantry/events/webhooks";
import { nodeFetch } from "@tenantry/events/node";
console.log(createRelay.length === 1 && verifyWebhook.length === 1 && nodeFetch().length === 2 ? "ok" : "no relay");`,
  },
  "context with domains": {
    folder: "context",
    beside: ["@types/node"],
    program: `import { DomainDirectory } from "@tenantry/context/domains";
console.log(DomainDirectory.length === 2 ? "ok" : "no domains");`,
  },
  lifecycle: {
    folder: "lifecycle",
    beside: ["@types/node"],
    program: `import { createTenantry, statusOf } from "@tenantry/lifecycle";
console.log(statusOf("active", null) === "active" && createTenantry.length === 1 ? "ok" : "no lifecycle");`,
  },
  settings: {
    folder: "settings",
    beside: [],
    program: `import { CachedSettingsProvider, storeSettings, TenantSettings } from "@tenantry/settings";
let told = 0;
const provider = { load: async () => { throw 0; }, change: async () => [], subscribe: () => () => { told += 1; } };
const cache = new CachedSettingsProvider(provider);
new TenantSettings(cache, {}, { openKeys: true });
cache.close();
console.log(told === 1 && typeof storeSettings === "function" ? "ok" : "no settings");`,
  },
  isolation: {
    folder: "isolation",
    beside: ["@types/node"],
    program: `import { defineTables, generatePolicies } from "@tenantry/isolation";
const tables = defineTables({ schema: "app", appRole: "u", adminRole: "a", tables: { t: "tenant" } });
console.log(generatePolicies(tables).includes("force row level security") ? "ok" : "no policies");`,
  },
  "isolation on pg": {
    folder: "isolation",
    beside: ["pg", "@types/pg", "@types/node"],
    program: `import { rowIsolation } from "@tenantry/isolation";
import { pgDriver } from "@tenantry/isolation/pg";
import { migrateTenants } from "@tenantry/isolation/migrate";
import pg from "pg";
console.log(rowIsolation(pgDriver(new pg.Pool())).name === "row" && migrateTenants.length === 1 ? "ok" : "no strategy");`,
  },
  "isolation on postgres.js": {
    folder: "isolation",
    beside: ["postgres", "@types/node"],
    program: `import { rowIsolation } from "@tenantry/isolation";
import { postgresJsDriver } from "@tenantry/isolation/postgres-js";
import postgres from "postgres";
console.log(rowIsolation(postgresJsDriver(postgres())).name === "row" ? "ok" : "no strategy");`,
  },
  "isolation on Kysely": {
    folder: "isolation",
    beside: ["kysely", "@types/node"],
    program: `import { kyselyDriver } from "@tenantry/isolation/kysely";
console.log(kyselyDriver.length === 1 ? "ok" : "no driver");`,
  },
  "isolation with a leak test": {
    folder: "isolation",
    beside: ["@types/node"],
    program: `import { LeakError, leakTest } from "@tenantry/isolation/testing";
console.log(new LeakError("x") instanceof Error && leakTest.length === 1 ? "ok" : "no test");`,
  },
  cli: {
    folder: "cli",
    beside: ["@types/node"],
    program: `import { run } from "@tenantry/cli";
console.log(run.length === 2 ? "ok" : "no program");`,
  },
  conformance: {
    folder: "conformance",
    beside: [],
    program: `import { corpus, describeStore } from "@tenantry/conformance";
const declare = (store: never) => describeStore(store);
console.log(corpus.length > 20 && declare.length === 1 ? "ok" : "no corpus");`,
  },
};

let scratch: string;
const at = (name: string, ...path: readonly string[]): string => join(scratch, name.replaceAll(/\W/g, "-"), ...path);

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "tenantry-tarballs-"));
  const tarballs = await Promise.all(
    published.map(async (folder) => {
      const { stdout } = await run("pnpm", ["pack", "--json", "--pack-destination", scratch], {
        cwd: `packages/${folder}`,
      });
      return [folder, join(scratch, basename(JSON.parse(stdout).filename))] as const;
    }),
  );
  const file = new Map(tarballs.map(([folder, path]) => [folder, `file:${path}`]));
  // One installation for all; each project sees what is its own.
  const overrides = Object.fromEntries([...file].map(([folder, path]) => [manifests.get(folder)?.name, path]));
  writeFileSync(join(scratch, "pnpm-workspace.yaml"), JSON.stringify({ packages: ["*"], overrides }));
  writeFileSync(join(scratch, "package.json"), JSON.stringify({ private: true }));
  for (const [name, { folder, beside, program }] of Object.entries(projects)) {
    const manifest = manifests.get(folder);
    const version = (other: string): string | undefined => ({ ...tools, ...manifest?.devDependencies })[other];
    const dependencies = {
      [manifest?.name ?? folder]: file.get(folder),
      ...Object.fromEntries(beside.map((other) => [other, version(other)])),
    };
    mkdirSync(at(name));
    writeFileSync(at(name, "package.json"), JSON.stringify({ name: at(name), private: true, dependencies }));
    const globals = beside.length === 0 ? "declare const console: { log(text: string): void };\n" : "";
    writeFileSync(at(name, "program.mts"), `${globals}${program}\n`);
    const { outputText } = ts.transpileModule(`${program}\nprocess.exit();\n`, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
    });
    writeFileSync(at(name, "program.mjs"), outputText);
    writeFileSync(at(name, "program.cjs"), required(outputText));
  }
  await run("pnpm", ["install", "--prefer-offline", "--ignore-scripts", "--no-frozen-lockfile"], { cwd: scratch });
}, 120_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function required(program: string): string {
  return program
    .replaceAll(/^import (\{[^}]*\}) from (".*");$/gm, "const $1 = require($2);")
    .replaceAll(/^import (\w+) from (".*");$/gm, "const { default: $1 = require($2) } = require($2);");
}

/** What several programs have in common, the language's declarations above all, is read once. */
const sources = new Map<string, ts.SourceFile | undefined>();

function complaints(name: string, resolution: "nodenext" | "bundler"): readonly string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts"],
    types: projects[name]?.beside.includes("@types/node") ? ["node"] : [],
    typeRoots: [at(name, "node_modules/@types")],
    skipLibCheck: false,
    ...(resolution === "nodenext"
      ? { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }
      : { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }),
  };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (path, ...others) => {
    const key = `${resolution} ${path}`;
    if (!sources.has(key)) {
      sources.set(key, read(path, ...others));
    }
    return sources.get(key);
  };
  const program = ts.createProgram([at(name, "program.mts")], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .filter(({ file }) => projects[name]?.lenient?.test(file?.fileName ?? "") !== true)
    .map(({ file, messageText }) => `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
}

test("every published package has its projects", () => {
  expect([...new Set(Object.values(projects).map(({ folder }) => folder))].sort()).toEqual([...published].sort());
});

describe.each(Object.keys(projects))("%s, installed from its tarball,", (name) => {
  test.each(["nodenext", "bundler"] as const)("passes the strict compiler under %s", (resolution) => {
    expect(complaints(name, resolution)).toEqual([]);
  });

  test.each(["program.mjs", "program.cjs"])("runs in %s", async (program) => {
    const { stdout } = await run(process.execPath, [program], { cwd: at(name) });
    expect(stdout).toBe("ok\n");
  });
});

test("the command runs through npx, and finds the database's driver by itself", async () => {
  const options = { cwd: at("cli"), env: { ...process.env, DATABASE_URL: "postgres://nobody@127.0.0.1:1/nowhere" } };
  const { stdout } = await run("npx", ["--no-install", "tenantry", "orgs", "list", "--help"], options);
  expect(stdout).toMatch(/^NAME\n {4}tenantry orgs list - /);
  const away = run("npx", ["--no-install", "tenantry", "orgs", "list"], options);
  await expect(away).rejects.toMatchObject({ code: 4, stderr: expect.stringContaining("unavailable.connection") });
});
