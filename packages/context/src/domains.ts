import {
  ConfigError,
  InternalError,
  type MutationOptions,
  type Organization,
  type OrgId,
  type PageOptions,
} from "@tenantry/core";
import { type Extension, extensionOf, fields, idArgument } from "@tenantry/core/extend";
import { type Abortable, type Signal, unlessAborted } from "./aborting.ts";
import { failureOf, type Log } from "./composite.ts";
import { domainArgument, type OwnNames } from "./domains/domain-name.ts";
import {
  addDomain,
  type DomainClaim,
  type DomainsPage,
  getDomain,
  listDomains,
  orgOfDomain,
  removeDomain,
  verifyDomain,
} from "./domains/operations.ts";
import { isHostname } from "./host.ts";
import { type Placed, placed } from "./placed.ts";

export type { DomainClaim, DomainsPage } from "./domains/operations.ts";

/**
 * The TXT records of a name, each as one text or in the pieces in which it was published: `dns.promises.resolveTxt`, or a
 * resolver over HTTPS. An error with the code `ENOTFOUND` or `ENODATA` says that there are none.
 */
export type LookupTxt = (name: string, signal?: Signal) => Promise<readonly (string | readonly string[])[]>;

export interface DomainOptions extends Partial<OwnNames> {
  readonly lookupTxt: LookupTxt;
  /**
   * Where tokens come from: 16 to 128 characters of `[A-Za-z0-9_-]`, else `add` throws `InternalError`. Default: 128 bits of
   * chance.
   */
  readonly token?: () => string;
  readonly log?: Log;
}

const placedOrgOfDomain = placed(orgOfDomain, ({ domain }) => ({ domain }));

/**
 * Domains of organizations. Everybody may say that a domain is theirs; it leads to an organization once that has proved it,
 * and one organization alone can have. A change is a mutation of its organization: one commit with its event, serial with
 * all others. Needs a store that keeps the group `domains`: `ConfigError` `config.capability_missing`.
 */
export class DomainDirectory {
  readonly #store: Extension;
  readonly #own: OwnNames;
  readonly #lookupTxt: LookupTxt;
  readonly #token: () => string;
  readonly #log: Log;

  constructor(store: object, options: DomainOptions) {
    const { baseDomains, neutralHosts, lookupTxt, token, log } = checkedOptions(options);
    this.#store = extensionOf(store, ["domains"]);
    this.#own = { baseDomains, neutralHosts };
    this.#lookupTxt = lookupTxt;
    this.#token = token;
    this.#log = log;
  }

  /**
   * Writes down that an organization says a domain is its own, and answers the record that it has to publish. Said again it
   * is the same record. Throws `TenantError` `tenant.invalid_domain`, `NotFoundError`, `AlreadyTerminalError`.
   */
  async add(orgId: OrgId, domain: string, options?: MutationOptions): Promise<DomainClaim> {
    const named = { orgId: idArgument("org", orgId), domain: domainArgument(domain, this.#own) };
    const token: unknown = this.#token();
    // A record that others can guess would prove a domain of theirs to be this organization's.
    if (typeof token !== "string" || !TOKEN.test(token)) {
      throw new InternalError("internal.unexpected", {});
    }
    return this.#store.mutate(addDomain, [{ ...named, held: { token } }], options);
  }

  /**
   * Looks for the record, and answers the domain: `state` says whether it was found. Throws `TenantError`
   * `tenant.invalid_domain`, `NotFoundError`, `DomainConflictError` `conflict.domain` where another organization has proved it
   * before, `TenantError` `tenant.resolver_failed` where the look-up failed. Of two that prove it at once exactly one has it.
   */
  async verify(orgId: OrgId, domain: string, options?: MutationOptions, wait: Abortable = {}): Promise<DomainClaim> {
    const { signal } = fields(wait, ["signal"]) as Abortable;
    const named = { orgId: idArgument("org", orgId), domain: domainArgument(domain, this.#own) };
    const claim = await this.#store.ask(getDomain, named.orgId, named.domain);
    const isProved =
      claim.state === "verified" || (await unlessAborted({ signal }, () => this.#isPublished(claim, signal)));
    return isProved ? this.#store.mutate(verifyDomain, [{ ...named, held: { token: claim.token } }], options) : claim;
  }

  /** Ends a claim, proved or not: from then on others can prove it. Throws `TenantError` `tenant.invalid_domain`, `NotFoundError`. */
  async remove(orgId: OrgId, domain: string, options?: MutationOptions): Promise<DomainClaim> {
    const named = { orgId: idArgument("org", orgId), domain: domainArgument(domain, this.#own) };
    return this.#store.mutate(removeDomain, [{ ...named, held: { token: "" } }], options);
  }

  /** The domains of an organization, ascending. Throws `NotFoundError`. */
  async list(orgId: OrgId, page?: PageOptions): Promise<DomainsPage> {
    return this.#store.ask(listDomains, orgId, page);
  }

  /**
   * The organization that has proved a domain, in whatever status, in one read. `domain` is in ASCII and lower case; what is
   * not is nobody's.
   */
  async orgOf(domain: string): Promise<Organization | null> {
    if (!isHostname(domain)) {
      return null;
    }
    const { org } = await this.#store.ask(orgOfDomain, domain);
    return org;
  }

  /** The same with its placement, in one read too: of a store that keeps the group `placement`, else with none. */
  async placedOrgOf(domain: string): Promise<Placed<Organization> | null> {
    if (!isHostname(domain)) {
      return null;
    }
    if (!this.#store.settings.groups.includes("placement")) {
      const { org } = await this.#store.ask(orgOfDomain, domain);
      return org && { answer: org, placement: null };
    }
    const { answer, placement } = await this.#store.ask(placedOrgOfDomain, domain);
    return answer.org && { answer: answer.org, placement };
  }

  async #isPublished({ record: { name, value } }: DomainClaim, signal: Signal | undefined): Promise<boolean> {
    try {
      const records = await this.#lookupTxt(name, signal);
      return records.some((record) => (typeof record === "string" ? record : record.join("")) === value);
    } catch (error) {
      if (isAbsence(error)) {
        return false;
      }
      throw failureOf(error, "lookupTxt", this.#log);
    }
  }
}

/** A base domain in another form than hosts are compared in would protect nothing. Throws `ConfigError` `config.invalid`. */
function checkedOptions(options: DomainOptions): Required<DomainOptions> {
  const { baseDomains = [], neutralHosts = [], lookupTxt, token = freshToken, log = () => {} } = options ?? {};
  const areHosts = (value: unknown): boolean => Array.isArray(value) && value.every(isHostname);
  const hosts = "a list of host names in lower case, without port";
  const faults = [
    { path: "baseDomains", expected: hosts, isSound: areHosts(baseDomains) },
    { path: "neutralHosts", expected: hosts, isSound: areHosts(neutralHosts) },
    ...Object.entries({ lookupTxt, token, log }).map(([path, value]) => ({
      path,
      expected: "a function",
      isSound: typeof value === "function",
    })),
  ].flatMap(({ isSound, ...fault }) => (isSound ? [] : [fault]));
  if (faults.length > 0) {
    throw new ConfigError("config.invalid", { faults });
  }
  return { baseDomains, neutralHosts, lookupTxt, token, log };
}

const TOKEN = /^[A-Za-z0-9_-]{16,128}$/;

/** What resolvers say of a name without such records. What was thrown may be anything. */
function isAbsence(error: unknown): boolean {
  try {
    const { code } = (error ?? {}) as { readonly code?: unknown };
    return code === "ENOTFOUND" || code === "ENODATA";
  } catch {
    return false;
  }
}

function freshToken(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
