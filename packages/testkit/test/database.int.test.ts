import pg from "pg";
import { expect, inject, test } from "vitest";
import { createDatabase } from "../src/index.ts";

const server = inject("databaseUrl");

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

test("a database is a copy of its template, and dropping it leaves the template", async () => {
  const template = await createDatabase(server);
  const author = await connect(template.url);
  await author.query("create table note as select 'kept' as text");
  await author.end();

  const copy = await createDatabase(server, { template: template.url });
  const reader = await connect(copy.url);
  expect((await reader.query("select text from note")).rows).toEqual([{ text: "kept" }]);
  await reader.end();
  await copy.drop();

  const again = await connect(template.url);
  expect((await again.query("select text from note")).rows).toEqual([{ text: "kept" }]);
  await again.end();
  await template.drop();
});

test("dropping a database cuts the sessions that are connected to it", async () => {
  const database = await createDatabase(server);
  const client = await connect(database.url);
  const cut = new Promise((resolve) => client.on("error", resolve));

  await database.drop();

  expect(await cut).toMatchObject({ code: "57P01" });
  await expect(connect(database.url)).rejects.toMatchObject({ code: "3D000" });
});
