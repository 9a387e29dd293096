import type { Commit, KeyAddress, KeyClaim, KeyUse, Tables } from "@tenantry/core";
import { Conflict, compare, type Undo } from "./rows.ts";

/** One mutation that took effect, or never will. */
interface KeyRow {
  readonly orgId: Commit["org"]["id"] | null;
  readonly seq: number | null;
  /** `null`: fenced. */
  readonly claim: KeyClaim | null;
}

/** Idempotency keys, by what they belong to. */
export class Keys {
  readonly #scopes = new Map<KeyAddress["scope"], Map<string, KeyRow>>();

  all(): Tables["idem"] {
    return [...this.#scopes]
      .sort(([a], [b]) => compare(a, b))
      .flatMap(([scope, rows]) =>
        [...rows]
          .sort(([a], [b]) => compare(a, b))
          .map(([key, { orgId, seq, claim }]) => ({
            scope,
            key,
            state: claim === null ? "fenced" : "done",
            orgId,
            seq,
          })),
      );
  }

  use({ scope, key }: KeyAddress): KeyUse | null {
    const row = this.#scopes.get(scope)?.get(key);
    if (row === undefined) {
      return null;
    }
    const { claim } = row;
    return claim === null
      ? { state: "fenced" }
      : { state: "done", operation: claim.operation, fingerprint: claim.fingerprint, result: claim.result };
  }

  claim(claim: Commit["keys"][number], orgId: Commit["org"]["id"], seq: number, undo: Undo): void {
    const { scope, key } = claim;
    const rows = this.#of(scope);
    if (rows.has(key)) {
      throw new Conflict("idem_key_used_once");
    }
    rows.set(key, { orgId, seq, claim });
    undo.push(() => rows.delete(key));
  }

  /** What the key was used for; if it was not, nothing with it can take effect any more. */
  settle(address: KeyAddress): KeyUse {
    const use = this.use(address);
    if (use !== null) {
      return use;
    }
    this.#of(address.scope).set(address.key, { orgId: null, seq: null, claim: null });
    return { state: "fenced" };
  }

  #of(scope: KeyAddress["scope"]): Map<string, KeyRow> {
    let rows = this.#scopes.get(scope);
    if (rows === undefined) {
      rows = new Map();
      this.#scopes.set(scope, rows);
    }
    return rows;
  }
}
