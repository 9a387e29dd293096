import { createPublicKey } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { isTenancyError } from "@tenantry/core";
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf, idNo } from "../test/world.ts";
import { type JwtOptions, jwtClaims } from "./jwt.ts";

const id = idNo("org", 1);
const issuer = "https://id.example.com";
const audience = "api";
const now = new Date("2030-01-01T00:00:00.000Z");
const clock = () => now;
const seconds = (after: number): number => now.getTime() / 1000 + after;

const rsa = await generateKeyPair("RS256", { extractable: true });
const other = await generateKeyPair("RS256");
const secret = new TextEncoder().encode("a secret of thirty-two bytes, or");
const pem = await exportSPKI(rsa.publicKey);
const spki = { rsa: await der("RS256"), p256: await der("ES256"), ed25519: await der("Ed25519") };
const hmac = { short: await hmacKey(16), long: await hmacKey(32) };
const jwk = await exportJWK(rsa.publicKey);
const pkcs1 = createPublicKey(pem).export({ type: "pkcs1", format: "der" });
const base = { keys: rsa.publicKey, algorithms: ["RS256"], issuer, audience, clock } as const;

/** A good token, but for what is said. */
async function token({
  claims = {},
  header = {},
  key = rsa.privateKey,
}: {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: CryptoKey | Uint8Array;
} = {}): Promise<string> {
  const payload = { iss: issuer, aud: audience, exp: seconds(60), iat: seconds(0), tenant_id: id, ...claims };
  return new SignJWT(JSON.parse(JSON.stringify(payload))).setProtectedHeader({ alg: "RS256", ...header }).sign(key);
}

function request(...authorization: readonly string[]): Request {
  const sent = new Headers();
  for (const value of authorization) {
    sent.append("authorization", value);
  }
  return new Request("http://127.0.0.1/", { headers: sent });
}

/** The claims, `null`, or the reason. */
async function answer(bearer: string | readonly string[], options: Partial<JwtOptions> = {}): Promise<unknown> {
  const values = typeof bearer === "string" ? [`Bearer ${bearer}`] : bearer;
  try {
    return await jwtClaims({ ...base, ...options })(request(...values));
  } catch (error) {
    if (isTenancyError(error, "tenant.token_rejected")) {
      const text = `${error.message} ${error.stack} ${JSON.stringify(error)} ${error.cause}`;
      for (const value of values.filter(({ length }) => length > 40)) {
        expect(text).not.toContain(value.slice(7, 40));
      }
      return (error.details as { readonly reason: string }).reason;
    }
    throw error;
  }
}

