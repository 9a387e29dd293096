import type { Tables, Tenancy, TenancyOptions } from "@tenantry/core";

/** A store under test. */
export type StoreUnderTest = Pick<Tenancy, keyof Tenancy>;

/** A world of its own: an empty store, a look at everything it holds, and its end. */
export interface OpenStore {
  readonly store: StoreUnderTest;
  /** All rows, events and keys as they are now. */
  tables(): Promise<Tables> | Tables;
  close(): Promise<void> | void;
  /**
   * Runs work with a store inside a transaction, as an application would hold one: commits after it, rolls back and throws
   * on if it throws. Needed where the store declares `hostTransactions`.
   */
  transaction?(work: (store: StoreUnderTest) => Promise<void>): Promise<void>;
}

/** Opens an empty store with these options. Every test opens one of its own and closes it. */
export type Open = (options: TenancyOptions) => Promise<OpenStore>;

/** Gives a world to a test and takes it back, whatever comes of the test. */
export async function within(
  open: Open,
  options: TenancyOptions,
  test: (world: OpenStore) => Promise<void>,
): Promise<void> {
  const world = await open(options);
  try {
    await test(world);
  } finally {
    await world.close();
  }
}
