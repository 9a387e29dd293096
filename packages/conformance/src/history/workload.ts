import { generate, type OrgId, type TenancyOptions, type UsrId } from "@tenantry/core";
import { outcomeOf } from "../assertions.ts";
import type { Chance } from "../chance.ts";
import { isObject } from "../differences.ts";
import { makers } from "../model/arguments.ts";
import { Choices } from "../model/choices.ts";
import type { Call } from "../rules/judge.ts";
import type { SharedDatabase } from "../shared-database.ts";
import { after } from "../timing.ts";
import type { Line } from "./line.ts";
import { MAY_IDLE } from "./line.ts";
import { Observed } from "./observed.ts";
import { type Client, Recorder } from "./recorder.ts";

export interface Workload {
  readonly clients: number;
  /** How many calls each client makes, unless it is over before. */
  readonly calls: number;
  readonly orgs: number;
  /** Asked before every call. Default: never. */
  readonly isOver?: () => boolean;
  /** How many clients share an instance of the store, so that their commits meet inside it. Default 1. */
  readonly sharing?: number;
  /** How far the clocks of two clients may be apart, in milliseconds. Default 0. */
  readonly skew?: number;
}

/** How long a client waits that finds the database unavailable. */
const BREATH_MS = 5;
/** Numbers that the arguments of a call are made of. */
const NUMBERS = 40;
/** How often each operation is called, compared with the others. */
const USUAL: Readonly<Record<string, number>> = {
  addMember: 8,
  changeRole: 6,
  selfLeave: 4,
  adminRemove: 4,
  transferOwnership: 3,
  suspendMembership: 3,
  reinstateMembership: 3,
  createInvitation: 5,
  acceptInvitation: 6,
  declineInvitation: 1,
  revokeInvitation: 2,
  resendInvitation: 2,
  updateOrg: 2,
  suspendOrg: 1,
  reinstateOrg: 2,
  addMembers: 3,
  createInvitations: 2,
  changeRoles: 2,
  removeMembers: 2,
  removeUser: 1,
  getOrg: 4,
  listEvents: 2,
  plan: 2,
};
const READS: readonly string[] = ["getOrg", "listEvents", "plan"];
const OPERATIONS = Object.entries(USUAL).flatMap(([op, times]) => Array<string>(times).fill(op));

/** Lets several clients call at random, each one call at a time, and writes down what they see. */
export async function work(
  open: SharedDatabase["connect"],
  { clients, calls, orgs, isOver = () => false, sharing = 1, skew = 0 }: Workload,
  chance: Chance,
): Promise<Recorder> {
  const recorder = new Recorder();
  const connect = (options: TenancyOptions): ReturnType<SharedDatabase["connect"]> => open(options);
  const observed = new Observed();
  const workers: Worker[] = [];
  while (workers.length < clients) {
    // Decided here, before anything meets anything: the same seed makes the same numbers for every client.
    const ahead = skew === 0 ? 0 : chance.below(skew);
    const those = sharing === 1 ? [await recorder.client(connect, ahead)] : await recorder.clients(connect, sharing);
    workers.push(
      ...those.map((client, place) => new Worker(client, observed, chance.fork(), `c${workers.length + place}`)),
    );
  }
  for (let count = 0; count < orgs; count += 1) {
    await (workers[0] as Worker).found(count);
  }
  await Promise.all(workers.map((worker) => worker.run(calls, isOver)));
  return recorder;
}

/** A client at work. */
class Worker {
  readonly #client: Client;
  readonly #observed: Observed;
  readonly #chance: Chance;
  readonly #name: string;
  #count = 0;
  /** The last key that certainly stands for something, and where. */
  #used: { readonly key: string; readonly orgId: OrgId | null } | null = null;
  #last: { readonly call: Call; readonly orgId: OrgId | null } | null = null;

  constructor(client: Client, observed: Observed, chance: Chance, name: string) {
    this.#client = client;
    this.#observed = observed;
    this.#chance = chance;
    this.#name = name;
  }

