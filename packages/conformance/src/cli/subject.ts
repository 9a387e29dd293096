import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { DriverErrors } from "../faults/ways.ts";
import type { Open } from "../open-store.ts";
import type { OpenShared } from "../shared-database.ts";

/** The order in which the levels are run: each is of use only where the ones before it are passed. */
export const LEVELS = ["fixtures", "contract", "model", "races", "faults"] as const;
export type Level = (typeof LEVELS)[number];

/** What a module exports that hands a store to the kit. */
export interface Subject {
  /** Default: the name of the file. */
  readonly name: string;
  /** For the levels `fixtures`, `contract` and `model`. */
  readonly open: Open;
  /** For the level `races`. */
  readonly openShared?: OpenShared;
  /** Whether the databases of `openShared` can hold locks. */
  readonly parks: boolean;
  /** With `openShared` for the level `faults`. */
  readonly driverErrors?: DriverErrors;
}

/** The command was not understood, or what it names cannot be used. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Loads a module and checks what it exports. Throws a {@link UsageError}. */
export async function loadSubject(file: string): Promise<Subject> {
  const path = resolve(file);
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await import(pathToFileURL(path).href);
  } catch (error) {
    throw new UsageError(`${file} cannot be loaded: ${reasonOf(error)}${hintAt(error, file)}`);
  }
  const { name = file, open, openShared, parks = false, driverErrors } = exported;
  if (typeof open !== "function") {
    throw new UsageError(`${file} exports no function \`open\``);
  }
  if (openShared !== undefined && typeof openShared !== "function") {
    throw new UsageError(`${file} exports \`openShared\`, which is no function`);
  }
  if (driverErrors !== undefined && (typeof driverErrors !== "object" || driverErrors === null)) {
    throw new UsageError(`${file} exports \`driverErrors\`, which is no object`);
  }
  return {
    name: String(name),
    open: open as Open,
    parks: parks === true,
    ...(openShared === undefined ? {} : { openShared: openShared as OpenShared }),
    ...(driverErrors === undefined ? {} : { driverErrors: driverErrors as DriverErrors }),
  };
}

/** What it says about itself; whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An error of the parser does not tell which line it is about. */
function hintAt(error: unknown, file: string): string {
  return error instanceof SyntaxError ? ` (\`node --check ${file}\` may show where)` : "";
}

/** The levels for which the module brings what they need. */
export function declaredLevels({ openShared, driverErrors }: Subject): readonly Level[] {
  return LEVELS.filter((level) => {
    switch (level) {
      case "fixtures":
      case "contract":
      case "model":
        return true;
      case "races":
        return openShared !== undefined;
      case "faults":
        return openShared !== undefined && driverErrors !== undefined;
    }
    return false;
  });
}
