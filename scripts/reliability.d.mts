/** The page, of what the parts of a run left behind. */
export function pageOf(parts: readonly object[], how: { readonly profile: string; readonly scale: number }): string;

/** How long a share of calls took at most, by how many took so many milliseconds at most. */
export function percentile(counts: readonly (readonly [number, number])[], share: number): number | undefined;
