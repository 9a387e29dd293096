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

export interface MemberFilter {
  readonly status: Status | null;
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

/** A membership that was live at an instant, and which of these events came last for it up to then. */
export interface MembershipThen {
  readonly membership: Membership;
  readonly pause: "membership.suspended" | "membership.reinstated" | null;
}

/** A pending invitation with the canonical identifier that it was stored with. */
export interface PendingInvitation {
  readonly canonical: string;
  readonly invitation: Invitation;
}

/** Who is to follow somebody in an organization. */
export interface Successor {
  readonly orgId: OrgId;
  readonly usrId: UsrId;
}

/** A live membership and what depends on it. */
export interface Standing {
  readonly membership: Membership;
  readonly org: Organization;
  /** Whether another active membership there has the role `owner`. */
  readonly otherOwner: boolean;
  /** The live membership there of who is to follow. */
  readonly successor: Membership | null;
  /**
   * What the user holds: every tuple on the organization; with grants also those on any object that accepted invitations
   * of this organization granted. By object type, object id, relation.
   */
  readonly tuples: readonly Tuple[];
}

/** What a user still holds of the grants of an organization's invitations, in the same order. */
export interface GrantsLeft {
  readonly orgId: OrgId;
  readonly tuples: readonly Tuple[];
}

/** Where an open invitation leads to. */
export interface SentInvitation {
  readonly invId: InvId;
  readonly orgId: OrgId;
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
  /** The live (active or suspended) membership of a user in an organization; of `null`: none. */
  liveMembership: { readonly of: OrgRef; readonly usrId: UsrId | null };
  /** The live memberships of these users in an organization, ascending by id. */
  liveMembers: { readonly orgId: OrgId; readonly usrIds: readonly UsrId[] };
  /** Those of these memberships that belong to an organization, ascending by id. */
  memberships: { readonly orgId: OrgId; readonly memIds: readonly MemId[] };
  /** The live membership, in the invitation's organization, of the person who issued it. */
  inviter: { readonly invId: InvId };
  /** Active memberships with role `owner`, ascending by id, at most `take`. */
  owners: { readonly of: OrgRef; readonly take: number };
  /** Whether the user of this membership has a live one besides it in the same organization. */
  otherLiveMembership: { readonly memId: MemId };
  invitation: { readonly invId: InvId };
  /** Invitations stored as pending whose stored canonical identifier is this one; of `null`: none. Ascending by id. */
  pendingInvitations: { readonly orgId: OrgId; readonly canonical: string | null };
  /** The same of several identifiers, each with the one that it was stored with. Ascending by id. */
  pendingInvitationsTo: { readonly orgId: OrgId; readonly canonicals: readonly string[] };
  members: { readonly orgId: OrgId; readonly where: MemberFilter } & Seek<MemId>;
  /** No more than `most` are counted; `null` is all. */
  memberCount: { readonly orgId: OrgId; readonly where: MemberFilter; readonly most: number | null };
  /** The memberships of a user in all organizations. */
  membershipsOf: { readonly usrId: UsrId; readonly status: Status | null } & Seek<MemId>;
  /** Every link of the chain that the membership is part of, the root first; of an unknown membership: none. */
  chain: { readonly memId: MemId };
  /** Memberships that had begun at an instant (`createdAt <= at`) and had not ended (not revoked, or `updatedAt > at`). */
  membersAt: { readonly orgId: OrgId; readonly at: Date } & Seek<MemId>;
  /** Invitations that match one of the filters; no filter: all. */
  invitations: { readonly orgId: OrgId; readonly anyOf: readonly StoredInvitationFilter[] } & Seek<InvId>;
  /** How many of them there are, up to `most`. */
  invitationCount: { readonly orgId: OrgId; readonly anyOf: readonly StoredInvitationFilter[]; readonly most: number };
  /** The same of all organizations, by their stored canonical identifier. */
  invitationsFor: { readonly canonical: string; readonly anyOf: readonly StoredInvitationFilter[] } & Seek<InvId>;
  /** Invitations stored as pending with `expiresAt < before`, ascending by that and by id; `orgId: null` is all. */
  lapsedInvitations: { readonly orgId: OrgId | null; readonly before: Date; readonly take: number };
  /** Whether the user has one of these relations to the object. */
  anyTuple: {
    readonly usrId: UsrId;
    readonly objectType: string;
    readonly objectId: string;
    readonly relations: readonly string[];
  };
  /** By object type, object id, relation; by Unicode code point. */
  tuplesOfSubject: { readonly usrId: UsrId };
  /** By relation, subject id; by Unicode code point. `relation: null` is any; `take: null` is all. */
  tuplesOfObject: {
    readonly objectType: string;
    readonly objectId: string;
    readonly relation: string | null;
    readonly take: number | null;
  };
  /** How many there are on an object, up to `most`. */
  tupleCount: { readonly objectType: string; readonly objectId: string; readonly most: number };
  /**
   * The live memberships of a user, in all organizations or in one, each with what depends on it. `successors`: whose
   * membership is asked for with it. `withGrants`: whether tuples on other objects are asked for too.
   */
  standings: {
    readonly usrId: UsrId;
    readonly orgId: OrgId | null;
    readonly successors: readonly Successor[];
    readonly withGrants: boolean;
  } & Seek<MemId>;
  /**
   * What a user still holds of the grants of invitations, in all organizations or in one, where they have no live
   * membership: by organization, ascending by its id; only where there is something.
   */
  grantsLeft: { readonly usrId: UsrId; readonly orgId: OrgId | null; readonly take: number };
  /** Invitations stored as pending with `expiresAt >= expiresFrom` that a user issued, ascending by id. */
  sentInvitations: { readonly usrId: UsrId; readonly expiresFrom: Date; readonly take: number };
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
  liveMembers: readonly Membership[];
  memberships: readonly Membership[];
  inviter: Membership | null;
  owners: readonly MemId[];
  otherLiveMembership: boolean;
  invitation: Invitation | null;
  pendingInvitations: readonly Invitation[];
  pendingInvitationsTo: readonly PendingInvitation[];
  members: readonly Membership[];
  memberCount: number;
  membershipsOf: readonly MembershipWithOrg[];
  chain: readonly Membership[];
  membersAt: readonly MembershipThen[];
  invitations: readonly Invitation[];
  invitationCount: number;
  invitationsFor: readonly InvitationWithOrg[];
  lapsedInvitations: readonly Invitation[];
  anyTuple: boolean;
  tuplesOfSubject: readonly Tuple[];
  tuplesOfObject: readonly Tuple[];
  tupleCount: number;
  standings: readonly Standing[];
  grantsLeft: readonly GrantsLeft[];
  sentInvitations: readonly SentInvitation[];
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
