import { PreconditionError, type Read, type Status } from "@tenantry/core";
import {
  accept,
  extensionOf,
  fields,
  found,
  idArgument,
  type Mutation,
  reject,
  stillActive,
} from "@tenantry/core/extend";
import type { OperatorEntry, OperatorRules } from "./guard.ts";
import { isReason } from "./reason.ts";

/** Writes an event and nothing else. An organization that was suspended meanwhile is entered by nobody. */
const enterOrg: Mutation<
  readonly [OperatorEntry],
  OperatorEntry,
  { readonly org: Read<"org"> },
  { readonly status: Status },
  OperatorEntry,
  never
> = {
  name: "enterOrg",
  mints: [],
  admitsVersion: false,
  parse(_, entry) {
    const { orgId, operator, reason } = fields(entry, ["orgId", "operator", "reason"]);
    if (!isReason(reason)) {
      throw new PreconditionError("precondition.invalid_input", { key: "reason" });
    }
    return { orgId: idArgument("org", orgId), operator: idArgument("usr", operator, "operator"), reason };
  },
  scope: ({ orgId }) => ({ org: orgId }),
  reads: ({ orgId }) => ({ org: { read: "org", of: { org: orgId } } }),
  find: (_, { org }) => (org === null ? reject("tenant.denied", {}) : found({ status: org.status })),
  assume: () => ({ status: "active" }),
  decide: (entry, { status }, { now }) =>
    status === "active"
      ? accept(entry, {
          org: stillActive({ id: entry.orgId }),
          at: now,
          actor: entry.operator,
          changes: [],
          event: { type: "operator.entered", data: { reason: entry.reason } },
        })
      : reject("tenant.inactive", {}),
};

/**
 * What writes down who of the host's staff enters an organization, as the event `operator.entered` of that organization: for
 * the option `operators` of a context. Any store will do. Of an organization that is not active it is refused, with
 * `TenantError` `tenant.inactive`, or `tenant.denied` where there is none.
 */
export function recordedEntries(store: object): OperatorRules["recordEntry"] {
  const own = extensionOf(store, []);
  return (entry) => own.mutate(enterOrg, [entry], {});
}
