import type { EventFilter, TenancyEvent } from "./event.ts";
import type { AuditAnswers, AuditQuestions } from "./groups/audit.ts";
import type { Domain } from "./groups/domain.ts";
import type { StoredPlacement } from "./groups/placement.ts";
import type { SettingAnswers, SettingQuestions } from "./groups/setting.ts";
import type { Suspension } from "./groups/suspension.ts";
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
 * An organization by its id, by the slug that it holds, by a domain that it has verified (only where the group `domains` is
 * kept), or as the one that a row belongs to: it is looked up in the same snapshot.
 */
export type OrgRef =
  | { readonly org: OrgId }
  | { readonly slug: string | null }
  | { readonly domain: string }
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

/** The same with whose they are. */
export interface JoinsOf extends Joins {
  readonly usrId: UsrId;
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
export interface UserStanding {
  readonly membership: Membership;
  readonly org: Organization;
  /** Whether another active membership there has the role `owner` and no time box. */
  readonly otherOwner: boolean;
  /** The membership there, stored as live, of who is to follow. */
  readonly successor: Membership | null;
  /**
   * What the user holds at the instant: every tuple on the organization; with grants also those on any object that accepted
   * invitations of this organization granted. By object type, object id, relation.
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
interface Questions extends SettingQuestions, AuditQuestions {
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
  /** The memberships of these users in an organization that are stored as live, ascending by id. */
  liveMembers: { readonly orgId: OrgId; readonly usrIds: readonly UsrId[] };
  /** Those of these memberships that belong to an organization, ascending by id. */
  memberships: { readonly orgId: OrgId; readonly memIds: readonly MemId[] };
  /** The same as `liveMembership`, in the invitation's organization, of the person who issued it. */
  inviter: { readonly invId: InvId };
  /** Active memberships with role `owner` and without a time box, ascending by id, at most `take`. */
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
  /** How many memberships of an organization are live. */
  memberStock: { readonly of: OrgRef; readonly at: Date };
  /** How many of its invitations are pending. */
  invitationStock: { readonly of: OrgRef; readonly at: Date };
  /** Of `null`: none and never. */
  joins: { readonly usrId: UsrId | null; readonly at: Date };
  /** The same of several users, in any order; of whom there is nothing to tell may be left out. */
  joinsOf: { readonly usrIds: readonly UsrId[]; readonly at: Date };
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
  /** How many of them there are, up to `most`. */
  invitationCount: { readonly orgId: OrgId; readonly anyOf: readonly StoredInvitationFilter[]; readonly most: number };
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
  /**
   * Those that hold at an instant, by relation, subject id; by Unicode code point. `relation: null` is any; `take: null` is
   * all.
   */
  tuplesOfObject: {
    readonly objectType: string;
    readonly objectId: string;
    readonly relation: string | null;
    readonly at: Date;
    readonly take: number | null;
  };
  /** How many there are on an object that hold at an instant, up to `most`. */
  tupleCount: {
    readonly objectType: string;
    readonly objectId: string;
    readonly at: Date;
    readonly most: number;
  };
  /**
   * The memberships of a user that are live at an instant, in all organizations or in one, each with what depends on it.
   * `successors`: whose membership is asked for with it. `withGrants`: whether tuples on other objects are asked for too.
   */
  standings: {
    readonly usrId: UsrId;
    readonly orgId: OrgId | null;
    readonly successors: readonly Successor[];
    readonly withGrants: boolean;
    readonly at: Date;
  } & Seek<MemId>;
  /**
   * What a user still holds at an instant of the grants of invitations, in all organizations or in one, where they have no
   * membership then that is live: by organization, ascending by its id; only where there is something.
   */
  grantsLeft: { readonly usrId: UsrId; readonly orgId: OrgId | null; readonly at: Date; readonly take: number };
  /**
   * Invitations stored as pending with `expiresAt >= expiresFrom` that a user issued, in all organizations or in one,
   * ascending by id.
   */
  sentInvitations: {
    readonly usrId: UsrId;
    readonly orgId: OrgId | null;
    readonly expiresFrom: Date;
    readonly take: number;
  };
  /** Events with `seq > after`, ascending by `seq`. */
  events: { readonly orgId: OrgId; readonly where: EventFilter; readonly after: number; readonly take: number };
  keyUse: { readonly scope: KeyScope; readonly key: string };
  /** Where the rows of an organization are, as the group `placement` keeps it. */
  placement: { readonly of: OrgRef };
  /** Why an organization is suspended, as the group `lifecycle` keeps it; of one that is not: none. */
  suspension: { readonly of: OrgRef };
  /** Suspensions with `dueAt <= at`, ascending by that and by the organization's id. */
  dueSuspensions: { readonly at: Date; readonly take: number };
  /** A domain of an organization, as the group `domains` keeps it. */
  domain: { readonly orgId: OrgId; readonly domain: string };
  /** Those of an organization, ascending by Unicode code point. */
  domains: { readonly orgId: OrgId } & Seek<string>;
  /** The organization that has verified a domain. */
  orgByDomain: { readonly domain: string };
}

/** Every question a store can be asked: its answer. */
interface Answers extends SettingAnswers, AuditAnswers {
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
  memberStock: Stock;
  invitationStock: Stock;
  joins: Joins;
  joinsOf: readonly JoinsOf[];
  membershipsOf: readonly MembershipWithOrg[];
  chain: readonly Membership[];
  membersAt: readonly MembershipThen[];
  invitations: readonly Invitation[];
  invitationCount: number;
  invitationsFor: readonly InvitationWithOrg[];
  lapsedInvitations: readonly Invitation[];
  lapsedMemberships: readonly LapsedMembership[];
  lapsedGrants: readonly LapsedGrant[];
  anyTuple: boolean;
  tuplesOfSubject: readonly Tuple[];
  tuplesOfObject: readonly Tuple[];
  tupleCount: number;
  standings: readonly UserStanding[];
  grantsLeft: readonly GrantsLeft[];
  sentInvitations: readonly SentInvitation[];
  events: readonly TenancyEvent[];
  keyUse: KeyUse | null;
  placement: StoredPlacement | null;
  suspension: Suspension | null;
  dueSuspensions: readonly Suspension[];
  domain: Domain | null;
  domains: readonly Domain[];
  orgByDomain: Organization | null;
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
