import { connect, createServer, type Socket } from "node:net";
import { clientFrames, type Frame, serverFrames, strings } from "./wire-frames.ts";

/** What a client asked for on the wire. `connection` numbers the connections, 1 for the first. */
export type WireStatement =
  | { readonly kind: "parse"; readonly connection: number; readonly name: string; readonly text: string }
  | { readonly kind: "bind"; readonly connection: number; readonly name: string }
  | { readonly kind: "query"; readonly connection: number; readonly text: string };

/** A statement made ready on the server; the name "" is for one use. */
export type WireParse = Extract<WireStatement, { readonly kind: "parse" }>;

/** A server's double that counts what passes. */
export interface WireProxy {
  /** The address of the target, through the proxy. */
  readonly url: string;
  /** Round trips since the start or the last reset, of all connections together; connecting is not counted. */
  trips(): number;
  /** What was prepared, run and queried since the start or the last reset, in order. */
  statements(): readonly WireStatement[];
  /** What was prepared since the start or the last reset, in order. */
  parses(): readonly WireParse[];
  reset(): void;
  /** Cut all connections. */
  close(): Promise<void>;
}

/**
 * Answers are held back this long. What a client sends without having seen an answer then always arrives before that
 * answer is handed on, so a burst counts as one trip however the network cut it.
 */
const HOLD_MS = 1;

/** Messages a server may send at any time: notice, notification, changed setting. They answer nothing. */
const UNASKED = new Set(["N", "A", "S"]);

/**
 * Put a proxy in front of a PostgreSQL and count round trips exactly: one each time a client sends something after it
 * has received an answer. Ten statements sent in one burst are one trip. Connections without encryption only.
 */
export async function startWireProxy(targetUrl: string): Promise<WireProxy> {
  const target = new URL(targetUrl);
  let trips = 0;
  let statements: WireStatement[] = [];
  let connections = 0;
  const sockets = new Set<Socket>();

  function serve(client: Socket): void {
    connections += 1;
    const connection = connections;
    const server = connect(Number(target.port || 5432), target.hostname);
    const readClient = clientFrames();
    const readServer = serverFrames();
    let isReady = false;
    let isAnswered = false;

    client.on("data", (bytes: Buffer) => {
      for (const frame of readClient(bytes)) {
        if (!isReady || frame.type === "X") continue;
        if (isAnswered) trips += 1;
        isAnswered = false;
        const statement = describe(frame, connection);
        if (statement !== null) statements.push(statement);
      }
      server.write(bytes);
    });
    server.on("data", (bytes: Buffer) => {
      const received = readServer(bytes);
      setTimeout(() => {
        isReady ||= received.some((frame) => frame.type === "Z");
        isAnswered ||= isReady && received.some((frame) => !UNASKED.has(frame.type));
        client.write(bytes);
      }, HOLD_MS);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket.setNoDelay(true));
      // Whatever ends one side ends the other, after the answers that are still held back.
      socket
        .on("error", () => {})
        .once("close", () => {
          sockets.delete(socket);
          setTimeout(() => other.end(), HOLD_MS);
        });
    }
  }

  const listener = createServer(serve);
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  const url = new URL(targetUrl);
  url.hostname = "127.0.0.1";
  url.port = String(address.port);

  return {
    url: url.href,
    trips: () => trips,
    statements: () => statements,
    parses: () => statements.filter((statement) => statement.kind === "parse"),
    reset() {
      trips = 0;
      statements = [];
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => listener.close(() => resolve()));
    },
  };
}

function describe({ type, body }: Frame, connection: number): WireStatement | null {
  const [first = "", second = ""] = strings(body, 2);
  if (type === "P") return { kind: "parse", connection, name: first, text: second };
  // A Bind names the portal first, then the statement.
  if (type === "B") return { kind: "bind", connection, name: second };
  return type === "Q" ? { kind: "query", connection, text: first } : null;
}
