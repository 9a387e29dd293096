import type { Command } from "./command.ts";
import { runConformance } from "./commands/conformance.ts";
import { addDomain, listDomains, removeDomain, verifyDomain } from "./commands/domains.ts";
import { tailEvents } from "./commands/events.ts";
import { listInvitations, revokeInvitation } from "./commands/invitations.ts";
import { checkPolicies, listTables, printPolicies, runDoctor } from "./commands/isolation.ts";
import { rewrapKeys } from "./commands/keys.ts";
import { deleteOrg, restoreOrg, runDue } from "./commands/lifecycle.ts";
import { addMember, changeRole, listMembers, removeMember } from "./commands/members.ts";
import { migrate } from "./commands/migrate.ts";
import { createOrg, listOrgs, reinstateOrg, revokeOrg, showOrg, suspendOrg } from "./commands/orgs.ts";
import { discard, listDead, redeliver, runRelay } from "./commands/relay.ts";
import { checkSettings, getSettings, setSetting, unsetSetting } from "./commands/settings.ts";
import {
  deprovisionTenants,
  migrateTenantsCommand,
  moveTenant,
  pauseTenant,
  provisionTenants,
  resumeTenant,
  tenantStatus,
} from "./commands/tenants.ts";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  migrate,
  runDoctor,
  listOrgs,
  showOrg,
  createOrg,
  suspendOrg,
  reinstateOrg,
  deleteOrg,
  restoreOrg,
  revokeOrg,
  listMembers,
  addMember,
  changeRole,
  removeMember,
  listInvitations,
  revokeInvitation,
  tenantStatus,
  provisionTenants,
  pauseTenant,
  resumeTenant,
  moveTenant,
  migrateTenantsCommand,
  deprovisionTenants,
  printPolicies,
  checkPolicies,
  listTables,
  getSettings,
  setSetting,
  unsetSetting,
  checkSettings,
  addDomain,
  verifyDomain,
  listDomains,
  removeDomain,
  rewrapKeys,
  tailEvents,
  runRelay,
  listDead,
  redeliver,
  discard,
  runDue,
  runConformance,
];

/** What each group of commands is about, in the order of the help. */
export const GROUPS_OF_COMMANDS: Readonly<Record<string, string>> = {
  orgs: "organizations",
  members: "memberships and roles",
  invitations: "offers to join",
  tenants: "where the rows of tenants are",
  policies: "what the database enforces",
  tables: "whose the rows of a table are",
  domains: "host names of organizations",
  keys: "what secrets are sealed with",
  relay: "delivery of events",
  "relay dead": "events that were given up",
  lifecycle: "what happens by date",
  settings: "what an organization has chosen",
  events: "what happened",
  conformance: "whether a store behaves",
};
