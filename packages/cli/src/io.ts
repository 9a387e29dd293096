import type { Readable, Writable } from "node:stream";

/** What the program hears and says, and where it is. The process gives its own; a test gives others. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder in which a configuration is looked for. */
  readonly cwd: string;
  /** Aborted by Ctrl-C: the program stops between two units of work. */
  readonly signal: AbortSignal;
}
