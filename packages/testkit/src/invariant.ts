/** What must hold in the tables at rest, whatever was done to them: each a query for the rows that break it. */
export interface Invariant {
  readonly name: string;
  readonly rule: string;
  readonly violations: string;
}
