import { countsOf, type RunResult, reachedLevels, summedFigures, type TestResult } from "./result.ts";
import { LEVELS } from "./subject.ts";

/** The run as a page. */
export function markdownOf(result: RunResult): string {
  const { store, kit, node, profile, seed, startedAt, seconds, capabilities, tests, undeclared, findings } = result;
  const reached = reachedLevels(result);
  const absent = Object.entries(capabilities)
    .filter(([, has]) => !has)
    .map(([capability]) => `\`${capability}\``);
  const levels = LEVELS.map((level) => {
    const { passed, failed, leftOut } = countsOf(tests.filter((test) => test.level === level));
    const standing = undeclared.includes(level)
      ? "not declared"
      : !result.levels.includes(level)
        ? "not run"
        : reached.includes(level)
          ? "reached"
          : "not reached";
    return `| ${level} | ${standing} | ${passed} | ${failed} | ${leftOut} |`;
  });
  const figures = summedFigures(result.figures).map(({ figure, count, seconds: spent, retries, unknown }) => {
    const doubts = unknown === undefined ? "" : `${unknown.committed} / ${unknown.fenced} / ${unknown.open}`;
    return `| ${figure} | ${count} | ${doubts} | ${retries ?? ""} | ${spent.toFixed(1)} |`;
  });
  return `# Conformance of ${store}

Levels reached: ${reached.length === 0 ? "none" : reached.join(", ")}. Profile ${profile}, seed ${seed}, begun ${startedAt}, ${seconds.toFixed(1)} s, \`@tenantry/conformance\` ${kit}, Node ${node}.

Capabilities declared absent: ${absent.length === 0 ? "none" : absent.join(", ")}.

| level | | passed | failed | left out |
| --- | --- | --- | --- | --- |
${levels.join("\n")}

| figure | count | unknown outcomes: committed / fenced / open | retries | seconds |
| --- | --- | --- | --- | --- |
${figures.join("\n")}
${section("Failed", failures(tests))}${section("Left out", leftOut(tests))}${section("Below MUST", findings)}`;
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `\n## ${title}\n\n${lines.map((line) => `- ${line}`).join("\n")}\n`;
}

export function nameOf({ level, path }: Pick<TestResult, "level" | "path">): string {
  return [level, ...path].join(" > ");
}

function failures(tests: readonly TestResult[]): readonly string[] {
  return tests.flatMap((test) =>
    test.outcome.verdict === "failed"
      ? [`${nameOf(test)}\n\n  \`\`\`\n  ${test.outcome.message.replaceAll("\n", "\n  ")}\n  \`\`\`\n`]
      : [],
  );
}

/** One line for each reason. */
function leftOut(tests: readonly TestResult[]): readonly string[] {
  const reasons = new Map<string, number>();
  for (const { outcome, level } of tests) {
    if (outcome.verdict === "left out") {
      const reason = `${level}: ${outcome.reason}`;
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
  }
  return [...reasons].map(([reason, count]) => `${reason} (${count})`);
}

/** The run in the format that continuous integration reads. */
export function junitOf({ store, tests, seconds }: RunResult): string {
  const cases = tests.map((test) => {
    const attributes = `classname="${escaped([test.level, ...test.path.slice(0, -1)].join("."))}" name="${escaped(test.path.at(-1) ?? "")}" time="${test.seconds.toFixed(3)}"`;
    switch (test.outcome.verdict) {
      case "passed":
        return `    <testcase ${attributes}/>`;
      case "left out":
        return `    <testcase ${attributes}><skipped message="${escaped(test.outcome.reason)}"/></testcase>`;
      case "failed":
        return `    <testcase ${attributes}><failure message="${escaped(test.outcome.message.split("\n", 1)[0] ?? "")}">${escaped(test.outcome.message)}</failure></testcase>`;
    }
    return "";
  });
  const { passed, failed, leftOut: skipped } = countsOf(tests);
  const attributes = `name="${escaped(store)}" tests="${passed + failed + skipped}" failures="${failed}" skipped="${skipped}" time="${seconds.toFixed(3)}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n  <testsuite ${attributes}>\n${cases.join("\n")}\n  </testsuite>\n</testsuites>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  // Control characters have no place in XML, not even as entities.
  return text
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? "")
    .replace(/\p{Cc}/gu, (character) => (/[\t\n\r]/.test(character) ? character : "?"));
}
