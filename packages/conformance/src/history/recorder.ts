import {
  type EventsPage,
  generate,
  type IdType,
  isTenancyError,
  type Organization,
  type OrgId,
  type Resolution,
  type TenancyOptions,
} from "@tenantry/core";
import { outcomeOf } from "../assertions.ts";
import { isObject } from "../differences.ts";
import { everythingIn } from "../fixture/secrets.ts";
import { send } from "../model/play.ts";
import type { StoreUnderTest } from "../open-store.ts";
import { type Call, rules } from "../rules/judge.ts";
import { after } from "../timing.ts";
import type { History, Line, Walk } from "./line.ts";

/** Writes down what several clients do to one database. */
export class Recorder implements History {
  readonly lines: Line[] = [];
  readonly walks: Walk[] = [];
  readonly secrets: string[] = [];
  #moment = 0;

  /** The next place in the order of beginnings and ends. */
  tick(): number {
    this.#moment += 1;
    return this.#moment;
  }

  /** A client of its own: one call at a time, on an instance whose clock and ids are the client's. */
  async client(
    connect: Connect,
    /** How far its clock is ahead, in milliseconds. */
    ahead = 0,
  ): Promise<Client> {
    const ids: string[] = [];
    const personal = { now: new Date(), ids, ahead };
    const store = await connect({
      clock: () => new Date(personal.now),
      idSource: (type: IdType) => {
        const id = generate(type);
        ids.push(id);
        return id;
      },
    });
    return new Client(this, store, personal);
  }

  /** Clients of one instance, whose calls meet inside it. */
  async clients(connect: Connect, count: number): Promise<readonly Client[]> {
    const store = await connect({});
    return Array.from({ length: count }, () => new Client(this, store, { now: new Date(), ids: null, ahead: 0 }));
  }
}

type Connect = (options: TenancyOptions) => Promise<StoreUnderTest> | StoreUnderTest;

/** How often somebody asks what became of a call, and how long they wait at most before they ask again. */
const RESOLUTIONS = 500;
const LONGEST_PAUSE_MS = 50;

interface Personal {
  now: Date;
  /** `null`: others take ids from the same source. */
  readonly ids: string[] | null;
  readonly ahead: number;
}

export class Client {
  readonly store: StoreUnderTest;
  readonly #recorder: Recorder;
  readonly #personal: Personal;

  constructor(recorder: Recorder, store: StoreUnderTest, personal: Personal) {
    this.#recorder = recorder;
    this.store = store;
    this.#personal = personal;
  }

  /** Makes a call and writes it down. An unknown outcome is resolved where `resolves` says so. */
  async call(
    call: Call,
    orgId: OrgId | null,
    { resolves = true }: { readonly resolves?: boolean } = {},
  ): Promise<Line> {
    this.#personal.now = new Date(Date.now() + this.#personal.ahead);
    this.#personal.ids?.splice(0);
    const key = call.options.idempotencyKey ?? null;
    const callId = this.#recorder.lines.length;
    const begun = {
      callId,
      kind: key === null ? ("read" as const) : ("write" as const),
      ...call,
      orgId,
      scope: call.op === "createOrg" ? creatorOf(call) : orgId,
      key,
      fingerprint: fingerprintOf(call),
      invoked: this.#recorder.tick(),
      now: this.#personal.now,
    };
    const unanswered = {
      outcome: "unknown",
      result: null,
      code: null,
      error: null,
      resolved: null,
      seen: null,
    } as const;
    // Written down before the answer comes: a client that dies leaves a call of unknown outcome.
    this.#recorder.lines.push({ ...begun, ...unanswered, completed: null, ids: [] });
    const outcome = await outcomeOf(() => send(this.store, call));
    const ids = this.#personal.ids === null ? null : [...this.#personal.ids];
    const completed = this.#recorder.tick();
    const line: Line = outcome.ok
      ? {
          ...begun,
          ...unanswered,
          ids,
          completed,
          outcome: "ok",
          result: outcome.result,
          seen: seenBy(call.op, outcome.result),
          orgId: orgId ?? orgOf(outcome.result),
        }
      : { ...begun, ...unanswered, ids, completed, ...(await this.#told(outcome.error, resolves)) };
    this.#recorder.lines[callId] = line;
    return line;
  }

  async #told(error: unknown, resolves: boolean): Promise<Pick<Line, "outcome" | "code" | "error" | "resolved">> {
    const told = { error: everythingIn(error), code: isTenancyError(error) ? error.code : null };
    if (!isTenancyError(error, "indeterminate.commit")) {
      return { ...told, outcome: "fail", resolved: null };
    }
    return { ...told, outcome: "unknown", resolved: resolves ? await resolution(error) : null };
  }

  /** Walks over all members, a page at a time. */
  async walk(orgId: OrgId, limit: number): Promise<void> {
    const { version } = await this.store.getOrg(orgId);
    const ids: Walk["ids"][number][] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<StoreUnderTest["listMembers"]>> = await this.store.listMembers(orgId, {
        cursor,
        limit,
      });
      ids.push(...page.data.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    this.#recorder.walks.push({ orgId, beganSeq: version, ids });
  }
}

/** What became of a call whose outcome was unknown; `null` where that was not to be found out in time. */
export async function resolution(error: unknown): Promise<"committed" | "fenced" | null> {
  const found = await resolved(error);
  return found === null ? null : found.committed ? "committed" : "fenced";
}

/** Asks until there is an answer: the database may be as unavailable as it was for the call. */
export async function resolved(error: unknown): Promise<Resolution | null> {
  const { resolve } = error as { readonly resolve: () => Promise<Resolution> };
  for (let attempt = 0; attempt < RESOLUTIONS; attempt += 1) {
    const outcome = await outcomeOf(() => resolve());
    if (outcome.ok) {
      return outcome.result;
    }
    if (!isTenancyError(outcome.error, "unavailable.*")) {
      throw outcome.error;
    }
    await after(Math.min(attempt, LONGEST_PAUSE_MS));
  }
  return null;
}

export function fingerprintOf({ op, args }: Call): string {
  const rule = rules.get(op);
  return JSON.stringify([op, rule === undefined ? args : rule.input(args)]);
}

function creatorOf({ args: [input] }: Call): Line["scope"] {
  return (typeof input === "string" ? input : (input as { readonly creator: string }).creator) as Line["scope"];
}

/** Up to which version a read saw the organization; `null` where it does not tell. */
function seenBy(op: string, result: unknown): number | null {
  switch (op) {
    case "getOrg":
      return (result as Organization).version;
    case "listEvents": {
      const { hasMore, lastSeq } = result as EventsPage;
      return hasMore ? null : lastSeq;
    }
    case "plan":
      return (result as { readonly org?: Organization }).org?.version ?? null;
    default:
      return null;
  }
}

function orgOf(result: unknown): OrgId | null {
  const { org } = (isObject(result) ? result : {}) as { readonly org?: { readonly id: OrgId } };
  return org?.id ?? null;
}
