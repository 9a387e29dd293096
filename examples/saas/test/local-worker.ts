import { neonConfig } from "@neondatabase/serverless";

/** Written in when it is bundled. */
declare const FETCH_ENDPOINT: string;

neonConfig.fetchEndpoint = FETCH_ENDPOINT;

/** The worker as it is, before a double of Neon's service. */
export { default } from "../src/edge-worker.ts";
