/** A name as SQL reads it. The only way in which names get into statements. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as SQL reads it, for scripts: statements take their values as parameters. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/** Whether it is a name that needs no folding and is cut nowhere. */
export function isName(name: unknown): name is string {
  return typeof name === "string" && name.length <= 63 && NAME.test(name);
}

/** Whether a schema may have the name: not the one everybody finds things in, and none of the system's. */
export function isSchemaName(name: unknown): name is string {
  return isName(name) && name !== "public" && name !== "information_schema" && !name.startsWith("pg_");
}
