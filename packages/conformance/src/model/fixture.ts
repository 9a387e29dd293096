import {
  exactIdentifiers,
  type IdentifierPolicy,
  isId,
  isTenancyError,
  type Tables,
  type TenancyEvent,
  typeOf,
} from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { outcomeOf } from "../assertions.ts";
import { SequentialIds } from "../chance.ts";
import { isObject } from "../differences.ts";
import type { Json } from "../fixture/format.ts";
import { answersPage, type Operation, operations } from "../fixture/operations.ts";
import { snakeCase, toWire } from "../names.ts";
import type { Call } from "../rules/judge.ts";
import { Held } from "./held.ts";
import { DAWN, type PlayedStep, type RunOptions, send } from "./play.ts";

/**
 * The steps as a file of fixtures that says what the reference store does: ready to be put into the corpus. The last step,
 * at which the store under test differed, says everything that follows from it.
 */
export async function fixtureOf(options: RunOptions, played: readonly PlayedStep[]): Promise<Json> {
  const story = await retold(options, played);
  const names = new Names();
  const steps = story.flatMap((step, place) => [
    ...lookUps(step, names),
    stepOf(step, names, place === story.length - 1),
  ]);
  const last = story.at(-1);
  const op = snakeCase(last?.call.op ?? "create_org");
  const given = givenOptions(options);
  return {
    $schema: "../fixture.schema.json",
    corpus: "tenantry",
    spec_version: "0.3.0",
    capability: "tenancy",
    operation: op,
    conformance_level: "MUST",
    description: "Found by chance.",
    tests: [
      {
        id: `${op}.found_by_chance`,
        description: "Say here which rule this shows.",
        users: names.users(),
        given: { clock: DAWN, ...(Object.keys(given).length === 0 ? {} : { options: given }) },
        steps: steps.map(({ captures, ...step }) => {
          // Only what is used later has a name.
          const used = Object.entries(captures).filter(([name]) => names.isUsed(name));
          return used.length === 0 ? step : { ...step, captures: Object.fromEntries(used) };
        }),
      },
    ],
  };
}

interface ToldStep extends PlayedStep {
  readonly before: Tables;
  readonly after: Tables;
}

/** The same calls on another reference store, with the tables around each. */
async function retold(options: RunOptions, played: readonly PlayedStep[]): Promise<readonly ToldStep[]> {
  const clock = { now: new Date(DAWN) };
  const idSource = new SequentialIds().next;
  const store = new InMemoryTenancyStore({ ...options, clock: () => new Date(clock.now), idSource });
  const told: ToldStep[] = [];
  for (const { call, advanceMs } of played) {
    clock.now = new Date(clock.now.getTime() + advanceMs);
    const before = store.tables();
    const outcome = await outcomeOf(() => send(store, call));
    told.push({ call, advanceMs, outcome, before, after: store.tables() });
  }
  return told;
}

type FixtureStep = Json & { readonly captures: Readonly<Record<string, string>> };

/** Memberships that no answer told of, as the heir's after a transfer, are looked for in the list of members. */
function lookUps({ call, before }: ToldStep, names: Names): readonly FixtureStep[] {
  return idsIn(written(call.args), "").flatMap(([, id]) => {
    const row = names.isNamed(id) ? undefined : before.mem.find((member) => member.id === id);
    if (row === undefined) {
      return [];
    }
    const place = before.mem.filter(({ orgId }) => orgId === row.orgId).indexOf(row);
    const captures = names.capture({ data: { [place]: { id } } });
    return [{ op: "list_members", input: names.given({ org_id: row.orgId, limit: 200 }) as Json, captures }];
  });
}

function stepOf({ call, advanceMs, outcome, before, after }: ToldStep, names: Names, isLast: boolean): FixtureStep {
  const op = snakeCase(call.op);
  const input = names.given(inputOf(op, call)) as Json;
  const options = names.given(written(call.options)) as Json;
  const captures = outcome.ok ? names.capture(toWire(outcome.result)) : {};
  return {
    op,
    ...(advanceMs === 0 ? {} : { advance_ms: advanceMs }),
    input,
    ...(Object.keys(options).length === 0 ? {} : { options }),
    captures,
    ...(outcome.ok ? {} : { expected: refusal(outcome.error) }),
    ...(isLast ? consequences(op, outcome, names, before, after) : {}),
  };
}

function refusal(error: unknown): Json {
  return isTenancyError(error) ? { error: error.name, code: error.code } : { error: "TenancyError" };
}

/** Everything that follows from the step: its result, its events, and every row of the organization it is about. */
function consequences(op: string, outcome: ToldStep["outcome"], names: Names, before: Tables, after: Tables): Json {
  const events = after.evt.filter(
    ({ orgId, seq }) => !before.evt.some((known) => known.orgId === orgId && known.seq === seq),
  );
  const result = outcome.ok ? { expected: { result: names.expected(resultOf(op, outcome.result)) } } : {};
  const rows = [...new Set(events.map(({ orgId }) => orgId))].flatMap((orgId) => [
    ...(["org", "mem", "inv"] as const).map((table) => ({
      table,
      where: names.expected(table === "org" ? { id: orgId } : { org_id: orgId }),
      equals: names.expected(
        (toWire(after[table]) as readonly Json[]).filter((row) => row["org_id"] === orgId || row["id"] === orgId),
      ),
    })),
    {
      table: "tup",
      where: names.expected({ object_type: "org", object_id: orgId }),
      count: after.tup.filter(({ objectType, objectId }) => objectType === "org" && objectId === orgId).length,
    },
  ]);
  return {
    ...result,
    events: events.map((event) => eventOf(event, names)),
    ...(rows.length === 0 ? {} : { rows }),
  };
}

