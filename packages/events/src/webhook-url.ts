import { RelayError, type SubscriptionFault } from "@tenantry/core";
import { isAddress, isPublicAddress } from "./addresses.ts";

/**
 * Which URLs the application admits. It sees the URL and answers for what is written there: `http`, or an address in a
 * private network. It does not see where a name leads.
 */
export type AllowUrl = (url: URL) => boolean | Promise<boolean>;

export interface AdmittedUrl {
  readonly url: URL;
  /** The application admitted the very address that is written there. */
  readonly isAddressAdmitted: boolean;
}

const LONGEST = 2048;
/** Names that lead into the network of whoever asks. */
const OWN_NAMES = /(?:^|\.)(?:localhost|local|internal|lan|home|corp|intranet|localdomain|home\.arpa)\.?$/;

/**
 * A URL that events may be sent to: of https, without credentials, and to no address that is written out and not public;
 * `allowUrl` decides in place of the first and the last. Throws `RelayError` `relay.subscription_invalid`.
 */
export async function admittedUrl(value: unknown, allowUrl: AllowUrl | undefined): Promise<AdmittedUrl> {
  const url = typeof value === "string" && value.length <= LONGEST && URL.canParse(value) ? new URL(value) : null;
  if (url === null || url.hostname === "" || url.hash !== "") {
    throw invalid("url");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw invalid("scheme");
  }
  if (url.username !== "" || url.password !== "") {
    throw invalid("credentials");
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (allowUrl !== undefined) {
    // Whatever is not a plain yes is none.
    if ((await allowUrl(new URL(url))) !== true) {
      throw invalid("refused");
    }
    return { url, isAddressAdmitted: isAddress(host) || host === "localhost" };
  }
  if (url.protocol !== "https:") {
    throw invalid("scheme");
  }
  const isName = !isAddress(host);
  if (isName ? !/.\../.test(host) || OWN_NAMES.test(host) : !isPublicAddress(host)) {
    throw invalid("address");
  }
  return { url, isAddressAdmitted: false };
}

function invalid(reason: SubscriptionFault): RelayError {
  return new RelayError("relay.subscription_invalid", { reason });
}
