import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A port that nobody listens on at this moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** What a program has written once it says this. Throws what it wrote where it ends before. */
function said(program: ChildProcess, what: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    for (const stream of [program.stdout, program.stderr]) {
      stream?.setEncoding("utf8").on("data", (more: string) => {
        text += more;
        if (text.includes(what)) {
          resolve(text);
        }
      });
    }
    program.once("exit", () => reject(new Error(text)));
  });
}

test.each(["main.ts", "main-schema.ts"])(
  "%s alone starts it on a database of its own, and Ctrl-C ends it",
  { timeout: 120_000 },
  async (main) => {
    const port = await freePort();
    const { OWNER_DATABASE_URL: _, APP_DATABASE_URL: __, ...env } = process.env;
    const program = spawn(process.execPath, ["--import", "tsx", `src/${main}`, "--port", String(port)], {
      cwd: root,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = once(program, "exit");
    const home = `http://127.0.0.1:${port}`;
    try {
      expect(await said(program, "Ctrl-C")).toContain(`http://saas.localhost:${port}/`);
      const signedIn = await fetch(`${home}/sign-in`, {
        method: "POST",
        redirect: "manual",
        headers: { origin: `http://saas.localhost:${port}` },
        body: new URLSearchParams({ email: "ann@example.com" }),
      });
      const cookie = signedIn.headers.getSetCookie().map((line) => line.split(";", 1)[0]);
      const page = await fetch(home, { headers: { cookie: cookie.join("; ") } });
      expect([signedIn.status, page.status, await page.text()]).toEqual([303, 200, expect.stringContaining("ann@")]);
      program.kill("SIGINT");
      expect(await ended).toEqual([0, null]);
      await expect(fetch(home)).rejects.toThrow();
    } finally {
      program.kill("SIGKILL");
      await ended;
    }
  },
);
