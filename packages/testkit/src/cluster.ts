import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chownSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type Account, findBinaries, type Major, serverAccount } from "./binaries.ts";
import { makeFolder, openPlace, reapOrphans, removeFolder } from "./folder.ts";

export interface ClusterOptions {
  /** Default 17. Ignored where `PG_BINDIR` names the binaries. */
  readonly major?: Major;
  /** Write to the disk as a production server does: for tests that kill the server. Default false, which is faster. */
  readonly durable?: boolean;
  /** Settings of postgresql.conf, over those of the harness. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running PostgreSQL of our own, on 127.0.0.1 only; whoever connects is the superuser `postgres`. */
export interface Cluster {
  /** `postgresql://postgres@127.0.0.1:PORT/postgres` */
  readonly url: string;
  readonly port: number;
  /** Cut all sessions, stop the server, remove its files. A second call does nothing more. */
  stop(): Promise<void>;
  /** End the server as a crash would: `SIGKILL` gives it no time at all, `SIGQUIT` no time to write anything down. */
  crash(signal: "SIGKILL" | "SIGQUIT"): Promise<void>;
  /** Start it again on the same files and the same port, once nothing of the former one is left; it recovers by itself. */
  restart(): Promise<void>;
  /** All that the server has logged. */
  log(): string;
}

interface Server {
  readonly process: ChildProcess;
  readonly log: () => string;
}

/** A deadlock costs a race test milliseconds, and the log tells who waited for whom. */
const COMMON = { max_connections: "200", deadlock_timeout: "20ms", log_lock_waits: "on" };
const FAST = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };
const DURABLE = { fsync: "on", synchronous_commit: "on", full_page_writes: "on" };

/** Between asking the system for a free port and using it, another process can take it. */
const PORT_ATTEMPTS = 5;

/** Each takes some ten milliseconds. */
const RESTART_ATTEMPTS = 500;

/**
 * Start a PostgreSQL of one's own in about half a second: no docker, no root, no fixed port. It ends with the process
 * that started it, however that ends; after a SIGKILL the next start removes it.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  reapOrphans();
  const account = serverAccount();
  const place = openPlace(account);
  const folder = makeFolder(place);
  endWithThisProcess(folder);
  try {
    const binaries = findBinaries(options.major ?? 17, account, place);
    initialize(binaries, folder, account);
    const settings = { ...COMMON, ...(options.durable === true ? DURABLE : FAST), ...options.settings };
    for (let attempt = 1; ; attempt += 1) {
      const port = await freePort();
      try {
        const start = (): Promise<Server> =>
          startServer(binaries, folder, account, { ...settings, port: String(port) });
        return cluster(await start(), start, folder, port);
      } catch (error) {
        const isPortTaken = error instanceof Error && error.message.includes("Address already in use");
        if (!isPortTaken || attempt === PORT_ATTEMPTS) throw error;
      }
    }
  } catch (error) {
    forget(folder);
    throw error;
  }
}

function initialize(binaries: string, folder: string, account: Account | null): void {
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  if (account !== null) chownSync(data, account.uid, account.gid);
  const initdb = spawnSync(
    join(binaries, "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"],
    { ...account, cwd: "/", env: { LC_ALL: "C" }, encoding: "utf8" },
  );
  if (initdb.status !== 0) {
    throw new Error(`initdb failed: ${initdb.error?.message ?? `${initdb.stdout}${initdb.stderr}`}`);
  }
}

function startServer(
  binaries: string,
  folder: string,
  account: Account | null,
  settings: Readonly<Record<string, string>>,
): Promise<Server> {
  const fixed = { listen_addresses: "127.0.0.1", unix_socket_directories: "" };
  const args = Object.entries({ ...settings, ...fixed }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const postgres = spawn(join(binaries, "postgres"), ["-D", join(folder, "data"), ...args], {
    ...account,
    cwd: "/",
    env: { LC_ALL: "C" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  running.set(folder, postgres);
  let log = "";
  const server = { process: postgres, log: () => log };
  return new Promise((resolve, reject) => {
    postgres.stderr.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      if (log.includes("ready to accept connections")) resolve(server);
    });
    postgres.once("error", reject);
    postgres.once("close", () => reject(new Error(`PostgreSQL did not start:\n${log}`)));
  });
}

function cluster(first: Server, start: () => Promise<Server>, folder: string, port: number): Cluster {
  let server = first;
  let earlierLog = "";
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const { process: postgres } = server;
    const ended = new Promise<void>((resolve) => postgres.once("exit", () => resolve()));
    postgres.kill(signal);
    if (postgres.exitCode === null && postgres.signalCode === null) await ended;
  };
  const stop = async (): Promise<void> => {
    // SIGINT cuts the sessions; SIGTERM would wait for the clients.
    await end("SIGINT");
    forget(folder);
  };
  let stopped: Promise<void> | undefined;
  return {
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    port,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
    crash: end,
    async restart() {
      earlierLog += server.log();
      server = await startAgain(start);
    },
    log: () => earlierLog + server.log(),
  };
}

/** Sessions outlive a server that was killed for a moment, and while one does the files are in use. */
async function startAgain(start: () => Promise<Server>): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      const isInUse =
        error instanceof Error && /shared memory block|lock file|Address already in use/.test(error.message);
      if (!isInUse || attempt === RESTART_ATTEMPTS) throw error;
    }
  }
}

/** The folders of this process that are there, each with its server once that has been started. */
const running = new Map<string, ChildProcess | null>();
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function endWithThisProcess(folder: string): void {
  if (running.size === 0) {
    process.once("exit", endAll);
    for (const signal of SIGNALS) process.once(signal, endBySignal);
  }
  running.set(folder, null);
}

function forget(folder: string): void {
  removeFolder(folder);
  running.delete(folder);
  if (running.size > 0) return;
  process.off("exit", endAll);
  for (const signal of SIGNALS) process.off(signal, endBySignal);
}

/** A signal alone skips the exit hooks: clean up first, then let it do what it would have done. */
function endBySignal(signal: NodeJS.Signals): void {
  endAll();
  process.kill(process.pid, signal);
}

function endAll(): void {
  for (const [folder, postgres] of running) {
    postgres?.kill("SIGQUIT");
    removeFolder(folder);
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => {
        if (address === null || typeof address === "string") reject(new Error("The system named no port."));
        else resolve(address.port);
      });
    });
  });
}
