import { confirm, isCancel, text } from "@clack/prompts";
import type { Io } from "./io.ts";
import { printable } from "./output.ts";
import { CliError } from "./problem.ts";

/** What is about to happen, and what somebody who means it types. */
export interface Question {
  /** A sentence: what will be gone. */
  readonly about: string;
  /** Any of these confirms. The last one is what is shown. */
  readonly texts: readonly string[];
  /** Whether yes or no is enough on a terminal. */
  readonly isSimple?: boolean;
}

/** Returns if it is meant; throws `cli.not_confirmed` otherwise. */
export type Confirm = (question: Question) => Promise<void>;

export interface Given {
  readonly yes: boolean;
  readonly confirm: string | undefined;
}

/**
 * With `--yes --confirm <text>` the text is compared; without, somebody at a terminal is asked. `--yes` alone is what a
 * script leaves behind, so it confirms nothing.
 */
export function confirmWith(io: Io, { yes, confirm: given }: Given): Confirm {
  return async ({ about, texts, isSimple = false }) => {
    if (yes && given !== undefined) {
      compare(given, texts);
      return;
    }
    if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) {
      throw new CliError(
        "cli.not_confirmed",
        `${about} Without a terminal this needs --yes --confirm ${texts.at(-1)}.`,
      );
    }
    const common = { input: io.stdin, output: io.stderr, signal: io.signal };
    const answer = isSimple
      ? await confirm({ ...common, message: `${printable(about)} Go on?`, initialValue: false })
      : await text({ ...common, message: `${printable(about)} Type ${texts.join(" or ")} to go on.` });
    if (isCancel(answer)) {
      throw new CliError("cli.interrupted", "Interrupted: nothing was changed.");
    }
    if (answer === false) {
      throw new CliError("cli.not_confirmed", "Not confirmed: nothing was changed.");
    }
    if (answer !== true) {
      compare(answer, texts);
    }
  };
}

function compare(given: string, texts: readonly string[]): void {
  if (!texts.includes(given)) {
    throw new CliError("cli.not_confirmed", `Not confirmed: nothing was changed. Expected ${texts.join(" or ")}.`);
  }
}
