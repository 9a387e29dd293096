import { expectTypeOf, test } from "vitest";
import type { Invitation, Membership, MemId, Organization, OrgId, Tuple } from "./model.ts";
import type { AnswersTo, KeyUse, Plan, Question, Read } from "./read.ts";
import type { StorePort } from "./store.ts";

test("a plan is answered name by name, each by the type of its question", () => {
  interface Asked {
    readonly org: Read<"org">;
    readonly holder: Read<"slugHolder">;
    readonly member: Read<"liveMembership">;
    readonly owners: Read<"owners">;
    readonly pending: Read<"pendingInvitations">;
    readonly count: Read<"memberCount">;
    readonly tuples: Read<"tuplesOfSubject">;
    readonly use: Read<"keyUse">;
  }
  expectTypeOf<AnswersTo<{ readonly [K in keyof Asked]: Asked[K] }>>().toEqualTypeOf<{
    readonly org: Organization | null;
    readonly holder: OrgId | null;
    readonly member: Membership | null;
    readonly owners: readonly MemId[];
    readonly pending: readonly Invitation[];
    readonly count: number;
    readonly tuples: readonly Tuple[];
    readonly use: KeyUse | null;
  }>();
});

test("a read that may be left out of a plan may be missing in the answers", () => {
  expectTypeOf<AnswersTo<{ readonly total?: Read<"memberCount"> }>>().toEqualTypeOf<{ readonly total?: number }>();
});

test("an answer names only what was asked", () => {
  const answers = {} as AnswersTo<{ readonly org: Read<"org"> }>;
  // @ts-expect-error nobody asked for it
  answers.membership;
});

test("a question is asked with its own parameters", () => {
  expectTypeOf<Read["read"]>().toEqualTypeOf<Question>();
  expectTypeOf<{ readonly read: "otherLiveMembership"; readonly memId: "mem_1" }>().toExtend<
    Read<"otherLiveMembership">
  >();
  expectTypeOf<{ readonly read: "otherLiveMembership"; readonly memId: "usr_1" }>().not.toExtend<Read>();
});

test("a store answers the plan that it is given", () => {
  const load: StorePort["load"] = async () => {
    throw new Error("types only");
  };
  const plan = { org: { read: "org", of: { org: "org_1" } } } as const satisfies Plan;
  expectTypeOf(load<typeof plan>).returns.resolves.toEqualTypeOf<{ readonly org: Organization | null }>();
});
