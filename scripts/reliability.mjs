// The page of the long run, made of what its parts left behind.
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

const number = (value) => Math.round(value).toLocaleString("en-US");
const shown = (value) => (value === undefined ? "" : typeof value === "number" ? number(value) : value);
const unique = (values) => [...new Set(values)];

const HEAD = [
  "figure",
  "store",
  "server",
  "planned",
  "done",
  "not run",
  "violations",
  "unknown",
  "retries per 1,000",
  "p50 ms",
  "p99 ms",
  "seconds",
  "seeds",
];
const TEXTS = ["figure", "store", "server", "seeds"];

export function pageOf(parts, { profile, scale }) {
  const rows = [...rowsOf(parts), saboteursOf(parts)].filter((row) => row !== null);
  const failures = parts.flatMap((part) => failuresOf(part).map(({ title }) => `- ${part.name}: ${title}`));
  const dead = parts.filter((part) => part.status !== 0 && failuresOf(part).length === 0);
  const count = failures.length + dead.length;
  const minutes =
    (Math.max(...parts.map(({ ended }) => ended)) - Math.min(...parts.map(({ began }) => began))) / 60_000;
  const commits = unique(parts.map(({ commit }) => commit));
  const together = parts.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  const took = commits.length === 1 ? `${number(minutes)} minutes` : "Repeated in parts";
  const [committed, fenced, open] = [0, 1, 2].map((place) => rows.reduce((sum, row) => sum + row.unknown[place], 0));
  const lines = [
    `# Reliability

<!-- Written by \`pnpm torture\`; not by hand. -->

What the ${profile} run of \`pnpm torture\` counted${scale === 1 ? "" : `, at a scale of ${scale}`}. ${count === 0 ? "No violation" : `**${count} violation${count === 1 ? "" : "s"}**`}: no half-written state, no
acknowledged write lost, no refused one that happened, none applied twice, no error without a code. A test ends at its first
violation. Of ${number(committed + fenced + open)} outcomes that nobody knew at first ${number(committed)} were found committed, ${number(fenced)} were fenced for good, and ${number(open)} stayed open.

- Seeds from ${Math.min(...parts.map((part) => part.seed))}; the same seed repeats the same sequence of operations.
- ${commits.length === 1 ? `Commit ${commits[0]}` : `Commits ${commits.join(", ")} (parts were repeated)`}, Node ${process.version}, ${versions()}.
- Servers: ${serversOf(parts).join("; ")}.
- ${took} on ${cpus().length} cores, two parts at a time; ${number(together)} minutes one after another.${parts.some(({ isShared }) => isShared) ? "\n- The machine was shared with other work: times are longer than on one of its own." : ""}

The columns:

- *Planned* is what was to be done, *done* what was; *all* is whatever there is, at most so much for each pair.
- *Not run* is what was planned and not done, and how many tests the store's own declarations ruled out, or a failure before
  them. Neither counts as passed.
- *Violations* are failed tests of that part and store.
- *Unknown* are outcomes that a lost connection left open, and what they were found to be: committed / fenced / neither.
- *Retries per 1,000* are, among a thousand calls, the attempts that faults made necessary: requests that were made to fail, or
  calls that ended with no decision (\`unavailable.*\`, \`indeterminate.commit\`), as far as the part counts them. What a store
  decides again because others were faster is not among them.
- *p50* and *p99* are how long a call took, in milliseconds, whatever was done to it, as far as the part goes through the public
  methods of a store: half of the calls took no longer, and all but one in a hundred. The scale has steps of 5 %. Calls that set
  the scene are among them. Without faults they measure a machine that is busy on purpose; with them, the faults.

${HEAD.map((name) => `| ${name} `).join("")}|
${HEAD.map((name) => (TEXTS.includes(name) ? "| --- " : "| --: ")).join("")}|`,
    ...rows.map(rowText),
  ];
  if (count > 0) {
    lines.push("\n## Violations\n", ...failures, ...dead.map(({ name }) => `- ${name}: did not come to an end`));
  }
  lines.push(`
## Not tested

- Services in the cloud, failovers and replicas; disks and power. Crashes end processes, with \`fsync\` on; what a disk
  loses that said it had written is beyond them.
- Neon itself: it is a local endpoint in front of the same PostgreSQL, over HTTP and WebSocket.
- Cuts of connections with encryption; the proxy reads the protocol, and cuts those without.
- PGlite under races and cuts: it is one session in one process.${leftOut(parts)}
`);
  return lines.join("\n");
}

function rowText(row) {
  const { figure, store, server, planned, count, calls, violations, unknown, retries, durations, seconds, seeds } = row;
  const [committed, fenced, open] = unknown;
  const found = committed + fenced + open === 0 ? "" : unknown.map(number).join(" / ");
  const cells = [
    figure,
    store,
    server,
    shown(planned),
    number(count),
    notRunText(row),
    number(violations),
    found,
    retries === undefined ? "" : ((retries / (calls || count || 1)) * 1000).toFixed(1),
    milliseconds(percentile(durations, 0.5)),
    milliseconds(percentile(durations, 0.99)),
    number(seconds),
    seeds,
  ];
  return `| ${cells.join(" | ")} |`;
}

function notRunText({ planned, count, leftOut }) {
  const missing = typeof planned === "number" ? Math.max(0, planned - count) : count === 0 && planned ? "all" : 0;
  return [
    ...(missing === 0 ? [] : [shown(missing)]),
    ...(leftOut === 0 ? [] : [leftOut === 1 ? "1 test" : `${leftOut} tests`]),
  ].join(", ");
}

