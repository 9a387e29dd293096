import { type Organization, type OrgFilter, type OrgId, type Read, STATUSES } from "@tenantry/core";
import { Shelves } from "./ordered.ts";
import { Pieces } from "./pieces.ts";
import { Conflict, insistNew, page, type Undo } from "./rows.ts";

/** Organizations, with what a database would keep as indexes. A row is never changed, only replaced. */
export class Organizations {
  readonly rows: Map<OrgId, Organization> = new Map();
  readonly #slugs = new Map<string, OrgId>();
  /** A shelf for each status. */
  readonly #all = new Shelves<"orgs", OrgId>();
  /** What their names and slugs are made of. */
  readonly #pieces = new Pieces<OrgId>();

  get(orgId: OrgId | undefined): Organization | null {
    return (orgId !== undefined && this.rows.get(orgId)) || null;
  }

  slugHolder(slug: string | null): OrgId | null {
    return (slug !== null && this.#slugs.get(slug)) || null;
  }

  list({ where, after, take }: Read<"orgs">): Organization[] {
    const { status, query } = where;
    const shelves = status === null ? EVERY_STATUS : [STATUSES.indexOf(status)];
    const ids = query === null ? this.#all.after("orgs", shelves, after) : this.#pieces.after(query, after);
    return page(ids, take, this.#row, (org) => (status === null || org.status === status) && isNamed(org, where));
  }

  insert(row: Organization, undo: Undo): void {
    insistNew(this.rows, row.id);
    this.#replace(undefined, row, undo);
  }

  update(row: Organization, undo: Undo): void {
    this.#replace(this.rows.get(row.id), row, undo);
  }

  /** Every commit advances a version, and no index knows of it. */
  advance(row: Organization, version: number, undo: Undo): void {
    this.rows.set(row.id, { ...row, version });
    undo.push(() => this.rows.set(row.id, row));
  }

  readonly #row = (orgId: OrgId): Organization => this.rows.get(orgId) as Organization;

  #replace(before: Organization | undefined, after: Organization, undo: Undo): void {
    const [held, wanted] = [heldSlug(before), heldSlug(after)];
    if (wanted !== null && wanted !== held && this.#slugs.has(wanted)) {
      throw new Conflict("org_slug_held_once");
    }
    this.#exchange(after.id, before, after);
    undo.push(() => this.#exchange(after.id, after, before));
  }

  #exchange(id: OrgId, before: Organization | undefined, after: Organization | undefined): void {
    this.#pieces.exchange(id, namesOf(before), namesOf(after));
    if (before !== undefined) {
      const slug = heldSlug(before);
      if (slug !== null) {
        this.#slugs.delete(slug);
      }
      this.#all.take("orgs", STATUSES.indexOf(before.status), before.id);
      this.rows.delete(before.id);
    }
    if (after !== undefined) {
      const slug = heldSlug(after);
      if (slug !== null) {
        this.#slugs.set(slug, after.id);
      }
      this.#all.put("orgs", STATUSES.indexOf(after.status), after.id);
      this.rows.set(after.id, after);
    }
  }
}

const EVERY_STATUS = STATUSES.map((_, shelf) => shelf);

/** One that was revoked keeps its slug and no longer holds it. */
function heldSlug(org: Organization | undefined): string | null {
  return org === undefined || org.status === "revoked" ? null : org.slug;
}

function isNamed(org: Organization, { query }: OrgFilter): boolean {
  return query === null || namesOf(org).some((text) => text.includes(query));
}

function namesOf(org: Organization | undefined): readonly string[] {
  return [org?.name, org?.slug].filter((text) => typeof text === "string").map(lowerAscii);
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
