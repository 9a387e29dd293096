import { found } from "../decision.ts";
import { errorFor } from "../errors.ts";
import { idArgument } from "../id.ts";
import { fields } from "../input.ts";
import type { Query } from "../list.ts";
import { elements, objectIdArgument, objectTypeArgument, relationArgument } from "../list-input.ts";
import { effectiveMembership } from "../membership/membership.ts";
import {
  type Membership,
  type Metadata,
  type Organization,
  type OrgId,
  type PreTuple,
  ROLES,
  type Role,
  type UsrId,
} from "../model.ts";
import type { Read } from "../read.ts";

/** How many tuples may be asked for at once. */
const TUPLES = 20;

type AskedTuple = Omit<PreTuple, "expiresAt">;

export interface StandingInput {
  readonly orgId: OrgId;
  /** Left out: nobody's, only the organization is looked at. */
  readonly usrId?: UsrId | undefined;
  /** At most 20, of the user's. */
  readonly tuples?: readonly AskedTuple[] | undefined;
}

/** Where somebody stands with an organization at one instant. */
export interface Standing<O = Metadata, M = Metadata> {
  /** In whatever status; `null`: there is none. */
  readonly org: Organization<O> | null;
  /** Active or suspended; `null`: they have not, or no longer. */
  readonly membership: Membership<M> | null;
  /** Of which role tuples the user has one. */
  readonly roles: readonly Role[];
  /** Which of the tuples asked for exist, in their order. */
  readonly tuples: readonly boolean[];
}

interface StandingLookUp {
  readonly orgId: OrgId;
  readonly usrId: UsrId | null;
  readonly tuples: readonly AskedTuple[];
}

type StandingPlan = Readonly<Record<`role ${Role}` | `tuple ${number}`, Read<"anyTuple">>> & {
  readonly org: Read<"org">;
  readonly membership: Read<"liveMembership">;
};

export const standing: Query<readonly [StandingInput], StandingLookUp, StandingPlan, Standing> = {
  name: "standing",
  parse(input) {
    const { orgId, usrId, tuples } = fields(input, ["orgId", "usrId", "tuples"]);
    return {
      orgId: idArgument("org", orgId),
      usrId: usrId === undefined ? null : idArgument("usr", usrId),
      tuples: tuples === undefined ? [] : tuplesArgument(tuples),
    };
  },
  reads({ orgId, usrId, tuples }, at) {
    const of = { org: orgId };
    const asked =
      usrId === null
        ? []
        : [
            ...ROLES.map((role) => [`role ${role}`, anyTuple(usrId, roleOn(orgId, role), at)] as const),
            ...tuples.map((tuple, place) => [`tuple ${place}`, anyTuple(usrId, tuple, at)] as const),
          ];
    return {
      ...Object.fromEntries(asked),
      org: { read: "org", of },
      membership: { read: "liveMembership", of, usrId },
    } as StandingPlan;
  },
  answer({ tuples }, { org, membership, ...held }, now) {
    const seen = membership === null ? null : effectiveMembership(membership, now);
    return found({
      org,
      membership: seen?.status === "revoked" ? null : seen,
      roles: ROLES.filter((role) => held[`role ${role}`] === true),
      tuples: tuples.map((_, place) => held[`tuple ${place}`] === true),
    });
  },
};

function roleOn(orgId: OrgId, role: Role): AskedTuple {
  return { relation: role, objectType: "org", objectId: orgId };
}

function anyTuple(usrId: UsrId, { relation, objectType, objectId }: AskedTuple, at: Date): Read<"anyTuple"> {
  return { read: "anyTuple", usrId, objectType, objectId, relations: [relation], at };
}

function tuplesArgument(value: unknown): readonly AskedTuple[] {
  const tuples = elements(value, TUPLES);
  if (tuples === null) {
    throw errorFor("precondition.invalid_input", { key: "tuples" });
  }
  return tuples.map((tuple) => {
    const { relation, objectType, objectId } = fields(tuple, ["relation", "objectType", "objectId"]);
    return {
      relation: relationArgument(relation),
      objectType: objectTypeArgument(objectType),
      objectId: objectIdArgument(objectId),
    };
  });
}
