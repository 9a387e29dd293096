import { Command as Parser } from "commander";
import type { Command } from "./command.ts";
import { commonOptions, groupManual, manualOf, optionName, overview } from "./help.ts";
import { CliError } from "./problem.ts";

/** What was typed: a command, and the texts of its arguments and options by their keys. */
export interface Typed {
  readonly command: Command;
  readonly args: Readonly<Record<string, readonly string[]>>;
  readonly options: Readonly<Record<string, readonly string[]>>;
}

/** What was asked for: something to do, or a page to print. */
export type Asked = { readonly typed: Typed } | { readonly page: string };

interface Parts {
  readonly commands: readonly Command[];
  readonly groups: Readonly<Record<string, string>>;
  readonly version: string;
}

/** Reads a command line. Throws `cli.usage`. */
export function read(argv: readonly string[], { commands, groups, version }: Parts): Asked {
  let asked: Asked | undefined;
  let printed = "";
  const root = new Parser("tenantry")
    .exitOverride()
    .configureOutput({ writeOut: (text) => (printed += text), writeErr: () => {}, outputError: () => {} })
    .configureHelp({ formatHelp: () => overview(commands) })
    .version(version, "-V, --version");
  const parents = new Map<string, Parser>();
  for (const command of commands) {
    const words = command.name.split(" ");
    const own = parentOf(words.slice(0, -1)).command(words.at(-1) ?? "");
    own.configureHelp({ formatHelp: () => manualOf(command) });
    for (const [key, { value, isRequired }] of Object.entries(command.args)) {
      own.argument(isRequired ? `<${value ?? key}>` : `[${value ?? key}]`);
    }
    const options = { ...command.options, ...commonOptions(command) };
    for (const [key, { value, isRequired }] of Object.entries(options)) {
      const flags = value === null ? optionName(key) : `${optionName(key)} <${value}>`;
      const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];
      if (isRequired) {
        own.requiredOption(flags, "", collect);
      } else {
        own.option(flags, "", collect);
      }
    }
    own.action(() => {
      asked = { typed: { command, ...textsOf(own, Object.keys(command.args)) } };
    });
  }

  function parentOf(words: readonly string[]): Parser {
    const group = words.join(" ");
    const known = words.length === 0 ? root : parents.get(group);
    if (known !== undefined) {
      return known;
    }
    const own = commands.filter(({ name }) => name.startsWith(`${group} `));
    const parent = parentOf(words.slice(0, -1))
      .command(words.at(-1) ?? "")
      .configureHelp({ formatHelp: () => groupManual(group, groups[group] ?? "", own) });
    parents.set(group, parent);
    return parent;
  }

  try {
    root.parse(argv, { from: "user" });
  } catch (error) {
    if (!isFromParser(error)) {
      throw error;
    }
    if (error.exitCode !== 0) {
      throw new CliError("cli.usage", complaint(error));
    }
    return { page: printed };
  }
  if (asked === undefined) {
    throw new CliError("cli.usage", "no command was given; see tenantry --help");
  }
  return asked;
}

function textsOf(parser: Parser, names: readonly string[]): Pick<Typed, "args" | "options"> {
  const args = Object.fromEntries(
    names.map((name, place) => [name, parser.args[place] === undefined ? [] : [parser.args[place]]]),
  );
  const options = Object.fromEntries(
    Object.entries(parser.opts()).map(([key, value]) => [key, Array.isArray(value) ? value : ["true"]]),
  );
  return { args, options };
}

interface ParserError extends Error {
  readonly code: string;
  readonly exitCode: number;
}

function isFromParser(error: unknown): error is ParserError {
  return error instanceof Error && "code" in error && String(error.code).startsWith("commander.");
}

function complaint({ code, message }: ParserError): string {
  // It shows the help of a group without a command, and says nothing about it.
  return code === "commander.help"
    ? "a command is missing; see tenantry --help"
    : `${message.replace(/^error: /, "").replaceAll("\n", " ")}; see tenantry --help`;
}
