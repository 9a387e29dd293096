import { EVENT_TYPES, INVITATION_STATUSES, ROLES, STATUSES } from "@tenantry/core";
import * as v from "valibot";

// What `--json` prints, key by key: whoever reads it may rely on no more and no less.

const instant = v.pipe(v.string(), v.isoTimestamp());
const id = (type: string): v.GenericSchema<string> => v.pipe(v.string(), v.regex(new RegExp(`^${type}_[0-9a-f]{32}$`)));
const metadata = v.record(v.string(), v.unknown());
const version = v.pipe(v.number(), v.integer(), v.minValue(1));

const organization = v.strictObject({
  id: id("org"),
  status: v.picklist(STATUSES),
  name: v.nullable(v.string()),
  slug: v.nullable(v.string()),
  version,
  createdAt: instant,
  updatedAt: instant,
  metadata,
});
const membership = v.strictObject({
  id: id("mem"),
  usrId: id("usr"),
  orgId: id("org"),
  role: v.picklist(ROLES),
  status: v.picklist(STATUSES),
  replaces: v.nullable(id("mem")),
  invitedBy: v.nullable(id("usr")),
  removedBy: v.nullable(id("usr")),
  createdAt: instant,
  updatedAt: instant,
  expiresAt: v.nullable(instant),
  metadata,
});
const invitation = v.strictObject({
  id: id("inv"),
  orgId: id("org"),
  identifier: v.string(),
  role: v.picklist(ROLES),
  status: v.picklist(INVITATION_STATUSES),
  preTuples: v.array(v.unknown()),
  membershipExpiresAt: v.nullable(instant),
  membershipMetadata: metadata,
  invitedBy: id("usr"),
  invitedUserId: v.nullable(id("usr")),
  createdAt: instant,
  expiresAt: instant,
  terminalAt: v.nullable(instant),
  terminalBy: v.nullable(id("usr")),
});
const event = v.strictObject({
  orgId: id("org"),
  seq: version,
  type: v.picklist(EVENT_TYPES),
  at: instant,
  actor: v.nullable(id("usr")),
  idempotencyKey: v.nullable(v.string()),
  data: v.record(v.string(), v.unknown()),
});

const suspension = v.strictObject({
  kind: v.picklist(["suspended", "deactivated", "deletion"]),
  reason: v.nullable(v.string()),
  since: instant,
  dueAt: v.nullable(instant),
  requestedBy: v.nullable(id("usr")),
});
const { metadata: _, ...ofTenants } = organization.entries;
const tenant = v.strictObject({
  ...ofTenants,
  status: v.picklist(["provisioning", "inactive", "suspended", "active", "revoked"]),
  suspension: v.nullable(suspension),
});
const placement = v.strictObject({
  orgId: id("org"),
  strategy: v.string(),
  state: v.picklist(["pending", "ready", "failed", "deprovisioning", "archived", "removed"]),
  step: v.nullable(v.string()),
  attempts: v.number(),
  errorCode: v.nullable(v.string()),
  name: v.nullable(v.string()),
  hasConnectionString: v.boolean(),
  migratedTo: v.nullable(v.string()),
  pausedUntil: v.nullable(instant),
  move: v.nullable(v.strictObject({ strategy: v.string(), stage: v.string() })),
});
const attribution = v.strictObject({
  createdBy: v.nullable(id("usr")),
  createdAt: instant,
  updatedBy: v.nullable(id("usr")),
  updatedAt: instant,
  deletedBy: v.nullable(id("usr")),
  deletedAt: v.nullable(instant),
});
const domain = v.strictObject({
  orgId: id("org"),
  domain: v.string(),
  state: v.picklist(["pending", "verified"]),
  token: v.string(),
  verifiedAt: v.nullable(instant),
  record: v.strictObject({ type: v.literal("TXT"), name: v.string(), value: v.string() }),
});
const finding = v.strictObject({
  code: v.string(),
  severity: v.picklist(["error", "warning"]),
  object: v.string(),
  remedy: v.string(),
});
const deadRef = { orgId: id("org"), seq: version };
const ids = v.array(id("org"));

