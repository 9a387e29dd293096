import { lookup as systemLookup } from "node:dns";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { Readable } from "node:stream";
import { isPublicAddress } from "./addresses.ts";
import { DeliveryFailed } from "./delivery.ts";
import { CHECKS_ADDRESS, type WebhookFetch } from "./webhook-sender.ts";

/** The `fetch` of webhooks on Node. */
export type NodeFetch = WebhookFetch & { readonly [CHECKS_ADDRESS]: true };

/** How a name is looked up, as `dns.lookup` of Node does. */
export type Lookup = (
  hostname: string,
  options: { readonly all: true },
  callback: (error: Error | null, addresses: readonly { readonly address: string; readonly family: number }[]) => void,
) => void;

/**
 * A `fetch` for `createWebhooks` on Node: it connects only to addresses of the public internet. What a name leads to is
 * looked at when it is looked up for the connection itself, and once more when that stands: there is no time in between in
 * which it could lead elsewhere. It follows no redirect, uses no proxy, and keeps no connection.
 */
export function nodeFetch({
  lookup = systemLookup as unknown as Lookup,
}: {
  readonly lookup?: Lookup;
} = {}): NodeFetch {
  const publicOnly: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { all: true }, (error, addresses) => {
      const refused = error ?? (addresses.every(({ address }) => isPublicAddress(address)) ? null : notPublic());
      const [first] = addresses ?? [];
      if (refused !== null || first === undefined) {
        callback(refused ?? notPublic(), "", 0);
      } else if (options.all === true) {
        callback(null, [...addresses]);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };

  const fetch: WebhookFetch = (href, { method, headers, body, signal, isAddressAdmitted = false }) =>
    new Promise((resolve, reject) => {
      const url = new URL(href);
      const host = url.hostname.replace(/^\[|\]$/g, "");
      // Of an address that is written out nothing is looked up.
      if (!isAddressAdmitted && isIP(host) !== 0 && !isPublicAddress(host)) {
        reject(notPublic());
        return;
      }
      const request = (url.protocol === "http:" ? requestHttp : requestHttps)(
        url,
        {
          method,
          headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
          agent: false,
          signal,
          ...(isAddressAdmitted ? {} : { lookup: publicOnly }),
        },
        (response) => {
          resolve({
            status: response.statusCode ?? 0,
            headers: { get: (name) => [response.headers[name.toLowerCase()] ?? null].flat()[0] ?? null },
            body: Readable.toWeb(response) as ReadableStream<Uint8Array>,
          });
        },
      );
      request.on("socket", (socket) => {
        socket.on("connect", () => {
          if (!isAddressAdmitted && !isPublicAddress(socket.remoteAddress ?? "")) {
            request.destroy(notPublic());
          }
        });
      });
      request.on("error", reject);
      request.end(body);
    });
  return Object.assign(fetch, { [CHECKS_ADDRESS]: true as const });
}

function notPublic(): DeliveryFailed {
  return new DeliveryFailed("address");
}
