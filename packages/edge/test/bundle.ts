import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";

export interface Bundle {
  readonly text: string;
  /** What it would still import where it runs. */
  readonly imports: readonly string[];
}

/** One file of `src`, or any other by its address, with all it needs, for no runtime in particular. */
export async function bundle(entry: string | URL, options: BuildOptions = {}): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(entry instanceof URL ? entry : new URL(`../src/${entry}`, import.meta.url))],
    bundle: true,
    platform: "neutral",
    format: "esm",
    target: "es2022",
    ...options,
    write: false,
    metafile: true,
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return { text: outputFiles?.[0]?.text ?? "", imports };
}
