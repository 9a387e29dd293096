import { isId, type Organization, type Tenancy } from "@tenantry/core";
import type { Column } from "./output.ts";

/** The organization of an id or a slug. Throws `NotFoundError` `not_found`; a revoked one is found by its id alone. */
export function organizationOf(store: Tenancy, reference: string): Promise<Organization> {
  return isId(reference, "org") ? store.getOrg(reference) : store.getOrgBySlug(reference);
}

/** What somebody types who means this organization. */
export function namesOf({ id, slug }: Organization): readonly string[] {
  return slug === null ? [id] : [slug, id];
}

export const ORG_COLUMNS: readonly Column[] = [
  ["id", 36],
  ["status", 9],
  ["slug", 20],
  ["name", 0],
];
