import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

// The code in the READMEs and in docs/ is taken out and compiled as a reader would, and the first piece is run. A piece
// that begins with the name of a file is that file, which is tested where it is.

interface Page {
  readonly path: string;
  /** The pieces compile beside this folder's own files, with what is installed there. */
  readonly beside: string;
}

const readmes = ["README.md", ...readdirSync("packages").map((name) => `packages/${name}/README.md`)];
const docs = readdirSync("docs").map((name) => `docs/${name}`);
const BESIDE: Readonly<Record<string, string>> = {
  "docs/cli.md": "packages/cli/test",
  "packages/cli/README.md": "packages/cli/test",
  "docs/context.md": "packages/context/test",
  "docs/isolation.md": "packages/isolation/test",
  "packages/context/README.md": "packages/context/test",
  "docs/audit.md": "packages/events/test",
  "docs/relay.md": "packages/events/test",
  "docs/webhooks.md": "packages/events/test",
  "packages/events/README.md": "packages/events/test",
  "packages/isolation/README.md": "packages/isolation/test",
  "docs/domains.md": "packages/context/test",
  "docs/lifecycle.md": "packages/lifecycle/test",
  "packages/lifecycle/README.md": "packages/lifecycle/test",
  "docs/settings.md": "packages/settings/test",
  "packages/settings/README.md": "packages/settings/test",
  "docs/transactions.md": "examples/transactions/src",
  "docs/write-your-own-executor.md": "examples/executor/src",
  "docs/write-your-own-store.md": "examples/store-sqlite/src",
};
const pages: readonly Page[] = [...readmes, ...docs]
  // A table of files, which has a test of its own.
  .filter((path) => path.endsWith(".md") && path !== "docs/comparison.md" && existsSync(path))
  .map((path) => ({ path, beside: BESIDE[path] ?? "examples/demo/src" }));
const folders = [...new Set(pages.map(({ beside }) => beside))];

const FILE = /^\/\/ (examples\/\S+)\n/;

function codeOf({ path }: Page): readonly string[] {
  return [...readFileSync(path, "utf8").matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code ?? "");
}

const tsc = join(createRequire(import.meta.url).resolve("typescript/package.json"), "../bin/tsc");
const scratch = (beside: string): string => join(beside, "../.out");

beforeAll(() => {
  for (const beside of folders) {
    const folder = scratch(beside);
    mkdirSync(folder, { recursive: true });
    for (const page of pages.filter((other) => other.beside === beside)) {
      for (const [place, code] of codeOf(page).entries()) {
        if (!FILE.test(code)) {
          // Below `.out` what lies beside the file of the page is a folder further away.
          const moved = code.replaceAll(/from "\.\/(\w+\.ts)"/g, 'from "../src/$1"');
          writeFileSync(join(folder, `${page.path.replaceAll(/\W/g, "-")}-${place}.ts`), moved);
        }
      }
    }
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: "../../../tsconfig.base.json",
        compilerOptions: {
          types: ["node"],
          rootDir: "..",
          outDir: "dist",
          isolatedDeclarations: false,
          declaration: false,
          declarationMap: false,
          noPropertyAccessFromIndexSignature: false,
        },
        include: ["*.ts"],
      }),
    );
  }
});
afterAll(() => {
  for (const beside of folders) {
    rmSync(scratch(beside), { recursive: true, force: true });
  }
});

test("every page has code", () => {
  expect(pages.length).toBeGreaterThanOrEqual(8);
  expect(pages.filter((page) => codeOf(page).length === 0)).toEqual([]);
});

test.for(folders)("the code of the pages beside %s compiles", { timeout: 60_000 }, (beside) => {
  const compiled = spawnSync(process.execPath, [tsc, "-p", scratch(beside)], { encoding: "utf8" });
  expect(compiled.stdout).toBe("");
});

