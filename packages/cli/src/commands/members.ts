import { type MemId, ROLES, STATUSES, type UsrId } from "@tenantry/core";
import { acting, type Command, looking } from "../command.ts";
import { oneOf, required, text, whole } from "../option.ts";
import { organizationOf } from "../organization.ts";
import type { Column } from "../output.ts";
import { paged } from "../paged.ts";
import { settled } from "../settled.ts";

const org = required(text("org", "the id (org_…) or slug of an organization"));
const member = required(text("mem", "a membership, mem_…"));

const COLUMNS: readonly Column[] = [
  ["id", 36],
  ["usrId", 36],
  ["role", 6],
  ["status", 9],
  ["expiresAt", 0],
];

export const listMembers: Command = looking({
  name: "members list",
  summary: "list the members of an organization",
  description: "Memberships in the order of their ids, ended ones too unless --status says otherwise.",
  args: { org },
  options: {
    role: oneOf("role", "only those who are", ROLES),
    status: oneOf("status", "only those that are", STATUSES),
    limit: whole("n", "at most so many", 1),
  },
  prints: "a membership per line",
  examples: [{ line: "tenantry members list acme --status active --role owner", says: "Who owns it." }],
  async run({ args, options: { role, status, limit }, host, out, signal }) {
    const store = await host.store();
    const { id } = await organizationOf(store, args.org);
    const filter = { ...(role === undefined ? {} : { role }), ...(status === undefined ? {} : { status }) };
    for await (const each of paged((page) => store.listMembers(id, { ...filter, ...page }), signal, limit)) {
      out.row(each, COLUMNS);
    }
  },
});

export const addMember: Command = acting({
  name: "members add",
  summary: "make a user a member",
  description: "Without an invitation. A user has at most one live membership in an organization.",
  args: { org, usr: required(text("usr", "a user, usr_…")) },
  options: { role: required(oneOf("role", "their role", ROLES)) },
  prints: "a membership",
  examples: [
    {
      line: "tenantry members add acme usr_0190f2a81b3c7abc8123456789abcdee --role admin",
      says: "Somebody who helps.",
    },
  ],
  async run({ args, options: { role }, host, out, actor }) {
    const store = await host.store();
    const { id: orgId } = await organizationOf(store, args.org);
    out.document(await settled(store.addMember({ orgId, usrId: args.usr as UsrId, role }, { actor })));
  },
});

export const changeRole: Command = acting({
  name: "members role",
  summary: "give a member another role",
  description:
    "A membership never changes its role: this one ends, and the one that is printed begins and replaces it. The last owner keeps theirs.",
  args: { mem: member, role: required(oneOf("role", "the new role", ROLES)) },
  options: {},
  prints: "the new membership",
  examples: [{ line: "tenantry members role mem_0190f2a81b3c7abc8123456789abcdec owner", says: "A second owner." }],
  async run({ args, host, out, actor }) {
    const store = await host.store();
    out.document(await settled(store.changeRole({ memId: args.mem as MemId, newRole: args.role }, { actor })));
  },
});

export const removeMember: Command = acting({
  name: "members remove",
  summary: "end a membership",
  description:
    "The actor is the administrator who removes: an active owner or admin of the organization whose rank is high enough.",
  args: { mem: member },
  options: {},
  prints: "the ended membership",
  examples: [
    {
      line: "tenantry members remove mem_0190f2a81b3c7abc8123456789abcdec --actor usr_0190f2a81b3c7abc8123456789abcdef",
      says: "In the name of an owner.",
    },
  ],
  async run({ args, host, out, actor }) {
    const store = await host.store();
    out.document(await settled(store.adminRemove({ memId: args.mem as MemId, adminUsrId: actor }, { actor })));
  },
});
