import { acting, type Command, looking } from "../command.ts";
import { required, text } from "../option.ts";
import { organizationOf } from "../organization.ts";
import type { Column } from "../output.ts";
import { paged } from "../paged.ts";
import { EXIT } from "../problem.ts";
import { settled } from "../settled.ts";

const org = required(text("org", "the id (org_…) or slug of an organization"));
const domain = required(text("domain", "a host name"));
const PRINTS = "a domain with the record that proves it";

const COLUMNS: readonly Column[] = [
  ["domain", 30],
  ["state", 8],
  ["verifiedAt", 0],
];

export const listDomains: Command = looking({
  name: "domains list",
  summary: "list the domains of an organization",
  description: "Those that it says are its own, proved or not, in the order of the alphabet.",
  args: { org },
  options: {},
  prints: `${PRINTS} per line`,
  examples: [{ line: "tenantry domains list acme", says: "Which ones lead there." }],
  async run({ args, host, out, signal }) {
    const domains = await host.domains();
    const { id } = await organizationOf(await host.store(), args.org);
    for await (const each of paged((page) => domains.list(id, page), signal)) {
      out.row(each, COLUMNS);
    }
  },
});

export const addDomain: Command = acting({
  name: "domains add",
  summary: "note that a domain is an organization's own",
  description: "It leads nowhere until it is verified. Prints the record that the organization has to publish.",
  args: { org, domain },
  options: {},
  prints: PRINTS,
  examples: [{ line: "tenantry domains add acme app.acme.example", says: "The record is printed." }],
  async run({ args, host, out, actor }) {
    const domains = await host.domains();
    const { id } = await organizationOf(await host.store(), args.org);
    out.document(await settled(domains.add(id, args.domain, { actor })));
  },
});

export const verifyDomain: Command = acting({
  name: "domains verify",
  summary: "look for the record that proves a domain",
  description:
    "Ends with 3 where the record is not there. Of several organizations that prove a domain the first has it.",
  args: { org, domain },
  options: {},
  prints: PRINTS,
  examples: [{ line: "tenantry domains verify acme app.acme.example", says: "Once the record is published." }],
  async run({ args, host, out, actor }) {
    const domains = await host.domains();
    const { id } = await organizationOf(await host.store(), args.org);
    const claim = await settled(domains.verify(id, args.domain, { actor }));
    out.document(claim);
    return claim.state === "verified" ? EXIT.done : EXIT.findings;
  },
});

export const removeDomain: Command = acting({
  name: "domains remove",
  summary: "end an organization's claim to a domain",
  description: "From then on others can prove it.",
  args: { org, domain },
  options: {},
  prints: PRINTS,
  examples: [{ line: "tenantry domains remove acme app.acme.example", says: "It leads nowhere any more." }],
  async run({ args, host, out, actor }) {
    const domains = await host.domains();
    const { id } = await organizationOf(await host.store(), args.org);
    out.document(await settled(domains.remove(id, args.domain, { actor })));
  },
});
