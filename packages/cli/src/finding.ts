/** What is out of order: a finding of the doctor's, or one of what surrounds it. */
export interface Diagnosis {
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly object: string;
  readonly remedy: string;
}
