import type { Command } from "./command.ts";
import { ACTING, ASKING, COMMON } from "./common-options.ts";
import type { Field, Fields } from "./option.ts";
import { EXITS } from "./problem.ts";

const WIDTH = 80;

/** `dryRun` as it is typed. */
export function optionName(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What a command takes besides its own options. */
export function commonOptions({ acts, asks }: Command): Fields {
  return { ...(acts ? ACTING : {}), ...(asks === null ? {} : ASKING), ...COMMON };
}

/** A command's line with what it needs. */
export function synopsis({ name, args, options }: Command): string {
  const words = [
    ...Object.values(args).map(argument),
    ...Object.entries(options).map(([key, field]) =>
      field.isRequired ? option(key, field) : `[${option(key, field)}]`,
    ),
  ];
  return ["tenantry", name, ...words].join(" ");
}

/** The page of one command. */
export function manualOf(command: Command): string {
  const { name, summary, description, args, options, examples, asks, prints } = command;
  const asking = asks === null ? [] : [`Before anything happens it asks for ${asks}.`];
  return page([
    ["NAME", [`tenantry ${name} - ${summary}`]],
    ["SYNOPSIS", [`${synopsis(command)} [option...]`]],
    ["DESCRIPTION", [description, ...asking]],
    ["ARGUMENTS", Object.entries(args).map(([, field]) => entry(argument(field), field.says))],
    ["OPTIONS", listed(options)],
    ["COMMON OPTIONS", listed(commonOptions(command))],
    ["OUTPUT", [`With --json: ${prints.replaceAll("`", "")}.`]],
    ["EXIT STATUS", EXITS.map(([status, meaning]) => entry(String(status), meaning))],
    ["EXAMPLES", examples.flatMap(({ line, says }) => [`$ ${line}`, says])],
  ]);
}

/** The page of a group of commands. */
export function groupManual(group: string, about: string, commands: readonly Command[]): string {
  return page([
    ["NAME", [`tenantry ${group} - ${about}`]],
    ["SYNOPSIS", [`tenantry ${group} <command>`]],
    ["COMMANDS", commands.map(({ name, summary }) => entry(name.slice(group.length + 1), summary))],
    ["SEE ALSO", [`tenantry ${group} <command> --help`]],
  ]);
}

/** The first page. */
export function overview(commands: readonly Command[]): string {
  return page([
    ["NAME", ["tenantry - organizations, members and tenants, from a terminal"]],
    ["SYNOPSIS", ["tenantry <command> [argument...] [option...]"]],
    [
      "DESCRIPTION",
      [
        "Works on the store that tenantry.config.js (or .mjs) of this folder exports, or else on the PostgreSQL at DATABASE_URL. Results go to standard output, everything else to standard error.",
      ],
    ],
    ["COMMANDS", commands.map(({ name, summary }) => entry(name, summary))],
    ["COMMON OPTIONS", listed(COMMON)],
    [
      "ENVIRONMENT",
      [
        entry("DATABASE_URL", "the database, where the configuration exports no store"),
        entry("TENANTRY_ACTOR", "who changes what is changed, usr_…: events name them"),
      ],
    ],
    ["EXIT STATUS", EXITS.map(([status, meaning]) => entry(String(status), meaning))],
    [
      "EXAMPLES",
      [
        "$ DATABASE_URL=postgresql://… tenantry migrate",
        "$ tenantry orgs list --status active",
        "$ tenantry orgs create --help",
      ],
    ],
  ]);
}

function argument({ value, isRequired }: Field<unknown>): string {
  return isRequired ? `<${value}>` : `[${value}]`;
}

function option(key: string, { value, isRepeatable }: Field<unknown>): string {
  return `${optionName(key)}${value === null ? "" : ` <${value}>`}${isRepeatable ? "..." : ""}`;
}

function listed(options: Fields): readonly string[] {
  return Object.entries(options).map(([key, field]) => entry(option(key, field), field.says));
}

/** A word and what it means, side by side where there is room. */
function entry(word: string, meaning: string): string {
  return `${word}\t${meaning}`;
}

function page(sections: readonly (readonly [title: string, paragraphs: readonly string[]])[]): string {
  return sections
    .filter(([, paragraphs]) => paragraphs.length > 0)
    .map(([title, paragraphs]) => {
      const width = Math.max(0, ...paragraphs.map((text) => (text.includes("\t") ? text.indexOf("\t") : 0)));
      return `${title}\n${paragraphs.map((text) => paragraph(text, Math.min(width, 26))).join("\n")}\n`;
    })
    .join("\n");
}

function paragraph(text: string, width: number): string {
  const [word = "", meaning] = text.split("\t");
  if (meaning === undefined) {
    return text.startsWith("$ ") ? `    ${text}` : wrapped(text, "    ");
  }
  const indent = " ".repeat(4 + width + 2);
  const lines = wrapped(meaning, indent);
  return word.length > width ? `    ${word}\n${lines}` : `    ${word.padEnd(width)}  ${lines.trimStart()}`;
}

function wrapped(text: string, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line !== indent && line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}
