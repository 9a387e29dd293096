import type { BulkCell } from "./bulk.ts";
import { barChart, lineChart } from "./chart.ts";
import type { HotCell } from "./hot-organization.ts";
import type { Cell, OperationsReport } from "./measure-operations.ts";
import type { MemoryReport } from "./memory.ts";
import type { Curves, SizeReport } from "./size.ts";
import type { Result } from "./summary.ts";
import { number, spread, table } from "./table.ts";

export const PARTS = ["operations", "hot", "bulk", "size", "memory"] as const;
export type Part = (typeof PARTS)[number];

/** What one part measured, and how. */
interface Measured<R> {
  readonly profile: string;
  /** Of the machine in the last quarter of an hour: processes that ran or waited to run. */
  readonly load: number;
  readonly results: R;
}

/** All that was measured; a part that was not asked for is missing. */
export interface Report {
  readonly machine: string;
  readonly operations?: Measured<OperationsReport>;
  readonly hot?: Measured<readonly HotCell[]>;
  readonly bulk?: Measured<readonly BulkCell[]>;
  readonly size?: Measured<SizeReport>;
  readonly memory?: Measured<MemoryReport>;
}

const PG = "Tenantry, pg";
const OTHERS = ["usual", "usual, tuned", "better-auth"];

/** The report as files: their names and what is in them. */
export function filesOf(report: Report): ReadonlyMap<string, string> {
  const [operations, size] = [report.operations?.results, report.size?.results];
  const files = new Map([
    // A line for each measurement, so that a difference shows what was measured again.
    [
      "results.json",
      `${JSON.stringify(report, rounding).replaceAll(/\},\{"(network|callers|store)"/g, '},\n{"$1"')}\n`,
    ],
    ["tables.md", tablesOf(report)],
  ]);
  for (const { name, title, callers, network } of operations === undefined ? [] : CHARTS) {
    const cells = operations?.cells.filter((cell) => cell.callers === callers && cell.network === network) ?? [];
    if (cells.length > 0) {
      files.set(name, latencyChart(title, cells));
    }
  }
  if (size !== undefined) {
    files.set("size.svg", sizeChart("What a call costs against the size of its organization", "members", size.members));
    const organizations = "What a call costs against the number of organizations";
    files.set("organizations.svg", sizeChart(organizations, "organizations", size.organizations));
  }
  return files;
}

const CHARTS = [
  { name: "latency-local.svg", title: "Latency, one caller, same machine", callers: 1, network: "local" },
  { name: "latency-far.svg", title: "Latency, one caller, 10 ms away each way", callers: 1, network: "+10 ms" },
  { name: "latency-32.svg", title: "Latency, 32 callers, same machine", callers: 32, network: "local" },
];

function rounding(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(4)) : value;
}

function tablesOf(report: Report): string {
  const { machine, operations, hot, bulk, size, memory } = report;
  const parts = [
    "# Tables",
    `Written by the benchmark: ${machine}. [README.md](README.md) says what the columns mean. In parentheses are the
quartiles of the rounds. Ratios are of one round each, so above 1 the store is ahead.`,
    conditions(report),
    ...(operations === undefined ? [] : operationTables(operations.results)),
    ...(hot === undefined ? [] : [hotTable(hot.results)]),
    ...(bulk === undefined ? [] : [bulkTable(bulk.results)]),
    ...(size === undefined ? [] : sizeTables(size.results)),
    ...(memory === undefined ? [] : [memoryTable(memory.results)]),
  ];
  return `${parts.join("\n\n")}\n`;
}

function conditions(parts: Pick<Report, Part>): string {
  const rows = PARTS.flatMap((part) => {
    const measured = parts[part];
    return measured === undefined ? [] : [[part, measured.profile, number(measured.load)]];
  });
  return table(["part", "profile", "load of the machine"], rows);
}

function operationTables({ distances, cells }: OperationsReport): readonly string[] {
  const networks = [...new Set(cells.map(({ network }) => network))];
  const callers = [...new Set(cells.map((cell) => cell.callers))];
  return networks.flatMap((network) => {
    const here = cells.filter((cell) => cell.network === network);
    const distance = distances[network] ?? Number.NaN;
    return [
      `## ${network}: a statement that does nothing takes ${number(distance)} ms`,
      `### Latency of one caller, in ms\n\n${latencyTable(
        here.filter((cell) => cell.callers === 1),
        distance,
      )}`,
      ...callers
        .filter((count) => count > 1)
        .flatMap((count) => {
          const those = here.filter((cell) => cell.callers === count);
          return [
            `### ${count} callers against the floor\n\n${floorTable(those)}`,
            `### ${count} callers against others\n\n${othersTable(those)}`,
          ];
        }),
    ];
  });
}

function latencyTable(cells: readonly Cell[], distance: number): string {
  const head = [
    "operation",
    "round trips",
    PG,
    "in distances",
    "floor, pg",
    ...OTHERS,
    "usual / ours",
    "better-auth / ours",
  ];
  return table(
    head,
    cells.map(({ operation, trips, results }) => {
      const own = of(results, PG)?.p50;
      return [
        operation,
        String(trips),
        number(own),
        number(own === undefined ? null : own / distance),
        ...["floor, pg", ...OTHERS].map((name) => number(of(results, name)?.p50)),
        spread(of(results, "usual")?.against?.latency),
        spread(of(results, "better-auth")?.against?.latency),
      ];
    }),
  );
}

