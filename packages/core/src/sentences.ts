import { quote } from "./quote.ts";
import type { Code, DomainFault, Rejections, SubscriptionFault } from "./rejections.ts";

/** What an error says: the fact, with ids only. */
export const sentences: { readonly [C in Code]: (details: Rejections[C]) => string } = {
  invalid_id: ({ value, reason, argument }) => `${named(argument)}${value} is not an id: ${idFaults[reason]}.`,
  invalid_type: ({ value, expected, argument }) =>
    expected === null
      ? `${named(argument)}${value} does not have a registered id prefix.`
      : `${named(argument)}${value} is not an id of type ${expected}.`,
  not_found: ({ what, id }) => `There is no ${what} ${id}.`,
  "conflict.sole_owner": ({ orgId }) => `Organization ${orgId} would be left without an active owner.`,
  "conflict.duplicate_membership": ({ orgId, usrId }) => `User ${usrId} is an active member of ${orgId} already.`,
  "conflict.already_terminal": ({ orgId, status }) => `Organization ${orgId} is ${status}.`,
  "conflict.invitation_expired": ({ invId }) => `Invitation ${invId} has expired.`,
  "conflict.invitation_not_pending": ({ invId }) => `Invitation ${invId} is not pending.`,
  "conflict.org_slug": ({ slug }) => `The slug ${quote(slug)} is taken.`,
  "conflict.duplicate_invitation": ({ invId }) => `Invitation ${invId} to the same identifier is pending.`,
  "conflict.domain": ({ domain }) => `The domain ${quote(domain)} is another organization's.`,
  "conflict.member_limit": ({ orgId, limit }) => `Organization ${orgId} has ${limit} members or more.`,
  "conflict.invitation_limit": ({ orgId, limit }) => `Organization ${orgId} has ${limit} open invitations or more.`,
  "conflict.organization_limit": ({ usrId, limit }) => `User ${usrId} is in ${limit} organizations or more.`,
  "conflict.idempotency": ({ reason }) => keyFaults[reason],
  "conflict.version": ({ expected, actual }) => `Version ${expected} was expected, the organization is at ${actual}.`,
  forbidden: ({ subject, usrId }) =>
    subject === "actor"
      ? `User ${usrId} may not do this.`
      : `User ${usrId} is not an active owner or admin of the organization.`,
  "forbidden.role_hierarchy": ({ usrId, role }) => `User ${usrId} may not act on the role ${role}.`,
  "precondition.invalid_transition": ({ id, status }) => `${id} is ${status}, not suspended.`,
  "precondition.org_not_active": ({ orgId }) => `Organization ${orgId} is not active.`,
  "precondition.mem_not_active": ({ memId, status }) => `Membership ${memId} is ${status}.`,
  "precondition.membership_suspended": ({ orgId, usrId }) => `User ${usrId} is a suspended member of ${orgId}.`,
  "precondition.scope_mismatch": ({ memId, role }) => `Membership ${memId} has the role ${role}, which has no rank.`,
  "precondition.from_not_active": ({ memId, status }) => `Membership ${memId}, which would give, is ${status}.`,
  "precondition.to_not_active": ({ memId, status }) => `Membership ${memId}, which would receive, is ${status}.`,
  "precondition.org_mismatch": ({ orgId }) => `Both memberships must belong to organization ${orgId}.`,
  "precondition.from_not_owner": ({ memId }) => `Membership ${memId} is not that of an active owner.`,
  "precondition.self_transfer": ({ usrId }) => `User ${usrId} cannot be their own successor.`,
  "precondition.to_time_boxed": ({ memId }) => `Membership ${memId}, which would receive, has a time box.`,
  "precondition.past_expiration": ({ expiresAt }) => `${expiresAt} is not in the future.`,
  "precondition.identifier_binding_required": () => "A named user is bound by an accepting identifier; none was given.",
  "precondition.identifier_mismatch": ({ invId }) => `Invitation ${invId} is addressed to another identifier.`,
  "precondition.unknown_user": () => "A user of this call is unknown to the application's users table.",
  "precondition.invalid_input": ({ key }) =>
    key === null ? "An argument is not an object of known keys." : `The key "${key}" is unknown or has a wrong value.`,
  "precondition.too_many_rows": ({ limit }) => `A call has at most ${limit} rows.`,
  "precondition.invalid_role": ({ value }) => `${value} is not a role.`,
  "precondition.invalid_status": ({ value }) => `${value} is not a status of this list.`,
  "precondition.invalid_name": () => "A name is null or text of at most 1,024 UTF-16 units without control characters.",
  "precondition.org_slug_format": ({ value }) => `${value} is not a slug.`,
  "precondition.org_slug_reserved": ({ slug }) => `The slug ${quote(slug)} is reserved.`,
  "precondition.invalid_identifier": () =>
    "The identifier is not text of 1 to 320 UTF-16 units that the policy accepts.",
  "precondition.invalid_expiration": () => "The expiry is not a valid Date before the year 10000.",
  "precondition.invalid_metadata": ({ key, reason, path }) =>
    `${path === null ? key : `"${path}" in ${key}`} ${metadataFaults[reason]}.`,
  "precondition.short_time_box": ({ index }) =>
    `The time box of ${index === null ? "the membership" : `pre-tuple ${index}`} does not outlast the invitation.`,
  "precondition.invalid_pre_tuple": ({ index, field }) =>
    index === null
      ? "Pre-tuples are given as an array."
      : `Pre-tuple ${index} is malformed${field === null ? "" : ` in ${field}`}.`,
  "precondition.too_many_pre_tuples": ({ limit }) => `At most ${limit} pre-tuples are taken here.`,
  "precondition.duplicate_pre_tuple": ({ index }) => `Pre-tuple ${index} repeats an earlier one.`,
  "precondition.reserved_relation": ({ index }) => `Pre-tuple ${index} grants a role on an organization.`,
  "precondition.foreign_org": ({ index }) => `Pre-tuple ${index} grants something on another organization.`,
  "precondition.invalid_relation": ({ value }) => `${value} is not a relation.`,
  "precondition.invalid_subject": ({ value }) => `${value} is not a subject type; only "usr" is.`,
  "precondition.invalid_object": ({ value }) => `${value} is not the type or id of an object.`,
  "precondition.invalid_limit": ({ value }) => `${value} is not an integer from 1 to 200.`,
  "precondition.invalid_cursor": ({ value }) => `${value} is not a cursor of this list.`,
  "precondition.invalid_query": ({ value }) =>
    `${value} is not text of at most 200 UTF-16 units without control characters.`,
  "precondition.invalid_date": ({ value }) => `${value} is not a valid Date.`,
  "precondition.invalid_idempotency_key": () =>
    "An idempotency key is 1 to 255 printable ASCII characters without space.",
  "precondition.invalid_expected_version": ({ value }) => `${value} is not a version that this operation can expect.`,
  "precondition.invalid_external_id": () =>
    "An external id is text of 1 to 1,024 UTF-16 units without control characters.",
  "tenant.missing": () => "The request names no tenant, and one is required.",
  "tenant.ambiguous": ({ source }) => `The source ${quote(source)} names more than one tenant.`,
  "tenant.conflict": ({ sources: [first, second] }) =>
    `The sources ${quote(first)} and ${quote(second)} name different tenants.`,
  "tenant.invalid_host": ({ source }) => `The host that ${quote(source)} reads is malformed.`,
  "tenant.invalid_path": ({ source }) => `The path that ${quote(source)} reads is malformed.`,
  "tenant.invalid_reference": ({ source }) => `What ${quote(source)} names is neither an organization's id nor a slug.`,
  "tenant.invalid_claim": ({ source }) => `The claim that ${quote(source)} reads is not text.`,
  "tenant.unresolved": ({ source }) => `What ${quote(source)} names is no tenant.`,
  "tenant.inactive": () => "The tenant is not active.",
  "tenant.denied": () => "The caller may not act in the tenant that the request names.",
  "tenant.unauthenticated": () => "A caller who is known is required.",
  "tenant.token_rejected": ({ reason }) => `The token is not acceptable: ${reason}.`,
  "tenant.context_missing": () => "No tenant is bound here.",
  "tenant.resolver_failed": ({ source }) => `${quote(source)} failed.`,
  "tenant.invalid_cache_key": ({ part }) => `Part ${part} of a cache key is not text.`,
  "tenant.invalid_domain": ({ reason }) => `The name cannot be an organization's own domain: ${domainFaults[reason]}.`,
  "forbidden.role": () => "The caller does not have the role that this requires.",
  "forbidden.relation": () => "The caller does not have the relation that this requires.",
  "isolation.not_provisioned": () => "The tenant's place is not ready.",
  "isolation.key_unknown": ({ keyId }) => `There is no key ${quote(keyId)} in the ring.`,
  "isolation.seal_broken": () => "A sealed value does not open here.",
  "relay.subscription_invalid": ({ reason }) => `The subscription is not acceptable: ${subscriptionFaults[reason]}.`,
  "relay.lease_lost": () => "The organization is another relay's by now.",
  "relay.signature_invalid": ({ reason }) => `The message is not acceptable: ${signatureFaults[reason]}.`,
  "tenant.mismatch": () => "Something of another tenant was reached for than the one bound here.",
  "isolation.paused": ({ until }) => `Writes of the tenant are paused until ${until}.`,
  "isolation.outdated": () => "The tenant's tables are older than the code needs.",
  "isolation.busy": () => "Somebody else is working on the tenant's place.",
  "isolation.provisioning_failed": ({ orgId, step }) =>
    `The place of ${orgId} could not be made, in the step ${quote(step)}.`,
  "isolation.move_failed": ({ orgId, stage }) => `Moving ${orgId} failed: ${quote(stage)}.`,
  "isolation.migration_failed": ({ orgId, file }) => `The migration ${quote(file)} failed for ${orgId}.`,
  "isolation.migration_changed": ({ file }) =>
    `The migration ${quote(file)} is not what was applied, or comes before what was.`,
  "isolation.dependent_objects": ({ objects }) =>
    `Something outside of the tenant's schema depends on it: ${objects.map(quote).join(", ")}.`,
  "isolation.unknown_strategy": ({ name }) => `There is no strategy ${quote(name)}.`,
  "isolation.wrong_strategy": ({ strategy }) => `The tenant's rows are kept by the strategy ${quote(strategy)}.`,
  "isolation.strategy_fixed": ({ orgId }) => `The strategy of ${orgId} is not changed by provisioning it.`,
  "isolation.unsupported": ({ what }) => `This driver cannot do that: ${what}.`,
  "isolation.no_transaction": ({ reason }) => `No transaction is open here: ${transactionFaults[reason]}.`,
  "isolation.commit_unknown": () =>
    "The connection was lost while the run's commit was in flight; its outcome is unknown.",
  "isolation.invalid_name": () => "A name cannot be that of a tenant's schema.",
  "isolation.unsafe_role": ({ object }) => `The role ${quote(object)} can do more than a tenant may.`,
  "isolation.rls_not_forced": ({ object }) => `Row security is not enabled and forced on ${quote(object)}.`,
  "isolation.policy_missing": ({ object }) => `The policies of ${quote(object)} are not those that keep tenants apart.`,
  "isolation.cross_tenant_reference": ({ object }) => `${quote(object)} can point from one tenant to another.`,
  "isolation.leaky_object": ({ object }) => `${quote(object)} shows rows of every tenant.`,
  "isolation.unclassified_table": ({ object }) =>
    `${quote(object)} is declared and not there, or there and not declared.`,
  "isolation.public_connect": ({ object }) => `Everybody may connect to ${quote(object)}.`,
  "isolation.server_version": ({ object }) => `The server ${quote(object)} is older than its newest security release.`,
  "config.invalid": ({ faults }) =>
    `The configuration is wrong: ${faults.map(({ path, expected }) => `${path}: ${expected}`).join("; ")}.`,
  "config.unknown_resolver": ({ name }) => `There is no resolver ${quote(name)}.`,
  "config.duplicate_resolver": ({ name }) => `There are two resolvers ${quote(name)}.`,
  "config.capability_missing": ({ group }) => `The store does not keep ${quote(group)}.`,
  "settings.invalid_key": () => "What names a setting is no key.",
  "settings.invalid_value": ({ key, reason, path }) =>
    `The value of ${quote(key)} ${settingFaults[reason]}${path === null ? "" : `, at ${path}`}.`,
  "settings.too_large": ({ key, what, limit }) =>
    key === null
      ? `The settings of the organization are more than ${limit} ${what === "keys" ? "keys" : "bytes"}.`
      : `The value of ${quote(key)} has more than ${limit} ${what === "depth" ? "levels" : "bytes"}.`,
  "settings.unknown_key": ({ key }) => `There is no setting ${quote(key)}.`,
  "settings.stored_invalid": ({ key }) => `What is stored for ${quote(key)} is not valid any more.`,
  "unavailable.connection": () => "The database could not be reached.",
  "unavailable.pool_timeout": () => "No database connection became free in time.",
  "unavailable.timeout": () => "The database did not answer in time.",
  "unavailable.server": () => "The database server cannot serve requests at the moment.",
  "unavailable.closed": () => "The store is closed.",
  "unavailable.contention": ({ attempts }) => `Other writers were ahead in each of ${attempts} attempts.`,
  "indeterminate.commit": () => "The connection was lost while a commit was in flight; its outcome is unknown.",
  "internal.unexpected": () => "An unexpected internal error occurred.",
};

