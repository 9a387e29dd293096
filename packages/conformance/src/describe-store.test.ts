import { expect, test } from "vitest";
import { openMemory, testsOf, type Verdict } from "../test/suite.ts";
import type { FixtureFile } from "./index.ts";

const file = {
  corpus: "tenantry",
  spec_version: "0.3.0",
  capability: "tenancy",
  operation: "get_org",
  conformance_level: "MUST",
  description: "A rule.",
};
const passing = {
  id: "passing",
  description: "A rule.",
  users: ["alice"],
  steps: [{ op: "create_org", input: { creator: "{alice}" } }],
};
const failing = { ...passing, id: "failing", steps: [{ op: "get_org", input: { org_id: "nobody" } }] };

async function verdicts(content: unknown, report?: (finding: string) => void): Promise<readonly Verdict[]> {
  const fixtures: readonly FixtureFile[] = [{ path: "f", content }];
  const tests = testsOf({ open: openMemory, fixtures, ...(report === undefined ? {} : { report }) });
  const own = [...tests].filter(([name]) => name.startsWith("fixtures > "));
  return Promise.all(own.map(([, run]) => run()));
}

test("a test of a file is a test of the runner", async () => {
  expect(await verdicts({ ...file, tests: [passing, failing] })).toEqual(["passed", "failed"]);
});

test("a file that breaks the format is one failed test", async () => {
  expect(await verdicts({ ...file, tests: [passing], comment: "x" })).toEqual(["failed"]);
});

test("what a store declares to lack is left out, not passed", async () => {
  const requires = (capability: string): unknown => ({ ...passing, id: capability, requires: [capability] });
  const tests = [requires("concurrent_sessions"), requires("users_link"), requires("no_such_capability")];
  expect(await verdicts({ ...file, tests })).toEqual(["left out", "left out", "left out"]);
});

test("other capabilities are left out", async () => {
  const { corpus: _, ...published } = file;
  expect(await verdicts({ ...published, capability: "identity", tests: [{}] })).toEqual(["left out"]);
});

test("below MUST a failure is reported and fails nothing", async () => {
  const findings: string[] = [];
  const content = { ...file, conformance_level: "SHOULD", tests: [passing, failing] };
  expect(await verdicts(content, (finding) => findings.push(finding))).toEqual(["passed", "passed"]);
  expect(findings).toEqual([expect.stringMatching(/^SHOULD f failing: step 1, get_org: InvalidIdError/)]);
});

test.each<readonly [what: string, steps: readonly unknown[]]>([
  ["an error that was not expected", [{ op: "get_org", input: { org_id: "nobody" } }]],
  ["no error where one was expected", [create({ expected: { error: "NotFoundError" }, captures: {} })]],
  ["an error of another class", [refused({ error: "NotFoundError" })]],
  ["another code", [refused({ error: "TenancyError", code: "invalid_type" })]],
  ["other details", [refused({ error: "InvalidIdError", details: { reason: "digits" } })]],
  ["another message", [refused({ error: "InvalidIdError", error_matches: "no such words" })]],
  ["another result", [create({ expected: { result: { org: { name: "Acme" } } } })]],
  ["a path that leads nowhere", [create({ captures: { mem: "membership.id" } })]],
  ["an event too few", [create({ events: [] })]],
  ["an event too many", [create({ events: [{ seq: 1 }, { seq: 2 }] })]],
  ["another event", [create({ events: [{ type: "org.suspended" }] })]],
  ["other data of an event", [create({ events: [{ data: { usr_id: "nobody" } }] })]],
  ["another number of rows", [create({ rows: [{ table: "mem", where: {}, count: 2 }] })]],
  ["other rows", [create({ rows: [{ table: "mem", where: {}, equals: [{ role: "admin" }] }] })]],
  ["a row too many", [create({ rows: [{ table: "tup", where: { relation: "owner" }, equals: [] }] })]],
  ["another id on a page", [create(), list({ data_ids_in_order: ["{alice}"] })]],
  ["an id too few on a page", [create(), list({ data_ids_unordered: [] })]],
  ["another cursor", [create(), list({ next_cursor: "{org}" })]],
  ["another total", [create(), list({ total: 1 })]],
  [
    "another relation",
    [
      create(),
      { op: "assert_subject_relations", input: { subject_type: "usr", subject_id: "{alice}", relations: [] } },
    ],
  ],
  ["other fields", [create(), { op: "assert_org_fields", input: { org_id: "{org}", expected_name: "Acme" } }]],
  ["values that differ", [{ op: "assert_equal", input: { actual: "{alice}", expected: null } }]],
  ["a method that is missing", [{ op: "no_such", input: {} }]],
])("noticed: %s", async (_, steps) => {
  expect(await verdicts({ ...file, tests: [{ ...passing, steps }] })).toEqual(["failed"]);
});

test.each<readonly [what: string, steps: readonly unknown[]]>([
  [
    "a subclass",
    [
      refused({
        error: "TenancyError",
        code: "invalid_id",
        details: { reason: "separator" },
        error_matches: "separator",
      }),
    ],
  ],
  [
    "events",
    [
      create({
        events: [
          {
            org_id: "{org}",
            seq: 1,
            type: "org.created",
            actor: "{alice}",
            data: { usr_id: "{alice}", mem_id: { $id: "mem" } },
          },
        ],
      }),
    ],
  ],
  [
    "rows",
    [
      create({
        rows: [{ table: "org", where: { id: "{org}" }, equals: [{ created_at: "2030-01-01T00:00:00.000Z" }] }],
      }),
    ],
  ],
  [
    "a page",
    [
      create(),
      {
        ...list({ next_cursor: null, data_ids_unordered: ["{mem}"] }),
        captures: { a: "page.next_cursor", b: "data.0.usr_id" },
      },
      { op: "assert_equal", input: { actual: ["{a}", "{b}"], expected: [null, "{alice}"] } },
    ],
  ],
  [
    "relations",
    [
      create(),
      { op: "assert_subject_relations", input: { subject_type: "usr", subject_id: "{alice}", relations: ["owner"] } },
    ],
  ],
  [
    "fields",
    [create(), { op: "assert_org_fields", input: { org_id: "{org}", expected_name: null, expected_status: "active" } }],
  ],
  [
    "the clock",
    [
      create(),
      {
        op: "suspend_org",
        advance_ms: 5,
        input: { org_id: "{org}" },
        expected: { result: { updated_at: "2030-01-01T00:00:00.005Z" } },
      },
    ],
  ],
])("understood: %s", async (_, steps) => {
  expect(await verdicts({ ...file, tests: [{ ...passing, steps }] })).toEqual(["passed"]);
});

function create(changes: object = {}): object {
  const captures = { org: "org.id", mem: "owner_membership.id" };
  return { op: "create_org", input: { creator: "{alice}" }, captures, ...changes };
}

function refused(expected: object): unknown {
  return { op: "get_org", input: { org_id: "nobody" }, expected };
}

function list(result: object): object {
  return { op: "list_members", input: { org_id: "{org}" }, expected: { result } };
}
