import { expectTypeOf, test } from "vitest";
import { decode, decodeAny, deriveUsrId, encode, generate, idArgument, isId, typeOf } from "./id.ts";
import type { Id, IdType, InvId, MemId, OrgId, UsrId } from "./model.ts";

test("ids are template types: an id of one type is none of another, and a plain string is none", () => {
  expectTypeOf<OrgId>().toEqualTypeOf<`org_${string}`>();
  expectTypeOf<UsrId>().toEqualTypeOf<`usr_${string}`>();
  expectTypeOf<MemId>().toEqualTypeOf<`mem_${string}`>();
  expectTypeOf<InvId>().toEqualTypeOf<`inv_${string}`>();
  expectTypeOf<"org_1">().toExtend<OrgId>();
  expectTypeOf<UsrId>().not.toExtend<OrgId>();
  expectTypeOf<string>().not.toExtend<OrgId>();
  expectTypeOf<OrgId>().toExtend<string>();
});

test("what makes an id types it by its prefix", () => {
  expectTypeOf(generate("org")).toEqualTypeOf<OrgId>();
  expectTypeOf(encode("mem", "")).toEqualTypeOf<MemId>();
  expectTypeOf(idArgument("inv", null)).toEqualTypeOf<InvId>();
  expectTypeOf(deriveUsrId("", "")).toEqualTypeOf<UsrId>();
  expectTypeOf<Parameters<typeof generate>[0]>().toEqualTypeOf<IdType>();
  // @ts-expect-error a prefix that is not registered
  generate("xyz");
});

test("decoding knows the registered prefixes, decodeAny any", () => {
  expectTypeOf(decode("").type).toEqualTypeOf<IdType>();
  expectTypeOf(typeOf("")).toEqualTypeOf<IdType>();
  expectTypeOf(decodeAny("").type).toEqualTypeOf<string>();
});

test("isId narrows what is unknown", () => {
  const value: unknown = "";
  if (isId(value, "org")) {
    expectTypeOf(value).toEqualTypeOf<OrgId>();
  }
  if (isId(value)) {
    expectTypeOf(value).toEqualTypeOf<Id<IdType>>();
  }
});
