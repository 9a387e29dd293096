import { errorFor } from "./errors.ts";
import type { Group } from "./groups.ts";
import { groupsFrom } from "./groups-input.ts";
import { generate } from "./id.ts";
import { fields } from "./input.ts";
import { type Limits, limitsFrom } from "./limits.ts";
import type { MetadataSchema } from "./metadata.ts";
import { type Filled, type IdType, type Metadata, ROLES } from "./model.ts";
import { type OperationName, PERMISSIONS, type Permission, type Permissions } from "./permissions.ts";
import { exactIdentifiers, type IdentifierPolicy } from "./policy.ts";
import { systemClock } from "./system.ts";

/** Options of every store. `O` and `M` are what its schemas make of the metadata of organizations and memberships. */
export interface TenancyOptions<O = Metadata, M = Metadata> {
  /** Every decision uses this clock, never the database's. Default: the system's. Precision: a millisecond. */
  readonly clock?: (() => Date) | undefined;
  /** Where new ids come from. Default: `generate`. */
  readonly idSource?: ((type: IdType) => string) | undefined;
  /** Which identifiers are the same invitee. Default: {@link exactIdentifiers}. */
  readonly identifierPolicy?: IdentifierPolicy | undefined;
  /** What another invitation to a pending identifier does. Default: `"allow"`. */
  readonly reinvite?: "allow" | "reject" | "replace" | undefined;
  /** Whether an inviter must be an active owner or admin of sufficient rank. Default: `"authority"`. */
  readonly inviterCheck?: "authority" | "any" | undefined;
  /** Whether the same is asked again at acceptance. Default: `true`. */
  readonly recheckInviter?: boolean | undefined;
  /** Whether declining in a user's name needs their identifier. Default: `"any"`: no. */
  readonly declineBinding?: "any" | "required" | undefined;
  /** Slugs nobody may take. Default: none. */
  readonly reservedSlugs?: readonly string[] | ((slug: string) => boolean) | undefined;
  /**
   * Whether calls of this store that change one organization at the same time share a commit: many writers of one
   * organization are several times faster then. Each keeps its own event, result, error and key. Default: `true`.
   */
  readonly groupCommit?: boolean | undefined;
  /** Lines of {@link PERMISSIONS} that are other ones here: who may do what through `as(usrId)`. */
  readonly permissions?: Partial<Permissions> | undefined;
  /** What the host's metadata may be. Default: any that fits. Give every store on one database the same. */
  readonly metadata?:
    | {
        readonly organization?: MetadataSchema<O> | undefined;
        readonly membership?: MetadataSchema<M> | undefined;
      }
    | undefined;
  /**
   * Tables besides the first ones that this store keeps, for the packages that need them. The same groups are given to
   * `migrate`, and to every store on one database. Default: none.
   */
  readonly groups?: readonly Group[] | undefined;
  /** How many there may be of what. Default: any number. Give every store on one database the same. */
  readonly limits?: Limits<O> | undefined;
}

/** The options with their defaults, checked. */
export interface Settings extends Filled<Omit<TenancyOptions, "reservedSlugs" | "permissions" | "metadata">> {
  readonly permissions: Permissions;
  readonly isReserved: (slug: string) => boolean;
  readonly metadata: { readonly organization: MetadataSchema | null; readonly membership: MetadataSchema | null };
  readonly limits: Filled<Limits>;
}

const KEYS = [
  "clock",
  "idSource",
  "identifierPolicy",
  "reinvite",
  "inviterCheck",
  "recheckInviter",
  "declineBinding",
  "reservedSlugs",
  "groupCommit",
  "permissions",
  "metadata",
  "limits",
  "groups",
] as const satisfies readonly (keyof TenancyOptions)[];

