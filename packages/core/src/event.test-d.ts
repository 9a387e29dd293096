import { expectTypeOf, test } from "vitest";
import type { EventData, EventDraft, EventType, TenancyEvent } from "./event.ts";
import type { MemId, OrgId, Role, Status, UsrId } from "./model.ts";

test("an event's type tells its data", () => {
  const event = {} as TenancyEvent;
  expectTypeOf(event.type).toEqualTypeOf<EventType>();
  expectTypeOf(event.orgId).toEqualTypeOf<OrgId>();
  if (event.type === "membership.role_changed") {
    expectTypeOf(event.data.from).toEqualTypeOf<Role>();
    expectTypeOf(event.data.replaces).toEqualTypeOf<MemId>();
  }
  if (event.type === "membership.left") {
    expectTypeOf(event.data.from).toEqualTypeOf<Status>();
    expectTypeOf(event.data.transfer).toBeNullable();
  }
  if (event.type === "invitation.declined") {
    expectTypeOf(event.data.usrId).toEqualTypeOf<UsrId | null>();
  }
  // @ts-expect-error only some events have it
  event.data.usrId;
});

test("an event of one type is a member of the union", () => {
  expectTypeOf<TenancyEvent<"org.created">>().toExtend<TenancyEvent>();
  expectTypeOf<TenancyEvent<"org.created">["data"]>().toEqualTypeOf<EventData["org.created"]>();
  expectTypeOf<TenancyEvent>().not.toExtend<TenancyEvent<"org.created">>();
});

test("a draft leaves to the store what only the store can count", () => {
  expectTypeOf<EventDraft<"org.revoked">["data"]>().toEqualTypeOf<
    Omit<EventData["org.revoked"], "memberships" | "invitations" | "tuples">
  >();
  expectTypeOf<EventDraft<"membership.added">["data"]>().toEqualTypeOf<EventData["membership.added"]>();
});
