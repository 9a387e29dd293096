import { deriveUsrId, type UsrId } from "@tenantry/core";
import type { Context } from "hono";
import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";

// Signing in is a stub: whoever types an address is believed. What matters here comes after it: a signed cookie says who
// somebody is, and never which organization they are in.

/** Somebody who is signed in. */
export interface Person {
  readonly usrId: UsrId;
  readonly email: string;
}

const COOKIE = "person";
/** Any UUID will do, as long as it stays the same: it makes the same user of the same address. */
const NAMESPACE = "4b8f1c9e-7f4e-5d60-9c55-2a5c7d0c8a11";

export function personOf(email: string): Person {
  const address = email.trim().toLowerCase();
  return { usrId: deriveUsrId(NAMESPACE, address), email: address };
}

export interface Sessions {
  signIn(c: Context, email: string): Promise<Person>;
  signOut(c: Context): void;
  /** `null`: nobody is signed in, or the cookie is not ours. */
  of(c: Context): Promise<Person | null>;
}

/** `domain`: the base domain, so that a session holds on the subdomains of organizations too. */
export function sessions(secret: string, domain: string): Sessions {
  const options = { path: "/", domain, httpOnly: true, sameSite: "Lax", maxAge: 86_400 } as const;
  return {
    async signIn(c, email) {
      const person = personOf(email);
      await setSignedCookie(c, COOKIE, person.email, secret, options);
      return person;
    },
    signOut(c) {
      deleteCookie(c, COOKIE, options);
    },
    async of(c) {
      const email = await getSignedCookie(c, secret, COOKIE);
      return typeof email === "string" ? personOf(email) : null;
    },
  };
}
