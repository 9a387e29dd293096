import { ADMIN_HIERARCHY, ConfigError, type ConfigFault, type PreTuple, ROLES, type Role } from "@tenantry/core";
import * as v from "valibot";
import type { ActiveTenant } from "./active-tenant.ts";
import type { ResolutionInput } from "./resolution-input.ts";

/** What somebody must be to act. Everything that is named must hold. */
export interface Requirement {
  /** `required`: a member. `optional`: whoever the source of the tenant is good for. `ignored`: nobody is looked at. */
  readonly user?: "required" | "optional" | "ignored";
  /** This rank or higher: owner, admin, member or guest. */
  readonly role?: Role;
  /** One of these roles, exactly. */
  readonly anyRole?: readonly Role[];
  /** A tuple that the user must have. */
  readonly relation?: PreTuple;
  /** Whether there must be a token, and it must name this tenant. */
  readonly tokenMustName?: boolean;
  /** A rule of the host's. It is asked last, so it can only narrow. */
  readonly authorize?: (active: ActiveTenant, input: ResolutionInput) => boolean | Promise<boolean>;
}

/** A requirement that was checked. */
export interface CheckedRequirement {
  readonly user: "required" | "optional" | "ignored";
  /** Each list holds one of the user's roles, or they are refused. */
  readonly roles: readonly (readonly Role[])[];
  readonly relation: PreTuple | null;
  readonly tokenMustName: boolean;
  readonly authorize: Requirement["authorize"] | null;
}

const schema = v.strictObject({
  user: v.optional(v.picklist(["required", "optional", "ignored"], '"required", "optional" or "ignored"')),
  role: v.optional(v.picklist(ADMIN_HIERARCHY, "a role that has a rank")),
  anyRole: v.optional(
    v.pipe(v.array(v.picklist(ROLES, "a role"), "a list of roles"), v.minLength(1, "a list of roles")),
  ),
  relation: v.optional(
    v.strictObject(
      {
        relation: v.pipe(v.string("a relation"), v.regex(/^[a-z_]{2,32}$/, "a relation")),
        objectType: v.pipe(v.string("an object type"), v.regex(/^[a-z][a-z0-9_]{1,31}$/, "an object type")),
        objectId: v.pipe(v.string("an object id"), v.minLength(1, "an object id"), v.maxLength(256, "an object id")),
      },
      "relation, objectType and objectId",
    ),
  ),
  tokenMustName: v.optional(v.boolean("true or false")),
  authorize: v.optional(v.function("a function")),
});

const checked = new WeakMap<object, CheckedRequirement>();

/** Throws `ConfigError` `config.invalid` for unknown keys, wrong values and roles without a rank. */
export function checkedRequirement(requirement: Requirement): CheckedRequirement {
  const known = checked.get(requirement);
  if (known !== undefined) {
    return known;
  }
  const { success, output, issues } = v.safeParse(schema, requirement);
  if (!success) {
    throw new ConfigError("config.invalid", { faults: issues.map(faultOf) });
  }
  const { user = "required", role, anyRole, relation = null, tokenMustName = false } = output;
  const result: CheckedRequirement = Object.freeze({
    user,
    roles: [...(role === undefined ? [] : [atLeast(role)]), ...(anyRole === undefined ? [] : [anyRole])],
    relation,
    tokenMustName,
    authorize: requirement.authorize ?? null,
  });
  // Only what nobody can change stays what it was found to be.
  if (Object.isFrozen(requirement)) {
    checked.set(requirement, result);
  }
  return result;
}

function atLeast(role: (typeof ADMIN_HIERARCHY)[number]): readonly Role[] {
  return ADMIN_HIERARCHY.slice(0, ADMIN_HIERARCHY.indexOf(role) + 1);
}

function faultOf({ path, message, type }: v.BaseIssue<unknown>): ConfigFault {
  const place = (path ?? []).map(({ key }) => String(key)).join(".");
  return {
    path: `requirement${place === "" ? "" : `.${place}`}`,
    expected: type === "strict_object" ? "known keys" : message,
  };
}
