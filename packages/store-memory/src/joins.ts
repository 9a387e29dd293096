import type { Change, UsrId } from "@tenantry/core";
import { Conflict, type Undo } from "./rows.ts";

/** How often users joined an organization under a limit of their own. */
export class Joins {
  readonly #numbers = new Map<UsrId, number>();

  of(usrId: UsrId): number {
    return this.#numbers.get(usrId) ?? 0;
  }

  count({ usrId, first, atMost }: Extract<Change, { readonly op: "countJoin" }>, undo: Undo): void {
    const before = this.of(usrId);
    if ((first && before > 0) || (atMost !== null && before > atMost)) {
      throw new Conflict(null);
    }
    this.#numbers.set(usrId, before + 1);
    undo.push(() => this.#numbers.set(usrId, before));
  }
}
