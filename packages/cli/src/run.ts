import { createRequire } from "node:module";
import { isId, type UsrId } from "@tenantry/core";
import { COMMANDS, GROUPS_OF_COMMANDS } from "./commands.ts";
import { ASKING, COMMON } from "./common-options.ts";
import { confirmWith } from "./confirm.ts";
import { optionName } from "./help.ts";
import { type Host, hostOf } from "./host.ts";
import type { Io } from "./io.ts";
import type { Fields, Values } from "./option.ts";
import { Output } from "./output.ts";
import { CliError, EXIT, type Exit, NobodyReads, problemOf } from "./problem.ts";
import { read, type Typed } from "./program.ts";

/** Runs one command line, without the name of the program. Answers the exit status; it never throws. */
export async function run(argv: readonly string[], io: Io): Promise<Exit> {
  const silent = new Output(io, { json: false, quiet: true });
  try {
    const { version }: { readonly version: string } = createRequire(import.meta.url)("../package.json");
    const asked = read(argv, { commands: COMMANDS, groups: GROUPS_OF_COMMANDS, version });
    if ("page" in asked) {
      io.stdout.write(asked.page);
      return EXIT.done;
    }
    return await perform(asked.typed, io);
  } catch (caught) {
    if (caught instanceof NobodyReads) {
      return EXIT.done;
    }
    const error = interruptionOf(caught, io);
    const { code, text, exit } = problemOf(error);
    silent.problem(code, text);
    return exit;
  }
}

/** What was given the signal, and stopped because of it. */
function interruptionOf(error: unknown, { signal }: Io): unknown {
  const isStopped = signal.aborted && error instanceof Error && error.name === "AbortError";
  return isStopped ? new CliError("cli.interrupted", "Interrupted: what was begun can be gone on with.") : error;
}

async function perform({ command, args, options }: Typed, io: Io): Promise<Exit> {
  const common = decoded(COMMON, options, optionName);
  const given = {
    args: decoded(command.args, args, (name) => `<${command.args[name]?.value ?? name}>`),
    options: decoded(command.options, options, optionName),
  };
  const { yes, confirm } = decoded(ASKING, options, optionName);
  // Before anything is opened: who does not say who they are changes nothing.
  const actor = command.acts ? actorOf(options["actor"], io) : null;
  const host = await hostOf(io, common.config);
  try {
    const exit = await command.run(
      {
        ...given,
        host,
        out: new Output(io, common),
        io,
        signal: io.signal,
        confirm: confirmWith(io, { yes, confirm }),
      },
      () => actor ?? missingActor(),
    );
    return exit ?? EXIT.done;
  } finally {
    await closed(host);
  }
}

/** A host whose end fails has done what it was asked. */
async function closed(host: Host): Promise<void> {
  await host.close().catch(() => {});
}

function decoded<F extends Fields>(
  fields: F,
  texts: Readonly<Record<string, readonly string[]>>,
  nameOf: (key: string) => string,
): Values<F> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, field]) => [key, field.decode(texts[key] ?? [], nameOf(key))]),
  ) as Values<F>;
}

function actorOf(given: Typed["options"][string] | undefined, { env }: Io): UsrId {
  const actor = given?.at(-1) ?? env["TENANTRY_ACTOR"];
  if (actor === undefined || actor === "") {
    return missingActor();
  }
  if (!isId(actor, "usr")) {
    throw new CliError("cli.usage", "the actor is a user, usr_…");
  }
  return actor;
}

function missingActor(): never {
  throw new CliError("cli.usage", "this changes something: say who does it with --actor usr_… or TENANTRY_ACTOR");
}
