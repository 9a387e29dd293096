import { PreconditionError, type Rejections } from "@tenantry/core";

const NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/** The one identifier that ever enters a statement: validated once, always quoted. Throws `precondition.invalid_input`. */
export function schemaIdentifier(name: unknown): string {
  return identifier(name, "schema", (valid) => !valid.startsWith("pg_"));
}

/** A name of the host's own, for the migration that links the users table. */
export function identifier(name: unknown, option: string, admits: (name: string) => boolean = () => true): string {
  if (typeof name !== "string" || name.length > 63 || !NAME.test(name) || !admits(name)) {
    const details: Rejections["precondition.invalid_input"] = { key: option };
    throw new PreconditionError("precondition.invalid_input", details);
  }
  return `"${name}"`;
}
