import { type IdType, isId } from "@tenantry/core";

/** Whether an object may have more keys than expected. Arrays are as long as expected in any case. */
export type Strictness = "exact" | "partial";

/**
 * What is different, a line each: the place, what was expected and what there is. Empty where nothing is.
 * An expected `{ "$id": "mem" }` stands for any valid id of that type.
 */
export function differences(actual: unknown, expected: unknown, strictness: Strictness, place = ""): readonly string[] {
  if (isObject(expected) && isIdMatcher(expected)) {
    return isId(actual, expected.$id) ? [] : [different(place, actual, `an id of type ${expected.$id}`)];
  }
  if (expected instanceof Date) {
    const isSame = actual instanceof Date && Object.is(actual.getTime(), expected.getTime());
    return isSame ? [] : [different(place, actual, shown(expected))];
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) {
      return [different(place, actual, shown(expected))];
    }
    const length = Math.max(actual.length, expected.length);
    return Array.from({ length }, (_, index) => `${place}[${index}]`).flatMap((item, index) =>
      index >= expected.length
        ? [`${item}: unexpected ${shown(actual[index])}`]
        : index >= actual.length
          ? [`${item}: missing, expected ${shown(expected[index])}`]
          : differences(actual[index], expected[index], strictness, item),
    );
  }
  if (isObject(expected)) {
    if (!isObject(actual) || Array.isArray(actual) || actual instanceof Date) {
      return [different(place, actual, shown(expected))];
    }
    const keys = Object.keys(expected);
    const surplus = strictness === "exact" ? Object.keys(actual).filter((key) => !Object.hasOwn(expected, key)) : [];
    return [
      ...keys.flatMap((key) =>
        Object.hasOwn(actual, key)
          ? differences(actual[key], expected[key], strictness, `${place}.${key}`)
          : [`${place}.${key}: missing, expected ${shown(expected[key])}`],
      ),
      ...surplus.map((key) => `${place}.${key}: unexpected ${shown(actual[key])}`),
    ];
  }
  return Object.is(actual, expected) ? [] : [different(place, actual, shown(expected))];
}

/** A value as text for a message; long ones are cut. */
export function shown(value: unknown): string {
  const text =
    value === undefined || typeof value === "function" || typeof value === "symbol"
      ? String(value)
      : JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner));
  return text.length > 400 ? `${text.slice(0, 400)}… (${text.length} characters)` : text;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isIdMatcher(value: Readonly<Record<string, unknown>>): value is { readonly $id: IdType } {
  return Object.hasOwn(value, "$id") && Object.keys(value).length === 1;
}

function different(place: string, actual: unknown, expected: string): string {
  return `${place === "" ? "the value" : place}: expected ${expected}, found ${shown(actual)}`;
}
