import type { Io } from "./io.ts";
import { CliError } from "./problem.ts";

/** More than a value may have, so that its own check says so. */
const MOST = 1_048_576;

/** All of standard input, without the end of its last line. Throws `cli.usage` where somebody would have to type it. */
export async function stdinText({ stdin }: Io): Promise<string> {
  if (stdin.isTTY === true) {
    throw new CliError(
      "cli.usage",
      "the value is read from standard input, which is a terminal: pipe it, or redirect a file",
    );
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > MOST) {
      throw new CliError("cli.usage", "standard input is too long for a value");
    }
  }
  return textOf(Buffer.concat(chunks)).replace(/\r?\n$/, "");
}

/** Without the mark that some shells put in front. What is no text would be stored as another one. */
function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new CliError("cli.usage", "standard input is not UTF-8");
  }
}
