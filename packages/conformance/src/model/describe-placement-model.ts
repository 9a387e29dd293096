import type { OrgId, Tables, TenancyOptions } from "@tenantry/core";
import { InMemoryTenancyStore } from "@tenantry/store-memory";
import { assert, describeError, Failure, type Outcome, outcomeOf } from "../assertions.ts";
import { Chance, SequentialIds, sequentialId } from "../chance.ts";
import { differences, shown } from "../differences.ts";
import { brokenInvariants } from "../invariants/violations.ts";
import { type Open, type StoreUnderTest, within } from "../open-store.ts";
import type { PlacementOperations, WithPlacements } from "../placements/operations.ts";
import { type PlacedOrg, type PlacementCall, type PlacementRuling, rulePlacement } from "../rules/placement-rules.ts";
import type { ModelDescription } from "./describe-model.ts";
import { placementCall } from "./placement-calls.ts";
import { DAWN } from "./play.ts";

const PARTS = 4;
const WATCH_EVERY = 50;
/** Steps on one set of organizations. */
const LONGEST = 200;
const ORGS = 3;

/**
 * Plays random steps on places and their organizations, on the reference store and on the store under test: after each step
 * both answer, keep and tell what the rules say, which are stated a second time for that. For stores that keep the group
 * `placement`.
 */
export function describePlacementModel(description: ModelDescription & WithPlacements): void {
  const { name, describe, it, open, seed = 1, steps = 2000, note = () => {} } = description;
  const placements = (store: StoreUnderTest): PlacementOperations => description.placements(store);
  describe(`${name}: model of placements`, () => {
    for (let part = 0; part < PARTS; part += 1) {
      const mine = Math.ceil(steps / PARTS);
      it(`${mine} random steps, seed ${seed + part}`, async () => {
        const start = Date.now();
        await playPlacements({ open, placements, seed: seed + part, steps: mine });
        note({ figure: "model steps", count: mine, seconds: (Date.now() - start) / 1000, seed: seed + part });
      });
    }
  });
}

export async function playPlacements({
  open,
  placements,
  seed,
  steps,
}: {
  readonly open: Open;
  readonly placements: WithPlacements["placements"];
  readonly seed: number;
  readonly steps: number;
}): Promise<void> {
  for (let played = 0; played < steps; played += LONGEST) {
    const clock = { now: new Date(DAWN) };
    const options = (): TenancyOptions => ({
      ...{ groups: ["placement"], clock: () => new Date(clock.now), idSource: new SequentialIds().next },
    });
    const store = new InMemoryTenancyStore(options());
    const reference: Player = {
      name: "the reference store",
      store,
      tables: () => store.tables(),
      own: placements(store),
    };
    await within(open, options(), async (world) => {
      const subject: Player = { name: "the store under test", ...world, own: placements(world.store) };
      const stage = new Stage([reference, subject], clock, new Chance(seed * 7919 + played));
      await stage.perform(Math.min(LONGEST, steps - played));
    });
  }
}

interface Player {
  readonly name: string;
  readonly store: StoreUnderTest;
  readonly own: PlacementOperations;
  readonly tables: () => Promise<Tables> | Tables;
}

/** A step as it is printed where something differs. */
type Step = PlacementCall | { readonly op: (typeof LIVES)[number]; readonly args: readonly [OrgId] };
interface StepOptions {
  readonly idempotencyKey?: string;
  readonly expectedVersion?: number;
}
const LIVES = ["suspendOrg", "reinstateOrg", "revokeOrg"] as const;
const BOOKKEEPING: readonly string[] = ["get", "create", "lease", "patch", "release"];

class Stage {
  readonly #players: readonly Player[];
  readonly #clock: { now: Date };
  readonly #chance: Chance;
  readonly #orgs = new Map<OrgId, PlacedOrg>();
  readonly #answers = new Map<string, { readonly call: string; readonly result: unknown }>();
  readonly #steps: string[] = [];

  constructor(players: readonly Player[], clock: { now: Date }, chance: Chance) {
    this.#players = players;
    this.#clock = clock;
    this.#chance = chance;
  }

