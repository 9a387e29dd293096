/** Where what went wrong is reported to, when nobody is there who could be told. What it throws or rejects with itself is dropped. */
export type Log = (entry: LogEntry) => void;

export interface LogEntry {
  /** Which part: `subscribe`, `relay`, `webhooks`. */
  readonly source: string;
  /** What was thrown, as it was. */
  readonly cause: unknown;
  /** Which event it was about; `null`: none in particular. */
  readonly event?: { readonly orgId: string; readonly seq: number; readonly type: string } | null;
}

export function report(log: Log | undefined, entry: LogEntry): void {
  // A log that fails, at once or later, must not become a failure of what it reports.
  void (async () => log?.(entry))().catch(() => {});
}
