import { GROUPS } from "@tenantry/core";
import { type Command, looking } from "../command.ts";
import { anyOf, flag } from "../option.ts";

export const migrate: Command = looking({
  name: "migrate",
  summary: "create or update Tenantry's own tables",
  description:
    "Applies each migration that was not applied yet, in a transaction of its own, under an advisory lock: several at once do no harm. " +
    "Without --groups it keeps the groups of tables that the store has; with DATABASE_URL alone these are the ones that are there already.",
  args: {},
  options: {
    groups: anyOf("group", "groups of tables besides the first ones, several with commas", GROUPS),
    dryRun: flag("say what would be applied, and write nothing"),
  },
  prints: "`{ applied, dryRun }`: the names of migrations",
  examples: [
    { line: "tenantry migrate", says: "Bring the tables up to date." },
    { line: "tenantry migrate --dry-run", says: "See what that would do." },
    { line: "tenantry migrate --groups settings,lifecycle", says: "With the tables for settings and for deletion." },
  ],
  async run({ options: { groups, dryRun }, host, out }) {
    const applied = await host.migrate({ groups: groups.length === 0 ? null : groups, dryRun });
    const none = dryRun ? "Nothing would be applied." : "Up to date.";
    out.document({ applied, dryRun }, applied.length === 0 ? none : applied.join("\n"));
  },
});
