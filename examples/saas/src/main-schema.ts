import { serveAtelier } from "./serve.ts";

// `pnpm saas:schema`: the same application, with a schema and a role for each tenant.
await serveAtelier("schema");
