import type { Invitation, Membership, Organization } from "./model.ts";

/** What a caller can hold in place of its id. */
export type Entity = Organization | Membership | Invitation;

/**
 * Every entity that was handed out, with what it says. Callers' objects are looked up here and never read: no getter and
 * no proxy of theirs runs, nothing can be forged, and a `Date` of theirs that was set to another time changes nothing.
 */
const handedOut = new WeakMap<object, Entity>();

/** Remembers that this object was handed out for an entity. */
export function handOut(object: object, entity: Entity): void {
  handedOut.set(object, entity);
}

/** The entity behind an object that this library handed out; `null` for everything else, copies included. */
export function heldEntity(value: unknown): Entity | null {
  return (typeof value === "object" && value !== null && handedOut.get(value)) || null;
}
