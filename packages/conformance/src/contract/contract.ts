import { detachedArguments, detachedResults } from "./detached.ts";
import { heldEntity } from "./held-entity.ts";
import { brokenClock, brokenIdSource, brokenPolicy } from "./host-functions.ts";
import { committed, crossedTransactions, refusedInside, rolledBack } from "./host-transaction.ts";
import { hostileListOptions, hostileObjects, unusualObjects } from "./hostile-objects.ts";
import { hostileValues, textIsNoInstant } from "./hostile-values.ts";
import { keyMismatch, keyScope, noKey, replay } from "./idempotency-key.ts";
import { malformedId } from "./malformed-id.ts";
import { foreign, noOtherActor, permissions } from "./on-behalf.ts";
import { oneEvent, queriesWriteNothing } from "./one-event.ts";
import { secrecy } from "./secrecy.ts";
import { noVersion, staleVersion } from "./stale-version.ts";
import { standing, within } from "./standing.ts";
import { storeOptions } from "./store-options.ts";
import { notToldInside, told, toldOfPart, toldOnce } from "./told-events.ts";
import type { Trait } from "./trait.ts";
import { unknownId } from "./unknown-id.ts";

/** Everything that holds for every operation alike. */
export const contract: readonly Trait[] = [
  unknownId,
  malformedId,
  oneEvent,
  queriesWriteNothing,
  replay,
  keyMismatch,
  noKey,
  staleVersion,
  noVersion,
  keyScope,
  detachedResults,
  detachedArguments,
  hostileObjects,
  hostileListOptions,
  unusualObjects,
  hostileValues,
  textIsNoInstant,
  brokenClock,
  brokenIdSource,
  brokenPolicy,
  storeOptions,
  secrecy,
  rolledBack,
  committed,
  refusedInside,
  crossedTransactions,
  heldEntity,
  permissions,
  foreign,
  noOtherActor,
  told,
  toldOnce,
  toldOfPart,
  notToldInside,
  standing,
  within,
];