test("the example of the README runs", { timeout: 60_000 }, () => {
  const ran = spawnSync(process.execPath, [join(scratch("examples/demo/src"), "dist/.out/README-md-0.js")], {
    encoding: "utf8",
  });
  expect(ran.stderr).toBe("");
  expect(ran.stdout).toMatch(/^true \[/);
  expect(ran.stdout).toMatch(/relation: 'admin'/);
});

/** What the pieces of a page export, compiled. */
async function examplesOf(path: string): Promise<Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>> {
  const compiled = join(scratch("examples/demo/src"), "dist/.out");
  const own = readdirSync(compiled).filter(
    (file) => file.startsWith(path.replaceAll(/\W/g, "-")) && file.endsWith(".js"),
  );
  const modules = await Promise.all(own.map((file) => import(pathToFileURL(join(compiled, file)).href)));
  return Object.assign({}, ...modules);
}

test("the examples of the operations and of the events do what they say", { timeout: 60_000 }, async () => {
  const { store, organizationOf, suspended, overview, choices, waitingFor, sendAgain, sweepAll, ...others } =
    await examplesOf("docs/operations.md");
  const { mailInvitations, heard, suspendAndNote } = await examplesOf("docs/events.md");
  const [alice, bob] = ["usr_0190f2a81b3c7abc8123456789abcdef", "usr_0190f2a81b3c7abc8123456789abcdee"];
  const tenancy = Object(store);
  const { org, ownerMembership } = await tenancy.createOrg({ creator: alice, name: "Acme", slug: "acme" });
  const member = await tenancy.addMember({ orgId: org.id, usrId: bob, role: "member" });
  await tenancy.changeRole({ memId: member.id, newRole: "admin" });
  const expiresAt = new Date(Date.now() + 60_000);
  const offer = { orgId: org.id, identifier: "Carol@Example.com", role: "guest", invitedBy: alice, expiresAt };
  const { id: invId } = await tenancy.createInvitation(offer);

  expect(await organizationOf?.(store, "acme.example.com")).toEqual(await tenancy.getOrg(org.id));
  expect(await organizationOf?.(store, "other.example.com")).toBeNull();
  expect(await overview?.(store, org.id)).toMatchObject({ admins: [{ usrId: bob }], members: 2 });
  expect(await choices?.(store, bob)).toEqual([{ name: "Acme", slug: "acme", role: "admin" }]);
  expect(await waitingFor?.(store, "carol@example.com")).toMatchObject([{ invId, organization: "Acme" }]);
  await sendAgain?.(store, invId, alice);
  expect((await tenancy.getInvitation(invId)).expiresAt.getTime()).toBeGreaterThan(expiresAt.getTime());
  expect(await sweepAll?.(store)).toBe(0);
  expect(await others["mayAdminister"]?.(store, bob, org.id)).toBe(true);
  expect(await others["mayEdit"]?.(store, bob, "p1")).toBe(false);
  expect(await others["adminsAsOf"]?.(store, org.id, ownerMembership.createdAt)).toHaveLength(1);
  expect(await others["career"]?.(store, member.id)).toMatch(/^member since .*, then admin since /);
  await tenancy.suspendOrg(org.id);
  expect(await suspended?.(store, "ACM")).toMatchObject([{ id: org.id }]);
  const mailed: string[] = [];
  const position = await mailInvitations?.(store, org.id, 0, async (event: unknown) => {
    mailed.push(Object(event).type);
  });
  expect([mailed, position]).toEqual([
    ["invitation.created", "invitation.resent"],
    (await tenancy.getOrg(org.id)).version,
  ]);
  expect(heard).toEqual(["1 org.created", "3 org.suspended"]);
  const { org: other } = await tenancy.createOrg(bob);
  const another = await tenancy.addMember({ orgId: other.id, usrId: alice, role: "guest" });
  const notes: string[] = [];
  await suspendAndNote?.(store, another.id, async (event: unknown) => {
    notes.push(Object(event).type);
  });
  expect(notes).toEqual(["membership.suspended"]);
});

test.for(Object.keys(BESIDE).filter((path) => BESIDE[path]?.startsWith("examples/")))(
  "the files that %s shows are the files of the examples",
  (path) => {
    const shown = codeOf({ path, beside: "" }).filter((code) => FILE.test(code));
    expect(shown.length).toBeGreaterThan(0);
    for (const code of shown) {
      const [line = "", file = ""] = FILE.exec(code) ?? [];
      expect(code.slice(line.length)).toBe(readFileSync(file, "utf8"));
    }
  },
);
