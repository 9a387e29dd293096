/** The server writes an expression its own way: with casts, parentheses and names of columns that nobody needs. */
export function bare(expression: unknown): string | null {
  return typeof expression === "string"
    ? expression
        .toLowerCase()
        .replaceAll(/::[a-z]+/g, "")
        .replaceAll(/ as [a-z_]+/g, "")
        .replaceAll(/[\s()"]/g, "")
    : null;
}
