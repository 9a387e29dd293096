import { isTenancyError, type OrgId, STATUSES, type UsrId } from "@tenantry/core";
import { createAudit } from "@tenantry/events";
import type { Placement } from "@tenantry/isolation";
import { acting, type Command, looking } from "../command.ts";
import type { IsolationParts } from "../isolation-parts.ts";
import { oneOf, required, text, whole } from "../option.ts";
import { namesOf, ORG_COLUMNS, organizationOf } from "../organization.ts";
import { paged } from "../paged.ts";
import { settled } from "../settled.ts";

const org = required(text("org", "the id (org_…) or slug of an organization"));

export const listOrgs: Command = looking({
  name: "orgs list",
  summary: "list organizations",
  description:
    "All organizations in the order of their ids, read in pages: what is created meanwhile may be among them.",
  args: {},
  options: {
    query: text("text", "part of the name or slug"),
    status: oneOf("status", "only those that are", STATUSES),
    limit: whole("n", "at most so many", 1),
  },
  prints: "an organization per line",
  examples: [
    { line: "tenantry orgs list --status suspended", says: "Who is locked out." },
    { line: "tenantry orgs list --query acme --json", says: "An object per line, for other programs." },
  ],
  async run({ options: { query, status, limit }, host, out, signal }) {
    const store = await host.store();
    const filter = { ...(query === undefined ? {} : { query }), ...(status === undefined ? {} : { status }) };
    for await (const each of paged((page) => store.listOrgs({ ...filter, ...page }), signal, limit)) {
      out.row(each, ORG_COLUMNS);
    }
  },
});

export const showOrg: Command = looking({
  name: "orgs show",
  summary: "show one organization",
  description:
    "Its status, version and metadata; why it is suspended, where its rows are, and who made and changed it, as far as the configuration keeps that. A revoked one is found by its id alone.",
  args: { org },
  options: {},
  prints: "an organization with `suspension`, `placement` and `attribution`, each perhaps `null`",
  examples: [{ line: "tenantry orgs show acme", says: "By its slug." }],
  async run({ args, host, out }) {
    const store = await host.store();
    const org = await organizationOf(store, args.org);
    const suspension = host.has("lifecycle") ? (await (await host.lifecycle()).getTenant(org.id)).suspension : null;
    const placement = host.has("isolation") ? await placementOf(await host.isolation(), org.id) : null;
    const keepsAudit = store.capabilities.groups?.includes("audit") === true;
    const attribution = keepsAudit ? await createAudit(store).attribution([org.id]) : null;
    out.document({ ...org, suspension, placement, attribution: attribution?.get(org.id) ?? null });
  },
});

export const createOrg: Command = acting({
  name: "orgs create",
  summary: "found an organization",
  description: "The creator becomes its first owner.",
  args: {},
  options: {
    creator: required(text("usr", "the first owner, usr_…")),
    slug: text("slug", "a DNS label that no other organization holds"),
    name: text("name", "a name to show"),
    strategy: text("strategy", "where its rows will be; needs a configuration that exports lifecycle"),
  },
  prints: "`{ org, ownerMembership }`",
  examples: [
    {
      line: 'tenantry orgs create --creator usr_0190f2a81b3c7abc8123456789abcdef --slug acme --name "Acme Inc."',
      says: "An organization with an address of its own.",
    },
  ],
  async run({ options: { creator, slug, name, strategy }, host, out, actor }) {
    const store = await host.store();
    const input = {
      creator: creator as UsrId,
      ...(slug === undefined ? {} : { slug }),
      ...(name === undefined ? {} : { name }),
    };
    if (strategy === undefined && !host.has("lifecycle")) {
      out.document(await settled(store.createOrg(input, { actor })));
      return;
    }
    const lifecycle = await host.lifecycle();
    const placed = { ...input, ...(strategy === undefined ? {} : { strategy }) };
    const { tenant, ownerMembership } = await settled(lifecycle.createTenant(placed, { actor }));
    out.document({ org: await store.getOrg(tenant.id), ownerMembership });
  },
});

export const suspendOrg: Command = acting({
  name: "orgs suspend",
  summary: "suspend an organization",
  description:
    "Nobody may act in it until it is reinstated. Members, roles and invitations stay as they are. A reason needs the group lifecycle.",
  args: { org },
  options: { reason: text("text", "why, for the event and whoever asks") },
  prints: "the organization",
  examples: [{ line: 'tenantry orgs suspend acme --reason "invoice 4711"', says: "Until the invoice is paid." }],
  async run({ args, options: { reason }, host, out, actor }) {
    const store = await host.store();
    const { id: orgId } = await organizationOf(store, args.org);
    const input = reason === undefined ? orgId : { orgId, reason };
    out.document(await settled(store.suspendOrg(input, { actor })));
  },
});

export const reinstateOrg: Command = acting({
  name: "orgs reinstate",
  summary: "reinstate a suspended organization",
  description: "Everything is as it was before it was suspended.",
  args: { org },
  options: {},
  prints: "the organization",
  examples: [{ line: "tenantry orgs reinstate acme", says: "The invoice is paid." }],
  async run({ args, host, out, actor }) {
    const store = await host.store();
    const { id } = await organizationOf(store, args.org);
    out.document(await settled(store.reinstateOrg(id, { actor })));
  },
});

export const revokeOrg: Command = acting({
  name: "orgs revoke",
  summary: "end an organization for good",
  description:
    "Ends its memberships and invitations with it and frees its slug, in one commit. There is no way back. The rows stay, for audit.",
  args: { org },
  options: {},
  prints: "the organization",
  asks: "its slug or id",
  examples: [
    { line: "tenantry orgs revoke acme", says: "On a terminal: asks for the slug or id." },
    { line: "tenantry orgs revoke acme --yes --confirm acme", says: "Anywhere." },
  ],
  async run({ args, host, out, actor, confirm }) {
    const store = await host.store();
    const found = await organizationOf(store, args.org);
    await confirm({ about: `Organization ${found.id} ends for good.`, texts: namesOf(found) });
    if (host.has("lifecycle")) {
      const lifecycle = await host.lifecycle();
      await settled(lifecycle.revokeTenant(found.id, { confirm: found.id }, { actor }));
      out.document(await store.getOrg(found.id));
      return;
    }
    out.document(await settled(store.revokeOrg(found.id, { actor })));
  },
});

async function placementOf({ provisioner }: IsolationParts, id: OrgId): Promise<Placement | null> {
  try {
    return (await provisioner?.status(id)) ?? null;
  } catch (error) {
    if (isTenancyError(error, "isolation.not_provisioned")) {
      return null;
    }
    throw error;
  }
}