  async perform(steps: number): Promise<void> {
    for (let place = 1; place <= steps; place += 1) {
      this.#clock.now = new Date(this.#clock.now.getTime() + this.#chance.of([0, 1, 1000, 1000, 30_000, 60_000]));
      await (this.#orgs.size < ORGS || this.#chance.below(20) === 0 ? this.#found() : this.#step());
      if (place === steps || place % WATCH_EVERY === 0) {
        for (const { name, tables } of this.#players) {
          const broken = brokenInvariants(await tables()).map(
            ({ id, rule, rows }) => `${id} is broken, ${rule}: ${rows}`,
          );
          this.#agree(name, broken);
        }
      }
    }
  }

  async #found(): Promise<void> {
    const state = this.#chance.of(["pending", "pending", "ready", null] as const);
    const placement = state === null ? {} : { placement: { strategy: "schema", state } };
    const input = { creator: sequentialId("usr", 1), ...placement };
    this.#steps.push(`createOrg(${shown(input)})`);
    for (const { name, store } of this.#players) {
      const { org } = await store.createOrg(input);
      const noted = { step: null, attempts: 0, errorCode: null, name: null, sealedDsn: null, migratedTo: null };
      const place = { strategy: "schema", ...noted, pausedUntil: null, move: null, heldBy: null };
      this.#orgs.set(org.id, { status: "active", version: 1, place: state === null ? null : { ...place, state } });
      this.#agree(name, org.id === sequentialId("org", this.#orgs.size) ? [] : [`it made ${org.id}`]);
    }
  }

  async #step(): Promise<void> {
    const orgId = sequentialId("org", 1 + this.#chance.below(this.#orgs.size + (this.#chance.below(20) === 0 ? 1 : 0)));
    const org = this.#orgs.get(orgId) ?? null;
    const step: Step =
      org !== null && this.#chance.below(25) === 0
        ? { op: this.#chance.of(["suspendOrg", "reinstateOrg", "reinstateOrg", "revokeOrg"]), args: [orgId] }
        : placementCall(orgId, org, { chance: this.#chance, now: this.#clock.now });
    const options = this.#options(step, org);
    this.#steps.push(`${step.op}(${shown(step.args)}, ${shown(options)}) at ${this.#clock.now.toISOString()}`);
    const ruling = this.#ruling(step, org, options);
    const errors: unknown[] = [];
    for (const player of this.#players) {
      const { name } = player;
      const before = (await player.tables()).evt.length;
      const outcome = await outcomeOf(() => call(player, step, options));
      this.#agree(name, notAsRuled(outcome, ruling));
      errors.push(outcome.ok ? null : Reflect.get(Object(outcome.error), "details"));
      const { evt, placement } = await player.tables();
      const told = "told" in ruling ? ruling.told : [];
      // Events come by organization, so those that are new are looked for there.
      const own = evt.filter((event) => event.orgId === orgId).slice(told.length === 0 ? Infinity : -told.length);
      this.#agree(
        name,
        evt.length === before + told.length ? [] : [`${evt.length - before} events, not ${told.length}`],
      );
      this.#agree(
        name,
        differences(
          own.map(({ type, data }) => ({ type, data: type.startsWith("tenant.") ? data : {} })),
          told,
          "exact",
          "events",
        ),
      );
      if ("org" in ruling && org !== null) {
        this.#orgs.set(orgId, ruling.org);
      }
      this.#agree(name, differences(placement, this.#rows(), "exact", "placements"));
    }
    this.#agree("the store under test", differences(errors[1], errors[0], "exact", "details"));
  }

  #options({ op }: Step, org: PlacedOrg | null): StepOptions {
    if (BOOKKEEPING.includes(op)) {
      return {};
    }
    const version = org?.version ?? 1;
    return {
      ...(this.#chance.below(4) === 0 ? { idempotencyKey: `key-${this.#chance.below(12)}` } : {}),
      ...(this.#chance.below(4) === 0 ? { expectedVersion: version + (this.#chance.below(4) === 0 ? 1 : 0) } : {}),
    };
  }

  /** What is common to all mutations comes first: existence, the key, the version. */
  #ruling(step: Step, org: PlacedOrg | null, { idempotencyKey: key, expectedVersion }: StepOptions): PlacementRuling {
    const [first] = step.args;
    const orgId = typeof first === "string" ? first : first.orgId;
    const call = `${step.op} ${JSON.stringify(step.args)}`;
    const used = key === undefined ? undefined : this.#answers.get(`${orgId} ${key}`);
    if (org !== null && used !== undefined) {
      return used.call === call ? { org, result: used.result, told: [] } : { refused: "conflict.idempotency" };
    }
    if (org !== null && expectedVersion !== undefined && expectedVersion !== org.version) {
      return { refused: "conflict.version" };
    }
    const ruling = isLife(step) ? ruleLife(org, step.op) : rulePlacement(org, step, { orgId, now: this.#clock.now });
    if (key !== undefined && "told" in ruling && ruling.told.length > 0) {
      this.#answers.set(`${orgId} ${key}`, { call, result: ruling.result });
    }
    return ruling;
  }

  #rows(): readonly unknown[] {
    return [...this.#orgs]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([orgId, { place }]) => {
        const { heldBy: _, ...row } = place ?? { heldBy: null };
        return place === null ? [] : [{ orgId, ...row }];
      });
  }

  #agree(who: string, found: readonly string[]): void {
    assert(found.length === 0, `H11: ${who}: ${found.slice(0, 10).join("\n  ")}\nafter\n  ${this.#steps.join("\n  ")}`);
  }
}

