import { CliError } from "./problem.ts";

/** An option or an argument: how it is written, what it means, and its value from the texts that were given. */
export interface Field<T> {
  /** What stands for the value, as `slug`; `null` for a flag. */
  readonly value: string | null;
  readonly says: string;
  readonly isRequired: boolean;
  readonly isRepeatable: boolean;
  /** Every text that was given, in order. `name` is for the complaint. */
  decode(given: readonly string[], name: string): T;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
export type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

type Decode<T> = (given: string, name: string) => T;
const asIs: Decode<string> = (given) => given;

function one<T>(value: string, says: string, decode: Decode<T>): Field<T | undefined> {
  return {
    value,
    says,
    isRequired: false,
    isRepeatable: false,
    decode: ([first, ...others], name) => {
      if (others.length > 0) {
        throw new CliError("cli.usage", `${name} is given more than once`);
      }
      return first === undefined ? undefined : decode(first, name);
    },
  };
}

/** A text that may be left out. */
export function text(value: string, says: string): Field<string | undefined> {
  return one(value, says, asIs);
}

/** A flag. */
export function flag(says: string): Field<boolean> {
  return { value: null, says, isRequired: false, isRepeatable: false, decode: (given) => given.length > 0 };
}

/** Texts, one for each time that the option is given, or several with commas. */
export function many(value: string, says: string): Field<readonly string[]> {
  return {
    value,
    says,
    isRequired: false,
    isRepeatable: true,
    decode: (given) => given.flatMap((texts) => texts.split(",")).filter((one) => one !== ""),
  };
}

/** One of some words. */
export function oneOf<const W extends string>(value: string, says: string, words: readonly W[]): Field<W | undefined> {
  return one(value, `${says}: ${words.join(", ")}`, wordOf(words));
}

/** Several of some words. */
export function anyOf<const W extends string>(value: string, says: string, words: readonly W[]): Field<readonly W[]> {
  const texts = many(value, `${says}: ${words.join(", ")}`);
  return { ...texts, decode: (given, name) => texts.decode(given, name).map((each) => wordOf(words)(each, name)) };
}

function wordOf<W extends string>(words: readonly W[]): Decode<W> {
  return (given, name) => {
    const word = words.find((each) => each === given);
    if (word === undefined) {
      throw new CliError("cli.usage", `${name} is one of ${words.join(", ")}`);
    }
    return word;
  };
}

/** A whole number of at least `least`, and of at most `most`. */
export function whole(value: string, says: string, least: number, most?: number): Field<number | undefined> {
  return one(value, says, (given, name) => {
    const number = Number(given);
    if (!/^\d{1,15}$/.test(given) || number < least || number > (most ?? number)) {
      const bounds = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
      throw new CliError("cli.usage", `${name} is a whole number ${bounds}`);
    }
    return number;
  });
}

/** The same, and it must be there. */
export function required<T>(field: Field<T | undefined>): Field<T> {
  return {
    ...field,
    isRequired: true,
    decode: (given, name) => {
      const value = field.decode(given, name);
      if (value === undefined) {
        throw new CliError("cli.usage", `${name} is required`);
      }
      return value;
    },
  };
}
