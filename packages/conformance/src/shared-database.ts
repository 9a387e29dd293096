import type {
  Access,
  AnswersTo,
  InvId,
  KeyAddress,
  MemId,
  OrgId,
  PlacementPort,
  Plan,
  StorePort,
  Tables,
  TenancyOptions,
  Tuple,
} from "@tenantry/core";
import type { StoreUnderTest } from "./open-store.ts";

/** What a store asks its database for: facts, a commit, or what became of a key. */
export interface StoreRequest {
  readonly kind: "load" | "commit" | "settle";
}

/**
 * Comes between a store and its database. `send` sends the request and answers with its answer; it may be called later, or
 * not at all, and what is thrown instead is what the store's driver would have thrown.
 */
export type Interpose = <T>(request: StoreRequest, send: () => Promise<T>) => Promise<T>;

/** One database on which several instances of a store are at work, as in several processes of an application. */
export interface SharedDatabase {
  /**
   * Another instance, with options of its own. Each request that it makes of the database, one round trip, goes through
   * `interpose` if that is given.
   */
  connect(options: TenancyOptions, interpose?: Interpose): Promise<StoreUnderTest> | StoreUnderTest;
  /** All rows, events and keys as they are now. */
  tables(): Promise<Tables> | Tables;
  close(): Promise<void> | void;
  /** Holds a lock in a session of its own, so that a commit that needs it stops inside. */
  readonly park?: (place: Place) => Promise<Parked>;
}

/** Opens an empty database. Every test opens one of its own and closes it; several may be open at the same time. */
export type OpenShared = () => Promise<SharedDatabase>;

/** Where a commit can stop. */
export type Place =
  | { readonly at: "org"; readonly id: OrgId }
  | { readonly at: "invitation"; readonly id: InvId }
  | { readonly at: "membership"; readonly id: MemId }
  | { readonly at: "slug"; readonly slug: string }
  | { readonly at: "tuple"; readonly tuple: Tuple }
  | ({ readonly at: "key" } & KeyAddress);

/** A lock that is held. */
export interface Parked {
  /** How many sessions wait for a lock, this one or another. */
  waiting(): Promise<number>;
  release(): Promise<void>;
}

/** For stores over the core's port: each of its calls is a request. */
export function interposedPort(port: StorePort, interpose?: Interpose): StorePort {
  if (interpose === undefined) {
    return port;
  }
  const through = (access: Access, commits: StoreRequest["kind"]): Access => ({
    load: <P extends Plan>(plan: P): Promise<AnswersTo<P>> => interpose({ kind: "load" }, () => access.load(plan)),
    commit: (commit) => interpose({ kind: commits }, () => access.commit(commit)),
  });
  const held: NonNullable<StorePort["hold"]> = (orgId, work) =>
    port.hold === undefined ? work(port) : port.hold(orgId, work);
  return {
    capabilities: port.capabilities,
    isRemote: port.isRemote,
    ...through(port, "commit"),
    settle: (address) => interpose({ kind: "settle" }, () => port.settle(address)),
    ...(port.placement === undefined ? {} : { placement: interposedPlacements(port.placement, interpose) }),
    // What happens while a lock is held is committed by the end of that.
    ...(port.hold === undefined
      ? {}
      : { hold: (orgId, work) => held(orgId, (access) => work(through(access, "load"))) }),
  };
}

/** Bookkeeping is done at once, or not at all: each call is a request. */
function interposedPlacements(port: PlacementPort, interpose: Interpose): PlacementPort {
  return {
    create: (placement) => interpose({ kind: "commit" }, () => port.create(placement)),
    lease: (...args) => interpose({ kind: "commit" }, () => port.lease(...args)),
    record: (...args) => interpose({ kind: "commit" }, () => port.record(...args)),
    release: (...args) => interpose({ kind: "commit" }, () => port.release(...args)),
    list: (asked) => interpose({ kind: "load" }, () => port.list(asked)),
    leftovers: (take) => interpose({ kind: "load" }, () => port.leftovers(take)),
  };
}