function eventOf({ type, seq, actor, idempotencyKey, data }: TenancyEvent, names: Names): unknown {
  return names.expected(toWire({ type, seq, actor, idempotencyKey, data }));
}

function resultOf(op: string, result: unknown): unknown {
  if (!answersPage(op)) {
    return toWire(result);
  }
  const { data, next_cursor, total } = toWire(result) as Json;
  const ids = (data as readonly Json[]).map(({ id }) => id);
  return { data_ids_in_order: ids, next_cursor, ...(total === undefined ? {} : { total }) };
}

/** The flat input that means these arguments. */
function inputOf(op: string, { args }: Call): Json {
  const operation = operations.get(op) as Operation;
  switch (operation.takes) {
    case "object":
      return written(args[0]) as Json;
    case "check": {
      const { subject, object, ...others } = written(args[0]) as Json;
      const { type, id } = (isObject(object) ? object : { type: "org", id: object }) as Json;
      return { ...others, subject_type: "usr", subject_id: subject, object_type: type, object_id: id };
    }
    case "keys":
      return Object.fromEntries(args.map((arg, place) => [operation.keys[place], written(arg)]));
    case "list": {
      const ids = args.slice(0, operation.keys.length).map((arg, place) => [operation.keys[place], written(arg)]);
      return { ...Object.fromEntries(ids), ...(written(args[operation.keys.length] ?? {}) as Json) };
    }
  }
}

/** A value as it is written in a fixture: names of the wire, and what JSON cannot write in a form of its own. */
function written(value: unknown): unknown {
  if (value === undefined) {
    return { $undefined: true };
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    return { $number: String(value) };
  }
  if (value instanceof Held) {
    return value.id;
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? { $date: "invalid" } : value.toISOString();
  }
  if (Array.isArray(value)) {
    return value.map(written);
  }
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [snakeCase(key), written(inner)]))
    : value;
}

function givenOptions({ identifierPolicy = exactIdentifiers, ...options }: RunOptions): Json {
  const defaults: Json = {
    reinvite: "allow",
    inviterCheck: "authority",
    recheckInviter: true,
    declineBinding: "any",
    identifierPolicy: exactIdentifiers.name,
  };
  const chosen: Json = { ...options, identifierPolicy: (identifierPolicy satisfies IdentifierPolicy).name };
  const unusual = Object.entries(chosen).filter(([key, value]) => value !== defaults[key]);
  return Object.fromEntries(unusual.map(([key, value]) => [snakeCase(key), isObject(value) ? written(value) : value]));
}

/** The names of ids: users are given, others are captured where they are first answered. */
class Names {
  readonly #names = new Map<string, string>();
  readonly #users: string[] = [];
  readonly #used = new Set<string>();

  users(): readonly string[] {
    return this.#users;
  }

  isUsed(name: string): boolean {
    return this.#used.has(name);
  }

  isNamed(id: string): boolean {
    return this.#names.has(id);
  }

  /** The paths at which ids stand that have no name yet. */
  capture(result: unknown): Readonly<Record<string, string>> {
    const captures: Record<string, string> = {};
    for (const [path, id] of idsIn(result, "")) {
      if (!this.#names.has(id)) {
        const name = `${typeOf(id)}_${[...this.#names.values()].filter((known) => known.startsWith(typeOf(id))).length + 1}`;
        this.#names.set(id, name);
        captures[name] = path;
      }
    }
    return captures;
  }

  /** What is given, with names in the place of ids. A user without a name gets one; an id of nothing stays as it is. */
  given(value: unknown): unknown {
    return replaced(value, (text) => this.#named(text) ?? text);
  }

  /** What is expected, with names in the place of ids; an id that no call ever answered is any. */
  expected(value: unknown): unknown {
    return replaced(value, (text) => this.#named(text) ?? (isId(text) ? { $id: typeOf(text) } : text));
  }

  #named(text: string): string | null {
    let name = this.#names.get(text);
    if (name === undefined && isId(text, "usr")) {
      name = `user_${this.#users.length + 1}`;
      this.#names.set(text, name);
      this.#users.push(name);
    }
    if (name === undefined) {
      return null;
    }
    this.#used.add(name);
    return `{${name}}`;
  }
}

function replaced(value: unknown, replace: (text: string) => unknown): unknown {
  if (typeof value === "string") {
    return replace(value);
  }
  if (Array.isArray(value)) {
    return value.map((inner) => replaced(inner, replace));
  }
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaced(inner, replace)]))
    : value;
}

/** Ids as values of their own, each with its path. Those of pages stay unnamed: what they are was answered before. */
function idsIn(value: unknown, path: string): readonly (readonly [path: string, id: string])[] {
  if (typeof value === "string") {
    return isId(value) ? [[path, value]] : [];
  }
  return isObject(value)
    ? Object.entries(value).flatMap(([key, inner]) =>
        // What a refusal names may be nothing.
        key === "details" ? [] : idsIn(inner, path === "" ? key : `${path}.${key}`),
      )
    : [];
}
