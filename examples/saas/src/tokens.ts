import { type ActiveTenant, type Claims, tenantClaims } from "@tenantry/context";
import { jwtClaims } from "@tenantry/context/jwt";
import { isId, type UsrId } from "@tenantry/core";
import { SignJWT } from "jose";

const [ISSUER, AUDIENCE] = ["https://atelier.example", "https://api.atelier.example"];

/** Tokens for programs: whose they are, and for which organization. What they may do is read live, as for everybody. */
export interface Tokens {
  mint(active: ActiveTenant, usrId: UsrId): Promise<string>;
  /** What the token of a request says, verified once for each; `null`: there is none. */
  claims(request: Request): Promise<Claims | null>;
  /** Whose token it is; `null` also where it is not acceptable. */
  holder(request: Request): Promise<UsrId | null>;
}

export async function tokens(secret: Uint8Array): Promise<Tokens> {
  const signing = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret.slice(), signing, false, ["sign", "verify"]);
  const verify = jwtClaims({ keys: key, algorithms: ["HS256"], issuer: ISSUER, audience: AUDIENCE });
  const verified = new WeakMap<Request, Promise<Claims | null>>();
  const claims = (request: Request): Promise<Claims | null> => {
    const known = verified.get(request) ?? verify(request);
    verified.set(request, known);
    return known;
  };
  return {
    claims,
    mint: (active, usrId) =>
      new SignJWT(tenantClaims(active))
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(usrId)
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(key),
    async holder(request) {
      const said = await claims(request).catch(() => null);
      const subject = said?.["sub"];
      return isId(subject, "usr") ? subject : null;
    },
  };
}
