const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const LONE_SURROGATE = /\p{Cs}/u;

/** Whether every database keeps a string as it is. */
export function isKept(text: string): boolean {
  return !text.includes("\0") && !LONE_SURROGATE.test(text);
}

/** Whether a value is a string of at most `longest` UTF-16 units without control characters and lone surrogates. */
export function isText(value: unknown, longest: number): value is string {
  // Length first: what a pattern costs must not depend on the caller.
  return typeof value === "string" && value.length <= longest && !CONTROL.test(value) && !LONE_SURROGATE.test(value);
}

declare const TextEncoder: new () => { encode(text: string): Uint8Array };

const encoder = new TextEncoder();

/** The bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}
