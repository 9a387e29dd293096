import { isTenancyError, type Tables } from "@tenantry/core";
import { assert, assertAll, assertSame, describeError, outcomeOf } from "../assertions.ts";
import { call } from "../contract/operations.ts";
import { resolution } from "../history/recorder.ts";
import { assertSane, closing } from "../races/aftermath.ts";
import type { Interpose, OpenShared } from "../shared-database.ts";
import { fencedOff, KEY, meet, type Stage, staged, tookEffect } from "./attempt.ts";
import type { FaultCase } from "./cases.ts";
import type { DriverErrors } from "./ways.ts";

// A commit that arrives late: the caller was told that the connection is lost, and the statement is still on its way.

/** What happens between the loss of the connection and the arrival of the commit. */
export type Meanwhile =
  | "nobody asks"
  | "it is resolved"
  | "it is repeated with its key"
  /** While it arrives somebody resolves it, and somebody else repeats it. */
  | "everything at once"
  /** Whoever repeats it by themselves, as soon as the connection is lost, is refused then. */
  | "it would be refused for a while";
export const LATE: readonly Meanwhile[] = [
  "nobody asks",
  "it is resolved",
  "it is repeated with its key",
  "everything at once",
  "it would be refused for a while",
];

/** What is refused in an organization that is suspended. */
const NEEDS_ACTIVE = [
  "addMember",
  "changeRole",
  "reinstateMembership",
  "createInvitation",
  "acceptInvitation",
  "addMembers",
  "createInvitations",
  "changeRoles",
];

/** Whether the scenario makes sense for the operation. */
export function isMeant({ name }: Pick<FaultCase, "name">, what: Meanwhile): boolean {
  return what !== "it would be refused for a while" || NEEDS_ACTIVE.includes(name);
}

async function pass(what: Meanwhile, { operation, town }: Stage, error: unknown): Promise<void> {
  switch (what) {
    case "nobody asks":
    case "everything at once":
      return;
    case "it would be refused for a while":
      await town.store.reinstateOrg(town.org);
      return;
    case "it is resolved":
      assert((await resolution(error)) === "fenced", "H04: a commit that never arrived was found committed");
      return;
    case "it is repeated with its key":
      await call(town, operation.name, [...operation.args(town), { idempotencyKey: KEY }]);
  }
}

/** Holds the commit of an operation back until something else has happened. */
export async function lateCommit(
  openShared: OpenShared,
  operation: FaultCase,
  what: Meanwhile,
  lost: NonNullable<DriverErrors["lost"]>,
): Promise<void> {
  await closing(openShared, async (database) => {
    const stage = await staged(database, operation);
    let arrive: (() => Promise<unknown>) | null = null;
    const interpose: Interpose = async (request, send) => {
      if (request.kind !== "commit" || arrive !== null) {
        return send();
      }
      arrive = send;
      if (what === "it would be refused for a while") {
        await stage.town.store.suspendOrg(stage.town.org);
      }
      throw lost();
    };
    const outcome = await meet(stage, database, interpose);
    assert(!outcome.ok, `H01: ${operation.name} was acknowledged, and its commit never arrived`);
    await pass(what, stage, outcome.error);
    const before = await stage.town.tables();
    const late = arrive as (() => Promise<unknown>) | null;
    assert(late !== null, `${operation.name} made no commit`);
    const verdictOf =
      what === "everything at once"
        ? await atOnce(stage, outcome.error, late)
        : await outcomeOf(() => late()).then(() => () => judged(stage, outcome.error, what, before));
    const [verdict, tables] = [await outcomeOf(verdictOf), await stage.town.tables()];
    assertAll(
      () => {
        if (!verdict.ok) {
          throw verdict.error;
        }
      },
      () => assertSane(tables),
    );
  });
}

/**
 * The commit arrives, is resolved and is repeated in the same moment. Either all say that it happened, once; or it is
 * fenced, and the repeat is refused.
 */
async function atOnce(stage: Stage, error: unknown, late: () => Promise<unknown>): Promise<() => Promise<void>> {
  assertIndeterminate(stage, error);
  const { operation, town } = stage;
  const [, found, repeated] = await Promise.all([
    outcomeOf(() => late()),
    resolution(error),
    outcomeOf(() => call(town, operation.name, [...operation.args(town), { idempotencyKey: KEY }])),
  ]);
  return async () => {
    if (found === "fenced") {
      assert(
        !repeated.ok && isTenancyError(repeated.error, "conflict.idempotency"),
        `H04: ${operation.title} was fenced, and its repeat ${repeated.ok ? "was accepted" : describeError(repeated.error)}`,
      );
      return fencedOff(stage, "H04");
    }
    assert(found === "committed", `H04: ${operation.title}: the unknown outcome cannot be resolved`);
    assert(
      repeated.ok,
      `H03: ${operation.title} happened, and its repeat ${repeated.ok ? "" : describeError(repeated.error)}`,
    );
    await tookEffect(stage, repeated.result, "H01");
  };
}

function assertIndeterminate({ operation }: Stage, error: unknown): void {
  assert(
    isTenancyError(error, "indeterminate.commit"),
    `H02: ${operation.title} lost its connection, and was told ${describeError(error)}`,
  );
}

async function judged(stage: Stage, error: unknown, what: Meanwhile, before: Tables): Promise<void> {
  if (!isTenancyError(error, "indeterminate.commit")) {
    const events = (await stage.town.tables()).evt.filter(({ idempotencyKey }) => idempotencyKey === KEY);
    assert(
      events.length === 0,
      `H02: ${stage.operation.name} was refused with ${describeError(error)}, and happened late`,
    );
  }
  assertIndeterminate(stage, error);
  const found = await resolution(error);
  switch (what) {
    case "it would be refused for a while":
      // The organization is another one by then, so that the commit may find what it expects no longer.
      if (found === "fenced") {
        return fencedOff({ ...stage, before }, "H04");
      }
      break;
    case "nobody asks":
    case "everything at once":
      assert(found === "committed", `H04: a commit that arrived was found ${found}`);
      break;
    case "it is resolved":
      assertSame("H04: a commit took effect after it had been fenced, the tables", await stage.town.tables(), before);
      assert(found === "fenced", `H04: what was fenced is found ${found}`);
      return fencedOff(stage, "H04");
    case "it is repeated with its key":
      assertSame("H03: a commit took effect after its repeat, the tables", await stage.town.tables(), before);
      assert(found === "committed", `H04: a repeat that was acknowledged was found ${found}`);
  }
  const { resolve } = error as unknown as { readonly resolve: () => Promise<{ readonly result: unknown }> };
  const told = await resolve();
  await tookEffect(what === "it is repeated with its key" ? stage : { ...stage, before }, told.result, "H01");
}
