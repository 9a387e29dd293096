import { handle } from "./tenants.ts";

/** A worker that serves tenants. */
export default { fetch: handle };
