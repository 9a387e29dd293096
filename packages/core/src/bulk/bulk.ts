import { type Change, type OrgGuard, unchanged, type Write } from "../change.ts";
import { type Accepted, accept, type Decision, noChange, type Rejected } from "../decision.ts";
import type { Refusal } from "../errors.ts";
import { roomForAll } from "../footprint.ts";
import type { InvId, Organization, OrgId } from "../model.ts";
import type { BulkCall } from "./bulk-input.ts";

// Rows of single operations in one commit. A row is decided by the operation's own function, on what the rows before it
// have made of the facts; what is accepted is written as one.

/** What a bulk call takes. `D`: whether it is a dry run. */
export interface BulkInput<Row, D extends boolean = false> {
  readonly orgId: OrgId;
  /** At most 10,000. Their order is the order in which they are decided. */
  readonly rows: readonly Row[];
  /** `"all"` (default): the first refused row refuses the call. `"each"`: what is accepted is done, the rest reported. */
  readonly mode?: "all" | "each" | undefined;
  /** Answers what would come of each row, and writes nothing. */
  readonly dryRun?: D | undefined;
}

/** What a bulk call answers. */
export type BulkAnswer<T, D extends boolean = false> = D extends true ? BulkPreview : BulkReport<T>;

interface Counts {
  readonly done: number;
  /** Accepted without a change. */
  readonly unchanged: number;
  readonly refused: number;
}
/** What came of each row, in the order of the rows. */
export interface BulkReport<T> extends Counts {
  readonly rows: readonly RowReport<T>[];
}
/** What would come of each row. New rows have no ids yet, so it shows no entities. */
export interface BulkPreview extends Counts {
  readonly rows: readonly RowPreview[];
}

export type RowRefused = { readonly outcome: "refused" } & Refusal;
export type RowReport<T> = { readonly outcome: "done" | "unchanged"; readonly entity: T } | RowRefused;
export type RowPreview = { readonly outcome: "done" | "unchanged" } | RowRefused;

/** Decides row by row. `decide` knows what the rows before have changed. */
export function decideRows<Row, T>(
  { rows, mode, dryRun }: Pick<BulkCall<Row>, "rows" | "mode" | "dryRun">,
  org: Pick<Organization, "id" | "version">,
  decide: (row: Row, place: number) => Decision<T>,
): Decision<BulkReport<T> | BulkPreview> {
  const reports: RowReport<T>[] = [];
  const writes: Write[] = [];
  let restsOnWhatStays = false;
  for (const [place, row] of rows.entries()) {
    const decision = row.ok ? decide(row.row, place) : row;
    restsOnWhatStays ||= row.ok && (!decision.ok || decision.write === null);
    if (decision.ok) {
      reports.push({ outcome: decision.write === null ? "unchanged" : "done", entity: decision.result });
      writes.push(...writesOf(decision));
    } else if (mode === "all" && !dryRun) {
      return { ...decision, details: { ...decision.details, row: place } } as Rejected;
    } else {
      reports.push(refused(decision));
    }
  }
  const report = counted(reports);
  if (dryRun) {
    return noChange({ ...report, rows: reports.map(preview) });
  }
  if (writes.length === 0) {
    return noChange(report);
  }
  const write = together(writes);
  // Nothing of the commit guards why a row was refused or left as it is, and the answer is to be true when it commits.
  return accept(report, restsOnWhatStays ? { ...write, org: { ...write.org, ...unchanged(org) } } : write);
}

/** What an accepted row changes. */
export function changesOf(decision: Accepted<unknown>): readonly Change[] {
  return writesOf(decision).flatMap(({ changes }) => changes);
}

function writesOf({ write }: Accepted<unknown>): readonly Write[] {
  return write === null ? [] : [write];
}

function refused({ code, details }: Rejected): RowRefused {
  return { outcome: "refused", code, details } as RowRefused;
}

function counted<T>(rows: readonly RowReport<T>[]): BulkReport<T> {
  const count = (of: RowReport<T>["outcome"]): number => rows.filter(({ outcome }) => outcome === of).length;
  return { done: count("done"), unchanged: count("unchanged"), refused: count("refused"), rows };
}

function preview(row: RowReport<unknown>): RowPreview {
  return row.outcome === "refused" ? row : { outcome: row.outcome };
}

/** All of them as one, of one organization that exists. */
export function together(writes: readonly Write[]): Write {
  const [first, ...others] = writes as readonly [Write, ...Write[]];
  const guards = writes.map(({ org }) => org).filter((org) => org.is === "existing");
  const fields = guards.find((guard) => guard.fields !== undefined)?.fields;
  // Most often nothing is limited.
  const room = guards.some((guard) => guard.room !== undefined) ? roomForAll(writes) : undefined;
  const org: OrgGuard = {
    is: "existing",
    id: first.org.id,
    status: guards.find(({ status }) => status !== null)?.status ?? null,
    version: guards.find(({ version }) => version !== null)?.version ?? null,
    ...(fields === undefined ? {} : { fields }),
    ...(room === undefined ? {} : { room }),
  };
  const changes = inOneStep(writes.flatMap((write) => write.changes));
  const further = others.map(({ at, actor, event }) => ({ at, actor, event }));
  return { ...first, org, changes, further };
}

/**
 * What a commit can apply at once, in any order: who must have authority is expected once and first, before a row may have
 * taken it away; and an invitation that a later row withdraws begins as one that was withdrawn.
 */
function inOneStep(changes: readonly Change[]): readonly Change[] {
  const authorities = new Map<string, Change>();
  let known: Extract<Change, { op: "expectMember" }> | undefined;
  const others: Change[] = [];
  const made = new Map<InvId, number>();
  for (const change of changes) {
    if (change.op === "expectMember") {
      // Most often thousands of rows are by one person.
      if (change.usrId !== known?.usrId || change.roles !== known.roles) {
        authorities.set([change.usrId, ...change.roles].join(" "), change);
        known = change;
      }
      continue;
    }
    const place = change.op === "updateInvitation" ? made.get(change.row.id) : undefined;
    if (change.op === "updateInvitation" && place !== undefined) {
      others[place] = { ...(others[place] as Extract<Change, { op: "insertInvitation" }>), row: change.row };
      continue;
    }
    if (change.op === "insertInvitation") {
      made.set(change.row.id, others.length);
    }
    others.push(change);
  }
  return [...authorities.values(), ...others];
}
