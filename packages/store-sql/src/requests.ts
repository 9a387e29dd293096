import {
  type Answer,
  type AnswersTo,
  type AuditPort,
  type Commit,
  type CommitOutcome,
  type Ended,
  type KeyAddress,
  type KeyUse,
  type OrgId,
  type Plan,
  type Question,
  StoreFault,
  uuidOf,
} from "@tenantry/core";
import type { Row } from "./executor.ts";
import { decodePruned, pruneSql } from "./groups/audit.ts";
import { decodeKeyUse, keyJson } from "./reads/keys.ts";
import { planSql } from "./reads.ts";
import type { Json } from "./rows.ts";
import { Statements } from "./sql.ts";
import { type Request, statement } from "./statement.ts";
import { Values } from "./values.ts";
import { commitSql } from "./writes.ts";

/** How long a fence waits for an attempt that is still open; after that it is asked again. */
const PATIENCE = `with patience as materialized (
  select set_config('lock_timeout', '250ms', true)
)`;

/** Everything a store sends, for one schema: the same inside the host's transactions and outside. */
export interface Requests {
  load<P extends Plan>(plan: P): Request<AnswersTo<P>>;
  commit(commit: Commit): Request<CommitOutcome>;
  /** Waits for the organization's lock, and keeps it until the transaction ends. */
  lockOrg(orgId: OrgId): Request<void>;
  /** Claims a key for nothing, so that nothing with it can take effect any more. `false`: it is used already. */
  fenceKey(address: KeyAddress): Request<boolean>;
  keyUse(address: KeyAddress): Request<KeyUse>;
  /** The last thing inside a transaction of ours. */
  markTransaction(id: string): Request<void>;
  /** Makes sure that a transaction that was not committed never will be. `false`: it is decided already. */
  fenceTransaction(id: string): Request<boolean>;
  transactionState(id: string): Request<"committed" | "fenced">;
  prune(asked: Parameters<AuditPort["prune"]>[0]): Request<Awaited<ReturnType<AuditPort["prune"]>>>;
}

export function requests(schema: string, prepare: boolean): Requests {
  const own = { identifier: schema };
  const statements = new Statements(prepare);
  return {
    load<P extends Plan>(plan: P): Request<AnswersTo<P>> {
      const { text, values, decode } = planSql(schema, plan);
      return {
        statement: statement(text, values, prepare),
        decode: ([row]) => decode(json(row, "answers")) as Record<string, Answer<Question>> as AnswersTo<P>,
      };
    },

    commit: (commit) => ({ statement: statements.of(commitSql(own, commit)), decode: ([row]) => outcome(row) }),

    lockOrg(orgId) {
      const values = new Values();
      const text = `select id from ${schema}.org where id = ${values.add(uuidOf(orgId), "uuid")} for no key update`;
      return { statement: statement(text, values, prepare), decode: () => {} };
    },

    fenceKey({ scope, key }) {
      const values = new Values();
      const text = `${PATIENCE}
insert into ${schema}.idem (scope, key, state)
select ${values.add(scope, "text")}, ${values.add(key, "text")}, 'fenced' from patience
on conflict do nothing
returning state`;
      return { statement: statement(text, values, prepare), decode: (rows) => rows.length === 1 };
    },

    keyUse({ scope, key }) {
      const values = new Values();
      const text = `select ${keyJson("k")}::text as use from ${schema}.idem k where k.scope = ${values.add(scope, "text")} and k.key = ${values.add(key, "text")}`;
      return { statement: statement(text, values, prepare), decode: ([row]) => decodeKeyUse(json(row, "use")) };
    },

    markTransaction(id) {
      const values = new Values();
      const text = `insert into ${schema}.txn (id, state) values (${values.add(id, "uuid")}, 'committed')`;
      return { statement: statement(text, values, prepare), decode: () => {} };
    },

    fenceTransaction(id) {
      const values = new Values();
      const text = `${PATIENCE}
insert into ${schema}.txn (id, state)
select ${values.add(id, "uuid")}, 'fenced' from patience
on conflict do nothing
returning state`;
      return { statement: statement(text, values, prepare), decode: (rows) => rows.length === 1 };
    },

    transactionState(id) {
      const values = new Values();
      const text = `select state from ${schema}.txn where id = ${values.add(id, "uuid")}`;
      return {
        statement: statement(text, values, prepare),
        decode: ([row]) => (row?.["state"] === "committed" ? "committed" : "fenced"),
      };
    },

    prune(asked) {
      const values = new Values();
      return {
        statement: statement(pruneSql(schema, asked, values), values, prepare),
        decode: ([row]) => decodePruned(row),
      };
    },
  };
}

function outcome(row: Row | undefined): CommitOutcome {
  const seq = row?.["seq"] ?? null;
  if (seq === null) {
    return { outcome: "conflict", constraint: null };
  }
  const ended = row?.["ended"] ?? null;
  return { outcome: "committed", seq: Number(seq), ...(ended === null ? {} : { ended: JSON.parse(ended) as Ended }) };
}

function json(row: Row | undefined, column: string): { readonly [key: string]: Json } {
  const text = row?.[column];
  if (typeof text !== "string") {
    throw new StoreFault("bug", { cause: new Error(`the database answered without the column ${column}`) });
  }
  return JSON.parse(text) as { readonly [key: string]: Json };
}
