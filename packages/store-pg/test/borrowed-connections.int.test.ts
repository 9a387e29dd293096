import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { generate } from "@tenantry/core";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PostgresTenancyStore } from "../src/pg.ts";

// A server that goes down just as it lets somebody in: "ready" and the end of the session come in one breath, before the
// caller of the pool has the connection. An error that nobody listens to would end the process.

function message(kind: string, body: string): Buffer {
  const frame = Buffer.alloc(5 + Buffer.byteLength(body));
  frame.write(kind, 0);
  frame.writeInt32BE(frame.length - 1, 1);
  frame.write(body, 5);
  return frame;
}
const AUTHENTICATED = message("R", "\0\0\0\0");
const READY = message("Z", "I");
const GOING_DOWN = message(
  "E",
  "SFATAL\0VFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0",
);

let server: Server;
let port: number;
beforeAll(async () => {
  server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(Buffer.concat([AUTHENTICATED, READY, GOING_DOWN])));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  port = Number(Object(server.address()).port);
});
afterAll(() => {
  server.close();
});

test.each([{}, { pipeline: true }])("with a pool of %o the call fails, and the process lives", async (config) => {
  const pool = new pg.Pool({ host: "127.0.0.1", port, user: "nobody", database: "none", ...config });
  pool.on("error", () => {});
  await expect(new PostgresTenancyStore(pool).getOrg(generate("org"))).rejects.toMatchObject({
    code: "unavailable.connection",
  });
  await pool.end();
});
