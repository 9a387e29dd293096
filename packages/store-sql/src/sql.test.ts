import { describe, expect, test } from "vitest";
import { allOf, columns, listed, rows, type Sql, Statements, sql, value } from "./sql.ts";

const PERSON = columns("id uuid, name text, at timestamptz, data jsonb, roles text[], sober boolean");
const at = new Date("2030-01-01T00:00:00.000Z");
const ann = { id: "1", name: "Ann", at, data: { a: [1] }, roles: ["x", "y"], sober: true };
const bob = { id: "2", name: `"B\\o,b" {}`, at, data: null, roles: ["z"], sober: false };

function insert(people: readonly (typeof ann | typeof bob)[], status: string | null): Sql {
  const where = status === null ? sql`` : sql` where status = ${value(status, "text")}`;
  return sql`insert into ${{ identifier: '"s"' }}.person select * from ${rows(people, PERSON, (person) => person)}${where}`;
}

describe("a statement of pieces", () => {
  test("has its values in the order of its placeholders", () => {
    const { text, values } = new Statements(true).of(insert([ann], "new"));
    expect(text).toBe(
      'insert into "s".person select * from (values ($1::uuid, $2::text, $3::timestamptz, $4::text::jsonb, $5::text[], $6::text::boolean))' +
        " as r(id, name, at, data, roles, sober) where status = $7::text",
    );
    expect(values).toEqual(["1", "Ann", "2030-01-01T00:00:00.000Z", '{"a":[1]}', '{"x","y"}', "true", "new"]);
  });

  test("has several rows as one array for each column, read back as they were", () => {
    const { text, values } = new Statements(true).of(insert([ann, bob], null));
    expect(text).toBe(
      'insert into "s".person select * from (select id::uuid, name::text, at::timestamptz, data::jsonb, roles::text[], sober::boolean' +
        " from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) as u(id, name, at, data, roles, sober)) as r",
    );
    expect(values).toEqual([
      '{"1","2"}',
      '{"Ann","\\"B\\\\o,b\\" {}"}',
      '{"2030-01-01T00:00:00.000Z","2030-01-01T00:00:00.000Z"}',
      '{"{\\"a\\":[1]}",null}',
      '{"{\\"x\\",\\"y\\"}","{\\"z\\"}"}',
      '{"true","false"}',
    ]);
  });

  test("joins pieces with commas, and conditions with `and`", () => {
    const some = [sql`a`, sql`b = ${value(1, "int")}`, sql`c`];
    const { text, values } = new Statements(false).of(
      sql`${listed(some)}; ${allOf(some.slice(1))}; ${listed([sql`d`])}`,
    );
    expect(text).toBe("a, b = $1::int, c; b = $2::int and c; d");
    expect(values).toEqual(["1", "1"]);
  });
});

describe("the text of a statement", () => {
  test("is put together once for all calls of one shape", () => {
    const statements = new Statements(true);
    const [first, second] = [statements.of(insert([ann], "new")), statements.of(insert([bob], "old"))];
    expect([second.text, second.name]).toEqual([first.text, first.name]);
    expect(second.values).not.toEqual(first.values);
  });

  test("is another one for every other shape, and what it would be if nothing were known", () => {
    const statements = new Statements(true);
    const shapes = [
      insert([ann], "new"),
      insert([ann], null),
      insert([ann, bob], "new"),
      insert([ann, bob], null),
      sql`select ${value(null, "text")}`,
      sql`select ${value(null, "uuid")}`,
      sql`select ${{ identifier: '"s"' }}`,
      sql`select ${{ identifier: '"t"' }}`,
      sql`select ${sql`a`}`,
      sql`select ${rows([{ a: 1 }], columns("a int"), (row) => row)}`,
      sql`select ${rows([{ b: 1 }], columns("b int"), (row) => row)}`,
    ];
    const texts = shapes.map((shape) => statements.of(shape).text);
    expect(new Set(texts).size).toBe(shapes.length);
    expect(shapes.map((shape) => statements.of(shape).text)).toEqual(texts);
    expect(shapes.map((shape) => new Statements(true).of(shape).text)).toEqual(texts);
  });

  test("has a name that follows from it alone, and none where nothing is to be prepared", () => {
    const [one, other] = [new Statements(true).of(insert([ann], null)), new Statements(true).of(insert([bob], null))];
    expect(one.name).toBe(other.name);
    expect(one.name).toMatch(/^tenantry_[0-9a-z]{1,13}$/);
    expect(new Statements(false).of(insert([ann], null)).name).toBeNull();
  });
});
