import type { EntityHistory, TenancyEvent, UsrId } from "@tenantry/core";

/**
 * Who made, changed and ended something, as its events tell: nobody can write it, and no write can forget it. A person is
 * `null` where nobody was named, and where something ended by the clock.
 */
export interface Attribution {
  readonly createdBy: UsrId | null;
  readonly createdAt: Date;
  /** The last change, an end included. */
  readonly updatedBy: UsrId | null;
  readonly updatedAt: Date;
  /** Since when it is revoked, removed, or meant for deletion; both `null`: it is not, or not any more. */
  readonly deletedBy: UsrId | null;
  readonly deletedAt: Date | null;
}

/** Pure: what the events of an entity come to. */
export function attributionOf(history: EntityHistory): Attribution {
  const { entity, first, last } = history;
  const end = endOf(history);
  const latest = end !== null && end.seq > last.seq ? end : last;
  return {
    createdBy: personOf(first, entity),
    createdAt: first.at,
    updatedBy: personOf(latest, entity),
    updatedAt: latest.at,
    deletedBy: end === null ? null : personOf(end, entity),
    deletedAt: end === null ? null : end.at,
  };
}

/** What ended it, or the organization that it was a part of while it was open. */
function endOf({ entity, last, ended, restored, closed }: EntityHistory): TenancyEvent | null {
  if (ended !== null && (restored === null || restored.seq < ended.seq)) {
    return ended;
  }
  return closed !== null && closed.seq > last.seq && endsWithOrg(entity, last, closed) ? closed : null;
}

/** Memberships and domains go with their organization, and invitations that nobody has answered. */
function endsWithOrg(entity: string, last: TenancyEvent, closed: TenancyEvent): boolean {
  if (entity.startsWith("mem_") || entity.startsWith("domain:")) {
    return true;
  }
  const expiry =
    last.type === "invitation.created" ? last.data.expiresAt : last.type === "invitation.resent" ? last.data.to : null;
  return entity.startsWith("inv_") && expiry !== null && new Date(expiry) >= closed.at;
}

/** Nobody ended what ended by itself. */
function personOf({ type, actor, data }: TenancyEvent, entity: string): UsrId | null {
  const { expired } = data as { readonly expired?: unknown };
  return type.endsWith(".expired") || expired === entity ? null : actor;
}
