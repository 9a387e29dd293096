import { acting, type Command, looking } from "../command.ts";
import { required, text, whole } from "../option.ts";
import { organizationOf } from "../organization.ts";
import { EXIT } from "../problem.ts";
import { settled } from "../settled.ts";

const org = required(text("org", "the id (org_…) or slug of an organization"));
const PRINTS = "a tenant: the organization with its suspension";

export const deleteOrg: Command = acting({
  name: "orgs delete",
  summary: "delete an organization, for now",
  description:
    "It is suspended, and revoked by lifecycle run-due once the days of grace are over. Until then it can be restored.",
  args: { org },
  options: {
    reason: text("text", "why, for the event and whoever asks"),
    graceDays: whole("n", "how long it can be restored (as configured)", 0),
  },
  prints: PRINTS,
  examples: [{ line: "tenantry orgs delete acme --grace-days 14", says: "They asked for it." }],
  async run({ args, options: { reason, graceDays }, host, out, actor }) {
    const lifecycle = await host.lifecycle();
    const { id } = await organizationOf(await host.store(), args.org);
    const how = { ...(reason === undefined ? {} : { reason }), ...(graceDays === undefined ? {} : { graceDays }) };
    out.document(await settled(lifecycle.deleteTenant(id, how, { actor })));
  },
});

export const restoreOrg: Command = acting({
  name: "orgs restore",
  summary: "take a deletion back",
  description: "Everything is as it was before. One that was suspended for another reason is reinstated, not restored.",
  args: { org },
  options: {},
  prints: PRINTS,
  examples: [{ line: "tenantry orgs restore acme", says: "They changed their mind." }],
  async run({ args, host, out, actor }) {
    const lifecycle = await host.lifecycle();
    const { id } = await organizationOf(await host.store(), args.org);
    out.document(await settled(lifecycle.restoreTenant(id, { actor })));
  },
});

export const runDue: Command = looking({
  name: "lifecycle run-due",
  summary: "revoke what was deleted and is due",
  description:
    "For a timer: revokes organizations whose days of grace are over, and takes down their places. Any number may run at once. Nobody acts here but the date.",
  args: {},
  options: { limit: whole("n", "at most so many, up to 200 (200)", 1) },
  prints: "`{ revoked, skipped, deprovisioned, failed, more }`",
  examples: [{ line: "tenantry lifecycle run-due --json", says: "Every night. Ends with 3 if some failed." }],
  async run({ options: { limit }, host, out }) {
    const report = await (await host.lifecycle()).runDue(limit === undefined ? {} : { limit });
    out.document(report);
    return report.failed.length === 0 ? EXIT.done : EXIT.findings;
  },
});
