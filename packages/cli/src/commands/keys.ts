import type { OrgId } from "@tenantry/core";
import { rewrapPlacement } from "@tenantry/isolation";
import { acting, type Command } from "../command.ts";
import type { Host } from "../host.ts";
import { paged } from "../paged.ts";
import { CliError } from "../problem.ts";
import { eachOf } from "../units.ts";

export const rewrapKeys: Command = acting({
  name: "keys rewrap",
  summary: "seal everything anew with the first key",
  description:
    "Secrets among settings and connection strings of tenants, organization by organization. What is sealed with the first key of the ring stays as it is, so it may be interrupted and run again. Once it ends with 0 the other keys are not needed.",
  args: {},
  options: {},
  prints: "`{ settings, connectionStrings }`: how many were sealed anew",
  examples: [{ line: "tenantry keys rewrap", says: "After a new key was put first." }],
  async run({ host, out, signal, actor }) {
    const work = await workOf(host);
    const store = await host.store();
    const ids: OrgId[] = [];
    for await (const { id } of paged((page) => store.listOrgs(page), signal)) {
      ids.push(id);
    }
    const done = { settings: 0, connectionStrings: 0 };
    const exit = await eachOf({
      title: "Sealing anew",
      items: ids,
      nameOf: (id) => id,
      async work(id) {
        done.settings += (await work.settings?.rewrap(id, { actor })) ?? 0;
        const { placements, sealer } = work.isolation ?? {};
        if (placements !== undefined && sealer !== undefined) {
          done.connectionStrings += (await rewrapPlacement(id, { placements, sealer })) ? 1 : 0;
        }
      },
      out,
      signal,
    });
    out.document(done);
    return exit;
  },
});

async function workOf(host: Host): Promise<{
  readonly settings: Awaited<ReturnType<Host["settings"]>> | null;
  readonly isolation: Awaited<ReturnType<Host["isolation"]>> | null;
}> {
  if (!host.has("settings") && !host.has("isolation")) {
    throw new CliError("cli.config", "This needs a configuration that exports settings or isolation.");
  }
  return {
    settings: host.has("settings") ? await host.settings() : null,
    isolation: host.has("isolation") ? await host.isolation() : null,
  };
}