  async found(count: number): Promise<void> {
    const args = [{ creator: generate("usr"), slug: `work-${count}` }];
    // Whatever stands in the way at the beginning: without an organization there is nothing to do.
    for (let line: Line | null = null; line?.outcome !== "ok"; ) {
      line = await this.#client.call({ op: "createOrg", args, options: this.#keyed() }, null);
      this.#observed.see(line.result);
      if (line.resolved === "committed" || line.code === "conflict.org_slug") {
        return;
      }
    }
  }

  async run(calls: number, isOver: () => boolean): Promise<void> {
    for (let count = 0; count < calls && !isOver(); count += 1) {
      await this.#step();
    }
  }

  async #step(): Promise<void> {
    const op = this.#chance.of(OPERATIONS);
    const numbers = Array.from({ length: NUMBERS }, () => this.#chance.below(256));
    const [repeats, walks, gives] = [this.#chance.below(20), this.#chance.below(40), this.#chance.below(4)];
    const misuses = this.#chance.below(40);
    if (repeats === 0 && this.#last !== null) {
      await this.#client.call(this.#last.call, this.#last.orgId);
      return;
    }
    const setting = { choices: new Choices(numbers), world: this.#observed, now: new Date() };
    const args = ofOneOrg(op, (makers[op] as (typeof makers)[string]).make(setting));
    const orgId = this.#orgOf(args);
    if (walks === 0 && orgId !== null) {
      await outcomeOf(() => this.#client.walk(orgId, 3));
      return;
    }
    const isRead = READS.includes(op);
    const used = this.#used;
    const version = orgId === null ? undefined : this.#observed.org(orgId)?.row.version;
    // A key that was used for something else is refused, in the same organization.
    const isMisuse = misuses === 0 && used !== null && used.orgId === orgId;
    const options = isRead ? {} : isMisuse ? { idempotencyKey: used.key } : this.#keyed();
    const call: Call = {
      op,
      args,
      options: !isRead && gives === 0 && version !== undefined ? { ...options, expectedVersion: version } : options,
    };
    const line = await this.#client.call(call, orgId);
    if (line.code?.startsWith("unavailable") === true) {
      await after(BREATH_MS);
    }
    this.#take(line);
    if (!isRead) {
      // What changed nothing left its key unused: a repeat would be another call, with an answer of its own.
      const isSpent = line.outcome !== "ok" || hasWritten(line);
      this.#last = isSpent ? { call, orgId } : null;
      if (line.outcome === "ok" && isSpent && line.key !== null) {
        this.#used = { key: line.key, orgId };
      }
    }
  }

  #take({ outcome, result, orgId, op }: Line): void {
    if (outcome === "ok") {
      this.#observed.see(result);
      const org = READS.includes(op) || orgId === null ? null : this.#observed.org(orgId);
      if (org !== null) {
        // At least one more than was known.
        org.row = { ...org.row, version: org.row.version + 1 };
      }
    }
  }

  #keyed(): { readonly idempotencyKey: string; readonly actor?: UsrId } {
    this.#count += 1;
    return { idempotencyKey: `${this.#name}-${this.#count}` };
  }

  /** The organization that the first argument is about, as far as was seen. */
  #orgOf([first]: readonly unknown[]): OrgId | null {
    const value = isObject(first) ? first : { id: first };
    for (const id of [value["orgId"], value["id"], value["memId"], value["invId"], value["revokeOrg"]]) {
      const org =
        this.#observed.org(id as OrgId) ??
        this.#observed.member(id as `mem_${string}`)?.org ??
        this.#observed.invitation(id as `inv_${string}`)?.org ??
        null;
      if (org !== null) {
        return org.row.id;
      }
    }
    return null;
  }
}

/** A grant may be of several organizations, whose histories have no order: who is removed keeps it. */
function ofOneOrg(op: string, args: readonly unknown[]): readonly unknown[] {
  return op === "removeUser" ? [{ ...(args[0] as object), grants: false }] : args;
}

/** Whether an acknowledged call certainly changed something. A new role is another membership. */
function hasWritten({ op, args: [input], result }: Line): boolean {
  if (op === "changeRole") {
    return isObject(input) && isObject(result) && input["memId"] !== result["id"];
  }
  return !MAY_IDLE.includes(op);
}
