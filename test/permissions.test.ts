import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ROLES, type Role } from "../packages/core/src/model.ts";
import { PERMISSIONS } from "../packages/core/src/permissions.ts";

function shown(roles: readonly Role[]): string {
  const others = ROLES.filter((role) => !roles.includes(role));
  if (roles.length === 0) {
    return "–";
  }
  if (roles.length <= 2) {
    return roles.join(", ");
  }
  return others.length === 0 ? "all" : `all but ${others.join(", ")}`;
}

const yes = (flag: boolean): string => (flag ? "yes" : "–");

test("the page shows the permissions as they are", () => {
  const page = readFileSync("docs/on-behalf.md", "utf8");
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  const expected = Object.entries(PERMISSIONS).map(
    ([name, { roles, oneself, withinRank }]) =>
      `| \`${name}\` | ${shown(roles)} | ${yes(oneself)} | ${yes(withinRank)} |`,
  );
  expect(rows).toEqual(expected);
});
