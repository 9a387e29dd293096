import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Command } from "../src/command.ts";
import { COMMANDS, GROUPS_OF_COMMANDS } from "../src/commands.ts";
import { synopsis } from "../src/help.ts";
import { read, type Typed } from "../src/program.ts";
import { runIn } from "./session.ts";

const session = { cwd: "/", on: "" };
const parts = { commands: COMMANDS, groups: GROUPS_OF_COMMANDS, version: "1.2.3" };

/** The words of a line as a shell parts them. */
function words(line: string): readonly string[] {
  const [command = ""] = line.split(/ [<>] /);
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, one, two, three]) => one ?? two ?? three ?? "");
}

function typed(line: string): Typed {
  const asked = read(words(line).slice(1), parts);
  if (!("typed" in asked)) {
    throw new Error(`${line} asks for a page`);
  }
  return asked.typed;
}

test.each(COMMANDS.map((command) => [command.name, command] as const))(
  "every example of %s is understood",
  (_, { name, examples }) => {
    expect(examples.length).toBeGreaterThan(0);
    for (const { line } of examples) {
      const { command, args, options } = typed(line);
      expect(command.name).toBe(name);
      const fields = { ...command.args, ...command.options };
      for (const [key, field] of Object.entries(fields)) {
        field.decode({ ...args, ...options }[key] ?? [], key);
      }
    }
  },
);

test("every command has a page, and it holds what it takes and what it ends with", async () => {
  for (const command of COMMANDS) {
    const { status, out } = await runIn(session, ...command.name.split(" "), "--help");
    expect(status).toBe(0);
    expect(
      Math.max(
        ...out
          .split("\n")
          .filter((line) => !line.includes("$ "))
          .map((line) => line.length),
      ),
    ).toBeLessThan(81);
    for (const title of ["NAME", "SYNOPSIS", "DESCRIPTION", "COMMON OPTIONS", "OUTPUT", "EXIT STATUS", "EXAMPLES"]) {
      expect(out).toContain(`${title}\n`);
    }
  }
});

test("groups and the program have pages of their own", async () => {
  for (const group of Object.keys(GROUPS_OF_COMMANDS)) {
    const { out } = await runIn(session, ...group.split(" "), "--help");
    for (const { name } of COMMANDS.filter((command) => command.name.startsWith(`${group} `))) {
      expect(out).toContain(`    ${name.slice(group.length + 1)}`);
    }
  }
  const { out } = await runIn(session, "--help");
  expect(COMMANDS.map(({ name }) => name).filter((name) => !out.includes(`    ${name}`))).toEqual([]);
});

test.each([
  [[]],
  [["orgs"]],
  [["nothing"]],
  [["orgs", "show"]],
  [["orgs", "show", "one", "two"]],
  [["orgs", "list", "--nothing"]],
  [["orgs", "list", "--status", "gone"]],
  [["orgs", "list", "--limit", "0"]],
  [["orgs", "list", "--query", "a", "--query", "b"]],
  [["orgs", "create", "--actor", "usr_0190f2a81b3c7abc8123456789abcdef"]],
  [["relay", "dead"]],
])("what is not understood ends with 2 and one line: %j", async (argv) => {
  const { status, out, err } = await runIn(session, ...argv);
  expect([status, out, err]).toEqual([2, "", expect.stringMatching(/^tenantry: cli\.usage: [^\n]+\n$/)]);
});

/** A row of the page. */
function rowOf(command: Command): string {
  const { acts, asks, prints } = command;
  return `| \`${synopsis(command).replaceAll("|", "\\|")}\` | ${command.summary} | ${acts ? "yes" : ""} | ${asks ?? ""} | ${prints.replaceAll("|", "\\|")} |`;
}

test("the table of the page is made of the program", () => {
  const page = readFileSync(new URL("../../../docs/cli.md", import.meta.url), "utf8");
  const rows = page.split("\n").filter((line) => line.startsWith("| `tenantry "));
  expect(rows).toEqual(COMMANDS.map(rowOf));
});