describe("a bearer token", () => {
  test("that is good has its claims, frozen", async () => {
    const claims = await answer(await token());
    expect(claims).toMatchObject({ tenant_id: id, iss: issuer });
    expect(Object.isFrozen(claims)).toBe(true);
  });

  test("is absent where there is no header, or one of another scheme", async () => {
    expect(await answer([])).toBeNull();
    expect(await answer(["Basic dXNlcjpwYXNz"])).toBeNull();
  });

  test.each([["bearer"], ["BEARER"], ["Bearer "]])("may be introduced by %j", async (scheme) => {
    expect(await answer([`${scheme} ${await token()}`])).toMatchObject({ tenant_id: id });
  });

  test.each([
    ["Bearer"],
    ["Bearer a b"],
    ["Bearer x.y"],
    ["Bearer ..."],
    ["Bearer a.b.c"],
    ["Bearer x, Bearer y"],
    ["Basic x, Bearer y"],
  ])("%j is malformed", async (value) => {
    expect(await answer([value])).toBe("malformed");
  });

  test("that is sent twice is malformed, also as one adapter counts headers", async () => {
    const good = `Bearer ${await token()}`;
    expect(await answer([good, good])).toBe("malformed");
    const received = { header: () => [good, good] };
    expect(await codeOf(() => jwtClaims(base)({}, received))).toBe("tenant.token_rejected");
    expect(await jwtClaims(base)({}, { header: () => [good] })).toMatchObject({ tenant_id: id });
  });

  test.each([
    ["iss", undefined, "iss"],
    ["iss", "https://evil.example.com", "iss"],
    ["iss", [issuer], "iss"],
    ["aud", undefined, "aud"],
    ["aud", "other", "aud"],
    ["aud", [], "aud"],
    ["aud", ["other"], "aud"],
    ["aud", [audience, "other"], "aud"],
    ["aud", [audience], "aud"],
    ["exp", undefined, "exp"],
    ["exp", seconds(-31), "exp"],
    ["exp", "tomorrow", "exp"],
    ["nbf", seconds(31), "nbf"],
  ])("whose %s is %j is refused", async (claim, value, reason) => {
    expect(await answer(await token({ claims: { [claim]: value } }))).toBe(reason);
  });

  test("has half a minute for clocks that differ, or what is said", async () => {
    const late = await token({ claims: { exp: seconds(-29) } });
    expect(await answer(late)).toMatchObject({ tenant_id: id });
    expect(await answer(late, { clockToleranceSeconds: 0 })).toBe("exp");
  });

  test("may be too old by its issue, and of another type", async () => {
    const old = await token({ claims: { iat: seconds(-600) } });
    expect(await answer(old)).toMatchObject({ tenant_id: id });
    expect(await answer(old, { maxTokenAgeSeconds: 60 })).toBe("exp");
    expect(await answer(old, { typ: "at+jwt" })).toBe("malformed");
    const typed = await token({ header: { typ: "at+jwt" } });
    expect(await answer(typed, { typ: "at+jwt" })).toMatchObject({ tenant_id: id });
  });

  test("signed by another key, or changed, is refused", async () => {
    expect(await answer(await token({ key: other.privateKey }))).toBe("signature");
    const [head, body = "", tail] = (await token()).split(".");
    const changed = Buffer.from(
      JSON.stringify({ ...JSON.parse(Buffer.from(body, "base64url").toString()), tenant_id: idNo("org", 2) }),
    ).toString("base64url");
    expect(await answer(`${head}.${changed}.${tail}`)).toBe("signature");
    expect(await answer(`${head}.${body}.`)).toBe("signature");
  });

  test("without an algorithm, or with one that is not asked for, is refused", async () => {
    const unsecured = new UnsecuredJWT({ tenant_id: id })
      .setIssuer(issuer)
      .setAudience(audience)
      .setExpirationTime(seconds(60));
    const none = unsecured.encode();
    const [, body] = none.split(".");
    for (const alg of ["none", "None", "NONE", "nOnE"]) {
      const head = Buffer.from(JSON.stringify({ alg })).toString("base64url");
      expect([alg, await answer(`${head}.${body}.`)]).toEqual([alg, "alg"]);
    }
    expect(await answer(await token({ header: { alg: "RS512" }, key: await rs512() }))).toBe("alg");
    expect(await answer(await token({ header: { alg: "HS256" }, key: new TextEncoder().encode(pem) }))).toBe("alg");
  });

  test("within a token is none", async () => {
    const inner = await token();
    const head = Buffer.from(JSON.stringify({ alg: "RS256", cty: "JWT" })).toString("base64url");
    const signed = `${head}.${Buffer.from(JSON.stringify(inner)).toString("base64url")}`;
    const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", rsa.privateKey, new TextEncoder().encode(signed));
    expect(await answer(`${signed}.${Buffer.from(signature).toString("base64url")}`)).toBe("malformed");
  });

  test("of a shared secret is good where that is what is asked for", async () => {
    const good = await token({ header: { alg: "HS256" }, key: secret });
    expect(await answer(good, { keys: secret, algorithms: ["HS256"] })).toMatchObject({ tenant_id: id });
    expect(await answer(good, { keys: new Uint8Array(32).fill(7), algorithms: ["HS256"] })).toBe("signature");
  });
});

async function rs512(): Promise<CryptoKey> {
  return (await generateKeyPair("RS512")).privateKey;
}

/** A public key as its bytes are published. */
async function der(algorithm: string): Promise<Uint8Array> {
  const { publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
}

function jsonOf(value: object, space = ""): Uint8Array {
  return new TextEncoder().encode(`${space}${JSON.stringify(value, null, space)}${space}`);
}

/** The same at every run, and neither text nor DER. */
function random(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 37 + 129) % 256);
}

function hmacKey(length: number): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", random(length), { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
}

