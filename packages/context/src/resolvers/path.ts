import { ConfigError, TenantError } from "@tenantry/core";
import { referenceOf } from "../reference.ts";
import { isReservedLabel } from "../reserved-labels.ts";
import type { TenantResolver } from "../resolver.ts";

const PLACEHOLDER = "{tenant_id}";
const SEGMENT = /^[A-Za-z0-9_-]+$/;
/** What a router behind us might fold into another path: doubled slashes, parameters, escaped separators. */
const FOLDABLE = /\/\/|[\\;]|%(?:2f|5c|2e|00)/i;
/** A dot segment, escaped or not: from wherever it stands it may lead back to another tenant. */
const CLIMBING = /(?:[/\\]|%2f|%5c)(?:\.|%2e){1,2}(?:$|[/\\;]|%2f|%5c)/i;

/** A segment of the path: an id or a slug. It is never decoded. */
export function pathResolver({ pathPattern }: { readonly pathPattern: string }): TenantResolver {
  const source = "path";
  const { before, behind, depth } = partsOf(pathPattern);
  return {
    name: source,
    priority: 40,
    trust: "routed",
    resolve({ path }) {
      const region = beginning(path, depth);
      if (FOLDABLE.test(region) || CLIMBING.test(path)) {
        throw new TenantError("tenant.invalid_path", { source });
      }
      if (!region.startsWith(before)) {
        if (folded(region).startsWith(before.toLowerCase())) {
          throw new TenantError("tenant.invalid_path", { source });
        }
        return null;
      }
      const [segment = "", ...rest] = region.slice(before.length).split("/");
      const isInside = `${rest.join("/")}/`.startsWith(behind);
      if (segment === "" || !isInside) {
        if (segment !== "" && `${folded(rest.join("/"))}/`.startsWith(behind.toLowerCase())) {
          throw new TenantError("tenant.invalid_path", { source });
        }
        return null;
      }
      if (!SEGMENT.test(segment)) {
        throw new TenantError("tenant.invalid_path", { source });
      }
      return isReservedLabel(segment) ? null : referenceOf(source, segment);
    },
  };
}

interface Parts {
  readonly before: string;
  /** Literal text behind the placeholder's segment, without the slash before it and with one at its end. */
  readonly behind: string;
  /** How many segments the whole pattern has. */
  readonly depth: number;
}

/** Whether it is an absolute path in which one segment ends with the placeholder, once. */
export function isPathPattern(pattern: string): boolean {
  const [before = "", behind, ...more] = pattern.split(PLACEHOLDER);
  return (
    before.startsWith("/") &&
    behind !== undefined &&
    more.length === 0 &&
    (behind === "" || behind.startsWith("/")) &&
    /^[A-Za-z0-9/_.~-]*$/.test(before + behind) &&
    !FOLDABLE.test(before + behind.slice(1)) &&
    !CLIMBING.test(before + behind)
  );
}

function partsOf(pattern: string): Parts {
  if (!isPathPattern(pattern)) {
    throw new ConfigError("config.invalid", {
      faults: [{ path: "resolution.pathPattern", expected: `a path with one ${PLACEHOLDER} at the end of a segment` }],
    });
  }
  const [before = "", behind = ""] = pattern.split(PLACEHOLDER);
  const literal = behind.replace(/^\//, "").replace(/\/$/, "");
  return {
    before,
    behind: literal === "" ? "" : `${literal}/`,
    depth: `${before}x${literal === "" ? "" : `/${literal}`}`.split("/").length - 1,
  };
}

/** The first segments of a path, with the slash behind them: what further segments say is no concern of the pattern's. */
function beginning(path: string, depth: number): string {
  let end = 0;
  for (let segment = 0; segment <= depth; segment += 1) {
    end = path.indexOf("/", end) + 1;
    if (end === 0) {
      return path;
    }
  }
  return path.slice(0, end);
}

/** As a router sees it that ignores case and decodes escapes. */
function folded(text: string): string {
  const decoded = text.replace(/%([0-7][0-9a-f])/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return decoded.toLowerCase();
}
