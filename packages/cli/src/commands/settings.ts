import type { OrgId } from "@tenantry/core";
import type { AnySettings } from "../any-settings.ts";
import { acting, type Command, looking } from "../command.ts";
import { required, text } from "../option.ts";
import { organizationOf } from "../organization.ts";
import type { Column } from "../output.ts";
import { paged } from "../paged.ts";
import { CliError, EXIT, searched, stopIfInterrupted } from "../problem.ts";
import { settled } from "../settled.ts";
import { stdinText } from "../stdin-text.ts";

const org = required(text("org", "the id (org_…) or slug of an organization"));
const key = required(text("key", "the key of a setting"));

const FINDINGS: readonly Column[] = [
  ["orgId", 36],
  ["key", 30],
  ["code", 0],
];

export const getSettings: Command = looking({
  name: "settings get",
  summary: "show what holds for an organization",
  description:
    "The defaults with the organization's own values on top; with a key that one alone. Secrets show as [redacted].",
  args: { org, key: text("key", "the key of a setting") },
  options: {},
  prints: "`{ orgId, version, values, own }`: values by key, and the keys of those that are its own",
  examples: [
    { line: "tenantry settings get acme", says: "All of them." },
    { line: "tenantry settings get acme maxUsers --json", says: "One." },
  ],
  async run({ args, host, out }) {
    const settings = await host.settings();
    const { id } = await organizationOf(await host.store(), args.org);
    const { version, values: all } = await settings.effective(id);
    const own = Object.keys(await settings.getAll(id));
    if (args.key === undefined) {
      out.document({ orgId: id, version, values: all, own }, linesOf(all));
      return;
    }
    const values = Object.hasOwn(all, args.key) ? { [args.key]: Reflect.get(all, args.key) } : {};
    if (!Object.hasOwn(values, args.key)) {
      // It says whether there could be one.
      await settings.get(id, args.key);
    }
    out.document({ orgId: id, version, values, own: own.filter((each) => each === args.key) }, linesOf(values));
  },
});

export const setSetting: Command = acting({
  name: "settings set",
  summary: "give an organization a value of its own",
  description:
    "The value is JSON, as an argument or on standard input. A secret is taken from standard input only: arguments show in the list of processes and in the shell's history.",
  args: { org, key, value: text("json", "the value as JSON; left out, it is read from standard input") },
  options: {},
  prints: "the setting, a secret as `[redacted]`",
  examples: [
    { line: "tenantry settings set acme maxUsers 100", says: "A number." },
    { line: "tenantry settings set acme theme '\"dark\"'", says: "A text: JSON has quotes of its own." },
    { line: "tenantry settings set acme smtpPassword < password.json", says: "A secret." },
  ],
  async run({ args, host, out, io, actor }) {
    const settings = await host.settings();
    if (args.value !== undefined && settings.isSecret(args.key)) {
      throw new CliError("cli.usage", `${args.key} is a secret: give it on standard input`);
    }
    const { id } = await organizationOf(await host.store(), args.org);
    const value = jsonOf(args.value ?? (await stdinText(io)));
    out.document(await settled(settings.set(id, args.key, value, { actor })));
  },
});

export const unsetSetting: Command = acting({
  name: "settings unset",
  summary: "leave an organization with the default",
  description: "Removes the organization's own value. Where it has none nothing is written.",
  args: { org, key },
  options: {},
  prints: "`{ orgId, key }`",
  examples: [{ line: "tenantry settings unset acme maxUsers", says: "Back to the default." }],
  async run({ args, host, out, actor }) {
    const settings = await host.settings();
    const { id: orgId } = await organizationOf(await host.store(), args.org);
    await settled(settings.unset(orgId, args.key, { actor }));
    out.document({ orgId, key: args.key });
  },
});

export const checkSettings: Command = looking({
  name: "settings check",
  summary: "find what is stored and cannot be answered",
  description:
    "Values whose key is not declared any more, that their schema takes no more, or that no key opens: of one organization, or of all.",
  args: { org: text("org", "the id (org_…) or slug of an organization") },
  options: {},
  prints: "`{ orgId, key, code }` per line",
  examples: [
    { line: "tenantry settings check", says: "After a change of the declarations. Ends with 3 if there is any." },
  ],
  async run({ args, host, out, signal }) {
    const settings = await host.settings();
    const store = await host.store();
    const orgs =
      args.org === undefined ? paged((page) => store.listOrgs(page), signal) : [await organizationOf(store, args.org)];
    return await searched(async () => {
      let found = 0;
      for await (const { id } of orgs) {
        stopIfInterrupted(signal);
        found += await printUnsound(settings, id, (finding) => out.row(finding, FINDINGS));
      }
      return found === 0 ? EXIT.done : EXIT.findings;
    });
  },
});

async function printUnsound(settings: AnySettings, orgId: OrgId, print: (finding: object) => void): Promise<number> {
  const unsound = await settings.check(orgId);
  for (const each of unsound) {
    print({ orgId, ...each });
  }
  return unsound.length;
}

function jsonOf(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    // What the parser says quotes the value.
    throw new CliError("cli.usage", "the value is not JSON; a text needs quotes of its own, as '\"dark\"'");
  }
}

function linesOf(values: object): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}  ${JSON.stringify(value)}`)
    .join("\n");
}
