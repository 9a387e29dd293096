import { found } from "../decision.ts";
import { escaped } from "../errors.ts";
import { idArgument } from "../id.ts";
import { fields } from "../input.ts";
import { page, type Query } from "../list.ts";
import {
  cursorArgument,
  heldSlug,
  limitArgument,
  optionalStatus,
  type PageOptions,
  queryArgument,
} from "../list-input.ts";
import type { Organization, OrgId, Page, Status } from "../model.ts";
import { noOrg } from "../org.ts";
import type { OrgFilter, Read } from "../read.ts";

export const getOrg: Query<readonly [OrgId], OrgId, { readonly org: Read<"org"> }, Organization> = {
  name: "getOrg",
  parse: (orgId) => idArgument("org", orgId),
  reads: (orgId) => ({ org: { read: "org", of: { org: orgId } } }),
  answer: (orgId, { org }) => (org === null ? noOrg(orgId) : found(org)),
  of: (orgId) => ({ org: orgId }),
};

interface SlugLookUp {
  /** `null`: no organization can hold what was given. */
  readonly slug: string | null;
  /** For the refusal. */
  readonly shown: string;
}

export const getOrgBySlug: Query<readonly [string], SlugLookUp, { readonly org: Read<"orgBySlug"> }, Organization> = {
  name: "getOrgBySlug",
  parse: (slug) => ({ slug: heldSlug(slug), shown: escaped(slug) }),
  reads: ({ slug }) => ({ org: { read: "orgBySlug", slug } }),
  answer: ({ shown }, { org }) => (org === null ? noOrg(shown) : found(org)),
  of: ({ slug }) => ({ slug }),
};

export interface ListOrgsOptions extends PageOptions {
  readonly status?: Status | undefined;
  /**
   * Part of the name or of the slug, at most 200 UTF-16 units. The case of ASCII letters does not matter, everything
   * else does; there are no wildcards.
   */
  readonly query?: string | undefined;
}

interface OrgsPage {
  readonly cursor: OrgId | null;
  readonly limit: number;
  readonly where: OrgFilter;
}

export const listOrgs: Query<
  readonly [(ListOrgsOptions | undefined)?],
  OrgsPage,
  { readonly orgs: Read<"orgs"> },
  Page<Organization>
> = {
  name: "listOrgs",
  parse(options = {}) {
    const { cursor, limit, query, status } = fields(options, ["cursor", "limit", "query", "status"]);
    return {
      cursor: cursorArgument("org", cursor),
      limit: limitArgument(limit),
      where: { query: queryArgument(query), status: optionalStatus(status) },
    };
  },
  reads: ({ cursor, limit, where }) => ({ orgs: { read: "orgs", where, after: cursor, take: limit + 1 } }),
  answer: ({ limit }, { orgs }) => found(page(orgs, limit)),
};
