import { mark } from "./mark.ts";
import type { Invitation, Membership, Organization } from "./model.ts";

/** What a caller can hold in place of its id. */
export type Entity = Organization | Membership | Invitation;

const ENTITY = /^(?:org|mem|inv)_/;

/** What an object that was handed out stands for. */
export interface HandedOut {
  readonly entity: Entity;
  /**
   * Whether that was true once. What somebody saw inside the host's transaction may have been undone with it, and then the
   * version or the instant that it is told by is given out again, for something else: of such an entity only the id counts.
   */
  readonly isCertain: boolean;
}

/**
 * Every entity that was handed out, with what it says. Callers' objects are looked up here and never read: no getter and
 * no proxy of theirs runs, nothing can be forged, and a `Date` of theirs that was set to another time changes nothing.
 */
const handedOut = mark<HandedOut>();

/** Remembers what an object said that will be handed out, if it stands for an entity. */
export function handOut(object: object, value: object, isCertain: boolean): void {
  if (isEntity(value)) {
    handedOut.put(object, { entity: Object.hasOwn(value, "org") ? withoutOrg(value) : value, isCertain });
  }
}

/** What is behind an object that this library handed out; `undefined` for everything else, copies included. */
export function heldEntity(value: unknown): HandedOut | undefined {
  return handedOut.on(value);
}

/** A list may show the organization beside a row; it is no part of it. */
function withoutOrg(value: Entity & { readonly org?: unknown }): Entity {
  const { org: _, ...entity } = value;
  return entity;
}

/** What has an id and all that a row says. A membership as it was in the past does not say when it was changed. */
function isEntity(value: object): value is Entity {
  const { id, updatedAt, expiresAt } = value as { readonly [key: string]: unknown };
  return typeof id === "string" && ENTITY.test(id) && (updatedAt ?? expiresAt) instanceof Date;
}
