/** What was done, as a line of a report. */
export interface Figure {
  readonly figure: string;
  readonly count: number;
  readonly seconds: number;
  readonly seed?: number;
  /** Of what was counted: unknown outcomes that were found committed, and fenced, and neither. */
  readonly unknown?: { readonly committed: number; readonly fenced: number; readonly open: number };
  /** Attempts that faults or lost connections made necessary: requests that failed, or calls that ended with no decision. */
  readonly retries?: number;
  /** The calls among which those were, where something else was counted. Default: `count`. */
  readonly calls?: number;
}

/** Hears what was done. */
export type Note = (figure: Figure) => void;
