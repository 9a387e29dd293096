import { isId, type OrgId, TenantError } from "@tenantry/core";

/** How a request names a tenant: an `org_` id, the slug that it holds, or a domain that it has proved to be its own. */
export interface TenantReference {
  readonly kind: "id" | "slug" | "domain";
  readonly value: string;
}

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Longer than any id and any slug: what a pattern costs must not depend on the caller. */
const LONGEST = 64;
const DOMAIN = /^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*$/;
const LONGEST_DOMAIN = 253;

export function isSlug(text: string): boolean {
  return text.length <= LONGEST && SLUG.test(text);
}

/** An id or a slug; no text is both. Throws `tenant.invalid_reference` for everything else. */
export function referenceOf(source: string, text: string): TenantReference {
  if (isId(text, "org")) {
    return idReference(text);
  }
  if (isSlug(text)) {
    return Object.freeze({ kind: "slug", value: text });
  }
  throw new TenantError("tenant.invalid_reference", { source });
}

export function idReference(id: OrgId): TenantReference {
  return Object.freeze({ kind: "id", value: id });
}

/** What a resolver of the host's answered, if it is a reference: it may come from anywhere. */
export function checkedReference(source: string, answer: TenantReference): TenantReference {
  const { kind, value } = answer;
  if (typeof value === "string") {
    if (kind === "domain" && value.length <= LONGEST_DOMAIN && DOMAIN.test(value)) {
      return Object.freeze({ kind, value });
    }
    if (kind === "id" || kind === "slug") {
      const reference = referenceOf(source, value);
      if (reference.kind === kind) {
        return reference;
      }
    }
  }
  throw new TenantError("tenant.invalid_reference", { source });
}

/** One text for each reference: no value has a colon. */
export function referenceKey({ kind, value }: TenantReference): string {
  return `${kind}:${value}`;
}
