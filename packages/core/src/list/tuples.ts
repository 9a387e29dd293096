import { found } from "../decision.ts";
import { idArgument, isId } from "../id.ts";
import { fields } from "../input.ts";
import type { Query } from "../list.ts";
import {
  flagArgument,
  objectArgument,
  objectIdArgument,
  objectTypeArgument,
  relationArgument,
  relationsArgument,
  subjectTypeArgument,
  type TupleObject,
} from "../list-input.ts";
import type { OrgId, Tuple, UsrId } from "../model.ts";
import type { Read } from "../read.ts";

export const listTuplesForSubject: Query<
  readonly ["usr", UsrId],
  UsrId,
  { readonly tuples: Read<"tuplesOfSubject"> },
  readonly Tuple[]
> = {
  name: "listTuplesForSubject",
  parse: (subjectType, subjectId) => idArgument(subjectTypeArgument(subjectType), subjectId, "subjectId"),
  reads: (usrId, at) => ({ tuples: { read: "tuplesOfSubject", usrId, at } }),
  answer: (_, { tuples }) => found(tuples),
  concerns: (usrId) => [{ usrId, role: null }],
};

interface ObjectQuery {
  readonly objectType: string;
  readonly objectId: string;
  readonly relation: string | null;
}

export const listTuplesForObject: Query<
  readonly [string, string, (string | undefined)?],
  ObjectQuery,
  { readonly tuples: Read<"tuplesOfObject"> },
  readonly Tuple[]
> = {
  name: "listTuplesForObject",
  parse: (objectType, objectId, relation) => ({
    objectType: objectTypeArgument(objectType),
    objectId: objectIdArgument(objectId),
    relation: relation === undefined ? null : relationArgument(relation),
  }),
  reads: (object, at) => ({ tuples: { read: "tuplesOfObject", ...object, at, take: null } }),
  answer: (_, { tuples }) => found(tuples),
  of({ objectType, objectId }) {
    const org = orgAs(objectType, objectId);
    return org === null ? null : { org };
  },
  object: ({ objectType, objectId }) => orgAs(objectType, objectId),
};

function orgAs(objectType: string, objectId: string): OrgId | null {
  return objectType === "org" && isId(objectId, "org") ? objectId : null;
}

export interface CheckInput {
  readonly subject: UsrId;
  /** Exactly one of `relation` and `relations`. No relation implies another. */
  readonly relation?: string | undefined;
  /** 1 to 100; one of them is enough. */
  readonly relations?: readonly string[] | undefined;
  /** An id of an organization stands for the object of type `org` with that id. */
  readonly object: OrgId | TupleObject;
  /** Whether an organization as the object must be active, too. Default `false`; of no effect on other types. */
  readonly requireActiveOrg?: boolean | undefined;
}

interface Check {
  readonly usrId: UsrId;
  readonly relations: readonly string[];
  readonly object: TupleObject;
  readonly needsActiveOrg: boolean;
  /** The organization that has to be active, where the object's id can be that of one. */
  readonly org: OrgId | null;
}

export const check: Query<
  readonly [CheckInput],
  Check,
  { readonly tuple: Read<"anyTuple">; readonly org?: Read<"org"> },
  boolean
> = {
  name: "check",
  parse(input) {
    const given = fields(input, ["subject", "relation", "relations", "object", "requireActiveOrg"]);
    const usrId = idArgument("usr", given.subject, "subject");
    const named = typeof given.object === "string" ? idArgument("org", given.object, "object") : null;
    const relations = relationsArgument(given.relation, given.relations);
    const object = named === null ? objectArgument(given.object) : { type: "org", id: named };
    const needsActiveOrg = flagArgument(given.requireActiveOrg, "requireActiveOrg") && object.type === "org";
    const org = needsActiveOrg && isId(object.id, "org") ? object.id : null;
    return { usrId, relations, object, needsActiveOrg, org };
  },
  reads: ({ usrId, relations, object, org }, at) => ({
    tuple: { read: "anyTuple", usrId, objectType: object.type, objectId: object.id, relations, at },
    ...(org === null ? {} : { org: { read: "org", of: { org } } }),
  }),
  object: ({ object }) => orgAs(object.type, object.id),
  answer: ({ needsActiveOrg }, { tuple, org }) => found(tuple && (!needsActiveOrg || org?.status === "active")),
  concerns: ({ usrId }) => [{ usrId, role: null }],
};