function named(argument: string | null): string {
  return argument === null ? "" : `${argument}: `;
}

const idFaults: { readonly [R in Rejections["invalid_id"]["reason"]]: string } = {
  not_a_string: "it is not a string",
  separator: "the separator _ is missing",
  prefix: "the prefix is empty",
  digits: "a UUID in the form this place needs is missing",
  version: "its UUID is not of version 1 to 8",
};

const domainFaults: { readonly [R in DomainFault]: string } = {
  malformed: "it is not a host name",
  address: "it is an address",
  single_label: "it is a single label",
  public_suffix: "everybody registers names below it",
  base_domain: "it is the application's own",
};

const transactionFaults: { readonly [R in Rejections["isolation.no_transaction"]["reason"]]: string } = {
  none: "none was begun",
  failed: "it has failed",
  ended: "it has ended",
};

const keyFaults: { readonly [R in Rejections["conflict.idempotency"]["reason"]]: string } = {
  mismatch: "The idempotency key was used for another operation or input.",
  abandoned: "The idempotency key belongs to an attempt that was given up.",
  spent: "The call with this idempotency key took effect here before, and something has begun since.",
};

const settingFaults: { readonly [R in Rejections["settings.invalid_value"]["reason"]]: string } = {
  json: "is not a value of plain JSON that can be stored",
  schema: "is refused by its schema",
};

const subscriptionFaults: { readonly [R in SubscriptionFault]: string } = {
  url: "the URL is not one",
  scheme: "the URL is not one of https",
  credentials: "the URL has credentials",
  address: "the URL leads into a private network",
  refused: "the application refuses the URL",
  changed: "somebody else changed it at the same time",
};

const signatureFaults: { readonly [R in Rejections["relay.signature_invalid"]["reason"]]: string } = {
  headers: "a header of its signature is missing or malformed",
  time: "it is of another time",
  signature: "its signature is of another message or secret",
  body: "its body is no event",
};

const metadataFaults: { readonly [R in Rejections["precondition.invalid_metadata"]["reason"]]: string } = {
  kind: "is not a value of plain JSON that can be stored",
  key: "has a key that is refused",
  depth: "is deeper than 16 levels",
  size: "has more than 16,384 bytes",
  schema: "is refused by the schema",
};