describe("options under which a forged token could pass", () => {
  test.each([
    ["no algorithms", { algorithms: [] }],
    ["algorithms left out", { algorithms: undefined }],
    ["none", { algorithms: ["none"] }],
    ["None", { algorithms: ["RS256", "None"] }],
    ["an unknown one", { algorithms: ["RS1"] }],
    ["HMAC beside a key pair", { algorithms: ["RS256", "HS256"] }],
    ["a public key for a secret", { algorithms: ["HS256"], keys: new TextEncoder().encode(pem) }],
    ["the same behind a blank line", { algorithms: ["HS256"], keys: new TextEncoder().encode(`\n ${pem}`) }],
    ["a public key in DER for a secret", { algorithms: ["HS256"], keys: spki.rsa }],
    ["a shorter one", { algorithms: ["HS256"], keys: spki.p256 }],
    ["one of 44 bytes", { algorithms: ["HS256"], keys: spki.ed25519 }],
    ["one in PKCS #1", { algorithms: ["HS256"], keys: pkcs1 }],
    ["a JWK", { algorithms: ["HS256"], keys: jsonOf(jwk) }],
    ["a JWK with line breaks", { algorithms: ["HS256"], keys: jsonOf({ kty: "OKP", crv: "Ed25519", x: "x" }, "\n") }],
    ["a set of JWKs", { algorithms: ["HS256"], keys: jsonOf({ keys: [jwk] }) }],
    ["an empty secret", { algorithms: ["HS256"], keys: new Uint8Array() }],
    ["a byte for a secret", { algorithms: ["HS256"], keys: new Uint8Array(1) }],
    ["31 bytes for HS256", { algorithms: ["HS256"], keys: random(31) }],
    ["47 bytes for HS384", { algorithms: ["HS384"], keys: random(47) }],
    ["63 bytes for HS512", { algorithms: ["HS512"], keys: random(63) }],
    ["32 bytes for HS256 or HS512", { algorithms: ["HS256", "HS512"], keys: random(32) }],
    ["a short secret as a key", { algorithms: ["HS256"], keys: hmac.short }],
    ["published keys that anybody between can change", { keys: new URL("http://id.example.com/jwks") }],
    ["the same by a name like this host's", { keys: new URL("http://localhost.example.com/jwks") }],
    ["an address that is no site's", { keys: new URL('data:application/json,{"keys":[]}') }],
    ["a secret for a public key", { keys: secret }],
    ["a published secret", { algorithms: ["HS256"], keys: new URL("https://id.example.com/jwks") }],
    ["no issuer", { issuer: "" }],
    ["issuers left out", { issuer: undefined }],
    ["no issuers", { issuer: [] }],
    ["no audience", { audience: undefined }],
    ["an empty audience", { audience: [audience, ""] }],
    ["no key", { keys: undefined }],
  ])("are refused: %s", async (_, options) => {
    expect(await codeOf(() => jwtClaims({ ...base, ...options } as never))).toBe("config.invalid");
  });

  test.each([
    ["32 bytes for HS256", { algorithms: ["HS256"], keys: random(32) }],
    ["64 bytes for all of them", { algorithms: ["HS256", "HS384", "HS512"], keys: random(64) }],
    ["digits", { algorithms: ["HS256"], keys: new TextEncoder().encode("7".repeat(32)) }],
    ["what begins like DER and is of another length", { algorithms: ["HS256"], keys: random(44).fill(0x30, 0, 3) }],
    ["a secret as a key", { algorithms: ["HS256"], keys: hmac.long }],
    ["published keys", { keys: new URL("https://id.example.com/jwks") }],
    ["published keys on this host", { keys: new URL("http://localhost:8080/jwks") }],
  ])("are not: %s", async (_, options) => {
    expect(await codeOf(() => jwtClaims({ ...base, ...options } as never))).toBeNull();
  });
});

describe("published keys", () => {
  let server: Server;
  let url: URL;
  let isDown = false;

  beforeAll(async () => {
    const jwk = { ...(await exportJWK(rsa.publicKey)), kid: "1", alg: "RS256" };
    server = createServer((_, response) => {
      response.statusCode = isDown ? 500 : 200;
      response.end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`);
  });
  afterAll(() => server.close());

  test("are fetched, and a token of an unknown one is refused", async () => {
    const good = await token({ header: { kid: "1" } });
    expect(await answer(good, { keys: url })).toMatchObject({ tenant_id: id });
    expect(await answer(await token({ header: { kid: "2" } }), { keys: url })).toBe("signature");
  });

  test("that cannot be fetched are no fault of the token", async () => {
    isDown = true;
    const failed = answer(await token({ header: { kid: "1" } }), { keys: url });
    await expect(failed).rejects.not.toMatchObject({ code: "tenant.token_rejected" });
  });

  test("may be found by a function", async () => {
    expect(await answer(await token(), { keys: async () => rsa.publicKey })).toMatchObject({ tenant_id: id });
    const failed = answer(await token(), { keys: () => Promise.reject(new Error("down")) });
    await expect(failed).rejects.toThrow("down");
  });
});
