import type { Organization, OrgId, OrgRef, Read, Standing, StandingInput, StoredPlacement } from "@tenantry/core";
import { extensionOf, found, getOrg, getOrgBySlug, type Query, standing } from "@tenantry/core/extend";
import type { Placement } from "./tenant-info.ts";

/** An answer, and where the rows of the organization are that it is about, of the same instant. */
export interface Placed<R> {
  readonly answer: R;
  /** `null`: nothing is kept of it. */
  readonly placement: StoredPlacement | null;
}

/** What a request sees of a placement. */
export function seen({ strategy, state, migratedTo, pausedUntil }: StoredPlacement): Placement {
  return { strategy, state, migratedTo, pausedUntil: pausedUntil?.toISOString() ?? null };
}

/** The same query, with the placement among what is read: what is asked together costs one round trip. */
export function placed<Args extends readonly unknown[], Input, P extends Readonly<Record<string, Read>>, R>(
  query: Query<Args, Input, P, R>,
  of: (input: Input) => OrgRef,
): Query<Args, Input, P & { readonly placement: Read<"placement"> }, Placed<R>> {
  return {
    name: query.name,
    parse: query.parse,
    reads: (input, now) => ({ ...query.reads(input, now), placement: { read: "placement", of: of(input) } }),
    answer(input, answers, now) {
      const own = query.answer(input, answers, now);
      return own.ok ? found({ answer: own.facts, placement: answers.placement }) : own;
    },
  };
}

/** The looks of a directory, of a store that keeps the group `placement`. */
export interface PlacedStore {
  getOrg(orgId: OrgId): Promise<Placed<Organization>>;
  getOrgBySlug(slug: string): Promise<Placed<Organization>>;
  standing(input: StandingInput): Promise<Placed<Standing>>;
}

const placedOrg = placed(getOrg, (orgId) => ({ org: orgId }));
const placedOrgBySlug = placed(getOrgBySlug, ({ slug }) => ({ slug }));
const placedStanding = placed(standing, ({ orgId }) => ({ org: orgId }));

/** Throws `ConfigError` `config.invalid`, `config.capability_missing`. */
export function placedStore(store: object): PlacedStore {
  const own = extensionOf(store, ["placement"]);
  return {
    getOrg: (orgId) => own.ask(placedOrg, orgId),
    getOrgBySlug: (slug) => own.ask(placedOrgBySlug, slug),
    standing: (input) => own.ask(placedStanding, input),
  };
}
