import type { Code, EventType, IdType, Limits, OrgId, TenancyOptions, UsrId } from "@tenantry/core";
import type { OrgState, World } from "./world.ts";

/** Everything a ruling depends on besides the world and the input. */
export interface Situation {
  readonly now: Date;
  readonly settings: Settings;
  readonly actor: UsrId | null;
  /** The caller's key. */
  readonly key: string | null;
  /** The next id of a type, as the store minted it. */
  readonly mint: <T extends IdType>(type: T) => `${T}_${string}`;
}

/** With every default filled in. */
export type Filled<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

/** The options of a store, with their defaults. */
export interface Settings {
  readonly reinvite: "allow" | "reject" | "replace";
  readonly inviterCheck: "authority" | "any";
  readonly recheckInviter: boolean;
  readonly declineBinding: "any" | "required";
  readonly canonical: (identifier: string) => string | null;
  readonly isReserved: (slug: string) => boolean;
  readonly limits: { readonly [K in keyof Limits]-?: number };
}

/** Limits that are numbers: what a function answers is not foreseen here. */
export function settingsOf({ identifierPolicy, reservedSlugs, limits = {}, ...options }: TenancyOptions): Settings {
  const most = (limit: unknown): number => (typeof limit === "number" ? limit : Infinity);
  return {
    reinvite: options.reinvite ?? "allow",
    inviterCheck: options.inviterCheck ?? "authority",
    recheckInviter: options.recheckInviter ?? true,
    declineBinding: options.declineBinding ?? "any",
    canonical: (identifier) => (identifierPolicy === undefined ? identifier : identifierPolicy.canonical(identifier)),
    isReserved: (slug) =>
      typeof reservedSlugs === "function" ? reservedSlugs(slug) : (reservedSlugs ?? []).includes(slug),
    limits: {
      members: most(limits.members),
      pendingInvitations: most(limits.pendingInvitations),
      organizationsPerUser: most(limits.organizationsPerUser),
    },
  };
}

/** A call is refused with a code, or accepted; what it changes happens when `apply` is called. */
export type Ruling =
  | { readonly refused: Code }
  /** Accepted without a change, or a query. */
  | { readonly answer: unknown }
  | { readonly apply: (world: World, situation: Situation) => Applied };

/** What an accepted mutation changed. */
export interface Applied extends Happened {
  readonly org: OrgState;
  /** A function of the organization once its version has risen. */
  readonly result: () => unknown;
  /** What happened behind it at the same instant. */
  readonly further?: readonly Happened[];
  /** What was changed before in other organizations, a commit each. */
  readonly others?: readonly Applied[];
  /** What the key stands for here, where that is a part of the call alone. */
  readonly asked?: unknown;
}

/** What an event tells. */
export interface Happened {
  readonly at: Date;
  /** Who did it, unless the caller names somebody else. */
  readonly actor: UsrId | null;
  readonly event: { readonly type: EventType; readonly data: object };
}

/** One operation: what its arguments mean, what it addresses, and its rule. */
export interface Rule<Input, Found> {
  /** The input with its defaults, so that equal calls are equal. */
  readonly input: (args: readonly unknown[]) => Input;
  /** What is wrong with the input itself, besides the shape of its values. */
  readonly refuse?: (input: Input, settings: Settings) => Code | null;
  /** What must exist, or `null`. `orgId` is where its key lives; `null` before there is an organization. */
  readonly find: (world: World, input: Input) => (Found & { readonly org: OrgState | null }) | null;
  readonly decide: (world: World, input: Input, found: Found, situation: Situation) => Ruling;
  /** It is several commits, and the key stands for each by itself. */
  readonly isInParts?: true;
}

export type AnyRule = Rule<never, never>;

/** Where a key lives. */
export type Scope = OrgId | UsrId;

export const refused = (code: Code): Ruling => ({ refused: code });

/** For what is tried on a copy of the world: ids that nobody will ever see. */
export function trying(situation: Situation): Situation {
  let count = 0;
  return {
    ...situation,
    mint: (type) => {
      count += 1;
      return `${type}_trial${count}`;
    },
  };
}

/** The id meant by an id, or by an entity that was handed out. */
export function idFrom<I extends string>(value: I | { readonly id: I }): I {
  return typeof value === "string" ? value : value.id;
}
