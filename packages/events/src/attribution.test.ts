import { type EntityHistory, generate, type TenancyEvent, tracesOf, type UsrId } from "@tenantry/core";
import { describe, expect, test } from "vitest";
import { attributionOf } from "./attribution.ts";

const [alice, bob] = [generate("usr"), generate("usr")];
const orgId = generate("org");
const memId = generate("mem");

type Happened = readonly [type: string, data: object, actor: UsrId | null];

/** What stores answer of an entity, from the events themselves. */
function historyOf(entity: string, happened: readonly Happened[]): EntityHistory {
  const events = happened.map(([type, data, actor], place) => {
    const event = { orgId, seq: place + 1, type, at: new Date(place * 1000), actor, idempotencyKey: null, data };
    return event as unknown as TenancyEvent;
  });
  const deedOf = (event: TenancyEvent) => tracesOf(orgId, event).find((trace) => trace.entity === entity)?.deed;
  const changes = events.filter((event) => !["named", undefined].includes(deedOf(event)));
  const latest = (deed: string) => changes.findLast((event) => deedOf(event) === deed) ?? null;
  return {
    entity,
    first: changes[0] as TenancyEvent,
    last: changes.at(-1) as TenancyEvent,
    ended: latest("ended"),
    restored: latest("restored"),
    closed: events.findLast(({ type }) => type === "org.revoked") ?? null,
  };
}

const at = (place: number): Date => new Date((place - 1) * 1000);
const created: Happened = ["org.created", { memId, usrId: alice }, alice];
const deletion: Happened = ["org.suspended", { kind: "deletion", dueAt: "2031-01-01T00:00:00.000Z" }, bob];

describe("an organization", () => {
  test("that is meant for deletion was deleted by who said so, also when it is changed meanwhile", () => {
    const history = historyOf(orgId, [created, deletion, ["org.updated", { changes: {} }, alice]]);
    const deleted = { deletedBy: bob, deletedAt: at(2), updatedBy: alice, updatedAt: at(3) };
    expect(attributionOf(history)).toMatchObject(deleted);
  });

  test("that was suspended first and meant for deletion then, too", () => {
    const scheduled: Happened = ["org.deletion_scheduled", { kind: "deletion", reason: null, dueAt: "x" }, bob];
    const history = historyOf(orgId, [created, ["org.suspended", {}, alice], scheduled]);
    expect(attributionOf(history)).toMatchObject({ deletedBy: bob, deletedAt: at(3) });
  });

  test("that was restored was not", () => {
    const history = historyOf(orgId, [created, deletion, ["org.reinstated", {}, alice]]);
    const attribution = { createdBy: alice, createdAt: at(1), updatedBy: alice, updatedAt: at(3) };
    expect(attributionOf(history)).toEqual({ ...attribution, deletedBy: null, deletedAt: null });
  });

  test("that was ended when that was due was ended by nobody", () => {
    const history = historyOf(orgId, [created, deletion, ["org.revoked", { from: "suspended" }, null]]);
    expect(attributionOf(history)).toMatchObject({ deletedBy: null, deletedAt: at(3) });
  });

  test("that is only suspended is not deleted", () => {
    const history = historyOf(orgId, [created, ["org.suspended", { kind: "suspended" }, bob]]);
    expect(attributionOf(history)).toMatchObject({ updatedBy: bob, deletedAt: null });
  });
});

test("a setting that is set again after it was unset is there", () => {
  const entity = `setting:${orgId}:theme`;
  const set: Happened = ["setting.changed", { key: "theme", from: null, to: { value: 1 } }, alice];
  const unset: Happened = ["setting.unset", { key: "theme", from: { value: 1 }, to: null }, bob];
  expect(attributionOf(historyOf(entity, [set, unset]))).toMatchObject({ createdBy: alice, deletedBy: bob });
  expect(attributionOf(historyOf(entity, [set, unset, set]))).toMatchObject({ createdAt: at(1), deletedAt: null });
  // It is no part of what is ended with an organization: nothing of it changes.
  const history = historyOf(entity, [set, ["org.revoked", { from: "active" }, bob]]);
  expect(attributionOf(history)).toMatchObject({ deletedAt: null });
});

test("a membership ends with its organization, and a lapsed one ended by the clock", () => {
  const closed = historyOf(memId, [created, ["org.revoked", { from: "active" }, bob]]);
  expect(attributionOf(closed)).toMatchObject({ updatedBy: bob, deletedBy: bob, deletedAt: at(2) });
  const expired: Happened = ["membership.added", { memId: generate("mem"), usrId: alice, expired: memId }, bob];
  const lapsed = historyOf(memId, [created, expired]);
  expect(attributionOf(lapsed)).toMatchObject({ updatedBy: null, deletedBy: null, deletedAt: at(2) });
});
