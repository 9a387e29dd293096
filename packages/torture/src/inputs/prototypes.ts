const PROTOTYPES: readonly object[] = [
  Object,
  Object.prototype,
  Array.prototype,
  String.prototype,
  Number.prototype,
  Function.prototype,
  Promise.prototype,
  Date.prototype,
  Map.prototype,
  Set.prototype,
  Error.prototype,
];

/** H13: looks at what all objects inherit, and answers what throws if that has changed since. */
export function pristine(): (what: string) => void {
  const before = PROTOTYPES.map(properties);
  return (what) => {
    for (const [place, object] of PROTOTYPES.entries()) {
      const [then, now] = [before[place] ?? [], properties(object)];
      if (now.length !== then.length || now.some((value, index) => value !== then[index])) {
        throw new Error(`H13: ${what} changed what all objects inherit`);
      }
    }
  };
}

/** The keys and the values, one after the other. */
function properties(object: object): readonly unknown[] {
  return Reflect.ownKeys(object).flatMap((key) => {
    const { value, get, set } = Object.getOwnPropertyDescriptor(object, key) ?? {};
    return [key, value, get, set];
  });
}
