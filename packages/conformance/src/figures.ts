/** What was done, as a line of a report. */
export interface Figure {
  readonly figure: string;
  readonly count: number;
  readonly seconds: number;
  readonly seed?: number;
  /** Of what was counted: unknown outcomes that were found committed, and fenced, and neither. */
  readonly unknown?: { readonly committed: number; readonly fenced: number; readonly open: number };
  /** Attempts that conflicts, faults or lost connections made necessary. */
  readonly retries?: number;
}

/** Hears what was done. */
export type Note = (figure: Figure) => void;
