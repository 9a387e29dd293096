import type { Code, OrgId } from "@tenantry/core";
import { createInvitation as inviting } from "./invitation-rules.ts";
import { addMember as adding, adminRemove, changeRole } from "./membership-rules.ts";
import { inOrg } from "./org-rules.ts";
import { type Applied, type Rule, type Ruling, refused, type Settings, type Situation, trying } from "./ruling.ts";
import type { OrgState, World } from "./world.ts";

// Many rows are single calls one after another at one instant, of which all happen or none, or each that can.

interface Bulk<Input> {
  readonly orgId: OrgId;
  readonly mode: "all" | "each";
  readonly dryRun: boolean;
  /** `null`: no object. */
  readonly rows: readonly (Input | null)[];
}
type Ids = readonly `${"mem" | "inv"}_${string}`[];

interface InOrg {
  readonly org: OrgState;
}

export const addMembers: Rule<Bulk<RowOf<typeof adding>>, InOrg> = manyOf(adding, "mem");
export const createInvitations: Rule<Bulk<RowOf<typeof inviting>>, InOrg> = manyOf(inviting, "inv");
export const changeRoles: Rule<Bulk<RowOf<typeof changeRole>>, InOrg> = manyOf(changeRole, "mem");
export const removeMembers: Rule<Bulk<RowOf<typeof adminRemove>>, InOrg> = manyOf(adminRemove, null);

type RowOf<R extends { readonly input: (args: readonly unknown[]) => unknown }> = ReturnType<R["input"]>;

function manyOf<Input, Found extends InOrg>(
  rule: Rule<Input, Found>,
  mints: "mem" | "inv" | null,
): Rule<Bulk<Input>, InOrg> {
  const mistakeIn = (row: Input | null, settings: Settings): Code | null =>
    row === null ? "precondition.invalid_input" : (rule.refuse?.(row, settings) ?? null);

  function rowRuling(world: World, orgId: OrgId, row: Input | null, situation: Situation): Ruling {
    const mistake = mistakeIn(row, situation.settings);
    if (row === null || mistake !== null) {
      return refused(mistake ?? "precondition.invalid_input");
    }
    const found = rule.find(world, row);
    return found === null || found.org.row.id !== orgId
      ? refused("not_found")
      : rule.decide(world, row, found, situation);
  }

  /** Carries the rows out in this world, one after another. */
  function carryOutRows(world: World, call: Bulk<Input>, situation: Situation): Outcome {
    const { orgId, rows, mode, dryRun } = call;
    // One for each row, whatever comes of it.
    const ids: Ids = mints === null ? [] : rows.map(() => situation.mint(mints));
    const reports: Report[] = [];
    const done: Applied[] = [];
    for (const [place, row] of rows.entries()) {
      const own = { ...situation, mint: () => ids[place] as never };
      const ruling = rowRuling(world, orgId, row, own);
      if ("refused" in ruling) {
        if (mode === "all" && !dryRun) {
          return ruling;
        }
        reports.push({ outcome: "refused", code: ruling.refused });
      } else if ("answer" in ruling) {
        reports.push({ outcome: "unchanged", entity: ruling.answer });
      } else {
        const applied = ruling.apply(world, own);
        done.push(applied);
        reports.push({ outcome: "done", entity: applied.result() });
      }
    }
    return { report: counted(reports), done };
  }

  return {
    input([input]) {
      const { orgId, rows, mode = "all", dryRun = false } = input as Omit<Bulk<object>, "mode"> & Partial<Bulk<object>>;
      return { orgId, mode, dryRun, rows: rows.map((row) => (row === null ? null : rule.input([{ ...row, orgId }]))) };
    },
    refuse({ rows, mode, dryRun }, settings) {
      const mistakes = rows.map((row) => mistakeIn(row, settings)).filter((mistake) => mistake !== null);
      return mode === "all" && !dryRun ? (mistakes[0] ?? null) : null;
    },
    find: (world, { orgId }) => inOrg(world, orgId),
    decide(world, call, _, situation) {
      const trial = carryOutRows(world.copy(), call, trying(situation));
      if ("refused" in trial) {
        return trial;
      }
      if (call.dryRun || trial.done.length === 0) {
        return { answer: call.dryRun ? preview(trial.report) : trial.report };
      }
      return {
        apply(real, actual) {
          const outcome = carryOutRows(real, call, actual);
          const { report, done } = outcome as Exclude<Outcome, { readonly refused: Code }>;
          const [first, ...further] = done as [Applied, ...Applied[]];
          return { ...first, further, result: () => report };
        },
      };
    },
  };
}

type Outcome =
  | { readonly refused: Code }
  | { readonly report: ReturnType<typeof counted>; readonly done: readonly Applied[] };

/** What a refusal says besides its code is not foreseen here. */
type Report =
  | { readonly outcome: "done" | "unchanged"; readonly entity?: unknown }
  | { readonly outcome: "refused"; readonly code: Code };

function counted(rows: readonly Report[]): Readonly<Record<"done" | "unchanged" | "refused", number>> & {
  readonly rows: readonly Report[];
} {
  const count = (of: Report["outcome"]): number => rows.filter(({ outcome }) => outcome === of).length;
  return { done: count("done"), unchanged: count("unchanged"), refused: count("refused"), rows };
}

/** New rows have no ids yet. */
function preview({ rows, ...counts }: ReturnType<typeof counted>): unknown {
  return { ...counts, rows: rows.map((row) => (row.outcome === "refused" ? row : { outcome: row.outcome })) };
}
