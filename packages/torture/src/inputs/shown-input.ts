import { inspect, types } from "node:util";

/** How much of the arguments of a call is shown. */
const MOST = 2000;

/** Arguments for a message; nothing of theirs is run. */
export function shownInput(args: readonly unknown[]): string {
  const options = { depth: 6, maxStringLength: 300, maxArrayLength: 20, customInspect: false, getters: false };
  return args
    .map((arg) => (types.isProxy(arg) ? "a proxy" : inspect(arg, options)))
    .join(", ")
    .slice(0, MOST);
}
