import { type Finding, type SqlQuery, warning } from "./finding.ts";
import { NEWEST_RELEASES } from "./newest-releases.ts";

const TEXT = `select current_setting('server_version_num') as version,
  (extract(epoch from clock_timestamp()) * 1000)::bigint::text as now`;

const SKEW_MS = 30_000;

/** Whether the server lacks a security release, and whether its clock is another one than ours. */
export async function server(query: SqlQuery, clock: () => Date): Promise<readonly Finding[]> {
  const [row = {}] = await query(TEXT, []);
  const number = Number(row["version"]);
  const [major, minor] = [Math.floor(number / 10_000), number % 10_000];
  const newest = NEWEST_RELEASES[major];
  const findings: Finding[] = [];
  if (newest === undefined ? major < Math.min(...Object.keys(NEWEST_RELEASES).map(Number)) : minor < newest) {
    findings.push(
      warning("isolation.server_version", `${major}.${minor}`, `update to ${major}.${newest ?? "x"} or newer`),
    );
  }
  if (Math.abs(Number(row["now"]) - clock().getTime()) > SKEW_MS) {
    findings.push(warning("isolation.clock_skew", "the server's clock", "set both clocks by the network"));
  }
  return findings;
}
