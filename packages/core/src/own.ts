/** Whether the object itself has the key: whatever somebody put on `Object.prototype` tells no kind of ours from another. */
export function hasOwn<T extends object, K extends PropertyKey>(
  object: T,
  key: K,
): object is Extract<T, { readonly [P in K]: unknown }> {
  return Object.hasOwn(object, key);
}
