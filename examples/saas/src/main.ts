import { serveAtelier } from "./serve.ts";

// `pnpm saas`: one set of tables for all tenants, kept apart by policies.
await serveAtelier("row");
