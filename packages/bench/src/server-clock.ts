import { readdirSync, readFileSync } from "node:fs";

/** How much of the processors a PostgreSQL has used. */
export interface ServerClock {
  /** Since its start, by all of its processes that are still there; `null` where the system does not tell. */
  microseconds(): number | null;
}

/** `backend` is the process id of any of its sessions. Linux tells what each process has used, to the nanosecond. */
export function serverClock(backend: number): ServerClock {
  const postmaster = parentOf(backend);
  return {
    microseconds() {
      if (postmaster === null) {
        return null;
      }
      const used = childrenOf(postmaster).map(nanosecondsOf);
      return used.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1000;
    },
  };
}

function parentOf(pid: number): number | null {
  // The second field is the program's name in parentheses, and may hold spaces.
  const [, parent] = /\) \S (\d+) /.exec(read(`/proc/${pid}/stat`)) ?? [];
  return parent === undefined ? null : Number(parent);
}

function childrenOf(pid: number): readonly number[] {
  const known = read(`/proc/${pid}/task/${pid}/children`).trim();
  if (known !== "") {
    return known.split(" ").map(Number);
  }
  // A kernel may be built without that file.
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && parentOf(Number(name)) === pid)
    .map(Number);
}

function nanosecondsOf(pid: number): number {
  return Number(read(`/proc/${pid}/schedstat`).split(" ")[0] ?? 0);
}

/** Empty where there is no such file: a process may end at any time. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
