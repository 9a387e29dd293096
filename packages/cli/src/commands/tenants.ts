import type { Organization, OrgId, Tenancy } from "@tenantry/core";
import type { DeprovisionPolicy } from "@tenantry/isolation";
import { migrateTenants, type TenantMigration } from "@tenantry/isolation/migrate";
import { acting, type Command, looking } from "../command.ts";
import { needed } from "../isolation-parts.ts";
import { flag, many, oneOf, required, text, whole } from "../option.ts";
import { namesOf, organizationOf } from "../organization.ts";
import type { Column } from "../output.ts";
import { CliError, EXIT, type Exit } from "../problem.ts";
import { settled } from "../settled.ts";
import { eachOf } from "../units.ts";

const org = required(text("org", "the id (org_…) or slug of an organization"));
const tenant = many("org", "an id (org_…) or slug; may be repeated, or several with commas");
const PLACEMENT = "a placement";

const POLICIES = ["rename", "drop", "retain", "purge"] as const;

const PLACES: readonly Column[] = [
  ["orgId", 36],
  ["strategy", 8],
  ["state", 14],
  ["step", 10],
  ["errorCode", 24],
  ["migratedTo", 0],
];
const MIGRATIONS: readonly Column[] = [
  ["orgId", 36],
  ["outcome", 10],
  ["code", 26],
  ["file", 24],
  ["sqlState", 0],
];

export const provisionTenants: Command = acting({
  name: "tenants provision",
  summary: "make the places of tenants",
  description:
    "Step by step, and on from where it was left: running it again does no harm. With --retry it takes every tenant whose place is pending or failed.",
  args: { org: text("org", "the id (org_…) or slug of an organization") },
  options: { tenant, retry: flag("all that are pending or failed") },
  prints: `${PLACEMENT} per line`,
  examples: [
    { line: "tenantry tenants provision acme", says: "Or go on with it." },
    { line: "tenantry tenants provision --retry", says: "After an outage. Ends with 3 if some failed." },
  ],
  async run({ args, options, host, out, signal, actor }) {
    const parts = await host.isolation();
    const provisioner = needed(parts, "provisioner");
    const named = [...(args.org === undefined ? [] : [args.org]), ...options.tenant];
    if (named.length > 0 === options.retry) {
      throw new CliError("cli.usage", "name organizations, or give --retry");
    }
    const items = options.retry
      ? (await needed(parts, "placements").list()).filter(({ state }) => state === "pending" || state === "failed")
      : (await organizationsOf(await host.store(), named)).map(({ id }) => ({ orgId: id }));
    return await eachOf({
      title: "Provisioning",
      items,
      nameOf: ({ orgId }) => orgId,
      work: async ({ orgId }) => out.row(await settled(provisioner.provision(orgId, { signal, actor })), PLACES),
      out,
      signal,
    });
  },
});

export const tenantStatus: Command = looking({
  name: "tenants status",
  summary: "show where the rows of tenants are, and how far their places are made",
  description: "Of one tenant, or of all that have a placement.",
  args: { org: text("org", "the id (org_…) or slug of an organization") },
  options: {},
  prints: `${PLACEMENT} per line`,
  examples: [{ line: "tenantry tenants status --json", says: "All of them." }],
  async run({ args, host, out, signal }) {
    const parts = await host.isolation();
    const provisioner = needed(parts, "provisioner");
    const ids =
      args.org === undefined
        ? (await needed(parts, "placements").list()).map(({ orgId }) => orgId)
        : [(await organizationOf(await host.store(), args.org)).id];
    for (const id of ids) {
      if (signal.aborted) {
        return EXIT.interrupted;
      }
      // It shows no connection string.
      out.row(await provisioner.status(id), PLACES);
    }
    return EXIT.done;
  },
});

