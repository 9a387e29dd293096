import { defineSettings } from "@tenantry/settings";
import { z } from "zod";

/** What an organization decides for itself. */
export const SETTINGS = defineSettings({
  accent: { schema: z.string().regex(/^#[0-9a-f]{6}$/), default: "#3d5afe" },
  plan: { schema: z.enum(["free", "team"]), default: "free" },
});
