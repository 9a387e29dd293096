import { expectTypeOf, test } from "vitest";
import type { IndeterminateError, NotFoundError, Resolution, SoleOwnerError, TenancyError } from "./error-classes.ts";
import { errorFor, isTenancyError } from "./errors.ts";
import type { Membership, OrgId } from "./model.ts";
import type { Code, OfRow, PreconditionCode, Rejections } from "./rejections.ts";

test("a code tells the details of its error", () => {
  expectTypeOf(errorFor("conflict.sole_owner", { orgId: "org_1" })).toEqualTypeOf<
    TenancyError<"conflict.sole_owner">
  >();
  expectTypeOf<SoleOwnerError["details"]>().toEqualTypeOf<Readonly<{ readonly orgId: OrgId }> & OfRow>();
  expectTypeOf<SoleOwnerError["details"]["row"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<SoleOwnerError["code"]>().toEqualTypeOf<"conflict.sole_owner">();
  expectTypeOf<NotFoundError["details"]["what"]>().toEqualTypeOf<
    "organization" | "membership" | "invitation" | "member" | "domain" | "subscription" | "dead event"
  >();
  // @ts-expect-error details of another code
  errorFor("conflict.sole_owner", { slug: "acme" });
});

test("codes are a closed union, of which preconditions are a part", () => {
  expectTypeOf<Code>().toEqualTypeOf<keyof Rejections>();
  expectTypeOf<PreconditionCode>().toExtend<Code>();
  expectTypeOf<"conflict.sole_owner">().not.toExtend<PreconditionCode>();
});

test("the guard narrows what was caught, and knows the codes", () => {
  const caught: unknown = null;
  if (isTenancyError(caught)) {
    expectTypeOf(caught).toEqualTypeOf<TenancyError>();
    expectTypeOf(caught.retryable).toBeBoolean();
  }
  if (isTenancyError(caught, "unavailable.contention")) {
    expectTypeOf(caught.details.attempts).toBeNumber();
  }
  isTenancyError(caught, "forbidden.*");
  // @ts-expect-error no such code
  isTenancyError(caught, "conflict.sole_onwer");
});

test("an unknown outcome resolves to the operation's result or to none", () => {
  expectTypeOf<IndeterminateError<Membership>["resolve"]>().returns.resolves.toEqualTypeOf<Resolution<Membership>>();
  const resolution = {} as Resolution<Membership>;
  if (resolution.committed) {
    expectTypeOf(resolution.result).toEqualTypeOf<Membership>();
  }
});
