import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { getPackageExportsManifest } from "vitest-package-exports";

const published = readdirSync("packages").filter(
  (name) => JSON.parse(readFileSync(`packages/${name}/package.json`, "utf8")).private !== true,
);

test.for(published)("%s exports what is recorded", async (name) => {
  const { exports } = await getPackageExportsManifest({ importMode: "dist", cwd: `packages/${name}` });
  await expect(`${JSON.stringify(exports, null, 2)}\n`).toMatchFileSnapshot(`exports/${name}.json`);
});
