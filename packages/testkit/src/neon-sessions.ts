import pg from "pg";
import type { NeonQuery, NeonRequest } from "./neon-protocol.ts";

/**
 * Sessions on the server at `target` for requests that know none: whatever a request leaves behind (settings, temporary
 * tables, an open transaction) is gone before another one comes.
 */
export class NeonSessions {
  readonly #target: URL;
  readonly #all = new Set<pg.Client>();
  readonly #idle = new Map<string, pg.Client[]>();
  #isClosed = false;

  constructor(target: URL) {
    this.#target = target;
  }

  /** The results of all statements, or the error of the first that failed; nothing of a failed batch stays. */
  async run({ connectionString, queries, begin }: NeonRequest): Promise<readonly pg.QueryArrayResult[]> {
    const url = this.#own(connectionString);
    const client = this.#idle.get(url)?.pop() ?? (await this.#connect(url));
    try {
      return begin === null ? await each(client, queries) : await inTransaction(client, begin, queries);
    } finally {
      void this.#giveBack(url, client);
    }
  }

  /** Ends all sessions, those at work too. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#all].map((client) => client.end()));
  }

  /** The same user, password, database and options, on our server and without encryption. */
  #own(connectionString: string): string {
    const url = new URL(connectionString);
    url.hostname = this.#target.hostname;
    url.port = this.#target.port;
    url.searchParams.delete("sslmode");
    url.searchParams.delete("channel_binding");
    return url.href;
  }

  async #connect(url: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url });
    this.#all.add(client);
    client.on("error", () => this.#forget(client)).on("end", () => this.#forget(client));
    try {
      await client.connect();
    } catch (error) {
      this.#forget(client);
      throw error;
    }
    return client;
  }

  async #giveBack(url: string, client: pg.Client): Promise<void> {
    try {
      await client.query("discard all");
      if (!this.#isClosed && this.#all.has(client)) {
        this.#idle.set(url, [...(this.#idle.get(url) ?? []), client]);
      }
    } catch {
      // It is lost, or a statement left it in a transaction.
      await client.end().catch(() => {});
    }
  }

  #forget(client: pg.Client): void {
    this.#all.delete(client);
    for (const [url, clients] of this.#idle) {
      this.#idle.set(
        url,
        clients.filter((other) => other !== client),
      );
    }
  }
}

async function inTransaction(
  client: pg.Client,
  begin: string,
  queries: readonly NeonQuery[],
): Promise<readonly pg.QueryArrayResult[]> {
  await client.query(begin);
  try {
    const results = await each(client, queries);
    await client.query("commit");
    return results;
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}

async function each(client: pg.Client, queries: readonly NeonQuery[]): Promise<readonly pg.QueryArrayResult[]> {
  const results: pg.QueryArrayResult[] = [];
  for (const { text, values } of queries) {
    // The extended protocol takes one statement at a time; the simple one would run several.
    const config = { text, values: [...values], types: { getTypeParser: asText }, queryMode: "extended" };
    results.push(await client.query({ ...config, rowMode: "array" }));
  }
  return results;
}

function asText(): (text: string) => string {
  return (text) => text;
}
