import { test } from "vitest";
import { jwtClaims } from "./jwt.ts";

const keys = new URL("https://id.example.com/jwks");
const issuer = "https://id.example.com";
const audience = "api";

test("what makes a token safe cannot be left out", () => {
  jwtClaims({ keys, algorithms: ["RS256"], issuer, audience });
  // @ts-expect-error
  jwtClaims({ keys, issuer, audience });
  // @ts-expect-error
  jwtClaims({ keys, algorithms: [], issuer, audience });
  // @ts-expect-error
  jwtClaims({ keys, algorithms: ["none"], issuer, audience });
  // @ts-expect-error
  jwtClaims({ keys, algorithms: ["RS256"], audience });
  // @ts-expect-error
  jwtClaims({ keys, algorithms: ["RS256"], issuer });
});
