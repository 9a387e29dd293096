import {
  type OrgId,
  type PlacementChange,
  type PlacementPatch,
  type PlacementPort,
  placementBegun,
  type StoredPlacement,
  type Tables,
} from "@tenantry/core";
import { Conflict, compare, insistNew, page, type Undo } from "./rows.ts";

interface Surroundings {
  readonly now: () => number;
  readonly isRevoked: (orgId: OrgId) => boolean;
}

/** Where the rows of organizations are kept, and who works on that. */
export class Placements implements PlacementPort {
  readonly #rows = new Map<OrgId, StoredPlacement>();
  readonly #leases = new Map<OrgId, { readonly holder: string; readonly until: number }>();
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  get(orgId: OrgId): StoredPlacement | null {
    const row = this.#rows.get(orgId);
    return row === undefined ? null : { ...row, heldBy: this.#holder(orgId) };
  }

  all(): NonNullable<Tables["placement"]> {
    return this.#ids().map((orgId) => {
      const { heldBy: _, ...row } = this.#rows.get(orgId) as StoredPlacement;
      return row;
    });
  }

  insert(row: StoredPlacement, undo: Undo): void {
    insistNew(this.#rows, row.orgId);
    this.#rows.set(row.orgId, row);
    undo.push(() => this.#rows.delete(row.orgId));
  }

  update({ orgId, set, expect }: Extract<PlacementChange, { op: "updatePlacement" }>, undo: Undo): void {
    const row = this.#rows.get(orgId);
    if (row?.state !== expect.state || (expect.holder !== null && this.#holder(orgId) !== expect.holder)) {
      throw new Conflict(null);
    }
    this.#rows.set(orgId, { ...row, ...set });
    undo.push(() => this.#rows.set(orgId, row));
  }

  async create(placement: Pick<StoredPlacement, "orgId" | "strategy" | "state">): Promise<StoredPlacement> {
    const { orgId } = placement;
    if (!this.#rows.has(orgId)) {
      this.#rows.set(orgId, placementBegun(orgId, placement));
    }
    return this.get(orgId) as StoredPlacement;
  }

  async lease(orgId: OrgId, holder: string, seconds: number): Promise<boolean> {
    const other = this.#holder(orgId);
    if (!this.#rows.has(orgId) || (other !== null && other !== holder)) {
      return false;
    }
    this.#leases.set(orgId, { holder, until: this.#surroundings.now() + seconds * 1000 });
    return true;
  }

  async record(orgId: OrgId, holder: string, set: PlacementPatch): Promise<boolean> {
    const row = this.#rows.get(orgId);
    if (row === undefined || this.#holder(orgId) !== holder) {
      return false;
    }
    this.#rows.set(orgId, { ...row, ...set });
    return true;
  }

  async release(orgId: OrgId, holder: string): Promise<void> {
    if (this.#leases.get(orgId)?.holder === holder) {
      this.#leases.delete(orgId);
    }
  }

  async list({ after, take }: Parameters<PlacementPort["list"]>[0]): Promise<readonly StoredPlacement[]> {
    const ids = this.#ids().filter((orgId) => after === null || orgId > after);
    return page(ids, take, (orgId) => this.get(orgId) as StoredPlacement);
  }

  async leftovers(take: number): Promise<readonly OrgId[]> {
    const isLeft = (orgId: OrgId): boolean => {
      const { state } = this.#rows.get(orgId) as StoredPlacement;
      return state !== "archived" && state !== "removed" && this.#surroundings.isRevoked(orgId);
    };
    return this.#ids().filter(isLeft).slice(0, take);
  }

  #ids(): OrgId[] {
    return [...this.#rows.keys()].sort(compare);
  }

  /** Whose lease has not ended. */
  #holder(orgId: OrgId): string | null {
    const lease = this.#leases.get(orgId);
    return lease !== undefined && lease.until > this.#surroundings.now() ? lease.holder : null;
  }
}
