import { connect } from "node:net";

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  json(): Record<string, unknown>;
}

/** Headers as they go over the wire: in this order, repeated, with whatever is in them. */
export type Sent = readonly (readonly [name: string, value: string])[];

/** One request, byte for byte as it is said: no client of Node's would send some of these. */
export function send(
  port: number,
  target: string,
  headers: Sent = [],
  { method = "GET", body = "" } = {},
): Promise<Answer> {
  const host = headers.some(([name]) => name.toLowerCase() === "host") ? [] : [["Host", `127.0.0.1:${port}`] as const];
  const length = body === "" ? [] : [["Content-Length", `${Buffer.byteLength(body)}`] as const];
  const type = body === "" ? [] : [["Content-Type", "application/json"] as const];
  const lines = [...host, ...headers, ...type, ...length, ["Connection", "close"] as const];
  const head = [`${method} ${target} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), "", ""].join(
    "\r\n",
  );
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(port, "127.0.0.1", () => socket.write(head + body));
    socket.on("data", (part) => parts.push(part));
    socket.on("error", reject);
    socket.on("end", () => resolve(answerIn(Buffer.concat(parts).toString("latin1"))));
  });
}

function answerIn(text: string): Answer {
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const rest = text.slice(end + 4);
  const body = headers.get("transfer-encoding") === "chunked" ? unchunked(rest) : rest;
  return { status: Number(first.split(" ")[1]), headers, body, json: () => JSON.parse(body) };
}

function unchunked(text: string): string {
  let [body, rest] = ["", text];
  for (;;) {
    const line = rest.indexOf("\r\n");
    const size = Number.parseInt(rest.slice(0, line), 16);
    if (!(size > 0)) {
      return body;
    }
    body += rest.slice(line + 2, line + 2 + size);
    rest = rest.slice(line + 2 + size + 2);
  }
}
