/** What a token says, after it was verified: the payload of a JWT, say. */
export type Claims = Readonly<Record<string, unknown>>;

/** Every value of a header in the order received; none: absent. The name is in any case. */
export interface ReceivedHeaders {
  header(name: string): readonly string[];
}

/** What of a request may name a tenant. Made by an adapter, frozen. */
export interface ResolutionInput extends ReceivedHeaders {
  /** As received, not normalised. */
  readonly host: string | null;
  /** As received, without the query. */
  readonly path: string;
  /** Verified already; `null`: there is no token. */
  readonly claims: Claims | null;
}
