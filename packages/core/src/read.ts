import type { EventType, TenancyEvent } from "./event.ts";
import type {
  InvId,
  Invitation,
  InvitationStatus,
  InvitationWithOrg,
  Membership,
  MembershipWithOrg,
  MemId,
  Organization,
  OrgId,
  Role,
  Status,
  Tuple,
  UsrId,
} from "./model.ts";

/**
 * An organization by its id, by the slug that it holds, or as the one that a row belongs to: it is looked up in the same
 * snapshot.
 */
export type OrgRef =
  | { readonly org: OrgId }
  | { readonly slug: string | null }
  | { readonly membership: MemId }
  | { readonly invitation: InvId };

/** Whose idempotency keys: those of an organization, or, before it exists, of the person who creates it. */
export type KeyScope = OrgRef | { readonly creator: UsrId };

/** Rows after a position, ascending by id; `after: null` starts at the beginning. */
interface Seek<I> {
  readonly after: I | null;
  /** How many rows at most. The caller asks for one more than a page holds, to learn whether another follows. */
  readonly take: number;
}

export interface OrgFilter {
  readonly status: Status | null;
  /** Part of the name or of the slug, with ASCII letters in lower case; theirs are compared as if they were, too. */
  readonly query: string | null;
}

/** Memberships by what is stored: their status, and on which side of an instant they lapse. */
export interface StoredMemberFilter {
  readonly status: Status;
  /** `expiresAt < expiresBefore`; what has no time box never is. */
  readonly expiresBefore: Date | null;
  /** `expiresAt >= expiresFrom`; what has no time box always is. */
  readonly expiresFrom: Date | null;
}

export interface MemberFilter {
  /** One of these; none: all. No membership matches two. */
  readonly anyOf: readonly StoredMemberFilter[];
  readonly role: Role | null;
}

/** Invitations by what is stored: their status, and on which side of an instant they expire. */
export interface StoredInvitationFilter {
  readonly status: InvitationStatus;
  /** `expiresAt < expiresBefore` */
  readonly expiresBefore: Date | null;
  /** `expiresAt >= expiresFrom` */
  readonly expiresFrom: Date | null;
}

export interface EventFilter {
  /** `null` is any, types that this version does not know included. */
  readonly types: readonly EventType[] | null;
  readonly actor: UsrId | null;
}

/** How many there are, as they are stored, and how many of those have lapsed at an instant. */
export interface Stock {
  readonly stored: number;
  readonly lapsed: number;
}

/** In how many organizations a user is, at an instant, and how often they joined one under a limit of their own. */
export interface Joins {
  readonly organizations: number;
  readonly joins: number;
}

/** A membership with a time box. */
export type LapsedMembership = Membership & { readonly expiresAt: Date };

/** A grant that has lapsed, and whose invitation gave it for so long. */
export interface LapsedGrant {
  readonly orgId: OrgId;
  readonly tuple: Tuple & { readonly expiresAt: Date };
}

/** A membership that was live at an instant, and which of these events came last for it up to then. */
export interface MembershipThen {
  readonly membership: Membership;
  readonly pause: "membership.suspended" | "membership.reinstated" | null;
}

/** What an idempotency key was used for. `result` is the one that the key was stored with, or what its JSON says. */
export type KeyUse =
  | { readonly state: "done"; readonly operation: string; readonly fingerprint: string; readonly result: unknown }
  | { readonly state: "fenced" };

