import type { InvId, MemId, OrgId, Role, Status, TenancyEvent, UsrId } from "@tenantry/core";

// The state of an organization as its events tell it, folded in the order of `seq`. Nothing of the core takes part, so
// that a mistake there is not repeated here. Events are read as data from outside: a type that is not known adds nothing.

export interface ToldMembership {
  readonly memId: MemId;
  readonly orgId: OrgId;
  readonly usrId: UsrId;
  readonly role: Role;
  readonly status: Status;
  readonly replaces: MemId | null;
  readonly removedBy: UsrId | null;
  /** As events have instants. */
  readonly expiresAt: string | null;
  /** The invitation that made it. */
  readonly invId: InvId | null;
  /** The number of the event that made it. */
  readonly seq: number;
}

/** Pending invitations may have lapsed since; `isOpen` says whether a later end of the organization included them. */
export interface ToldInvitation {
  readonly invId: InvId;
  readonly orgId: OrgId;
  readonly status: "pending" | "accepted" | "declined" | "revoked" | "expired";
  /** As it was made or last sent again, in milliseconds. */
  readonly expiresAt: number;
}

export interface ToldOrg {
  readonly status: Status;
  readonly slug: string | null;
}

/** What the events tell, and where they contradict themselves. */
export interface Told {
  readonly orgs: ReadonlyMap<OrgId, ToldOrg>;
  readonly memberships: ReadonlyMap<MemId, ToldMembership>;
  readonly invitations: ReadonlyMap<InvId, ToldInvitation>;
  /** Made twice, ended twice, or changed without ever having been made. */
  readonly contradictions: readonly string[];
}

/** An event as somebody reads it who knows nothing but the documentation. */
interface Recorded {
  readonly orgId: OrgId;
  readonly seq: number;
  readonly at: Date;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Events by organization and `seq`. */
export function foldEvents(events: readonly TenancyEvent[]): Told {
  const fold = new Fold();
  for (const event of events) {
    fold.add(event.type, event as unknown as Recorded);
  }
  return fold;
}

class Fold implements Told {
  readonly orgs = new Map<OrgId, ToldOrg>();
  readonly memberships = new Map<MemId, ToldMembership>();
  readonly invitations = new Map<InvId, ToldInvitation>();
  readonly contradictions: string[] = [];
  // What belongs to an organization, so that its end costs what it ends.
  readonly #members = new Map<OrgId, MemId[]>();
  readonly #offers = new Map<OrgId, InvId[]>();

  add(type: string, event: Recorded): void {
    const { orgId, data } = event;
    switch (type) {
      case "org.created":
        this.orgs.set(orgId, { status: "active", slug: data["slug"] as string | null });
        this.#make(event, data, { role: "owner" });
        return;
      case "org.updated": {
        const { slug } = data["changes"] as { readonly slug?: { readonly to: string | null } };
        this.#changeOrg(event, slug === undefined ? {} : { slug: slug.to });
        return;
      }
      case "org.suspended":
        return this.#changeOrg(event, { status: "suspended" });
      case "org.reinstated":
        return this.#changeOrg(event, { status: "active" });
      case "org.revoked":
        return this.#endOrg(event);
      case "membership.added":
        this.#endLapsed(event, data["expired"]);
        return this.#make(event, data, { role: data["role"], expiresAt: data["expiresAt"] });
      case "membership.updated":
        return this.#rebox(event);
      case "membership.role_changed":
        return this.#link(event, data, data["to"]);
      case "membership.suspended":
        return this.#become(event, data["memId"], "suspended");
      case "membership.reinstated":
        return this.#become(event, data["memId"], "active");
      case "membership.left":
        this.#promote(event, data["transfer"]);
        return this.#end(event, data["memId"], null);
      case "membership.removed":
        return this.#end(event, data["memId"], data["removedBy"]);
      case "membership.expired":
        for (const { memId } of data["memberships"] as readonly { readonly memId: unknown }[]) {
          this.#endLapsed(event, memId);
        }
        return;
      case "ownership.transferred":
        this.#promote(event, data["to"]);
        return this.#link(event, data["from"], "member");
      case "invitation.created":
        return this.#offer(event);
      case "invitation.resent":
        return this.#resend(event);
      case "invitation.accepted":
        this.#close(event, data["invId"], "accepted");
        this.#endLapsed(event, data["expired"]);
        return this.#make(event, data, { role: data["role"], invId: data["invId"], expiresAt: data["expiresAt"] });
      case "invitation.declined":
        return this.#close(event, data["invId"], "declined");
      case "invitation.revoked":
        return this.#close(event, data["invId"], "revoked");
      case "invitation.expired":
        for (const invId of data["invIds"] as readonly unknown[]) {
          this.#close(event, invId, "expired");
        }
    }
  }

  #changeOrg({ orgId, seq }: Recorded, change: Partial<ToldOrg>): void {
    const org = this.orgs.get(orgId);
    if (org === undefined) {
      this.contradictions.push(`${orgId} ${seq}: an event before the organization was created`);
      return;
    }
    this.orgs.set(orgId, { ...org, ...change });
  }

