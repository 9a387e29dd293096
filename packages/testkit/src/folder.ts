import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Account } from "./binaries.ts";

const PREFIX = "tenantry-postgres-";
/** Where a pooler notes its process id, in its folder. */
export const POOLER_PID = "pgbouncer.pid";
const OWNED = /^tenantry-postgres-(\d+)-(\d+)-/;

/** The temporary directory, or another one that the account can enter. */
export function openPlace(account: Account | null): string {
  return places().find((place) => account === null || isOpen(place)) ?? tmpdir();
}

/**
 * A folder for one cluster, its name telling the process that owns it. Another run removes it once that process is
 * gone.
 */
export function makeFolder(place: string): string {
  const folder = mkdtempSync(join(place, `${PREFIX}${process.pid}-${startedAt(process.pid)}-`));
  chmodSync(folder, 0o711);
  return folder;
}

/**
 * Stop the servers and remove the folders of owners that are gone: a process killed with SIGKILL runs no exit hook.
 * Folders of other users of the machine are left alone.
 */
export function reapOrphans(): void {
  for (const place of places()) {
    for (const name of readdirSync(place)) {
      const [, pid, started] = OWNED.exec(name) ?? [];
      if (pid === undefined || started === undefined || isOwner(Number(pid), started)) continue;
      const folder = join(place, name);
      // Another run may reap the same folder at the same moment.
      const owner = statSync(folder, { throwIfNoEntry: false })?.uid;
      if (owner === undefined || owner !== process.getuid?.()) continue;
      stopServer(folder);
      removeFolder(folder);
    }
  }
}

/** Remove a cluster's folder, also while its server is still writing its last files. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 25 });
}

/** The postmaster or the pooler in this folder, if one runs: a stale pid file may name a stranger by now. */
function stopServer(folder: string): void {
  for (const name of ["data/postmaster.pid", POOLER_PID]) {
    const pidFile = join(folder, name);
    if (!existsSync(pidFile)) continue;
    const pid = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
    if (!commandLine(pid).includes(folder)) continue;
    try {
      process.kill(pid, "SIGQUIT");
    } catch {
      // Gone in the meantime.
    }
  }
}

/** Process ids are used again, so the time of start belongs to an owner's name where the system tells it. */
function isOwner(pid: number, started: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  return startedAt(pid) === started;
}

/** In clock ticks since the machine started; "0" on systems without /proc. */
function startedAt(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  // The second field is the name in parentheses and may contain blanks; the start time is field 22.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "0";
}

function commandLine(pid: number): string {
  return existsSync("/proc/self") ? read(`/proc/${pid}/cmdline`) : "";
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function places(): readonly string[] {
  return [...new Set([tmpdir(), "/tmp"])].filter((place) => existsSync(place));
}

/** Whether everybody may pass through the folder and all folders above it. */
function isOpen(folder: string): boolean {
  const passable = (statSync(folder).mode & 0o001) !== 0;
  return passable && (dirname(folder) === folder || isOpen(dirname(folder)));
}