export const pauseTenant: Command = acting({
  name: "tenants pause",
  summary: "refuse a tenant's writes for a while",
  description: "Reads go on. It ends by itself when the time is over.",
  args: { org },
  options: { seconds: whole("n", "for how long, at most 3,600 (3600)", 1) },
  prints: PLACEMENT,
  examples: [{ line: "tenantry tenants pause acme --seconds 600", says: "For ten minutes of maintenance." }],
  async run({ args, options: { seconds = 3600 }, host, out, actor }) {
    const provisioner = needed(await host.isolation(), "provisioner");
    const { id } = await organizationOf(await host.store(), args.org);
    out.document(await settled(provisioner.pauseWrites(id, { untilSeconds: seconds }, { actor })));
  },
});

export const resumeTenant: Command = acting({
  name: "tenants resume",
  summary: "take a tenant's writes again",
  description: "Ends a pause before its time. One that is being moved is resumed by its move.",
  args: { org },
  options: {},
  prints: PLACEMENT,
  examples: [{ line: "tenantry tenants resume acme", says: "The maintenance is over." }],
  async run({ args, host, out, actor }) {
    const provisioner = needed(await host.isolation(), "provisioner");
    const { id } = await organizationOf(await host.store(), args.org);
    out.document(await settled(provisioner.resumeWrites(id, { actor })));
  },
});

export const moveTenant: Command = acting({
  name: "tenants move",
  summary: "move a tenant's rows to a place of another kind",
  description:
    "Makes the place, refuses writes, copies and verifies as the configuration says (isolation.moving), exchanges the two, and takes the old one down. What fails before the exchange leaves the tenant as it was. Running it again goes on where it was left.",
  args: { org },
  options: {
    to: required(text("strategy", "where its rows will be: row, schema, database or one of your own")),
    policy: required(oneOf("policy", "what becomes of the rows where they were", POLICIES)),
    seconds: whole("n", "for how long writes are refused at most, up to 3,600 (3600)", 1),
  },
  prints: PLACEMENT,
  asks: "yes",
  examples: [
    { line: "tenantry tenants move acme --to schema --policy purge", says: "Out of the tables of all tenants." },
    {
      line: "tenantry tenants move acme --to database --policy rename --yes --confirm acme",
      says: "Without a terminal its slug or id confirms.",
    },
  ],
  async run({ args, options: { to, policy, seconds }, host, out, signal, actor, confirm }) {
    const parts = await host.isolation();
    const [provisioner, moving] = [needed(parts, "provisioner"), needed(parts, "moving")];
    const found = await organizationOf(await host.store(), args.org);
    const about = `Writes of ${found.id} are refused until its rows are moved to ${to}; ${FATES[policy]}.`;
    await confirm({ about, texts: namesOf(found), isSimple: true });
    const options = {
      ...moving,
      drop: policy,
      signal,
      actor,
      ...(seconds === undefined ? {} : { pauseSeconds: seconds }),
    };
    const progress = out.progress("Moving", STAGES);
    const moved = provisioner.moveTenant(found.id, to, {
      ...options,
      onProgress({ stage, state }) {
        if (state === "done") {
          progress.step(stage);
        }
      },
    });
    const placement = await settled(moved);
    progress.end(`${found.id} is in ${placement.strategy}`);
    out.document(placement);
  },
});

/** Provision, pause, copy, verify, switch, drop. */
const STAGES = 6;

const FATES: Readonly<Record<DeprovisionPolicy, string>> = {
  rename: "the old place is kept under another name",
  retain: "the old place is kept, without rights",
  drop: "the old place is dropped",
  purge: "the old rows are removed",
};

