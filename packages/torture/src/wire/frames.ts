/** One message of PostgreSQL's protocol, with its bytes as they were. */
export interface Frame {
  /** A letter; "" for the first messages of a client, which have no type. */
  readonly type: string;
  readonly bytes: Buffer;
  readonly body: Buffer;
}

const START_UP = 196608;

/** Cuts what a client sends into messages, however the network cut it. */
export function clientFrames(): (bytes: Buffer) => readonly Frame[] {
  let isStarted = false;
  return cutter(
    () => isStarted,
    (frame) => {
      // Requests for encryption and cancellations have no type either; only the start-up message ends that.
      isStarted ||= frame.type === "" && frame.body.length >= 4 && frame.body.readInt32BE(0) === START_UP;
    },
  );
}

/** Cuts what a server sends into messages. */
export function serverFrames(): (bytes: Buffer) => readonly Frame[] {
  return cutter(
    () => true,
    () => {},
  );
}

function cutter(isTyped: () => boolean, seen: (frame: Frame) => void): (bytes: Buffer) => readonly Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const complete: Frame[] = [];
    for (;;) {
      const typeLength = isTyped() ? 1 : 0;
      if (rest.length < typeLength + 4) {
        return complete;
      }
      // The length counts itself, not the type.
      const end = typeLength + rest.readUInt32BE(typeLength);
      if (rest.length < end) {
        return complete;
      }
      const frame = {
        type: rest.toString("latin1", 0, typeLength),
        bytes: rest.subarray(0, end),
        body: rest.subarray(typeLength + 4, end),
      };
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
