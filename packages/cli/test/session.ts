import { PassThrough } from "node:stream";
import * as v from "valibot";
import { COMMANDS } from "../src/commands.ts";
import { type Exit, type Io, run } from "../src/index.ts";
import { SHAPES } from "./shapes.ts";

export interface Ran {
  readonly status: Exit;
  readonly out: string;
  readonly err: string;
}

export interface SessionOptions {
  readonly cwd: string;
  /** The name of the store. */
  readonly on: string;
  readonly env?: Io["env"];
  /** What is typed at a terminal; without it there is no terminal. */
  readonly keys?: string;
  /** What comes in where there is no terminal. */
  readonly piped?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Called with what is printed, as it is printed. */
  readonly heard?: (text: string) => void;
  /** The same of standard error. */
  readonly heardErr?: (text: string) => unknown;
}

/** The program in this process. */
export async function runIn(
  { cwd, env = {}, keys, piped = "", signal, heard, heardErr }: SessionOptions,
  ...argv: readonly string[]
): Promise<Ran> {
  const texts = { out: "", err: "" };
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  if (keys !== undefined) {
    for (const stream of Object.values(streams)) {
      Object.assign(stream, { isTTY: true, setRawMode: () => stream, columns: 80, rows: 24 });
    }
  }
  streams.stdout.on("data", (chunk) => {
    texts.out += chunk;
    heard?.(texts.out);
  });
  if (keys === undefined) {
    streams.stdin.end(piped);
  }
  let isAnswered = false;
  streams.stderr.on("data", (chunk) => {
    texts.err += chunk;
    heardErr?.(texts.err);
    // The whole question is there, so somebody is listening.
    if (keys !== undefined && !isAnswered && texts.err.includes("\n")) {
      isAnswered = true;
      // Nobody types before the question is drawn to its end.
      setImmediate(() => streams.stdin.write(keys));
    }
  });
  const status = await run(argv, { ...streams, env, cwd, signal: signal ?? new AbortController().signal });
  return { status, ...texts };
}

/** The same with `--json`, whose output must have the shape of its command. Answers what was printed. */
export async function asJson(options: SessionOptions, ...argv: readonly string[]): Promise<readonly Shown[]> {
  const { status, out, err } = await runIn(options, ...argv, "--json");
  if (status !== 0 && status !== 3) {
    throw new Error(err);
  }
  const name =
    COMMANDS.map((command) => command.name).find((each) => `${argv.join(" ")} `.startsWith(`${each} `)) ?? "";
  const shape = SHAPES[name];
  if (shape === undefined) {
    throw new Error(`${name} has no shape`);
  }
  seen.set(options.on, (seen.get(options.on) ?? new Set()).add(name));
  const lines = out.split("\n");
  if (lines.pop() !== "" || (shape.form === "document" && lines.length !== 1)) {
    throw new Error(`${name} printed ${out}`);
  }
  return lines.map((line) => {
    const value: unknown = JSON.parse(line);
    v.assert(shape.schema, value);
    return Object(value);
  });
}

/** What a test looks into. */
// biome-ignore lint/suspicious/noExplicitAny: it is what JSON.parse makes.
export type Shown = any;

/** Commands whose output was compared with its shape, by the store. */
export const seen: Map<string, Set<string>> = new Map();
