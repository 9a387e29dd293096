// The arrows of ARCHITECTURE.md. Tests are exempt, and all of torture is one: they may use whatever proves the point.
const TESTS = "/test/|\\.test(-d)?\\.ts$|^packages/torture/";
const PORTABLE = "^packages/(core|store-memory|store-sql|store-pg|store-neon|settings|lifecycle)/src/";

/** Which other packages of ours each package may import. */
const arrows = {
  core: [],
  "store-memory": ["core"],
  "store-sql": ["core"],
  "store-pg": ["store-sql", "core"],
  "store-neon": ["store-sql", "core"],
  conformance: ["core", "store-memory"],
  // The store in memory for the entry `./testing` alone.
  context: ["core", "store-memory"],
  events: ["core"],
  isolation: ["context", "core"],
  settings: ["core"],
  lifecycle: ["context", "isolation", "settings", "events", "core"],
  cli: [...["conformance", "context", "core", "events", "isolation", "lifecycle", "settings", "store-pg", "store-sql"]],
  edge: ["store-neon", "store-memory", "context", "events", "core"],
};

export default {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "everything-resolves", severity: "error", from: {}, to: { couldNotResolve: true } },
    ...Object.entries(arrows).map(([name, allowed]) => ({
      name: `arrows-of-${name}`,
      comment: `${name} may import ${allowed.length === 0 ? "no other package" : allowed.join(" and ")}.`,
      severity: "error",
      from: { path: `^packages/${name}/src/`, pathNot: TESTS },
      to: { path: "^(packages|examples)/", pathNot: `^packages/(${[name, ...allowed].join("|")})/` },
    })),
    {
      name: "packages-by-their-entries",
      comment: "Import another package by its name: its files may move.",
      severity: "error",
      from: { path: "^(?:packages|examples)/([^/]+)/src/", pathNot: TESTS },
      // The entry of testkit is not built.
      to: { path: "^packages/[^/]+/src/", pathNot: "^packages/($1/|testkit/src/index\\.ts$)" },
    },
    {
      name: "testkit-in-tests-only",
      comment: "What is measured by the benchmark, and an example to be looked at, run on the same databases.",
      severity: "error",
      from: {
        path: "^(packages|examples|scripts)/",
        pathNot: `${TESTS}|^packages/(testkit|bench)/|^examples/saas/src/throw-away`,
      },
      to: { path: "^packages/testkit/" },
    },
    {
      name: "core-depends-on-uuid-alone",
      severity: "error",
      from: { path: "^packages/core/src/", pathNot: TESTS },
      to: { dependencyTypesNot: ["local"], pathNot: "/node_modules/uuid/|^packages/core/" },
    },
    {
      name: "no-undeclared-dependencies",
      severity: "error",
      from: { path: "^packages/[^/]+/src/", pathNot: `${TESTS}|^packages/testkit/` },
      // What a host brings is a peer, and a tool of ours besides.
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "unknown"], dependencyTypesNot: ["npm-peer"] },
    },
    {
      name: "portable-packages-use-no-node-modules",
      comment: "They run in any JavaScript runtime.",
      severity: "error",
      from: { path: PORTABLE, pathNot: TESTS },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "portable-entries-of-context",
      comment: "The others say by their names that they are for Node.",
      severity: "error",
      from: {
        path: "^packages/context/src/",
        pathNot: `${TESTS}|^packages/context/src/(als|express|fastify|node-request)\\.ts$`,
      },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "portable-entries-of-events",
      comment: "The entry for Node says so by its name.",
      severity: "error",
      from: { path: "^packages/events/src/", pathNot: `${TESTS}|^packages/events/src/node\\.ts$` },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "portable-entries-of-isolation",
      comment: "Reading migrations from a folder is for Node.",
      severity: "error",
      from: { path: "^packages/isolation/src/", pathNot: `${TESTS}|^packages/isolation/src/migrate\\.ts$` },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "memory-in-the-stub-alone",
      severity: "error",
      from: { path: "^packages/context/src/", pathNot: `${TESTS}|^packages/context/src/testing\\.ts$` },
      to: { path: "^packages/store-memory/" },
    },
    {
      name: "portable-suite",
      comment:
        "The main entry of the conformance suite runs in any JavaScript runtime; reading files is another entry.",
      severity: "error",
      from: { path: "^packages/conformance/src/index\\.ts$" },
      to: { reachable: true, path: "^(node:|fs$|path$|url$|crypto$|module$|os$|child_process$|process$)" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules|/dist/" },
    // Prisma's own, and in circles; what tests build.
    exclude: { path: "^examples/transactions/generated/|/\\.out/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
