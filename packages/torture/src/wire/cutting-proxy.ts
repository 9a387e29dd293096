import { connect, createServer, type Socket } from "node:net";
import { clientFrames, type Frame, serverFrames, strings } from "./frames.ts";

/** What is cut: the first moment from now on at which it applies. */
export interface Cut {
  /** When a connection is made, while it starts up, or at the first request that is meant. */
  readonly at: "connect" | "start-up" | ((text: string) => boolean);
  readonly place: Place;
  /** How the client's side ends: politely, or with a reset. */
  readonly how: "fin" | "rst";
}

export type Place =
  /** No byte of the request reaches the server. */
  | "before"
  /** Half of its first message does. */
  | "half"
  /** All of it but the Sync that commits does, and then the connection is cut. */
  | "no sync"
  /** All of it does; of the answer nothing comes back. */
  | "no answer"
  /** The answer comes back up to the middle of its first message. */
  | "half an answer"
  /** The answer comes back without its end, which alone says that it is committed. */
  | "no ready"
  /** The whole answer comes back, and then the connection is cut. */
  | "after"
  /** The request is held, as a whole or from its Sync on; the client's side is cut at once. */
  | "held"
  | "sync held"
  /** Nothing passes any more in either direction, and nobody is told. */
  | "black hole"
  /** The request is carried out; nothing comes back, and nobody is told. */
  | "silence";

/** What was held back by a cut. */
export interface Held {
  /** Delivers it, and waits until the server has answered; the client is long gone. */
  release(): Promise<void>;
  /** Cuts the server's side: it never arrives. */
  drop(): Promise<void>;
}

export interface CuttingProxy {
  readonly url: string;
  /** Cuts once. */
  arm(cut: Cut): void;
  /** Whether the cut has happened. */
  hasCut(): boolean;
  /** What is held back. */
  held(): Held;
  /** Cuts what connections are left: of some only the server's side is, because nobody told it. */
  disconnect(): Promise<void>;
  /** Cuts all connections, and takes no more. */
  close(): Promise<void>;
}

