import { connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rowIsolation } from "../src/row.ts";
import { drivers } from "./drivers.ts";
import { codeOf, makeTables, openTenants, openWorld, type Tenants, type World } from "./world.ts";

let world: World;
let tenants: Tenants;
beforeAll(async () => {
  world = await openWorld();
  tenants = await openTenants();
  await makeTables(world);
});
afterAll(() => world.close());

/** Waits until the server has noticed who is gone: a COMMIT that it has read is carried out yet. */
async function abandoned(): Promise<void> {
  const text = "select from pg_stat_activity where usename = $1 and state <> 'idle'";
  while (((await world.root.query(text, [world.roles.app])).rowCount ?? 0) > 0) {}
}

/** How a connection ends: with its statement lost, by a close or a reset, or with the answer lost. */
type Cut = "closed before" | "reset before" | "reset after";

/** A server's double that ends a connection when a client sends something for the n-th time. */
interface Cutter {
  readonly url: string;
  arm(at: number, cut: Cut): void;
  /** Whether it came to that; nothing is ended any more then. */
  disarm(): boolean;
  close(): Promise<void>;
}

async function startCutter(targetUrl: string): Promise<Cutter> {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  let left = 0;
  let how: Cut = "closed before";
  const listener = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    client.on("data", (bytes: Buffer) => {
      left -= 1;
      if (left !== 0) {
        server.write(bytes);
        return;
      }
      if (how === "reset after") {
        // The server reads it all, and then that nobody is there any more.
        server.end(bytes);
      } else {
        server.destroy();
      }
      if (how === "closed before") {
        client.destroy();
      } else {
        client.resetAndDestroy();
      }
    });
    server.on("data", (bytes: Buffer) => client.write(bytes));
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket.setNoDelay(true));
      socket
        .on("error", () => {})
        .once("close", () => {
          sockets.delete(socket);
          other.end();
        });
    }
  });
  const port = await new Promise<number>((resolve) => {
    listener.listen(0, "127.0.0.1", () => {
      const address = listener.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  const url = new URL(targetUrl);
  url.port = String(port);
  return {
    url: url.href,
    arm(at, cut) {
      left = at;
      how = cut;
    },
    disarm() {
      const isDone = left <= 0;
      left = 0;
      return isDone;
    },
    close() {
      for (const socket of sockets) {
        socket.destroy();
      }
      return new Promise((resolve) => listener.close(() => resolve()));
    },
  };
}

describe.each(Object.entries(drivers))("a connection of %s that ends", (_, open) => {
  test.each<Cut>(["closed before", "reset before", "reset after"])(
    "%s anything it sends leaves no row that was not answered for, and nothing behind",
    async (cut) => {
      const { a, b, ofB } = tenants;
      const cutter = await startCutter(world.urlAs(world.roles.app));
      const { driver, close } = open(cutter.url);
      const isolation = rowIsolation(driver);
      const numbers = async (): Promise<unknown[]> =>
        (await world.root.query("select number from app.invoices order by 1")).rows.map(({ number }) => number);
      const write = (tenant: Tenants["a"], number: number) =>
        isolation.run(tenant, async (tx) => {
          await driver.send(tx, {
            text: "insert into app.invoices (number) values ($1::int)",
            values: [String(number)],
          });
          return await driver.send(tx, { text: "select distinct org_id::text as org from app.invoices", values: [] });
        });
      await world.root.query("delete from app.invoices");
      let isCut = true;
      for (let at = 1; isCut; at += 1) {
        const before = await numbers();
        cutter.arm(at, cut);
        const failure = await write(a, at).then(
          () => null,
          (error: unknown) => error,
        );
        isCut = cutter.disarm();
        await abandoned();
        const code = failure === null ? null : String((failure as { readonly code?: unknown }).code);
        if (code !== "isolation.commit_unknown") {
          // Answered for, or not there.
          expect([at, code, await numbers()]).toEqual([at, code, failure === null ? [...before, at] : before]);
        }
        // Whoever comes next on that pool.
        await world.root.query("delete from app.invoices");
        expect([at, await write(b, at)]).toEqual([at, [{ org: ofB }]]);
        expect(await codeOf(() => isolation.run(b, (tx) => driver.send(tx, { text: "select 1/0", values: [] })))).toBe(
          "22012",
        );
        await world.root.query("delete from app.invoices");
      }
      await close();
      await cutter.close();
    },
  );
});
