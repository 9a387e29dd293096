import { connect, createServer, type Socket } from "node:net";

export interface DelayProxy {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * A server's double that is so much further away: what passes is handed on after the delay, in order, each way. A timer is
 * late rather than early, so a trip takes somewhat longer than twice the delay; it is measured, not assumed.
 */
export async function startDelayProxy(targetPort: number, delayMs: number): Promise<DelayProxy> {
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const server = connect(targetPort, "127.0.0.1");
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from.setNoDelay(true));
      from.on("data", (bytes) => setTimeout(() => to.write(bytes), delayMs));
      from.on("error", () => {});
      from.once("close", () => {
        sockets.delete(from);
        setTimeout(() => to.end(), delayMs);
      });
    }
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const address = listener.address();
  if (address === null || typeof address === "string") {
    throw new Error("The proxy has no port.");
  }
  return {
    port: address.port,
    close() {
      for (const socket of sockets) {
        socket.destroy();
      }
      return new Promise((resolve) => listener.close(() => resolve()));
    },
  };
}
