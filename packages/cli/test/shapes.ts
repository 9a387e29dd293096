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
  "orgs show": document(organization),
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