function floorTable(cells: readonly Cell[]): string {
  const drivers = ["pg", "postgres.js", "Neon HTTP"];
  const head = [
    "operation",
    ...drivers.flatMap((driver) => [`${driver}, calls/s`, "of the floor"]),
    "pg, two that pipeline",
    "memory",
    "µs here, pg",
    "floor",
    "µs server",
    "floor",
    "floor / ours, µs",
  ];
  return table(
    head,
    cells.map(({ operation, results }) => {
      const [own, floor] = [of(results, PG), of(results, "floor, pg")];
      return [
        operation,
        ...drivers.flatMap((driver) => [
          number(of(results, `Tenantry, ${driver}`)?.throughput.median),
          spread(of(results, `floor, ${driver}`)?.against?.throughput),
        ]),
        number(of(results, "Tenantry, pg, two connections that pipeline")?.throughput.median),
        number(of(results, "Tenantry, memory")?.throughput.median),
        number(own?.clientCpu),
        number(floor?.clientCpu),
        number(own?.serverCpu),
        number(floor?.serverCpu),
        number(own === undefined || floor === undefined ? null : processorTime(floor) / processorTime(own)),
      ];
    }),
  );
}

function othersTable(cells: readonly Cell[]): string {
  const head = [
    "operation",
    `${PG}, calls/s`,
    "p50 ms",
    "p99 ms",
    ...OTHERS.flatMap((name) => [`${name}, calls/s`, "ours / theirs"]),
  ];
  return table(
    head,
    cells.map(({ operation, results }) => {
      const own = of(results, PG);
      return [
        operation,
        number(own?.throughput.median),
        number(own?.p50),
        number(own?.p99),
        ...OTHERS.flatMap((name) => {
          const other = of(results, name);
          return [number(other?.throughput.median), spread(other?.against?.throughput)];
        }),
      ];
    }),
  );
}

function hotTable(cells: readonly HotCell[]): string {
  const names = [PG, "Tenantry, pg, groupCommit: false", "usual", "usual, tuned"];
  const head = [
    "operation",
    "callers",
    "fsync",
    ...names.map((name) => `${name}, calls/s`),
    "ours / usual",
    "ours / tuned",
  ];
  const rows = cells.map(({ operation, callers, fsync, results }) => [
    operation,
    String(callers),
    fsync ? "on" : "off",
    ...names.map((name) => number(of(results, name)?.throughput.median)),
    spread(of(results, "usual")?.against?.throughput),
    spread(of(results, "usual, tuned")?.against?.throughput),
  ]);
  return `## One organization that everybody writes to\n\n${table(head, rows)}`;
}

function bulkTable(cells: readonly BulkCell[]): string {
  const head = ["operation", "store", "rows", "fsync", "µs a row", "here", "server", "a call each, µs", "times faster"];
  const rows = cells.map(({ operation, store, rows, fsync, bulk, clientCpu, serverCpu, loop, faster }) => [
    operation,
    store,
    number(rows),
    fsync ? "on" : "off",
    number(bulk.median),
    number(clientCpu),
    number(serverCpu),
    number(loop.median),
    spread(faster),
  ]);
  return `## Many rows in one call\n\n${table(head, rows)}`;
}

function sizeTables({ members, organizations }: SizeReport): readonly string[] {
  return [sizeTable("members", members), sizeTable("organizations", organizations)];
}

function sizeTable(along: string, { sizes, curves }: Curves): string {
  const head = [
    "operation",
    ...sizes.map((size) => `${number(size)} ${along}, ms`),
    ...sizes.map((size) => `${number(size)}, µs`),
    "last / first, µs",
  ];
  const rows = curves.map(({ name, isBulk, p50, cpu, growth }) => [
    isBulk ? `${name} (bulk)` : name,
    ...p50.map(number),
    ...cpu.map(number),
    spread(growth),
  ]);
  return `## Cost against the number of ${along}\n\n${table(head, rows)}`;
}

function memoryTable({ sizes, rates }: MemoryReport): string {
  const head = [
    "operation",
    ...sizes.map((size) => `${number(size)} members, calls/s`),
    ...sizes.map((size) => `${number(size)}, calls per second of a processor`),
  ];
  return `## In memory\n\n${table(
    head,
    rates.map(({ operation, throughput, undisturbed }) => [operation, ...[...throughput, ...undisturbed].map(spread)]),
  )}`;
}

function latencyChart(title: string, cells: readonly Cell[]): string {
  const names = [PG, "floor, pg", "Tenantry, postgres.js", "usual", "usual, tuned", "better-auth"];
  return barChart({
    title: `${title}: p50`,
    unit: "milliseconds",
    labels: cells.map(({ operation }) => operation),
    series: names.map((name) => ({ name, values: cells.map(({ results }) => of(results, name)?.p50 ?? null) })),
  });
}

function sizeChart(title: string, along: string, { sizes, curves }: Curves): string {
  const series = curves.map(({ name, cpu }) => ({ name, values: cpu }));
  return lineChart({ title, unit: "microseconds of processor time", along, places: sizes, series });
}

/** Here and on the server. */
function processorTime({ clientCpu, serverCpu }: Result): number {
  return clientCpu + (serverCpu ?? 0);
}

function of(results: readonly Result[], contender: string): Result | undefined {
  return results.find((result) => result.contender === contender);
}
