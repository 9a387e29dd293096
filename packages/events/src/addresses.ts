// Which IP addresses are of the public internet. Pure text, so that every runtime can ask.

type Range = readonly [bytes: readonly number[], bits: number];

/** Private, shared, loopback, link-local, metadata, reserved, documentation and multicast. */
const CLOSED_V4: readonly Range[] = [
  [[0, 0, 0, 0], 8],
  [[10, 0, 0, 0], 8],
  [[100, 64, 0, 0], 10],
  [[127, 0, 0, 0], 8],
  // A platform's own service, on an address that looks public.
  [[168, 63, 129, 16], 32],
  [[169, 254, 0, 0], 16],
  [[172, 16, 0, 0], 12],
  [[192, 0, 0, 0], 24],
  [[192, 0, 2, 0], 24],
  [[192, 88, 99, 0], 24],
  [[192, 168, 0, 0], 16],
  [[198, 18, 0, 0], 15],
  [[198, 51, 100, 0], 24],
  [[203, 0, 113, 0], 24],
  [[224, 0, 0, 0], 3],
];

/** Only 2000::/3 is of the public internet, but for tunnels into another network, and documentation. */
const OPEN_V6: Range = [[0x20, 0], 3];
const CLOSED_V6: readonly Range[] = [
  [[0x20, 0x01, 0, 0], 23],
  [[0x20, 0x01, 0x0d, 0xb8], 32],
  [[0x20, 0x02], 16],
  [[0x3f, 0xff, 0, 0], 20],
];

/** `false` too for what is no address. */
export function isPublicAddress(text: string): boolean {
  const v4 = bytesOfV4(text);
  if (v4 !== null) {
    return isPublicV4(v4);
  }
  const v6 = bytesOfV6(text);
  if (v6 === null) {
    return false;
  }
  const isMapped = v6.slice(0, 10).every((byte) => byte === 0) && v6[10] === 0xff && v6[11] === 0xff;
  return isMapped ? isPublicV4(v6.slice(12)) : isWithin(v6, OPEN_V6) && !CLOSED_V6.some((range) => isWithin(v6, range));
}

export function isAddress(text: string): boolean {
  return bytesOfV4(text) !== null || bytesOfV6(text) !== null;
}

function isPublicV4(bytes: readonly number[]): boolean {
  return !CLOSED_V4.some((range) => isWithin(bytes, range));
}

function isWithin(bytes: readonly number[], [base, bits]: Range): boolean {
  return Array.from({ length: bits }, (_, bit) => bit).every((bit) => bitOf(bytes, bit) === bitOf(base, bit));
}

function bitOf(bytes: readonly number[], bit: number): number {
  return ((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;
}

function bytesOfV4(text: string): readonly number[] | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  return parts === undefined || parts.some((byte) => byte > 255) ? null : parts;
}

function bytesOfV6(text: string): readonly number[] | null {
  const [address = "", ...zone] = text.replace(/^\[|\]$/g, "").split("%");
  if (zone.length > 1 || address.length > 45 || !/^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(address)) {
    return null;
  }
  const tail = /:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  const v4 = tail === undefined ? [] : bytesOfV4(tail);
  if (v4 === null) {
    return null;
  }
  const head = tail === undefined ? address : address.slice(0, -tail.length).replace(/([^:]):$/, "$1");
  const [before = "", after, ...more] = head.split("::");
  if (more.length > 0) {
    return null;
  }
  const [left, right] = [groups(before), groups(after ?? "")];
  if (left === null || right === null) {
    return null;
  }
  const missing = 16 - left.length - right.length - v4.length;
  if (after === undefined ? missing !== 0 : missing < 2) {
    return null;
  }
  return [...left, ...Array.from({ length: missing }, () => 0), ...right, ...v4];
}

function groups(text: string): readonly number[] | null {
  const parts = text === "" ? [] : text.split(":");
  return parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))
    ? parts.flatMap((part) => [Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255])
    : null;
}