  #endOrg(event: Recorded): void {
    this.#changeOrg(event, { status: "revoked" });
    for (const memId of this.#members.get(event.orgId) ?? []) {
      const membership = this.memberships.get(memId);
      if (membership !== undefined && membership.status !== "revoked") {
        this.memberships.set(memId, { ...membership, status: "revoked" });
      }
    }
    for (const invId of this.#offers.get(event.orgId) ?? []) {
      const invitation = this.invitations.get(invId);
      // One that lapsed before stays as it is: it ended by itself.
      if (invitation?.status === "pending" && invitation.expiresAt >= event.at.getTime()) {
        this.invitations.set(invId, { ...invitation, status: "revoked" });
      }
    }
  }

  #make(
    { orgId, seq }: Recorded,
    part: unknown,
    {
      role,
      replaces = null,
      invId = null,
      expiresAt = null,
    }: { role: unknown; replaces?: unknown; invId?: unknown; expiresAt?: unknown },
  ): void {
    const { memId, usrId } = part as { readonly memId: MemId; readonly usrId: UsrId };
    if (this.memberships.has(memId)) {
      this.contradictions.push(`${orgId} ${seq}: ${memId} begins twice`);
    }
    this.memberships.set(memId, {
      memId,
      orgId,
      usrId,
      role: role as Role,
      status: "active",
      replaces: replaces as MemId | null,
      removedBy: null,
      expiresAt: expiresAt as string | null,
      invId: invId as InvId | null,
      seq,
    });
    listed(this.#members, orgId).push(memId);
  }

  /** A link of a chain: the membership that it replaces ends with it. */
  #link(event: Recorded, part: unknown, role: unknown): void {
    const { replaces } = part as { readonly replaces: MemId };
    const expiresAt = this.memberships.get(replaces)?.expiresAt ?? null;
    this.#end(event, replaces, null);
    this.#make(event, part, { role, replaces, expiresAt });
  }

  /** Somebody became owner, unless they were one already. */
  #promote(event: Recorded, part: unknown): void {
    if (part !== null && (part as { readonly replaces: unknown }).replaces !== null) {
      this.#link(event, part, "owner");
    }
  }

  #end(event: Recorded, memId: unknown, removedBy: unknown): void {
    const membership = this.memberships.get(memId as MemId);
    if (membership === undefined || membership.status === "revoked") {
      this.contradictions.push(`${event.orgId} ${event.seq}: ${memId} ends, and was not live`);
      return;
    }
    this.memberships.set(membership.memId, {
      ...membership,
      status: "revoked",
      removedBy: removedBy as UsrId | null,
    });
  }

  /** One that a sweep wrote down, or what took its place. */
  #endLapsed(event: Recorded, memId: unknown): void {
    if (memId === null) {
      return;
    }
    const { expiresAt = null } = this.memberships.get(memId as MemId) ?? {};
    if (expiresAt === null || Date.parse(expiresAt) >= event.at.getTime()) {
      this.contradictions.push(`${event.orgId} ${event.seq}: ${memId} lapsed, and had not`);
    }
    this.#end(event, memId, null);
  }

  #rebox({ orgId, seq, data }: Recorded): void {
    const membership = this.memberships.get(data["memId"] as MemId);
    if (membership === undefined || membership.status === "revoked") {
      this.contradictions.push(`${orgId} ${seq}: ${data["memId"]} is changed, and was not live`);
      return;
    }
    const { expiresAt } = data["changes"] as { readonly expiresAt?: { readonly to: string | null } };
    if (expiresAt !== undefined) {
      this.memberships.set(membership.memId, { ...membership, expiresAt: expiresAt.to });
    }
  }

  #become({ orgId, seq }: Recorded, memId: unknown, status: Status): void {
    const membership = this.memberships.get(memId as MemId);
    if (membership === undefined || membership.status === "revoked" || membership.status === status) {
      this.contradictions.push(`${orgId} ${seq}: ${memId} becomes ${status}, and could not`);
      return;
    }
    this.memberships.set(membership.memId, { ...membership, status });
  }

  #offer(event: Recorded): void {
    const { invId, replaced, expiresAt } = event.data as {
      readonly invId: InvId;
      readonly replaced: readonly InvId[];
      readonly expiresAt: string;
    };
    for (const former of replaced) {
      this.#close(event, former, "revoked");
    }
    this.invitations.set(invId, { invId, orgId: event.orgId, status: "pending", expiresAt: Date.parse(expiresAt) });
    listed(this.#offers, event.orgId).push(invId);
  }

  #resend({ orgId, seq, data }: Recorded): void {
    const { invId, to } = data as { readonly invId: InvId; readonly to: string };
    const invitation = this.invitations.get(invId);
    if (invitation?.status !== "pending") {
      this.contradictions.push(`${orgId} ${seq}: ${invId} is sent again, and was not pending`);
      return;
    }
    this.invitations.set(invId, { ...invitation, expiresAt: Date.parse(to) });
  }

  #close({ orgId, seq }: Recorded, invId: unknown, status: ToldInvitation["status"]): void {
    const invitation = this.invitations.get(invId as InvId);
    if (invitation?.status !== "pending") {
      this.contradictions.push(`${orgId} ${seq}: ${invId} becomes ${status}, and was not pending`);
      return;
    }
    this.invitations.set(invitation.invId, { ...invitation, status });
  }
}

function listed<K, V>(lists: Map<K, V[]>, key: K): V[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}
