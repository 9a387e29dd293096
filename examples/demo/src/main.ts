import type { Membership, UsrId } from "@tenantry/core";
import pc from "picocolors";
import { open } from "./open.ts";
import { directory, founder } from "./people.ts";
import { reporter } from "./report.ts";
import { chapter, organization, type Tell } from "./story.ts";

// Colour is for people at a terminal: picocolors looks at NO_COLOR, the pipe it writes to does not.
const colors = pc.createColors(pc.isColorSupported && process.stdout.isTTY === true);
const print = (text = ""): void => void process.stdout.write(`${text}\n`);
const title = (text: string): void => print(`\n${colors.bold(colors.cyan(text))}`);
const tell: Tell = (sentence, refused) =>
  print(refused === undefined ? `  ${sentence}` : `  ${sentence}: ${colors.red(`refused, ${refused}`)}.`);

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever reads only the beginning, like `head`, closes the pipe: that is no failure.
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

const { store, where, tables, close } = await open(process.env["DATABASE_URL"], ".tenantry-demo");
try {
  print(`Data: ${where}`);
  title("What happens");
  const orgId = await organization(store, tell);
  const before = await tables();
  const run = before.evt.filter(({ orgId: of, type }) => of === orgId && type === "ownership.transferred").length + 1;
  await chapter(store, orgId, run, tell);

  const { org, mem, inv, tup, evt } = await tables();
  const names = directory(run);
  const name = (usrId: UsrId | null): string => (usrId === null ? "" : (names.get(usrId) ?? usrId));
  const report = reporter(name, colors);
  const own = <T extends { readonly orgId: string }>(rows: readonly T[]): readonly T[] =>
    rows.filter((row) => row.orgId === orgId);
  const members = own(mem);
  const projects = new Set(own(inv).flatMap(({ preTuples }) => preTuples.map(({ objectId }) => objectId)));

  title(`Members of ${org.find(({ id }) => id === orgId)?.name} (run ${run} on this data)`);
  print(report.members(members.filter(({ status }) => status !== "revoked")));
  title("Invitations");
  print(report.invitations(own(inv)));
  title("Tuples: who may do what");
  print(report.tuples(tup.filter(({ objectId }) => objectId === orgId || projects.has(objectId))));
  title("Events, each written with its change");
  print(report.events(own(evt)));
  title(`Roles of ${founder.name}, each row replacing the one before`);
  print(report.history(chainOf(members, founder.usrId)));
  print(`\nRun it again to go on with the same data.`);
} finally {
  await close();
}

/** The rows of one person in the order in which they began. */
function chainOf(members: readonly Membership[], usrId: UsrId): readonly Membership[] {
  return members.filter((row) => row.usrId === usrId).sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
}
