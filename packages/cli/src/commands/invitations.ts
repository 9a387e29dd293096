import { INVITATION_STATUSES, type InvId } from "@tenantry/core";
import { acting, type Command, looking } from "../command.ts";
import { oneOf, required, text, whole } from "../option.ts";
import { organizationOf } from "../organization.ts";
import type { Column } from "../output.ts";
import { paged } from "../paged.ts";
import { settled } from "../settled.ts";

const COLUMNS: readonly Column[] = [
  ["id", 36],
  ["status", 8],
  ["role", 6],
  ["expiresAt", 24],
  ["identifier", 0],
];

export const listInvitations: Command = looking({
  name: "invitations list",
  summary: "list the invitations of an organization",
  description: "In the order of their ids. One whose time is over shows as expired.",
  args: { org: required(text("org", "the id (org_…) or slug of an organization")) },
  options: {
    status: oneOf("status", "only those that are", INVITATION_STATUSES),
    limit: whole("n", "at most so many", 1),
  },
  prints: "an invitation per line",
  examples: [{ line: "tenantry invitations list acme --status pending", says: "Who has not answered yet." }],
  async run({ args, options: { status, limit }, host, out, signal }) {
    const store = await host.store();
    const { id } = await organizationOf(store, args.org);
    const filter = status === undefined ? {} : { status };
    for await (const each of paged((page) => store.listInvitations(id, { ...filter, ...page }), signal, limit)) {
      out.row(each, COLUMNS);
    }
  },
});

export const revokeInvitation: Command = acting({
  name: "invitations revoke",
  summary: "withdraw a pending invitation",
  description: "The actor is the administrator who withdraws it: an active owner or admin of the organization.",
  args: { inv: required(text("inv", "an invitation, inv_…")) },
  options: {},
  prints: "the invitation",
  examples: [
    {
      line: "tenantry invitations revoke inv_0190f2a81b3c7abc8123456789abcdeb --actor usr_0190f2a81b3c7abc8123456789abcdef",
      says: "In the name of an owner.",
    },
  ],
  async run({ args, host, out, actor }) {
    const store = await host.store();
    out.document(await settled(store.revokeInvitation({ invId: args.inv as InvId, adminUsrId: actor }, { actor })));
  },
});
