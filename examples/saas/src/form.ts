import { type InvId, isId, type MemId, ROLES, type Role } from "@tenantry/core";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { z } from "zod";

// What comes out of forms is text, and checked here; what it must mean to be accepted the store says.

const id = <T extends "mem" | "inv">(type: T) =>
  z.custom<T extends "mem" ? MemId : InvId>((value) => isId(value, type), { error: `is no ${type} id` });

export const memberId = id("mem");
export const invitationId = id("inv");
export const role = z.custom<Role>((value) => (ROLES as readonly unknown[]).includes(value), { error: "is no role" });
export const email = z.email().max(320);
/** The database keeps every character but one. */
const kept = z.string().regex(/^[^\0]*$/, { error: "has a character that cannot be kept" });
export const title = kept.trim().min(1).max(200);
export const body = kept.max(20_000);

/** The fields of a form. What is missing or malformed is answered with 400. */
export async function formOf<T extends z.ZodRawShape>(c: Context, shape: T): Promise<z.output<z.ZodObject<T>>> {
  // What calls itself a form and is none throws.
  const parsed = z.object(shape).safeParse(await c.req.parseBody().catch(() => null));
  if (!parsed.success) {
    throw new HTTPException(400, { message: z.prettifyError(parsed.error) });
  }
  return parsed.data;
}