export const deprovisionTenants: Command = acting({
  name: "tenants deprovision",
  summary: "take the places of tenants down",
  description:
    "rename puts schema or database away under another name, retain revokes access only, drop and purge destroy: they need the slug or id typed, or for several the words that are asked for.",
  args: { org: text("org", "the id (org_…) or slug of an organization") },
  options: {
    tenant,
    policy: required(oneOf("policy", "what becomes of the rows", POLICIES)),
  },
  prints: "`{ orgId, policy, archivedAs, rows }` per line",
  asks: "for drop and purge the slug or id, for several `DROP <n> TENANTS`",
  examples: [
    { line: "tenantry tenants deprovision acme --policy rename", says: "The rows are kept." },
    { line: "tenantry tenants deprovision acme --policy drop --yes --confirm acme", says: "They are not." },
  ],
  async run({ args, options: { tenant: others, policy }, host, out, signal, confirm, actor }) {
    const provisioner = needed(await host.isolation(), "provisioner");
    const named = [...(args.org === undefined ? [] : [args.org]), ...others];
    const items = await organizationsOf(await host.store(), named);
    const [only] = items;
    if (only === undefined) {
      throw new CliError("cli.usage", "name one organization or several");
    }
    if (isDestruction(policy)) {
      const [about, texts] =
        items.length === 1
          ? [`The rows of ${only.id} are gone for good.`, namesOf(only)]
          : [`The rows of ${items.length} tenants are gone for good.`, [`DROP ${items.length} TENANTS`]];
      await confirm({ about, texts });
    }
    return await eachOf({
      title: "Deprovisioning",
      items,
      nameOf: ({ id }) => id,
      async work({ id }) {
        const report = await settled(provisioner.deprovision(id, { policy, confirm: id, actor }));
        out.row({ orgId: id, ...report }, [
          ["orgId", 36],
          ["policy", 6],
          ["archivedAs", 50],
          ["rows", 0],
        ]);
      },
      out,
      signal,
    });
  },
});

export const migrateTenantsCommand: Command = acting({
  name: "tenants migrate",
  summary: "migrate the tables of tenants that have their own",
  description:
    "Several tenants at once, each under its lease. A failure stops its tenant alone; running it again does what is left. Ctrl-C lets those end that were begun.",
  args: {},
  options: {
    all: flag("every tenant"),
    tenant,
    record: flag("note files as applied without running them"),
    dryRun: flag("say what would be run"),
  },
  prints: "`{ orgId, outcome, files, code, file, sqlState, milliseconds }` per line",
  examples: [
    { line: "tenantry tenants migrate --all", says: "Ends with 3 if some failed." },
    { line: "tenantry tenants migrate --tenant acme,beta --dry-run", says: "What would happen to two of them." },
  ],
  async run({ options: { all, tenant: named, record, dryRun }, host, out, signal }) {
    const parts = await host.isolation();
    const placements = needed(parts, "placements");
    if (named.length > 0 === all) {
      throw new CliError("cli.usage", "give --all, or --tenant for each");
    }
    const ids = named.length === 0 ? null : (await organizationsOf(await host.store(), named)).map(({ id }) => id);
    const most = ids?.length ?? (await placements.list()).filter(({ strategy }) => strategy !== "row").length;
    const progress = out.progress("Migrating", most);
    const onProgress = ({ orgId, outcome }: TenantMigration): void => progress.step(`${orgId} ${outcome}`);
    const options = { placements, tenants: ids ?? ("all" as const), record, dryRun, signal, onProgress };
    const { tenants, applied, upToDate, failed, skipped } = await migrateTenants({
      ...needed(parts, "migrations"),
      ...options,
    });
    progress.end(`${applied} applied, ${upToDate} up to date, ${failed} failed, ${skipped} left out`);
    for (const each of tenants) {
      out.row(each, MIGRATIONS);
    }
    return exitOf(tenants, signal);
  },
});

function exitOf(tenants: readonly TenantMigration[], signal: AbortSignal): Exit {
  if (signal.aborted && tenants.some(({ outcome, code }) => outcome === "skipped" && code === null)) {
    return EXIT.interrupted;
  }
  return tenants.some(({ outcome }) => outcome === "failed") ? EXIT.findings : EXIT.done;
}

function isDestruction(policy: DeprovisionPolicy): boolean {
  return policy === "drop" || policy === "purge";
}

/** Each once, in the order in which they were named. All are looked up before anything happens. */
async function organizationsOf(store: Tenancy, named: readonly string[]): Promise<readonly Organization[]> {
  const found = new Map<OrgId, Organization>();
  for (const reference of named) {
    const organization = await organizationOf(store, reference);
    found.set(organization.id, organization);
  }
  return [...found.values()];
}
