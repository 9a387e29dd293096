/**
 * Labels that name nobody, in hosts and paths: what the network, browsers and certificate authorities give a meaning, and
 * what a product keeps for itself. Give the same list to the store's option `reservedSlugs`.
 */
export const RESERVED_LABELS: readonly string[] = Object.freeze([
  "admin",
  "api",
  "app",
  "assets",
  "auth",
  "autoconfig",
  "autodiscover",
  "billing",
  "blog",
  "broadcasthost",
  "cdn",
  "console",
  "dashboard",
  "docs",
  "ftp",
  "help",
  "hostmaster",
  "imap",
  "isatap",
  "localdomain",
  "localhost",
  "login",
  "mail",
  "mta-sts",
  "ns",
  "ns1",
  "ns2",
  "ns3",
  "ns4",
  "pop",
  "pop3",
  "postmaster",
  "root",
  "security",
  "smtp",
  "ssl",
  "static",
  "status",
  "support",
  "webmail",
  "webmaster",
  "wpad",
  "www",
]);

const reserved: ReadonlySet<string> = new Set(RESERVED_LABELS);

export function isReservedLabel(label: string): boolean {
  return reserved.has(label);
}
