import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createWebSocketStream, WebSocket, WebSocketServer } from "ws";
import type { NeonFault } from "./neon-faults.ts";
import { decodeRequest, echoedHeaders, encodeError, encodeResult, type NeonAnswer } from "./neon-protocol.ts";
import { NeonSessions } from "./neon-sessions.ts";

/** A double of Neon's service: `POST /sql` and WebSockets on `/v2`, in front of a PostgreSQL. */
export interface NeonEndpoint {
  /** What the driver has to be told, once for its whole module: `Object.assign(neonConfig, endpoint.neonConfig)`. */
  readonly neonConfig: {
    readonly fetchEndpoint: string;
    readonly wsProxy: () => string;
    readonly useSecureWebSocket: false;
    readonly pipelineConnect: false;
    readonly webSocketConstructor: typeof WebSocket;
  };
  /** HTTP requests since the start or the last reset: on Neon's HTTP each is a round trip. */
  requests(): number;
  reset(): void;
  /** Whatever comes next by HTTP meets these faults, one request each, in order. */
  disturb(...faults: readonly NeonFault[]): void;
  /** Cut all connections, without a word. */
  cut(): void;
  /** Cut all connections and end the sessions on the server. */
  stop(): Promise<void>;
}

/**
 * Start a local Neon endpoint in front of the server of a PostgreSQL. A client's connection string names user, database
 * and options; its host is ignored.
 */
export async function startNeonEndpoint(databaseUrl: string): Promise<NeonEndpoint> {
  const target = new URL(databaseUrl);
  const sessions = new NeonSessions(target);
  const webSockets = new WebSocketServer({ noServer: true });
  let requests = 0;
  let faults: readonly NeonFault[] = [];

  const server = createServer(async (request, response) => {
    if (request.method !== "POST" || pathOf(request) !== "/sql") {
      response.writeHead(404).end();
      return;
    }
    requests += 1;
    const [fault = undisturbed, ...others] = faults;
    faults = others;
    try {
      const body = await text(request);
      send(response, await fault(() => execute(sessions, request, body)));
    } catch {
      // The client went away while it sent, or the endpoint stops.
      response.destroy();
    }
  });
  server.on("upgrade", (request, socket, head) => {
    if (pathOf(request) !== "/v2") {
      socket.destroy();
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const stream = createWebSocketStream(webSocket);
      // An end of either side, good or bad, is the end of the other.
      pipeline(stream, connect(Number(target.port || 5432), target.hostname), stream).catch(() => {});
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The endpoint has no port.");
  const host = `127.0.0.1:${address.port}`;

  function cut(): void {
    for (const webSocket of webSockets.clients) webSocket.terminate();
    server.closeAllConnections();
  }

  return {
    neonConfig: {
      fetchEndpoint: `http://${host}/sql`,
      wsProxy: () => `${host}/v2`,
      useSecureWebSocket: false,
      // The driver's default sends the password before it is asked, which only servers that want it in clear understand.
      pipelineConnect: false,
      // Node 20 has none of its own.
      webSocketConstructor: WebSocket,
    },
    requests: () => requests,
    reset() {
      requests = 0;
    },
    disturb(...more) {
      faults = [...faults, ...more];
    },
    cut,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await Promise.all([closed, sessions.close()]);
    },
  };
}

const undisturbed: NeonFault = (execute) => execute();

function pathOf(request: IncomingMessage): string {
  return new URL(request.url ?? "/", "http://localhost").pathname;
}

async function execute(sessions: NeonSessions, { headers }: IncomingMessage, body: string): Promise<NeonAnswer> {
  try {
    const request = decodeRequest(headers, body);
    const results = (await sessions.run(request)).map(encodeResult);
    return request.begin === null
      ? { status: 200, body: JSON.stringify(results[0]) }
      : { status: 200, body: JSON.stringify({ results }), headers: echoedHeaders(headers) };
  } catch (error) {
    return encodeError(error);
  }
}

function send(response: ServerResponse, answer: Awaited<ReturnType<NeonFault>>): void {
  if (answer === "cut") {
    response.destroy();
    return;
  }
  const { status, headers, cutAt } = answer;
  const body = Buffer.from(answer.body);
  response.writeHead(status, { ...headers, "content-type": "application/json", "content-length": body.length });
  if (cutAt === undefined) {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, cutAt), () => response.destroy());
}
