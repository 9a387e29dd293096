import type { Invitation, Membership, Organization } from "@tenantry/core";
import { isObject } from "../differences.ts";
import { World } from "../rules/world.ts";

/** What clients have seen so far: good enough to choose arguments from, and never quite up to date. */
export class Observed extends World {
  /** Takes note of every entity in an answer. */
  see(result: unknown): void {
    if (!isObject(result)) {
      return;
    }
    const { rows } = result;
    const entities = Array.isArray(rows) ? rows.map((row) => (isObject(row) ? row["entity"] : null)) : [];
    for (const value of [result, ...Object.values(result), ...entities]) {
      if (isObject(value) && typeof value["id"] === "string") {
        this.#take(value["id"], value);
      }
    }
  }

  #take(id: string, value: unknown): void {
    if (id.startsWith("org_")) {
      this.putOrg(value as Organization);
      return;
    }
    const { orgId } = value as Membership | Invitation;
    const org = this.org(orgId);
    if (org === null) {
      return;
    }
    if (id.startsWith("inv_")) {
      this.putInvitation(org, { ...(value as Invitation), canonical: "" });
      return;
    }
    const membership = value as Membership;
    const former = membership.replaces === null ? undefined : org.members.get(membership.replaces);
    if (former !== undefined) {
      this.putMember(org, { ...former, status: "revoked" });
    }
    this.putMember(org, { ...membership, invId: null });
  }
}
