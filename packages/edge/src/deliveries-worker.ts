import { handle } from "./deliveries.ts";

/** A worker that delivers events. */
export default { fetch: handle };
