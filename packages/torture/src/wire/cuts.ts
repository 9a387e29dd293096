import type { Ending } from "@tenantry/conformance/faults";
import type { Cut } from "./cutting-proxy.ts";

/** A cut, and how a call must end that meets it. */
export interface CutCase {
  /** As in the table of cuts. */
  readonly number: string;
  readonly name: string;
  readonly cut: Omit<Cut, "how">;
  /** Which request is cut, where it is one. */
  readonly meets: "load" | "commit" | null;
  /** One of these. A driver may not be able to say that nothing was sent. */
  readonly ends: readonly Ending[];
  /** The client has to give up by itself. */
  readonly needsDeadline?: true;
}

// A driver may ask questions of its own when it connects.
const load = (text: string): boolean => text.startsWith("select json_build_object");
const commit = (text: string): boolean => text.startsWith("with ") && text.includes("go as materialized");

export const cuts: readonly CutCase[] = [
  {
    number: "W1",
    name: "as the connection is made",
    cut: { at: "connect", place: "before" },
    meets: null,
    ends: ["ok", "fenced"],
  },
  {
    number: "W1",
    name: "while it starts up",
    cut: { at: "start-up", place: "before" },
    meets: null,
    ends: ["ok", "fenced"],
  },
  { number: "W1", name: "before a read", cut: { at: load, place: "before" }, meets: "load", ends: ["ok"] },
  { number: "W1", name: "in the middle of a read", cut: { at: load, place: "half" }, meets: "load", ends: ["ok"] },
  {
    number: "W1",
    name: "in the middle of what a read answers",
    cut: { at: load, place: "half an answer" },
    meets: "load",
    ends: ["ok"],
  },
  { number: "W2", name: "before a commit", cut: { at: commit, place: "before" }, meets: "commit", ends: ["fenced"] },
  {
    number: "W2",
    name: "in the middle of a commit",
    cut: { at: commit, place: "half" },
    meets: "commit",
    ends: ["fenced"],
  },
  {
    number: "W3",
    name: "before the Sync of a commit",
    cut: { at: commit, place: "no sync" },
    meets: "commit",
    ends: ["fenced"],
  },
  {
    number: "W4",
    name: "behind a commit",
    cut: { at: commit, place: "no answer" },
    meets: "commit",
    ends: ["committed"],
  },
  {
    number: "W4",
    name: "in the middle of what a commit answers",
    cut: { at: commit, place: "half an answer" },
    meets: "commit",
    ends: ["committed"],
  },
  {
    number: "W4",
    name: "before a commit is told to be complete",
    cut: { at: commit, place: "no ready" },
    meets: "commit",
    ends: ["committed"],
  },
  { number: "W5", name: "behind the whole answer", cut: { at: commit, place: "after" }, meets: "commit", ends: ["ok"] },
  {
    number: "W6",
    name: "by silence before a commit",
    cut: { at: commit, place: "black hole" },
    meets: "commit",
    ends: ["fenced"],
    needsDeadline: true,
  },
  {
    number: "W6",
    name: "by silence behind a commit",
    cut: { at: commit, place: "silence" },
    meets: "commit",
    ends: ["committed"],
    needsDeadline: true,
  },
];

/** W7: the whole commit is late. W8: its Sync is, and with it the locks it holds. */
export const heldCommit: Omit<Cut, "how"> = { at: commit, place: "held" };
export const heldSync: Omit<Cut, "how"> = { at: commit, place: "sync held" };
