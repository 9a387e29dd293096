import { isText } from "@tenantry/core/extend";

const LONGEST_REASON = 1024;

/** Whether a reason is text that says something. */
export function isReason(value: unknown): value is string {
  return isText(value, LONGEST_REASON) && value.trim() !== "";
}
