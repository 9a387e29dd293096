import type { IncomingMessage } from "node:http";
import type { Received } from "./tenant-context.ts";

/** @internal What Node received. Its own `headers` keep the first of two hosts and join others, so they are read raw. */
export function receivedBy({ rawHeaders, httpVersionMajor, headers }: IncomingMessage, url: string): Received {
  const header = (name: string): readonly string[] => {
    const wanted = name.toLowerCase();
    return rawHeaders.filter((_, place) => place % 2 === 1 && rawHeaders[place - 1]?.toLowerCase() === wanted);
  };
  const authority = httpVersionMajor >= 2 ? headers[":authority"] : undefined;
  const query = url.search(/[?#]/);
  return {
    host: typeof authority === "string" ? authority : (header("host")[0] ?? null),
    path: query === -1 ? url : url.slice(0, query),
    header,
  };
}
