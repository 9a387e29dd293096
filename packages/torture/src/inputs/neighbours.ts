import { types } from "node:util";
import type { Chance } from "@tenantry/conformance/history";
import { wrongTypes } from "./wrong-types.ts";

/** Texts that a careless reader would split, fold, cut short or take for something else. */
const SPLICES: readonly string[] = [
  "\0",
  "\n",
  "\r\n",
  "\t",
  "\u001b[31m",
  "\u0085",
  "\ud83d",
  "\udc00",
  "\u{1f600}",
  "e\u0301",
  "\u202e",
  "\u200b",
  "\ufeff",
  "\u00ad",
  "\u212a",
  "\u0131",
  "\u043e",
  "\uff41",
  " ",
  "_",
  ".",
  "'",
  '"',
  "\\",
  "%",
  "$1",
  "');--",
  "__proto__",
  "constructor",
];

/** Keys that no input has, or that another one has. */
const KEYS: readonly string[] = [
  "__proto__",
  "constructor",
  "toString",
  "then",
  "status",
  "version",
  "removedBy",
  "orgId",
  "role",
  "asUserId",
  "idempotencykey",
  "",
];

/** Length of a text that grew at most; now and then one is as long as a careless reader takes all. */
const LONG = 2000;
const HUGE = 1_000_000;
const HUGE_ONCE_IN = 4000;

/** The arguments with one to three changes somewhere in them. */
export function neighbour(args: readonly unknown[], chance: Chance): readonly unknown[] {
  let changed: readonly unknown[] = args;
  for (let left = 1 + Math.floor(chance.below(8) / 5) + Math.floor(chance.below(8) / 7); left > 0; left -= 1) {
    changed = changedArguments(changed, chance);
  }
  return changed;
}

function changedArguments(args: readonly unknown[], chance: Chance): readonly unknown[] {
  const kind = chance.below(40);
  if (kind === 0) {
    return args.slice(0, -1);
  }
  if (kind === 1) {
    return [...args, chance.of(wrongTypes)()];
  }
  if (kind === 2) {
    return [...args].reverse();
  }
  if (args.length === 0) {
    return [chance.of(wrongTypes)()];
  }
  return withChangedItem(args, chance);
}

function changedValue(value: unknown, chance: Chance): unknown {
  // A second change looks into nothing that the first one brought.
  if (chance.below(6) === 0 || types.isProxy(value)) {
    return chance.of(wrongTypes)();
  }
  if (typeof value === "string") {
    return changedText(value, chance);
  }
  if (typeof value === "number") {
    return chance.of([-value, value + 1, value - 1, value + 0.5, -1, 0, 201, 1e9, 2 ** 53, Number.NaN, `${value}`]);
  }
  if (value instanceof Date) {
    return changedInstant(value, chance);
  }
  if (Array.isArray(value)) {
    return changedList(value, chance);
  }
  return isPlain(value) ? changedObject(value, chance) : chance.of(wrongTypes)();
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype &&
    Object.values(Object.getOwnPropertyDescriptors(value)).every((property) => "value" in property)
  );
}

function changedText(text: string, chance: Chance): string {
  const at = chance.below(text.length + 1);
  switch (chance.below(8)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(at);
    case 2:
      return repeated(text, chance);
    case 3:
      return `${text.slice(0, at)}${text.slice(at, at + 1).repeat(1 + chance.below(40))}${text.slice(at)}`;
    case 4:
      return chance.below(2) === 0 ? text.toUpperCase() : text.normalize("NFD").toLowerCase();
    case 5:
      // One bit of one unit is another one.
      return `${text.slice(0, at)}${flipped(text.slice(at, at + 1), chance)}${text.slice(at + 1)}`;
    default:
      return `${text.slice(0, at)}${chance.of(SPLICES)}${text.slice(at)}`;
  }
}

function flipped(unit: string, chance: Chance): string {
  return unit === "" ? "" : String.fromCharCode(unit.charCodeAt(0) ^ (1 << chance.below(8)));
}

function repeated(text: string, chance: Chance): string {
  const most = chance.below(HUGE_ONCE_IN) === 0 ? HUGE : LONG;
  return text.repeat(Math.max(2, Math.min(2 + chance.below(60), Math.floor(most / Math.max(1, text.length)))));
}

function changedInstant(instant: Date, chance: Chance): unknown {
  const time = instant.getTime();
  return chance.of<unknown>([
    new Date(Number.NaN),
    new Date(time - 86_400_000),
    new Date(time + 1),
    new Date(0),
    new Date(8.64e15),
    new Date(-8.64e15),
    new Date("9999-12-31T23:59:59.999Z"),
    new Date("+010000-01-01T00:00:00.000Z"),
    time,
    instant.toJSON(),
    { getTime: () => time },
  ]);
}

function changedList(list: readonly unknown[], chance: Chance): unknown {
  switch (chance.below(6)) {
    case 0:
      return list.slice(0, chance.below(list.length + 1));
    case 1:
      return [...list, ...list];
    case 2:
      return Array.from({ length: 99 + chance.below(4) }, () => list[0]);
    case 3:
      return Object.assign([...list], { length: list.length + 1 });
    case 4:
      return { ...list, length: list.length };
    default:
      return list.length === 0 ? [chance.of(wrongTypes)()] : withChangedItem(list, chance);
  }
}

function withChangedItem(list: readonly unknown[], chance: Chance): readonly unknown[] {
  const at = chance.below(list.length);
  return list.map((item, place) => (place === at ? changedValue(item, chance) : item));
}

function changedObject(object: Readonly<Record<string, unknown>>, chance: Chance): unknown {
  const keys = Object.keys(object);
  const kind = chance.below(24);
  if (keys.length === 0 || kind === 0) {
    return withOwn(object, chance.of(KEYS), chance.of(wrongTypes)());
  }
  const key = chance.of(keys);
  const { [key]: value, ...others } = object;
  switch (kind) {
    case 1:
      return others;
    case 2:
      return withOwn(others, changedText(key, chance), value);
    case 3:
      return { ...object, [key]: object[chance.of(keys)] };
    case 4:
      return Object.assign(Object.create(chance.below(2) === 0 ? null : { ...object }), others);
    case 5:
      return [object];
    default:
      return { ...object, [key]: changedValue(value, chance) };
  }
}

/** As JSON would, so that even `__proto__` is a key like others. */
function withOwn(object: object, key: string, value: unknown): object {
  return Object.defineProperty({ ...object }, key, { value, enumerable: true, configurable: true, writable: true });
}
