/** A caller's own value for a message: at most 64 characters, everything but printable ASCII escaped. */
export function quote(value: unknown): string {
  if (typeof value !== "string") {
    return typeof value === "number" || typeof value === "boolean"
      ? String(value)
      : `a value of type ${typeName(value)}`;
  }
  const quoted = `"${escaped(value)}"`;
  return value.length > 64 ? `${quoted}…` : quoted;
}

/** A caller's own key for the details of an error: its first 64 characters, everything but printable ASCII escaped. */
export function escaped(text: string): string {
  return JSON.stringify(text.slice(0, 64))
    .slice(1, -1)
    .replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function typeName(value: unknown): string {
  return value === null ? "null" : typeof value;
}
