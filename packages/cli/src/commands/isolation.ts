import { doctor, type Finding, generatePolicies, type TableDeclaration } from "@tenantry/isolation";
import { type Command, looking } from "../command.ts";
import { diagnose } from "../diagnosis.ts";
import type { Diagnosis } from "../finding.ts";
import { type IsolationParts, needed } from "../isolation-parts.ts";
import { flag, oneOf } from "../option.ts";
import type { Column } from "../output.ts";
import { EXIT, type Exit, searched } from "../problem.ts";

const FINDINGS: readonly Column[] = [
  ["severity", 8],
  ["code", 34],
  ["object", 40],
  ["remedy", 0],
];
const PRINTS = "`{ code, severity, object, remedy }` per line";

export const runDoctor: Command = looking({
  name: "doctor",
  summary: "look for what does not keep tenants apart, and for what is out of order",
  description:
    "Roles, policies, references, objects, tables, placements and server; places that were left half-way, and tenants whose tables are behind; secrets that no key opens; slugs that no host can reach; the configuration. Changes nothing. " +
    "With --leak-test it also tries, with two organizations that it makes and removes, to get at another tenant's rows. Ends with 3 where there are errors.",
  args: {},
  options: {
    leakTest: flag("try to get at another tenant's rows"),
    failOn: oneOf("severity", "what ends with 3 (error)", ["error", "warning"]),
  },
  prints: PRINTS,
  examples: [
    { line: "tenantry doctor", says: "Before every release." },
    { line: "tenantry doctor --leak-test --fail-on warning --json", says: "In continuous integration." },
  ],
  async run({ options: { leakTest, failOn = "error" }, host, out, io, signal }) {
    return await searched(async () => {
      let isBad = false;
      for await (const finding of diagnose({ host, env: io.env, withLeakTest: leakTest, signal })) {
        isBad ||= finding.severity === "error" || failOn === "warning";
        out.row(finding, FINDINGS);
      }
      return isBad ? EXIT.findings : EXIT.done;
    });
  },
});

export const printPolicies: Command = looking({
  name: "policies print",
  summary: "print the SQL that keeps tenants apart",
  description:
    "One script for the declared tables, the same for the same declaration. Keep it as a migration of your own.",
  args: {},
  options: {},
  prints: "`{ sql }`",
  examples: [
    { line: "tenantry policies print > migrations/0042_policies.sql", says: "After a change of the declaration." },
  ],
  async run({ host, out }) {
    const sql = generatePolicies(needed(await host.isolation(), "tables"));
    out.document({ sql }, sql.trimEnd());
  },
});

/** What a database says whose policies are not those of the script. */
const OF_POLICIES: ReadonlySet<string> = new Set([
  "isolation.rls_not_forced",
  "isolation.policy_missing",
  "isolation.policy_extra",
]);

export const checkPolicies: Command = looking({
  name: "policies check",
  summary: "compare the policies in the database with the script",
  description:
    "Policies, their functions and defaults: what is missing, was changed, or is there besides. Ends with 3 where the two differ.",
  args: {},
  options: {},
  prints: PRINTS,
  examples: [{ line: "tenantry policies check", says: "Whether the script was run." }],
  async run({ host, out }) {
    const findings = (await findingsOf(await host.isolation())).filter(({ code }) => OF_POLICIES.has(code));
    return printed(findings, (finding) => out.row(finding, FINDINGS));
  },
});

export const listTables: Command = looking({
  name: "tables list",
  summary: "show the declared tables beside those of the database",
  description:
    "A table that nobody declared has the scope undeclared. Ends with 3 where the two differ and no scope was asked for.",
  args: {},
  options: { scope: oneOf("scope", "only those", ["tenant", "shared", "both", "ignored", "undeclared"]) },
  prints: "`{ table, scope, isThere }` per line",
  examples: [{ line: "tenantry tables list --scope undeclared", says: "What was forgotten." }],
  async run({ options: { scope }, host, out }) {
    const parts = await host.isolation();
    const declaration = needed(parts, "tables");
    const odd = (await findingsOf(parts)).filter(({ code }) => code === "isolation.unclassified_table");
    const rows = tablesOf(declaration, new Set(odd.map(({ object }) => object)));
    for (const row of rows.filter((each) => scope === undefined || each.scope === scope)) {
      out.row(row, [
        ["table", 40],
        ["scope", 10],
        ["isThere", 0],
      ]);
    }
    return odd.length > 0 && scope === undefined ? EXIT.findings : EXIT.done;
  },
});

interface TableRow {
  readonly table: string;
  readonly scope: string;
  readonly isThere: boolean;
}

/** A declared table is odd where it is missing, another one where it is there. */
function tablesOf({ schema, tables }: TableDeclaration, odd: ReadonlySet<string>): readonly TableRow[] {
  const declared = Object.entries(tables).map(([name, { scope }]) => {
    const table = `${schema}.${name}`;
    return { table, scope, isThere: !odd.has(table) };
  });
  const known = new Set(declared.map(({ table }) => table));
  const others = [...odd].filter((table) => !known.has(table));
  return [...declared, ...others.map((table) => ({ table, scope: "undeclared", isThere: true }))];
}

function findingsOf(parts: IsolationParts): Promise<readonly Finding[]> {
  return doctor({ tables: needed(parts, "tables"), query: needed(parts, "query") });
}

function printed(findings: readonly Diagnosis[], print: (finding: Diagnosis) => void): Exit {
  findings.forEach(print);
  return findings.length === 0 ? EXIT.done : EXIT.findings;
}
