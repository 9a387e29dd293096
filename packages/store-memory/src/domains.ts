import type { Domain, OrgId, Read } from "@tenantry/core";
import { Conflict, compare, page, type Undo } from "./rows.ts";

/** Domains that organizations say are theirs, and whose they have proved to be. */
export class Domains {
  readonly #rows = new Map<OrgId, Map<string, Domain>>();
  readonly #holders = new Map<string, OrgId>();

  get(orgId: OrgId, domain: string): Domain | null {
    return this.#rows.get(orgId)?.get(domain) ?? null;
  }

  holder(domain: string): OrgId | undefined {
    return this.#holders.get(domain);
  }

  list({ orgId, after, take }: Read<"domains">): Domain[] {
    const names = [...(this.#rows.get(orgId)?.keys() ?? [])].sort(compare);
    const behind = after === null ? names : names.filter((name) => compare(name, after) > 0);
    return page(behind, take, (name) => this.get(orgId, name) as Domain);
  }

  /** Inserts or replaces. */
  put(row: Domain, undo: Undo): void {
    const { orgId, domain, state } = row;
    const holder = this.#holders.get(domain);
    if (state === "verified" && holder !== undefined && holder !== orgId) {
      throw new Conflict("domain_verified_once");
    }
    this.#exchange(orgId, domain, row, undo);
  }

  delete(orgId: OrgId, domain: string, undo: Undo): void {
    this.#exchange(orgId, domain, null, undo);
  }

  deleteAll(orgId: OrgId, undo: Undo): void {
    for (const domain of [...(this.#rows.get(orgId)?.keys() ?? [])]) {
      this.delete(orgId, domain, undo);
    }
  }

  #exchange(orgId: OrgId, domain: string, row: Domain | null, undo: Undo): void {
    const before = this.get(orgId, domain);
    this.#set(orgId, domain, row);
    undo.push(() => this.#set(orgId, domain, before));
  }

  #set(orgId: OrgId, domain: string, row: Domain | null): void {
    const rows = this.#rows.get(orgId) ?? new Map<string, Domain>();
    this.#rows.set(orgId, rows);
    if (this.#holders.get(domain) === orgId) {
      this.#holders.delete(domain);
    }
    if (row === null) {
      rows.delete(domain);
      return;
    }
    rows.set(domain, row);
    if (row.state === "verified") {
      this.#holders.set(domain, orgId);
    }
  }
}