/** Checks the options of a store. Throws `PreconditionError` `precondition.invalid_input` for an unknown key or value. */
export function settingsFrom(options: unknown): Settings {
  const given = fields(options, KEYS);
  return {
    clock: either(given.clock, "clock", isFunction<() => Date>) ?? systemClock,
    idSource: either(given.idSource, "idSource", isFunction<(type: IdType) => string>) ?? generate,
    identifierPolicy: either(given.identifierPolicy, "identifierPolicy", isPolicy) ?? exactIdentifiers,
    reinvite: either(given.reinvite, "reinvite", oneOf("allow", "reject", "replace")) ?? "allow",
    inviterCheck: either(given.inviterCheck, "inviterCheck", oneOf("authority", "any")) ?? "authority",
    recheckInviter: either(given.recheckInviter, "recheckInviter", isBoolean) ?? true,
    declineBinding: either(given.declineBinding, "declineBinding", oneOf("any", "required")) ?? "any",
    groupCommit: either(given.groupCommit, "groupCommit", isBoolean) ?? true,
    permissions: { ...PERMISSIONS, ...permissionsOption(given.permissions) },
    metadata: schemasFrom(given.metadata),
    limits: limitsFrom(given.limits),
    groups: groupsFrom(given.groups),
    isReserved: reservation(either(given.reservedSlugs, "reservedSlugs", isReservation)),
  };
}

/** Lines of the table, each in full: half a permission must not leave the other half to chance. */
function permissionsOption(value: unknown): Partial<Permissions> {
  if (value === undefined) {
    return {};
  }
  const lines = fields(value, Object.keys(PERMISSIONS) as OperationName[]);
  return Object.fromEntries(
    Object.entries(lines).flatMap(([name, line]) => (line === undefined ? [] : [[name, permissionOption(line)]])),
  );
}

function permissionOption(value: unknown): Permission {
  const { roles, oneself, withinRank } = fields(value, ["roles", "oneself", "withinRank"]);
  if (!isArrayOf(roles, ROLES) || !isBoolean(oneself) || !isBoolean(withinRank)) {
    throw errorFor("precondition.invalid_input", { key: "permissions" });
  }
  return { roles: ROLES.filter((role) => roles.includes(role)), oneself, withinRank };
}

function isArrayOf<V extends string>(value: unknown, values: readonly V[]): value is readonly V[] {
  return Array.isArray(value) && value.every((item) => (values as readonly unknown[]).includes(item));
}

function either<T>(value: unknown, key: string, admits: (value: unknown) => value is T): T | undefined {
  try {
    if (value === undefined || admits(value)) {
      return value;
    }
  } catch (cause) {
    // A policy with a getter that throws, a revoked proxy for an array: wrong values and nothing else.
    throw errorFor("precondition.invalid_input", { key }, { cause });
  }
  throw errorFor("precondition.invalid_input", { key });
}

function schemasFrom(value: unknown): Settings["metadata"] {
  const { organization, membership } = fields(value ?? {}, ["organization", "membership"]);
  return {
    organization: either(organization, "metadata", isSchema) ?? null,
    membership: either(membership, "metadata", isSchema) ?? null,
  };
}

function reservation(reserved: readonly string[] | ((slug: string) => boolean) | undefined): (slug: string) => boolean {
  if (typeof reserved === "function") {
    return (slug) => {
      const answer: unknown = reserved(slug);
      if (typeof answer === "boolean") {
        return answer;
      }
      // A promise, say: taken for "no" it would hand out every reserved slug.
      throw new TypeError("reservedSlugs answers true or false");
    };
  }
  const slugs = new Set(reserved);
  return (slug) => slugs.has(slug);
}

function oneOf<const V extends string>(...values: readonly V[]): (value: unknown) => value is V {
  return (value): value is V => (values as readonly unknown[]).includes(value);
}

function isFunction<F>(value: unknown): value is F {
  return typeof value === "function";
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isPolicy(value: unknown): value is IdentifierPolicy {
  const policy = value as IdentifierPolicy | null;
  return (
    typeof policy === "object" && policy !== null && typeof policy.name === "string" && isFunction(policy.canonical)
  );
}

/** An object of a library's, or with some of them a function. */
function isSchema(value: unknown): value is MetadataSchema {
  const { "~standard": standard } = value as Partial<MetadataSchema>;
  return isFunction(standard?.validate);
}

function isReservation(value: unknown): value is readonly string[] | ((slug: string) => boolean) {
  return typeof value === "function" || (Array.isArray(value) && value.every((slug) => typeof slug === "string"));
}