/** A proxy that understands the protocol, and cuts it where it is told to. Connections without encryption only. */
export async function startCuttingProxy(targetUrl: string): Promise<CuttingProxy> {
  const target = new URL(targetUrl);
  const links = new Set<Link>();
  let armed: Cut | null = null;
  let isCut = false;
  let held: Held | null = null;

  const control: Control = {
    take(isMeant) {
      if (armed === null || !isMeant(armed.at)) {
        return null;
      }
      const cut = armed;
      armed = null;
      isCut = true;
      return cut;
    },
    hold(what) {
      held = what;
    },
  };

  const listener = createServer((client) => {
    const server = connect(Number(target.port || 5432), target.hostname);
    const link = new Link(client, server, control);
    links.add(link);
    link.closed.then(() => links.delete(link));
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const address = listener.address();
  if (address === null || typeof address === "string") {
    throw new Error("The proxy has no port.");
  }
  const disconnect = async (): Promise<void> => {
    const left = [...links];
    for (const link of left) {
      link.destroy();
    }
    await Promise.all(left.map(({ closed }) => closed));
  };
  const url = new URL(targetUrl);
  url.hostname = "127.0.0.1";
  url.port = String(address.port);
  return {
    url: url.href,
    arm(cut) {
      armed = cut;
      isCut = false;
      held = null;
    },
    hasCut: () => isCut,
    held() {
      if (held === null) {
        throw new Error("nothing is held");
      }
      return held;
    },
    disconnect,
    async close() {
      await disconnect();
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
}

interface Control {
  /** The armed cut, if it is meant; then it is taken. */
  readonly take: (isMeant: (at: Cut["at"]) => boolean) => Cut | null;
  readonly hold: (held: Held) => void;
}

/** One client and its session. */
class Link {
  readonly closed: Promise<void>;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #control: Control;
  readonly #fromClient = clientFrames();
  readonly #fromServer = serverFrames();
  /** The texts of the statements that were prepared here. */
  readonly #texts = new Map<string, string>();
  /** The messages of a request that is not complete yet. */
  #request: Frame[] = [];
  /** What happens to the request that is under way. */
  #cut: Cut | null = null;
  /** Requests that the server has not answered to the end. */
  #unanswered = 0;
  /** How many answers come before that to the request that is cut. */
  #before = 0;
  /** The bytes of the client go nowhere from now on. */
  #isDeaf = false;
  /** The bytes of the server go nowhere from now on. */
  #isMute = false;
  #ready: () => void = () => {};

  constructor(client: Socket, server: Socket, control: Control) {
    this.#client = client.setNoDelay(true);
    this.#server = server.setNoDelay(true);
    this.#control = control;
    const gone = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once("close", () => resolve()));
    this.closed = Promise.all([gone(client), gone(server)]).then(() => {});
    client.on("error", () => {}).on("data", (bytes) => this.#heardClient(bytes));
    server.on("error", () => {}).on("data", (bytes) => this.#heardServer(bytes));
    server.once("close", () => client.destroy());
    client.once("close", () => {
      if (!this.#isDeaf) {
        server.end();
      }
    });
    const cut = control.take((at) => at === "connect");
    if (cut !== null) {
      this.#end(cut.how);
    }
  }

  destroy(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  /** Ends the client's side, and the server's as a lost network would. */
  #end(how: Cut["how"], { keepServer = false } = {}): void {
    this.#isDeaf = true;
    this.#isMute = true;
    if (how === "rst") {
      this.#client.resetAndDestroy();
    } else {
      this.#client.destroy();
    }
    if (!keepServer) {
      this.#server.destroy();
    }
  }

  #heardClient(bytes: Buffer): void {
    if (this.#isDeaf) {
      return;
    }
    for (const frame of this.#fromClient(bytes)) {
      this.#sent(frame);
    }
  }

  #sent(frame: Frame): void {
    if (this.#isDeaf) {
      return;
    }
    if (frame.type === "") {
      const cut = this.#control.take((at) => at === "start-up");
      if (cut !== null) {
        this.#end(cut.how);
        return;
      }
      this.#server.write(frame.bytes);
      return;
    }
    this.#request.push(frame);
    if (frame.type === "P") {
      const [name = "", text = ""] = strings(frame.body, 2);
      this.#texts.set(name, text);
    }
    // A request is complete with its Sync, or it is a simple query; a flush asks for the answer to a part.
    if (frame.type === "S" || frame.type === "Q" || frame.type === "X" || frame.type === "H") {
      const request = this.#request;
      this.#request = [];
      this.#forward(request);
    }
  }

  #forward(request: readonly Frame[]): void {
    const text = request.map((frame) => this.#textOf(frame)).find((known) => known !== null);
    const cut =
      text === undefined || text === null ? null : this.#control.take((at) => typeof at === "function" && at(text));
    if (cut === null) {
      this.#write(request);
      return;
    }
    this.#cut = cut;
    this.#before = this.#unanswered;
    this.#act(cut, request);
  }

  #textOf({ type, body }: Frame): string | null {
    const [first = "", second = ""] = strings(body, 2);
    if (type === "Q") {
      return first;
    }
    return type === "B" ? (this.#texts.get(second) ?? null) : null;
  }

  #act({ place, how }: Cut, request: readonly Frame[]): void {
    const withoutSync = request.filter(({ type }) => type !== "S");
    switch (place) {
      case "before":
        return this.#end(how);
      case "half": {
        const [first] = request;
        this.#server.write(first?.bytes.subarray(0, Math.ceil((first?.bytes.length ?? 0) / 2)) ?? "");
        return this.#end(how);
      }
      case "no sync":
        this.#write(withoutSync);
        this.#flush();
        return;
      case "held":
        this.#hold(request);
        return this.#end(how, { keepServer: true });
      case "sync held":
        this.#write(withoutSync);
        this.#flush();
        this.#hold(request.filter(({ type }) => type === "S"));
        return;
      case "black hole":
        this.#isDeaf = true;
        this.#isMute = true;
        return;
      case "silence":
        this.#isMute = true;
        this.#write(request);
        return;
      case "no answer":
      case "half an answer":
      case "no ready":
      case "after":
        this.#write(request);
    }
  }

  /** Asks for the answers so far, which tell that the statement was carried out; without Sync nothing is committed. */
  #flush(): void {
    this.#server.write(Buffer.from([0x48, 0, 0, 0, 4]));
  }

  #hold(rest: readonly Frame[]): void {
    this.#control.hold({
      release: async () => {
        const answered = new Promise<void>((resolve) => {
          this.#ready = resolve;
        });
        this.#write(rest);
        await answered;
        this.#server.destroy();
      },
      drop: async () => {
        this.#server.destroy();
        await this.closed;
      },
    });
  }

  #write(frames: readonly Frame[]): void {
    this.#unanswered += frames.filter(({ type }) => type === "S" || type === "Q").length;
    this.#server.write(Buffer.concat(frames.map(({ bytes }) => bytes)));
  }

  #heardServer(bytes: Buffer): void {
    for (const frame of this.#fromServer(bytes)) {
      const isEnd = frame.type === "Z";
      this.#unanswered -= isEnd && this.#unanswered > 0 ? 1 : 0;
      if (this.#cut === null || this.#before > 0) {
        this.#before -= isEnd && this.#before > 0 ? 1 : 0;
        this.#pass(frame.bytes);
      } else {
        this.#answered(this.#cut, frame);
      }
      if (isEnd) {
        this.#ready();
      }
    }
  }

  #pass(bytes: Buffer): void {
    if (!this.#isMute) {
      this.#client.write(bytes);
    }
  }

  /** A message of the answer to the request that is cut. */
  #answered({ place, how }: Cut, { type, bytes }: Frame): void {
    if (this.#isMute) {
      return;
    }
    // Carried out or refused; neither is committed before the server is ready again.
    const isDone = type === "C" || type === "E";
    switch (place) {
      case "no sync":
        return isDone ? this.#end(how) : undefined;
      case "sync held":
        return isDone ? this.#end(how, { keepServer: true }) : undefined;
      case "no answer":
        return type === "Z" ? this.#end(how) : undefined;
      case "half an answer":
        this.#client.write(bytes.subarray(0, Math.ceil(bytes.length / 2)));
        // Until the server has committed, the cut would be one before it.
        this.#isMute = true;
        this.#ready = () => this.#end(how);
        return;
      case "no ready":
        return type === "Z" ? this.#end(how) : this.#pass(bytes);
      case "after":
        this.#pass(bytes);
        if (type === "Z") {
          this.#isDeaf = true;
          this.#isMute = true;
          this.#client.end();
          this.#server.destroy();
        }
        return;
      default:
    }
  }
}
