import { spawn, spawnSync } from "node:child_process";
import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serverAccount } from "./binaries.ts";
import { freePort } from "./cluster.ts";
import { makeFolder, openPlace, POOLER_PID, reapOrphans, removeFolder } from "./folder.ts";

export interface PoolerOptions {
  /** When a server connection is taken back from a client: after each transaction, or after each statement. */
  readonly mode: "transaction" | "statement";
  /** Who may log in, without a password. */
  readonly roles: readonly string[];
  /** Server connections for each database and role. Default 1, so that all clients are one another's successors. */
  readonly size?: number;
}

/** A PgBouncer of our own, in front of a server. */
export interface Pooler {
  /** The same database and role, through the pooler. */
  through(url: string): string;
  stop(): Promise<void>;
}

/** Why there is no pooler, or `null`: PgBouncer is no package of npm's, so not every machine has it. */
export function poolerMissing(): string | null {
  const found = spawnSync("pgbouncer", ["--version"], { encoding: "utf8" });
  return found.status === 0 ? null : "no pgbouncer on the PATH";
}

/** Starts PgBouncer in front of the server at `serverUrl`. It prepares nothing for its clients, as before 1.21. */
export async function startPooler(serverUrl: string, { mode, roles, size = 1 }: PoolerOptions): Promise<Pooler> {
  reapOrphans();
  const account = serverAccount();
  const folder = makeFolder(openPlace(account));
  const { hostname, port } = new URL(serverUrl);
  const listen = await freePort();
  const users = join(folder, "users.txt");
  const config = join(folder, "pgbouncer.ini");
  writeFileSync(users, roles.map((role) => `"${role}" ""\n`).join(""));
  writeFileSync(
    config,
    `[databases]
* = host=${hostname} port=${port || "5432"}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listen}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
pidfile = ${join(folder, POOLER_PID)}
pool_mode = ${mode}
default_pool_size = ${size}
max_client_conn = 200
server_login_retry = 0
`,
  );
  if (account !== null) chownSync(folder, account.uid, account.gid);
  const bouncer = spawn("pgbouncer", [config], { ...account, cwd: "/", stdio: ["ignore", "ignore", "pipe"] });
  const kill = (): void => {
    bouncer.kill("SIGKILL");
  };
  process.once("exit", kill);
  const ended = new Promise<void>((resolve) => bouncer.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let log = "";
    bouncer.stderr.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      if (log.includes("process up")) resolve();
    });
    bouncer.once("error", reject);
    bouncer.once("close", () => reject(new Error(`PgBouncer did not start:\n${log}`)));
  });
  return {
    through(url) {
      const there = new URL(url);
      there.hostname = "127.0.0.1";
      there.port = String(listen);
      return there.href;
    },
    async stop() {
      // SIGTERM cuts its clients.
      bouncer.kill("SIGTERM");
      await ended;
      process.off("exit", kill);
      removeFolder(folder);
    },
  };
}
