const ITERATIONS = 4_096;

/**
 * What PostgreSQL keeps of a password, made here: so the password itself is in no SQL text, no log of the server and none of
 * its statistics. `SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>`.
 */
export async function scramVerifier(
  password: string,
  salt: Uint8Array,
  iterations: number = ITERATIONS,
): Promise<string> {
  const { subtle } = crypto;
  const bytes = new TextEncoder();
  const secret = await subtle.importKey("raw", bytes.encode(password), "PBKDF2", false, ["deriveBits"]);
  const salted = await subtle.deriveBits(
    { name: "PBKDF2", hash: "SHA-256", salt: salt.slice(), iterations },
    secret,
    256,
  );
  const key = await subtle.importKey("raw", salted, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const sign = (label: string): Promise<ArrayBuffer> => subtle.sign("HMAC", key, bytes.encode(label));
  const storedKey = await subtle.digest("SHA-256", await sign("Client Key"));
  const serverKey = await sign("Server Key");
  return `SCRAM-SHA-256$${iterations}:${base64(salt)}$${base64(storedKey)}:${base64(serverKey)}`;
}

function base64(bytes: ArrayBuffer | Uint8Array): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}