/** Every question a store can be asked: its parameters. */
interface Questions {
  /** The organization itself. */
  org: { readonly of: OrgRef };
  /** Which organization that is not revoked holds the slug; of `null`: none. */
  slugHolder: { readonly slug: string | null };
  /** That organization itself. */
  orgBySlug: { readonly slug: string | null };
  orgs: { readonly where: OrgFilter } & Seek<OrgId>;
  membership: { readonly memId: MemId };
  /** The membership of a user in an organization that is stored as live (active or suspended); of `null`: none. */
  liveMembership: { readonly of: OrgRef; readonly usrId: UsrId | null };
  /** The same, in the invitation's organization, of the person who issued it. */
  inviter: { readonly invId: InvId };
  /** Active memberships with role `owner` and without a time box, ascending by id, at most `take`. */
  owners: { readonly of: OrgRef; readonly take: number };
  /** Whether the user of this membership has a live one besides it in the same organization. */
  otherLiveMembership: { readonly memId: MemId };
  invitation: { readonly invId: InvId };
  /** Invitations stored as pending whose stored canonical identifier is this one; of `null`: none. Ascending by id. */
  pendingInvitations: { readonly orgId: OrgId; readonly canonical: string | null };
  members: { readonly orgId: OrgId; readonly where: MemberFilter } & Seek<MemId>;
  memberCount: { readonly orgId: OrgId; readonly where: MemberFilter };
  /** How many memberships of an organization are live. */
  memberStock: { readonly of: OrgRef; readonly at: Date };
  /** How many of its invitations are pending. */
  invitationStock: { readonly of: OrgRef; readonly at: Date };
  /** Of `null`: none and never. */
  joins: { readonly usrId: UsrId | null; readonly at: Date };
  /** The memberships of a user in all organizations, of those stored like this. */
  membershipsOf: { readonly usrId: UsrId; readonly anyOf: readonly StoredMemberFilter[] } & Seek<MemId>;
  /** Every link of the chain that the membership is part of, the root first; of an unknown membership: none. */
  chain: { readonly memId: MemId };
  /**
   * Memberships that had begun at an instant (`createdAt <= at`), had not ended (not revoked, or `updatedAt > at`) and not
   * lapsed (`expiresAt >= at`).
   */
  membersAt: { readonly orgId: OrgId; readonly at: Date } & Seek<MemId>;
  /** Invitations that match one of the filters; no filter: all. */
  invitations: { readonly orgId: OrgId; readonly anyOf: readonly StoredInvitationFilter[] } & Seek<InvId>;
  /** The same of all organizations, by their stored canonical identifier. */
  invitationsFor: { readonly canonical: string; readonly anyOf: readonly StoredInvitationFilter[] } & Seek<InvId>;
  /** Invitations stored as pending with `expiresAt < before`, ascending by that and by id; `orgId: null` is all. */
  lapsedInvitations: { readonly orgId: OrgId | null; readonly before: Date; readonly take: number };
  /** Memberships stored as live with `expiresAt < before`, ascending by that and by id; `orgId: null` is all. */
  lapsedMemberships: { readonly orgId: OrgId | null; readonly before: Date; readonly take: number };
  /** Grants with `expiresAt < before`, ascending by that and by the key of tuples; `orgId: null` is all. */
  lapsedGrants: { readonly orgId: OrgId | null; readonly before: Date; readonly take: number };
  /** Whether the user has one of these relations to the object, at an instant. */
  anyTuple: {
    readonly usrId: UsrId;
    readonly objectType: string;
    readonly objectId: string;
    readonly relations: readonly string[];
    readonly at: Date;
  };
  /** Those that hold at an instant, by object type, object id, relation; by Unicode code point. */
  tuplesOfSubject: { readonly usrId: UsrId; readonly at: Date };
  /** Those that hold at an instant, by relation, subject id; by Unicode code point. `relation: null` is any. */
  tuplesOfObject: {
    readonly objectType: string;
    readonly objectId: string;
    readonly relation: string | null;
    readonly at: Date;
  };
  /** Events with `seq > after`, ascending by `seq`. */
  events: { readonly orgId: OrgId; readonly where: EventFilter; readonly after: number; readonly take: number };
  keyUse: { readonly scope: KeyScope; readonly key: string };
}

/** Every question a store can be asked: its answer. */
interface Answers {
  org: Organization | null;
  slugHolder: OrgId | null;
  orgBySlug: Organization | null;
  orgs: readonly Organization[];
  membership: Membership | null;
  liveMembership: Membership | null;
  inviter: Membership | null;
  owners: readonly MemId[];
  otherLiveMembership: boolean;
  invitation: Invitation | null;
  pendingInvitations: readonly Invitation[];
  members: readonly Membership[];
  memberCount: number;
  memberStock: Stock;
  invitationStock: Stock;
  joins: Joins;
  membershipsOf: readonly MembershipWithOrg[];
  chain: readonly Membership[];
  membersAt: readonly MembershipThen[];
  invitations: readonly Invitation[];
  invitationsFor: readonly InvitationWithOrg[];
  lapsedInvitations: readonly Invitation[];
  lapsedMemberships: readonly LapsedMembership[];
  lapsedGrants: readonly LapsedGrant[];
  anyTuple: boolean;
  tuplesOfSubject: readonly Tuple[];
  tuplesOfObject: readonly Tuple[];
  events: readonly TenancyEvent[];
  keyUse: KeyUse | null;
}

export type Question = keyof Questions;

/** One question with its parameters. */
export type Read<Q extends Question = Question> = { readonly [K in Q]: { readonly read: K } & Questions[K] }[Q];
export type Answer<Q extends Question> = Answers[Q];

/** A set of named reads, answered from one consistent snapshot in one round trip. */
export type Plan = Readonly<Record<string, Read>>;
export type AnswersTo<P extends Plan> = { readonly [Name in keyof P]: AnswerTo<P[Name]> };
type AnswerTo<R> = R extends { readonly read: infer Q extends Question } ? Answer<Q> : never;

/** The same answers as if there were nothing: no row, no rows, none counted. */
export function nothingOf<A extends object>(answers: A): A {
  const nothing = (answer: unknown): unknown =>
    Array.isArray(answer) ? [] : typeof answer === "number" ? 0 : typeof answer === "boolean" ? false : null;
  return Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, nothing(answer)])) as A;
}
