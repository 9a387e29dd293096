import { setTimeout as wait } from "node:timers/promises";
import {
  EVENT_TYPES,
  type EventType,
  type Organization,
  type OrgId,
  type Tenancy,
  type TenancyEvent,
} from "@tenantry/core";
import { type Command, looking } from "../command.ts";
import { anyOf, flag, text, whole } from "../option.ts";
import { organizationOf } from "../organization.ts";
import type { Column } from "../output.ts";
import { paged } from "../paged.ts";
import { stopIfInterrupted } from "../problem.ts";

const COLUMNS: readonly Column[] = [
  ["at", 24],
  ["orgId", 36],
  ["seq", 6],
  ["type", 24],
  ["actor", 36],
  ["data", 0],
];

export const tailEvents: Command = looking({
  name: "events tail",
  summary: "show the newest events, and with --follow what comes after them",
  description:
    "The events of an organization in the order of their seq; without --org those of every organization, one after another. " +
    "With --follow it goes on until Ctrl-C: it looks every few seconds for organizations whose version has moved, so it misses nothing, whoever wrote it.",
  args: {},
  options: {
    org: text("org", "the id (org_…) or slug of an organization"),
    lines: whole("n", "begin with so many events of each organization (10)", 0),
    type: anyOf("type", "only events of these types, several with commas", EVENT_TYPES),
    follow: flag("go on with events as they are written"),
    interval: whole("seconds", "how often to look, up to a day (2)", 0, 86_400),
  },
  prints: "an event per line",
  examples: [
    { line: "tenantry events tail --org acme --lines 50", says: "What happened there lately." },
    { line: "tenantry events tail --follow --type org.created,org.revoked --json", says: "Who comes and goes." },
  ],
  async run({ options: { org, lines = 10, type, follow, interval = 2 }, host, out, signal }) {
    const store = await host.store();
    const chosen = org === undefined ? null : (await organizationOf(store, org)).id;
    const print = (event: TenancyEvent): void => out.row(event, COLUMNS);
    const seen = new Map<OrgId, number>();
    for (let isFirst = true; ; isFirst = false) {
      for await (const { id, version } of chosenOrgs(store, chosen, signal)) {
        const after = seen.get(id) ?? (isFirst ? Math.max(0, version - lines) : 0);
        const isNew = version > after;
        seen.set(id, isNew ? await printAfter(after, { store, id, types: type, signal, print }) : after);
      }
      if (!follow) {
        return;
      }
      // It is woken by Ctrl-C alone.
      await wait(interval * 1000, undefined, { signal }).catch(() => {});
      stopIfInterrupted(signal);
    }
  },
});

function chosenOrgs(store: Tenancy, chosen: OrgId | null, signal: AbortSignal): AsyncIterable<Organization> {
  const one = async () => ({ data: [await store.getOrg(chosen as OrgId)], nextCursor: null });
  return paged(chosen === null ? (page) => store.listOrgs(page) : one, signal);
}

interface Behind {
  readonly store: Tenancy;
  readonly id: OrgId;
  readonly types: readonly EventType[];
  readonly signal: AbortSignal;
  readonly print: (event: TenancyEvent) => void;
}

/** Prints what follows an event; answers up to where it looked. */
async function printAfter(after: number, { store, id, types, signal, print }: Behind): Promise<number> {
  for (let last = after; ; ) {
    stopIfInterrupted(signal);
    const { data, lastSeq, hasMore } = await store.listEvents(id, {
      after: last,
      limit: 200,
      ...(types.length === 0 ? {} : { types }),
    });
    data.forEach(print);
    if (!hasMore) {
      return lastSeq;
    }
    last = lastSeq;
  }
}
