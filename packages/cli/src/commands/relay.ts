import { isId, type OrgId } from "@tenantry/core";
import type { DeadRef, Relay } from "@tenantry/events/relay";
import { type Command, looking } from "../command.ts";
import type { Host } from "../host.ts";
import { required, text, whole } from "../option.ts";
import type { Column } from "../output.ts";
import { paged } from "../paged.ts";
import { CliError, EXIT } from "../problem.ts";

const relay = text("name", "which relay, where the configuration has several");
const dead = {
  org: required(text("org", "the organization, org_…")),
  seq: required(whole("seq", "the number of the event", 1)),
};

const COLUMNS: readonly Column[] = [
  ["orgId", 36],
  ["seq", 8],
  ["code", 24],
  ["attempts", 8],
  ["at", 24],
];

export const runRelay: Command = looking({
  name: "relay run",
  summary: "deliver events",
  description:
    "Until Ctrl-C, which lets what is under way end; with --budget until nothing is due or the time is over, for a timer. Any number may run at once.",
  args: {},
  options: { relay, budget: whole("seconds", "how long at most", 1) },
  prints: "with `--budget` `{ discovered, delivered, failed, parked, lost, isDrained }`",
  examples: [
    { line: "tenantry relay run --relay mail", says: "As a service." },
    { line: "tenantry relay run --budget 50 --json", says: "Every minute. Ends with 3 if attempts failed." },
  ],
  async run({ options, host, out, signal }) {
    const chosen = await relayOf(host, options.relay);
    if (options.budget !== undefined) {
      const report = await chosen.runOnce({ budgetMs: options.budget * 1000 });
      out.document(report);
      return report.failed + report.parked === 0 ? EXIT.done : EXIT.findings;
    }
    chosen.start();
    out.note("Delivering. Ctrl-C ends it.");
    if (!signal.aborted) {
      await new Promise((wake) => signal.addEventListener("abort", wake, { once: true }));
    }
    await chosen.stop();
    return EXIT.interrupted;
  },
});

export const listDead: Command = looking({
  name: "relay dead list",
  summary: "list events that were given up",
  description: "By organization and number. A blocked organization waits for what becomes of its first one.",
  args: {},
  options: { relay, limit: whole("n", "at most so many", 1) },
  prints: "`{ orgId, seq, code, attempts, at, isBlocking }` per line",
  examples: [{ line: "tenantry relay dead list --json", says: "For other programs." }],
  async run({ options, host, out, signal }) {
    const chosen = await relayOf(host, options.relay);
    for await (const each of paged((page) => chosen.dead(page), signal, options.limit)) {
      out.row(each, COLUMNS);
    }
  },
});

export const redeliver: Command = looking({
  name: "relay redeliver",
  summary: "deliver an event once more that was given up",
  description: "It is tried as if it were new by whatever relay runs next.",
  args: dead,
  options: { relay },
  prints: "`{ orgId, seq }`",
  examples: [
    { line: "tenantry relay redeliver org_0190f2a81b3c7abc8123456789abcdea 12", says: "The receiver is back." },
  ],
  async run({ args, options, host, out }) {
    const ref = refOf(args);
    await (await relayOf(host, options.relay)).redeliver(ref);
    out.document(ref);
  },
});

export const discard: Command = looking({
  name: "relay discard",
  summary: "forget an event that was given up",
  description:
    "It is never delivered: the gap shows in the numbers. Where it blocks its organization, the next one follows.",
  args: dead,
  options: { relay },
  prints: "`{ orgId, seq }`",
  asks: "yes",
  examples: [
    {
      line: "tenantry relay discard org_0190f2a81b3c7abc8123456789abcdea 12 --yes --confirm 12",
      says: "Without a terminal its number confirms.",
    },
  ],
  async run({ args, options, host, out, confirm }) {
    const ref = refOf(args);
    const about = `Event ${ref.seq} of ${ref.orgId} is never delivered.`;
    await confirm({ about, texts: [String(ref.seq)], isSimple: true });
    await (await relayOf(host, options.relay)).discard(ref);
    out.document(ref);
  },
});

async function relayOf(host: Host, name: string | undefined): Promise<Relay> {
  const relays = await host.relays();
  const names = Object.keys(relays);
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  const found = chosen === undefined || !Object.hasOwn(relays, chosen) ? undefined : relays[chosen];
  if (found === undefined) {
    throw new CliError("cli.usage", `--relay is one of ${names.join(", ")}`);
  }
  return found;
}

function refOf({ org, seq }: { readonly org: string; readonly seq: number }): DeadRef {
  if (!isId(org, "org")) {
    throw new CliError("cli.usage", "<org> is the id of an organization, org_…");
  }
  return { orgId: org satisfies OrgId, seq };
}
