/** Thrown by what is run though nobody should. */
export class TouchedError extends Error {
  override readonly name = "TouchedError";
}

function touched(): never {
  throw new TouchedError("code of an argument was run");
}

/** Whoever awaits an argument runs this. */
const THEN = "then";

/** Values that no place of any input has, made anew each time. */
export const wrongTypes: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => true,
  () => 0,
  () => -1,
  () => 1.5,
  () => 1e21,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => 1n,
  () => "",
  () => "null",
  () => Symbol("value"),
  () => touched,
  () => [],
  () => [[]],
  () => ({}),
  () => ({ length: 1, 0: "owner" }),
  () => Object.create(null),
  () => Object("owner"),
  () => Object(1n),
  () => new Date(0),
  () => new Date(Number.NaN),
  () => new Map([["orgId", "x"]]),
  () => new Set(["owner"]),
  () => new Uint8Array(16),
  () => /owner/g,
  () => new Error("owner"),
  () => Promise.resolve("owner"),
  () => ({ [THEN]: touched }),
  () => ({ toString: touched, valueOf: touched, toJSON: touched, [Symbol.toPrimitive]: touched }),
  () => Object.defineProperty({}, "role", { enumerable: true, get: touched }),
  () => new Proxy({}, { get: touched, ownKeys: touched, getOwnPropertyDescriptor: touched, getPrototypeOf: touched }),
  () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
];
