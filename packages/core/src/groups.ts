/** Tables that a host may leave out, by the package that needs them. */
export const GROUPS = ["placement", "domains", "settings", "lifecycle", "relay", "audit"] as const;

/** A part of a store that only some hosts need: its tables, its questions and its changes. */
export type Group = (typeof GROUPS)[number];
