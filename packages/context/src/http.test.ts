import { readFileSync } from "node:fs";
import { CODES, TenantError } from "@tenantry/core";
import { expect, test } from "vitest";
import { answerFor, httpStatusOf } from "./http.ts";

test("every code has the number that its page says", () => {
  const index = readFileSync(new URL("../../../errors/README.md", import.meta.url), "utf8");
  const said = new Map(
    [...index.matchAll(/^\| \[`([^`]+)`\].*\| (\d+|–) \|$/gm)].map(([, code, hint]) => [code, hint]),
  );
  expect(CODES.map((code) => [code, `${httpStatusOf({ code })}`])).toEqual(CODES.map((code) => [code, said.get(code)]));
});

test("only errors of ours have an answer, with details where there are some", () => {
  expect(answerFor(new Error("secret"))).toBeNull();
  expect(answerFor(new TenantError("tenant.denied", {}))).toEqual({
    status: 403,
    body: { code: "tenant.denied", message: expect.any(String) },
  });
  expect(answerFor(new TenantError("tenant.ambiguous", { source: "header" }))).toEqual({
    status: 400,
    body: { code: "tenant.ambiguous", message: expect.any(String), details: { source: "header" } },
  });
});
