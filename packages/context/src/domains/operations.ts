import {
  type AnswersTo,
  type Domain,
  type Organization,
  type OrgId,
  PreconditionError,
  type Read,
} from "@tenantry/core";
import {
  accept,
  type Decision,
  type Found,
  fields,
  found,
  idArgument,
  limitArgument,
  type Mutation,
  noChange,
  type Query,
  type Rejected,
  reject,
  unchanged,
} from "@tenantry/core/extend";

/** A domain with what its organization has to publish to prove it. */
export interface DomainClaim extends Domain {
  readonly record: { readonly type: "TXT"; readonly name: string; readonly value: string };
}

export function claimOf(row: Domain): DomainClaim {
  return { ...row, record: { type: "TXT", name: `_tenantry.${row.domain}`, value: `tenantry-verify=${row.token}` } };
}

export interface DomainInput {
  readonly orgId: OrgId;
  /** In its one form. */
  readonly domain: string;
  /** The token that a new claim gets, or that was found published. Two calls that differ in it are equal. */
  readonly held: { readonly token: string };
}

interface DomainFacts {
  readonly org: Organization;
  readonly row: Domain | null;
  readonly holder: Organization | null;
}

type DomainPlan = {
  readonly org: Read<"org">;
  readonly row: Read<"domain">;
  readonly holder: Read<"orgByDomain">;
};
type DomainMutation = Mutation<readonly [DomainInput], DomainInput, DomainPlan, DomainFacts, DomainClaim, never>;

const byDomain = {
  mints: [],
  admitsVersion: true,
  parse: (_: unknown, input: DomainInput) => input,
  scope: ({ orgId }: DomainInput) => ({ org: orgId }),
  reads: ({ orgId, domain }: DomainInput): DomainPlan => ({
    org: { read: "org", of: { org: orgId } },
    row: { read: "domain", orgId, domain },
    holder: { read: "orgByDomain", domain },
  }),
} as const;

/** Two claims of one organization, or a claim and its end, are told apart by the organization's version. */
export const addDomain: DomainMutation = {
  ...byDomain,
  name: "addDomain",
  find: ({ orgId }, { org, row, holder }) => (org === null ? noOrg(orgId) : found({ org, row, holder })),
  decide: ({ domain, held: { token } }, { org, row }, { now, actor }) => {
    if (row !== null) {
      return noChange(claimOf(row));
    }
    const added: Domain = { orgId: org.id, domain, state: "pending", token, verifiedAt: null };
    return alive(org, () =>
      accept(claimOf(added), {
        org: unchanged(org),
        at: now,
        actor,
        changes: [{ op: "insertDomain", row: added }],
        event: { type: "domain.added", data: { domain } },
      }),
    );
  },
};

export const verifyDomain: DomainMutation = {
  ...byDomain,
  name: "verifyDomain",
  find: foundDomain,
  decide: ({ domain, held: { token } }, { org, row, holder }, { now, actor }) => {
    const claimed = row as Domain;
    if (claimed.state === "verified") {
      return noChange(claimOf(claimed));
    }
    if (holder !== null) {
      return reject("conflict.domain", { domain });
    }
    if (claimed.token !== token) {
      // Ended and begun again since the look-up.
      return noChange(claimOf(claimed));
    }
    const verified: Domain = { ...claimed, state: "verified", verifiedAt: now };
    return accept(claimOf(verified), {
      org: unchanged(org),
      at: now,
      actor,
      changes: [{ op: "updateDomain", row: verified }],
      event: { type: "domain.verified", data: { domain } },
    });
  },
};

export const removeDomain: DomainMutation = {
  ...byDomain,
  name: "removeDomain",
  find: foundDomain,
  decide: ({ domain }, { org, row }, { now, actor }) =>
    accept(claimOf(row as Domain), {
      org: unchanged(org),
      at: now,
      actor,
      changes: [{ op: "deleteDomain", orgId: org.id, domain }],
      event: { type: "domain.removed", data: { domain } },
    }),
};

/** One that was closed keeps no domains. */
function foundDomain(
  { orgId, domain }: DomainInput,
  { org, row, holder }: AnswersTo<DomainPlan>,
): Found<DomainFacts> | Rejected<"not_found"> {
  if (org === null) {
    return noOrg(orgId);
  }
  return row === null ? reject("not_found", { what: "domain", id: domain }) : found({ org, row, holder });
}

function noOrg(orgId: OrgId): Rejected<"not_found"> {
  return reject("not_found", { what: "organization", id: orgId });
}

function alive<R>(org: Organization, decide: () => Decision<R>): Decision<R> {
  return org.status === "revoked"
    ? reject("conflict.already_terminal", { orgId: org.id, status: org.status })
    : decide();
}

export const getDomain: Query<
  readonly [OrgId, string],
  { readonly orgId: OrgId; readonly domain: string },
  { readonly org: Read<"org">; readonly row: Read<"domain"> },
  DomainClaim
> = {
  name: "getDomain",
  parse: (orgId, domain) => ({ orgId, domain }),
  reads: ({ orgId, domain }) => ({
    org: { read: "org", of: { org: orgId } },
    row: { read: "domain", orgId, domain },
  }),
  answer: ({ orgId, domain }, { org, row }) => {
    if (org === null) {
      return noOrg(orgId);
    }
    return row === null ? reject("not_found", { what: "domain", id: domain }) : found(claimOf(row));
  },
};

export interface DomainsPage {
  readonly data: readonly DomainClaim[];
  readonly nextCursor: string | null;
}

const CURSOR = /^[a-z0-9.-]{1,253}$/;

export const listDomains: Query<
  readonly [orgId: unknown, options: unknown],
  { readonly orgId: OrgId; readonly after: string | null; readonly limit: number },
  { readonly org: Read<"org">; readonly rows: Read<"domains"> },
  DomainsPage
> = {
  name: "listDomains",
  parse: (orgId, options) => {
    const id = idArgument("org", orgId);
    const { limit, cursor } = fields(options === undefined ? {} : options, ["limit", "cursor"]);
    return { orgId: id, limit: limitArgument(limit), after: cursorArgument(cursor) };
  },
  reads: ({ orgId, after, limit }) => ({
    org: { read: "org", of: { org: orgId } },
    rows: { read: "domains", orgId, after, take: limit + 1 },
  }),
  answer: ({ orgId, limit }, { org, rows }) => {
    if (org === null) {
      return noOrg(orgId);
    }
    const data = rows.slice(0, limit).map(claimOf);
    return found({ data, nextCursor: rows.length > limit ? (data.at(-1)?.domain ?? null) : null });
  },
};

function cursorArgument(value: unknown): string | null {
  if (value === undefined || value === null) {
    return null;
  }
  if (typeof value === "string" && CURSOR.test(value)) {
    return value;
  }
  throw new PreconditionError("precondition.invalid_cursor", { value: `(${typeof value})` });
}

/** In an object, because a query's answer is looked through for entities. */
export const orgOfDomain: Query<
  readonly [string],
  { readonly domain: string },
  { readonly org: Read<"orgByDomain"> },
  { readonly org: Organization | null }
> = {
  name: "orgOfDomain",
  parse: (domain) => ({ domain }),
  reads: ({ domain }) => ({ org: { read: "orgByDomain", domain } }),
  answer: (_, { org }) => found({ org }),
};
