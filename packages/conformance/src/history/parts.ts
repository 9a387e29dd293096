import type { OrgId, RemoveUserResult, Tables } from "@tenantry/core";
import type { Line } from "./line.ts";

// A call that is a commit in each of several organizations is looked at as so many calls with one key.

const IN_PARTS: readonly string[] = ["removeUser"];

export function isInParts({ op }: Pick<Line, "op">): boolean {
  return IN_PARTS.includes(op);
}

/** The call in each organization in which its key was used, or in which it says to have done something. */
export function partsOf(line: Line, keys: Tables["idem"]): readonly Line[] {
  const done = line.outcome === "ok" ? (line.result as RemoveUserResult).done : [];
  const used = keys.filter(({ key, scope }) => key === line.key && scope.startsWith("org_"));
  const orgs = new Set([...used.map(({ scope }) => scope as OrgId), ...done.map(({ orgId }) => orgId)]);
  return [...orgs].flatMap((orgId) => {
    const place = { orgId, scope: orgId };
    if (line.outcome !== "ok") {
      return [{ ...line, ...place, outcome: outcomeOfPart(line) }];
    }
    // What an answer does not tell of another call did with the key.
    const result = done.find((part) => part.orgId === orgId);
    return result === undefined ? [] : [{ ...line, ...place, result }];
  });
}

/** A refusal comes before anything is written, a failure may come between two commits. */
function outcomeOfPart({ outcome, code }: Line): Line["outcome"] {
  return outcome === "fail" && code?.startsWith("unavailable") !== true ? "fail" : "unknown";
}

/** What an answer says of the only organization that there is. */
export function partOf(line: Line, answer: unknown): unknown {
  return isInParts(line) ? ((answer as RemoveUserResult).done[0] ?? null) : answer;
}
