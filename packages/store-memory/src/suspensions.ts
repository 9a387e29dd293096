import type { OrgId, Read, Suspension } from "@tenantry/core";
import { compare, page, type Undo } from "./rows.ts";

/** Why organizations are suspended: a row for each that is. */
export class Suspensions {
  readonly #rows = new Map<OrgId, Suspension>();

  get(orgId: OrgId): Suspension | null {
    return this.#rows.get(orgId) ?? null;
  }

  due({ at, take }: Read<"dueSuspensions">): Suspension[] {
    const due = [...this.#rows.values()].flatMap(({ dueAt, ...row }) => (dueAt === null ? [] : [{ ...row, dueAt }]));
    const inOrder = due
      .filter(({ dueAt }) => dueAt <= at)
      .sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime() || compare(a.orgId, b.orgId));
    return page(inOrder, take, (row) => row);
  }

  put(row: Suspension, undo: Undo): void {
    this.#exchange(row.orgId, row, undo);
  }

  delete(orgId: OrgId, undo: Undo): void {
    this.#exchange(orgId, null, undo);
  }

  #exchange(orgId: OrgId, row: Suspension | null, undo: Undo): void {
    const before = this.get(orgId);
    this.#set(orgId, row);
    undo.push(() => this.#set(orgId, before));
  }

  #set(orgId: OrgId, row: Suspension | null): void {
    if (row === null) {
      this.#rows.delete(orgId);
    } else {
      this.#rows.set(orgId, row);
    }
  }
}
