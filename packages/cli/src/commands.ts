import type { Command } from "./command.ts";
import { runConformance } from "./commands/conformance.ts";
import { tailEvents } from "./commands/events.ts";
import { listInvitations, revokeInvitation } from "./commands/invitations.ts";
import { addMember, changeRole, listMembers, removeMember } from "./commands/members.ts";
import { migrate } from "./commands/migrate.ts";
import { createOrg, listOrgs, reinstateOrg, revokeOrg, showOrg, suspendOrg } from "./commands/orgs.ts";
import { checkSettings, getSettings, setSetting, unsetSetting } from "./commands/settings.ts";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  migrate,
  listOrgs,
  showOrg,
  createOrg,
  suspendOrg,
  reinstateOrg,
  revokeOrg,
  listMembers,
  addMember,
  changeRole,
  removeMember,
  listInvitations,
  revokeInvitation,
  getSettings,
  setSetting,
  unsetSetting,
  checkSettings,
  tailEvents,
  runConformance,
];

/** What each group of commands is about, in the order of the help. */
export const GROUPS_OF_COMMANDS: Readonly<Record<string, string>> = {
  orgs: "organizations",
  members: "memberships and roles",
  invitations: "offers to join",
  settings: "what an organization has chosen",
  events: "what happened",
  conformance: "whether a store behaves",
};