/** How long a share of the calls took at most; `undefined` where none was timed. Counts are pairs of milliseconds and calls. */
export function percentile(counts, share) {
  const sorted = [...counts].sort(([a], [b]) => a - b);
  const enough = share * sorted.reduce((sum, [, count]) => sum + count, 0);
  let counted = 0;
  for (const [ms, count] of sorted) {
    counted += count;
    if (counted >= enough) {
      return ms;
    }
  }
  return undefined;
}

const milliseconds = (value) => (value === undefined ? "" : value < 10 ? value.toFixed(1) : number(value));

function rowsOf(parts) {
  return parts.flatMap((part) => {
    const rows = new Map();
    for (const line of part.lines.filter(({ figure }) => figure !== undefined)) {
      const key = `${line.figure} ${line.store}`;
      const row = rows.get(key) ?? {
        ...line,
        figure: line.figure === "calls meanwhile" ? `calls meanwhile (${part.name})` : line.figure,
        count: 0,
        calls: 0,
        seconds: 0,
        retries: undefined,
        durations: [],
        unknown: [0, 0, 0],
        seeds: [],
      };
      row.planned ??= line.planned;
      row.count += line.count ?? 0;
      row.calls += line.calls ?? 0;
      row.durations.push(...(line.durations ?? []));
      row.seconds += line.seconds ?? 0;
      row.seeds.push(...(line.seed === undefined ? [] : [line.seed]));
      // Whoever met a fault tried again.
      row.retries = line.retries === undefined ? row.retries : (row.retries ?? 0) + line.retries;
      const { committed = 0, fenced = 0, open = 0 } = line.unknown ?? {};
      row.unknown = row.unknown.map((sum, place) => sum + [committed, fenced, open][place]);
      rows.set(key, row);
    }
    return [...rows.values()].map((row) => ({
      ...row,
      seeds: seedsText(row.seeds),
      server: serverOf(parts, row.store),
      violations: failuresOf(part).filter(({ store }) => store === null || store === row.store).length,
      leftOut: leftOutOf(part).filter(({ store }) => store === row.store).length,
    }));
  });
}

function seedsText(seeds) {
  const [least, most] = [Math.min(...seeds), Math.max(...seeds)];
  return seeds.length === 0 ? "" : least === most ? `${least}` : `${least}–${most}`;
}

/** Tests that failed, and of which store, where their first title tells. */
function failuresOf({ report }) {
  return (report?.testResults ?? []).flatMap(({ name, status, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === "failed");
    if (status === "failed" && failed.length === 0) {
      return [{ store: null, title: name.split("/").at(-1) }];
    }
    return failed.map(({ ancestorTitles, fullName }) => ({ store: ancestorTitles[0] ?? null, title: fullName }));
  });
}

/** Stores that are broken on purpose: one number may have several, and all must be caught, with every seed. */
function saboteursOf(parts) {
  const own = parts.filter(({ name }) => name.startsWith("saboteurs"));
  if (own.length === 0) {
    return null;
  }
  const kinds = own.map(({ report }) => {
    const byNumber = new Map();
    for (const test of (report?.testResults ?? []).flatMap(({ assertionResults }) => assertionResults)) {
      const [, kind] = /(?:^| )(S\d+):/.exec(test.fullName) ?? [];
      if (kind !== undefined) {
        byNumber.set(kind, (byNumber.get(kind) ?? true) && test.status === "passed");
      }
    }
    return [...byNumber.values()];
  });
  const caught = kinds.map((kind) => `${kind.filter((isCaught) => isCaught).length}`);
  return {
    figure: "saboteurs caught",
    store: "broken on purpose",
    server: "",
    planned: kinds.map((kind) => `${kind.length}`).join(" + "),
    count: caught.reduce((sum, each) => sum + Number(each), 0),
    violations: kinds.flat().filter((isCaught) => !isCaught).length,
    unknown: [0, 0, 0],
    leftOut: 0,
    durations: [],
    retries: undefined,
    seconds: own.reduce((sum, { seconds }) => sum + seconds, 0),
    seeds: own.map(({ seed }) => seed).join(", "),
  };
}

function serverOf(parts, store) {
  const servers = parts.flatMap(({ lines }) =>
    lines.filter((line) => line.server !== undefined && line.store === store),
  );
  return unique(servers.map(({ server }) => server)).join(", ");
}

function serversOf(parts) {
  const lines = parts.flatMap((part) => part.lines.filter(({ server }) => server !== undefined));
  const versions = unique(lines.map(({ server }) => server));
  return versions.map((version) => {
    const stores = unique(lines.filter(({ server }) => server === version).map(({ store }) => store));
    return `PostgreSQL ${version} (${stores.join(", ")})`;
  });
}

function versions() {
  const { devDependencies } = JSON.parse(readFileSync("packages/torture/package.json", "utf8"));
  return ["pg", "postgres", "@neondatabase/serverless", "@electric-sql/pglite"]
    .map((name) => `${name} ${devDependencies[name]}`)
    .join(", ");
}

/** Tests that were not run, and of which store: what a store declares to lack is left out, and not passed. */
function leftOutOf({ report }) {
  return (report?.testResults ?? []).flatMap(({ assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "skipped" || status === "pending" || status === "todo")
      .map(({ ancestorTitles, fullName }) => ({ store: ancestorTitles[0] ?? null, title: fullName })),
  );
}

function leftOut(parts) {
  return unique(parts.flatMap((part) => leftOutOf(part).map(({ title }) => title)))
    .map((title) => `\n- Left out, because the store declares that it cannot happen: ${title}.`)
    .join("");
}