const isLife = (step: Step): step is Extract<Step, { readonly op: (typeof LIVES)[number] }> =>
  (LIVES as readonly string[]).includes(step.op);

/** What an organization goes through. Only its state matters here; what it answers is another model's. */
function ruleLife(org: PlacedOrg | null, op: (typeof LIVES)[number]): PlacementRuling {
  if (org === null) {
    return { refused: "not_found" };
  }
  const { status } = org;
  const become = (now: PlacedOrg["status"], type: string): PlacementRuling => ({
    ...{ org: { ...org, status: now, version: org.version + 1 }, result: UNKNOWN, told: [{ type, data: {} }] },
  });
  switch (op) {
    case "suspendOrg":
      return status === "active" ? become("suspended", "org.suspended") : { refused: "conflict.already_terminal" };
    case "reinstateOrg":
      return status === "suspended"
        ? become("active", "org.reinstated")
        : { refused: "precondition.invalid_transition" };
    case "revokeOrg":
      return status === "revoked" ? { refused: "conflict.already_terminal" } : become("revoked", "org.revoked");
  }
}
const UNKNOWN = Symbol("not foreseen");

function notAsRuled(outcome: Outcome, ruling: PlacementRuling): readonly string[] {
  if ("refused" in ruling) {
    const code: unknown = outcome.ok ? null : Reflect.get(Object(outcome.error), "code");
    return code === ruling.refused ? [] : [`the rules refuse with ${ruling.refused}, and it ${told(outcome)}`];
  }
  if (!outcome.ok) {
    return [`the rules answer ${shown(ruling.result)}, and it ${told(outcome)}`];
  }
  return ruling.result === UNKNOWN ? [] : differences(outcome.result, ruling.result, "exact", "result");
}

function told(outcome: Outcome): string {
  return outcome.ok ? `answers ${shown(outcome.result)}` : `throws ${describeError(outcome.error)}`;
}

/** As a caller would whom no type checker watches. */
async function call({ store, own }: Player, step: Step, options: StepOptions): Promise<unknown> {
  const on: object = isLife(step) ? store : own;
  const method: unknown = Reflect.get(on, step.op);
  if (typeof method !== "function") {
    throw new Failure(`there is no operation ${step.op}`);
  }
  return await Reflect.apply(method, on, Object.keys(options).length === 0 ? step.args : [...step.args, options]);
}
