import { progress as bar } from "@clack/prompts";

/** What is under way, and how much of it is left. */
export interface Progress {
  begin(what: string): void;
  end(): void;
  close(): void;
}

/** A bar on a terminal; elsewhere a line for each step, so that a log tells how far it is. */
export function startProgress(steps: number, output: NodeJS.WriteStream = process.stderr): Progress {
  let [done, current] = [0, ""];
  if (!output.isTTY) {
    return {
      begin(what) {
        current = what;
      },
      end() {
        done += 1;
        output.write(`${done}/${steps} ${current}\n`);
      },
      close() {},
    };
  }
  const shown = bar({ max: steps, style: "light", output });
  shown.start("");
  return {
    begin: (what) => shown.message(what),
    end() {
      done += 1;
      shown.advance(1);
    },
    close: () => shown.stop(`${done} of ${steps} measured`),
  };
}