export interface Shape {
  readonly form: "document" | "rows";
  readonly schema: v.GenericSchema;
}
const document = (schema: v.GenericSchema): Shape => ({ form: "document", schema });
const rows = (schema: v.GenericSchema): Shape => ({ form: "rows", schema });

/** By the names of the commands. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  migrate: document(v.strictObject({ applied: v.array(v.string()), dryRun: v.boolean() })),
  "orgs list": rows(organization),
  "orgs show": document(
    v.strictObject({
      ...organization.entries,
      suspension: v.nullable(suspension),
      placement: v.nullable(placement),
      attribution: v.nullable(attribution),
    }),
  ),
  "orgs delete": document(tenant),
  "orgs restore": document(tenant),
  "lifecycle run-due": document(
    v.strictObject({
      revoked: ids,
      skipped: ids,
      deprovisioned: ids,
      failed: v.array(v.strictObject({ orgId: id("org"), code: v.string() })),
      more: v.boolean(),
    }),
  ),
  doctor: rows(finding),
  "policies print": document(v.strictObject({ sql: v.string() })),
  "policies check": rows(finding),
  "tables list": rows(v.strictObject({ table: v.string(), scope: v.string(), isThere: v.boolean() })),
  "tenants status": rows(placement),
  "tenants provision": rows(placement),
  "tenants pause": document(placement),
  "tenants resume": document(placement),
  "tenants move": document(placement),
  "tenants migrate": rows(
    v.strictObject({
      orgId: id("org"),
      outcome: v.picklist(["applied", "up_to_date", "failed", "skipped"]),
      files: v.array(v.string()),
      code: v.nullable(v.string()),
      file: v.nullable(v.string()),
      sqlState: v.nullable(v.string()),
      milliseconds: v.number(),
    }),
  ),
  "tenants deprovision": rows(
    v.strictObject({
      orgId: id("org"),
      policy: v.picklist(["rename", "drop", "retain", "purge"]),
      archivedAs: v.nullable(v.string()),
      rows: v.nullable(v.record(v.string(), v.number())),
    }),
  ),
  "domains add": document(domain),
  "domains verify": document(domain),
  "domains list": rows(domain),
  "domains remove": document(domain),
  "keys rewrap": document(v.strictObject({ settings: v.number(), connectionStrings: v.number() })),
  "relay run": document(
    v.strictObject({
      discovered: v.number(),
      delivered: v.number(),
      failed: v.number(),
      parked: v.number(),
      lost: v.number(),
      isDrained: v.boolean(),
    }),
  ),
  "relay dead list": rows(
    v.strictObject({ ...deadRef, code: v.string(), attempts: v.number(), at: instant, isBlocking: v.boolean() }),
  ),
  "relay redeliver": document(v.strictObject(deadRef)),
  "relay discard": document(v.strictObject(deadRef)),
  "orgs create": document(v.strictObject({ org: organization, ownerMembership: membership })),
  "orgs suspend": document(organization),
  "orgs reinstate": document(organization),
  "orgs revoke": document(organization),
  "members list": rows(membership),
  "members add": document(membership),
  "members role": document(membership),
  "members remove": document(membership),
  "invitations list": rows(invitation),
  "invitations revoke": document(invitation),
  "settings get": document(
    v.strictObject({ orgId: id("org"), version, values: v.record(v.string(), v.unknown()), own: v.array(v.string()) }),
  ),
  "settings set": document(
    v.strictObject({
      key: v.string(),
      value: v.unknown(),
      seq: version,
      updatedAt: instant,
      updatedBy: v.nullable(id("usr")),
    }),
  ),
  "settings unset": document(v.strictObject({ orgId: id("org"), key: v.string() })),
  "settings check": rows(v.strictObject({ orgId: id("org"), key: v.string(), code: v.string() })),
  "events tail": rows(event),
  "conformance run": document(
    v.looseObject({ store: v.string(), reached: v.array(v.string()), tests: v.array(v.unknown()) }),
  ),
};
