import { expect, test } from "vitest";
import { backoffSeconds, codeOf, DeliveryFailed } from "./delivery.ts";

const half = (): number => 0.5;

test("waits as long as it is asked to, and no shorter than it would", () => {
  const asking = (retryAfterSeconds: number | null): number =>
    backoffSeconds(1, half, new DeliveryFailed("busy", { retryAfterSeconds }));
  expect([asking(null), asking(-7), asking(60), asking(Number.POSITIVE_INFINITY)]).toEqual([5, 5, 60, 21_600]);
});

test("what is no number of seconds asks for nothing", () => {
  for (const retryAfterSeconds of [Number.NaN, "60", {}, undefined]) {
    const failed = new DeliveryFailed("busy", { retryAfterSeconds: retryAfterSeconds as number });
    expect(failed.retryAfterSeconds).toBeNull();
    expect(backoffSeconds(1, half, failed)).toBe(5);
  }
});

test("a code is kept as it is, or not at all", () => {
  for (const code of ["Bad", "https://example.com", "", "a".repeat(65), 7, Symbol("code"), Object.create(null)]) {
    expect(new DeliveryFailed(code as string).code).toBe("failed");
  }
  expect(new DeliveryFailed("http_500").code).toBe("http_500");
});

test("whatever was thrown has a code and a wait", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const wordy = Object.assign(new DeliveryFailed("busy"), { code: "\0".repeat(100) });
  for (const thrown of [proxy, wordy, undefined, null, Symbol("x"), 7, { code: "secret" }, new Error("secret")]) {
    expect([codeOf(thrown), backoffSeconds(2, half, thrown)]).toEqual(["failed", 15]);
  }
});
