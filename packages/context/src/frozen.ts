/** The same object and everything in it, frozen. For plain data without circles. */
export function frozen<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === "object" && part !== null && !Object.isFrozen(part)) {
      frozen(part);
    }
  }
  return Object.freeze(value);
}
