/** One message of PostgreSQL's protocol, version 3. The first of a client have no type: theirs is "". */
export interface Frame {
  readonly type: string;
  readonly body: Buffer;
}

const CANCEL_REQUEST = 80877102;
const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;

/** Cuts the bytes of a client into messages, however the network cut them. */
export function clientFrames(): (bytes: Buffer) => readonly Frame[] {
  let isTyped = false;
  return frames(
    (frame) => {
      if (isTyped || frame.type !== "") return;
      const code = frame.body.readUInt32BE(0);
      isTyped = code !== SSL_REQUEST && code !== GSS_REQUEST && code !== CANCEL_REQUEST;
    },
    () => isTyped,
  );
}

/** Cuts the bytes of a server into messages. The one byte that answers a request for encryption is a message too. */
export function serverFrames(): (bytes: Buffer) => readonly Frame[] {
  const cut = frames(
    () => {},
    () => true,
  );
  let isFirst = true;
  return (bytes) => {
    // "N" refuses encryption. As the type of a message (a notice) it never comes as a single byte.
    const refusal = isFirst && bytes.length === 1 && bytes.toString("latin1") === "N";
    if (refusal) return [];
    isFirst = false;
    return cut(bytes);
  };
}

function frames(seen: (frame: Frame) => void, isTyped: () => boolean): (bytes: Buffer) => readonly Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const complete: Frame[] = [];
    for (;;) {
      const typeLength = isTyped() ? 1 : 0;
      if (rest.length < typeLength + 4) return complete;
      // The length counts itself, not the type.
      const end = typeLength + rest.readUInt32BE(typeLength);
      if (rest.length < end) return complete;
      const frame = { type: rest.toString("latin1", 0, typeLength), body: rest.subarray(typeLength + 4, end) };
      rest = rest.subarray(end);
      seen(frame);
      complete.push(frame);
    }
  };
}

/** The zero-terminated strings at the start of a message. */
export function strings(body: Buffer, count: number): readonly string[] {
  return body.toString("utf8").split("\0", count);
}
